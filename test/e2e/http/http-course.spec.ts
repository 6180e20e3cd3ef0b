import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, StreamableFile } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CacheRegistry, HttpCache } from '../../../lib/index.js';
import { PLATFORMS, startApp, type HttpApp } from './http-app.js';

let http: HttpApp;
let calls = 0;
let value = 'first';
/** Lets the handlers that wait go on. */
let open: (() => void)[] = [];
let isSourceClosed = false;

afterEach(async () => {
  open.forEach((go) => go());
  await http.app.close();
  calls = 0;
  value = 'first';
  open = [];
  isSourceClosed = false;
});

@Controller('course')
class Course {
  @Get('slow')
  @HttpCache({ ttl: '1m', groups: ['slow'] })
  async slow() {
    calls++;
    const read = value;
    await new Promise<void>((resolve) => open.push(resolve));
    return read;
  }

  @Get('endless')
  @HttpCache({ ttl: '1m', maxBodySize: 100_000 })
  endless() {
    calls++;
    const stream = new Readable({
      read() {
        this.push(Buffer.alloc(10_000, 'x'));
      },
      destroy(error, done) {
        isSourceClosed = true;
        done(error);
      },
    });
    return new StreamableFile(stream);
  }

  @Get('list')
  @HttpCache({ ttl: '1m' })
  list() {
    return ++calls;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Fails rather than waits for ever: a promise that nobody settles is what is looked for here. */
async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 3_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`it never holds: ${String(holds)}`);
    await turn();
  }
}

/** A request whose client can leave. */
function leaving(path: string): Socket {
  const socket = connect(http.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost:${http.port}\r\n\r\n`);
  return socket;
}

describe.each(PLATFORMS)('@HttpCache on %s', (platform) => {
  const start = async (): Promise<HttpApp> => (http = await startApp(platform, { controllers: [Course] }));
  const joins = (): number => http.app.get(CacheRegistry).get('http').stats().joins;
  const size = (): number => http.app.get(CacheRegistry).get('http').stats().size;

  describe('when the client leaves whose request runs the handler', () => {
    it('answers those who wait for the same with what the handler sends', async () => {
      await start();
      const first = leaving('/course/slow');
      await until(() => calls === 1);
      const others = [http.ask('/course/slow'), http.ask('/course/slow')];
      await until(() => joins() === 2);
      first.destroy();
      await turn();
      open.forEach((go) => go());
      const answers = await Promise.all(others);
      expect(answers.map(({ status, text }) => [status, text])).toEqual([
        [200, 'first'],
        [200, 'first'],
      ]);
      expect(calls).toBe(1);
    });

    it('keeps what the handler sends', async () => {
      await start();
      const first = leaving('/course/slow');
      await until(() => calls === 1);
      first.destroy();
      await turn();
      open.forEach((go) => go());
      await until(() => size() === 1);
      expect((await http.ask('/course/slow')).cache).toBe('HIT');
    });

    it('ends a stream that is too large to be kept', async () => {
      await start();
      const first = leaving('/course/endless');
      await new Promise((resolve) => first.once('data', resolve));
      first.destroy();
      await until(() => isSourceClosed);
      expect([calls, size()]).toEqual([1, 0]);
    });
  });

  describe.each([
    ['a group', (registry: CacheRegistry) => registry.invalidateGroup('slow')],
    ['everything', (registry: CacheRegistry) => registry.clearAll()],
  ])('promise Fence: when %s is invalidated while the handler runs', (_, invalidate) => {
    it('shows nobody who asks later what it read before', async () => {
      await start();
      const early = http.ask('/course/slow');
      await until(() => calls === 1);
      value = 'second';
      await invalidate(http.app.get(CacheRegistry));
      const later = http.ask('/course/slow');
      await until(() => calls === 2);
      open.forEach((go) => go());
      const texts = [(await early).text, (await later).text, (await http.ask('/course/slow')).text];
      expect(texts).toEqual(['first', 'second', 'second']);
      expect(calls).toBe(2);
    });
  });
});

describe('@HttpCache on a Fastify that takes a semicolon for the beginning of a query', () => {
  it('tells apart what stands behind it', async () => {
    const adapter = new FastifyAdapter({ useSemicolonDelimiter: true });
    http = await startApp('fastify', { controllers: [Course], adapter });
    await http.ask('/course/list;page=2');
    expect((await http.ask('/course/list')).text).toBe('2');
    expect((await http.ask('/course/list;page=2')).text).toBe('1');
  });
});
