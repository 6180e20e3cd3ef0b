import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { set } from '../../../../lib/backends/memcached/meta-requests.js';
import { MetaSocket } from '../../../../lib/backends/memcached/meta-socket.js';
import { FakeClock } from '../../../../lib/testing/index.js';

const SILENCE_MS = 1_000;
/** More than a system keeps for a connection whose other side does not read. */
const WRITES = 30;
const VALUE = { bytes: new Uint8Array(2 ** 20), clientFlags: 0, seconds: 0, condition: 'always' } as const;

describe('MetaSocket', () => {
  let server: Server;
  let accepted: Promise<Socket>;
  beforeEach(async () => {
    server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    accepted = once(server, 'connection').then(([socket]) => socket as Socket);
    await once(server, 'listening');
  });
  afterEach(async () => {
    (await accepted).destroy();
    await once(server.close(), 'close');
  });

  async function opened(clock: FakeClock): Promise<{ socket: MetaSocket; stream: Socket; ended: unknown[] }> {
    const stream = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const ended: unknown[] = [];
    const settings = { clock, silenceMs: SILENCE_MS, maxValueBytes: 100 };
    const socket = new MetaSocket(stream, settings, (error) => ended.push(error));
    await once(stream, 'connect');
    return { socket, stream, ended };
  }

  /** How the server hears of the end, once it reads. */
  async function heardOfItsEnd(peer: Socket): Promise<unknown> {
    const end = new Promise((resolve) => {
      peer.once('end', () => resolve('end'));
      peer.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    peer.resume();
    return end;
  }

  it('that owes replies for too long is reset: what it has not sent by then is never sent', async () => {
    const clock = new FakeClock();
    const { socket, ended } = await opened(clock);
    const peer = await accepted;
    const call = socket.exchange(Array.from({ length: WRITES }, (_, at) => set(`k${at}`, VALUE)));
    const rejected = expect(call).rejects.toThrow('the server owes a reply');
    clock.advance(2 * SILENCE_MS);
    await rejected;
    expect(ended).toHaveLength(1);
    expect(await heardOfItsEnd(peer)).toBe('ECONNRESET');
  });

  it.each([1, WRITES])(
    'that the server has half closed is closed all the same, with %i writes that wait',
    async (writes) => {
      const clock = new FakeClock();
      const { socket, stream } = await opened(clock);
      const peer = await accepted;
      const call = socket.exchange(Array.from({ length: writes }, (_, at) => set(`k${at}`, VALUE)));
      const rejected = expect(call).rejects.toThrow('the server owes a reply');
      stream.once('end', () => process.nextTick(() => process.nextTick(() => clock.advance(2 * SILENCE_MS))));
      const closed = once(stream, 'close');
      peer.end();
      await rejected;
      await closed;
    },
  );

  it('that owes nothing is closed', async () => {
    const { socket } = await opened(new FakeClock());
    const peer = await accepted;
    socket.end(new Error('the tier was closed'));
    expect(await heardOfItsEnd(peer)).toBe('end');
  });
});
