import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy } from './index.js';

let echo: Server;
let proxy: FaultProxy;
let sockets: Socket[];
/** What the server behind the proxy has received, of all connections. */
let atServer: string;

beforeEach(async () => {
  sockets = [];
  atServer = '';
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      atServer += chunk.toString();
      socket.write(chunk);
    });
    socket.on('end', () => socket.end('bye'));
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await FaultProxy.start({ port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await proxy.stop();
  await new Promise((resolve) => echo.close(resolve));
});

/** A connection through the proxy, and what it sees. */
class Client {
  received = Buffer.alloc(0);
  error: (Error & { code?: string }) | undefined;
  private readonly socket;

  constructor() {
    this.socket = createConnection({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(this.socket);
    this.socket.on('data', (chunk) => (this.received = Buffer.concat([this.received, chunk])));
    this.socket.on('error', (error) => (this.error = error));
  }

  static async connected(): Promise<Client> {
    const client = new Client();
    await once(client.socket, 'connect');
    return client;
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  get text(): string {
    return this.received.toString();
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  end(): void {
    this.socket.end();
  }

  async until(holds: () => boolean): Promise<void> {
    for (let step = 0; step < 4_000 && !holds(); step++) await sleep(2);
    expect(holds()).toBe(true);
  }

  async exchanged(text: string): Promise<void> {
    this.send(text);
    await this.until(() => this.text.endsWith(text));
  }
}

describe('FaultProxy', () => {
  it('lets everything pass as it is, megabytes too', async () => {
    const client = await Client.connected();
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 9)) & 0xff));
    client.send(bytes);
    await client.until(() => client.received.length === bytes.length);
    expect(client.received.equals(bytes)).toBe(true);
  });

  it('hands on the end of one side, and what the other says to that', async () => {
    const client = await Client.connected();
    await client.exchanged('hello');
    client.end();
    await client.until(() => client.closed);
    expect(client.text).toBe('hellobye');
    expect(client.error).toBeUndefined();
    await client.until(() => proxy.connections === 0);
  });

  it('hands on the loss of the server', async () => {
    const client = await Client.connected();
    await client.exchanged('hello');
    for (const socket of sockets)
      if (socket.localPort === (echo.address() as AddressInfo).port) socket.resetAndDestroy();
    await client.until(() => client.closed);
    expect(client.error?.code).toBe('ECONNRESET');
  });

  describe('that is cut', () => {
    it('resets connections and refuses new ones until it is mended', async () => {
      const client = await Client.connected();
      await client.exchanged('hello');
      proxy.cut();
      await client.until(() => client.closed);
      expect(client.error?.code).toBe('ECONNRESET');
      const refused = new Client();
      await refused.until(() => refused.closed);
      expect(refused.error?.code).toBe('ECONNRESET');
      proxy.mend();
      const next = await Client.connected();
      await next.exchanged('again');
      expect(next.text).toBe('again');
    });
  });

  describe('that is half open', () => {
    it('lets bytes vanish while connections stay, and new ones come', async () => {
      const client = await Client.connected();
      await client.exchanged('hello');
      proxy.halfOpen();
      client.send('lost');
      const late = await Client.connected();
      late.send('lost too');
      await sleep(30);
      expect([atServer, client.text, late.text]).toEqual(['hello', 'hello', '']);
      expect([client.closed, late.closed]).toEqual([false, false]);
    });

    it('resets what lost bytes when it is mended, and keeps the rest', async () => {
      const [loser, silent] = [await Client.connected(), await Client.connected()];
      await loser.exchanged('a');
      await silent.exchanged('b');
      proxy.halfOpen();
      loser.send('lost');
      await sleep(20);
      proxy.mend();
      await loser.until(() => loser.closed);
      await silent.exchanged('still there');
      expect(silent.text).toBe('bstill there');
    });
  });

  describe('that delays', () => {
    it('lets nothing arrive before its time, and in its order also when the delay drops', async () => {
      const client = await Client.connected();
      const startedAtMs = performance.now();
      proxy.delay(60);
      client.send('slow ');
      await client.until(() => proxy.connections === 1);
      await sleep(10);
      proxy.delay(0);
      client.send('fast');
      await client.until(() => client.text.length === 9);
      expect(client.text).toBe('slow fast');
      expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(59);
    });

    it('keeps the order of many chunks under changing delays', async () => {
      const client = await Client.connected();
      let sent = '';
      for (let round = 0; round < 60; round++) {
        proxy.delay((round * 7) % 11);
        const chunk = `${round},`;
        client.send(chunk);
        sent += chunk;
        await sleep(1);
      }
      await client.until(() => client.text.length >= sent.length);
      expect(client.text).toBe(sent);
    });
  });

  describe('that throttles', () => {
    it('lets no more through than it was told', async () => {
      const client = await Client.connected();
      proxy.throttle(100_000);
      const startedAtMs = performance.now();
      client.send('x'.repeat(10_000));
      await client.until(() => client.received.length === 10_000);
      expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(99);
    });
  });

  it('lets pass at once what was throttled when it is mended', async () => {
    const client = await Client.connected();
    proxy.throttle(10);
    client.send('x'.repeat(10_000));
    await client.until(() => proxy.connections === 1);
    await sleep(50);
    expect(client.received.length).toBe(0);
    proxy.mend();
    await client.until(() => client.received.length === 10_000);
  });

  describe('that injects garbage', () => {
    it('puts it before the next reply, once', async () => {
      const client = await Client.connected();
      await client.exchanged('one,');
      proxy.inject(Buffer.from([0, 255, 36]));
      await client.exchanged('two,');
      await client.exchanged('three');
      expect([...client.received]).toEqual([...Buffer.from('one,'), 0, 255, 36, ...Buffer.from('two,three')]);
    });
  });

  describe('that truncates', () => {
    it('lets so many bytes of replies through and then resets', async () => {
      const client = await Client.connected();
      await client.exchanged('hello');
      proxy.truncate(3);
      client.send('123456');
      await client.until(() => client.closed);
      expect(client.text).toBe('hello123');
      expect(client.error?.code).toBe('ECONNRESET');
      const next = await Client.connected();
      await next.exchanged('whole');
      expect(next.text).toBe('whole');
    });
  });

  it('ends with all its connections', async () => {
    const client = await Client.connected();
    await client.exchanged('hello');
    await proxy.stop();
    await client.until(() => client.closed);
    expect(proxy.connections).toBe(0);
  });
});
