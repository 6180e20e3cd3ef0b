import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SocketEnd } from '../../../../lib/backends/redis/socket-end.js';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** Unlike `once()`, whatever error it closes with. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

describe('SocketEnd', () => {
  let server: Server;
  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => once(server.close(), 'close'));

  function connect({ signal }: SocketEnd): Socket {
    const socket = createConnection({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', signal });
    return socket.on('error', () => {});
  }

  it('ends a socket that is open, also when garbage was collected meanwhile', async () => {
    const sockets = new SocketEnd();
    const socket = connect(sockets);
    await once(socket, 'connect');
    for (let round = 0; round < 3; round++) {
      await after(5);
      collectGarbage();
    }
    expect(socket.destroyed).toBe(false);
    sockets.end();
    expect(socket.destroyed).toBe(true);
  });

  it('ends a socket that is connecting, and one that is opened later', async () => {
    const sockets = new SocketEnd();
    const connecting = connect(sockets);
    sockets.end();
    const later = connect(sockets);
    await Promise.all([closed(connecting), closed(later)]);
    expect(sockets.hasEnded).toBe(true);
  });

  it('keeps no socket that closed by itself', async () => {
    const sockets = new SocketEnd();
    const kept: WeakRef<Socket>[] = [];
    for (let opened = 0; opened < 20; opened++) {
      const socket = connect(sockets);
      kept.push(new WeakRef(socket));
      await once(socket, 'connect');
      await closed(socket.destroy());
    }
    for (let round = 0; round < 5; round++) {
      await after(5);
      collectGarbage();
    }
    // The last one may still be held by the code that just ran.
    expect(kept.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(1);
  });
});
