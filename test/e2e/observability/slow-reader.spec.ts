import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CacheModule, CacheRegistry, defineMemoryCache, eventBatches } from '../../../lib/index.js';

const Texts = defineMemoryCache<string, number>('texts', { maxSize: 100 });
const LIMIT = 50;
const PUTS = 4_000;
/** With it, what is put is far more than the system keeps for a connection. */
const LONG = 'x'.repeat(10_000);

@Controller('events')
class Streams {
  constructor(private readonly registry: CacheRegistry) {}

  @Get()
  @Header('content-type', 'text/event-stream')
  async *events(): AsyncGenerator<string> {
    const batches = eventBatches(this.registry.events$.ofType('put'), { limit: LIMIT });
    yield ': listening\n\n';
    for await (const { events, missed } of batches) {
      for (const { key } of events) yield `data: ${String(key)}\n\n`;
      if (missed > 0) yield `event: missed\ndata: ${missed}\n\n`;
    }
  }
}

const ADAPTERS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(ADAPTERS)('a stream of events that a handler on %s yields', (_, adapter) => {
  let app: INestApplication;
  let socket: Socket;
  afterEach(async () => {
    socket.destroy();
    await app.close();
  });

  async function open(): Promise<void> {
    const imports = [CacheModule.forRoot({ caches: [Texts] })];
    const module = await Test.createTestingModule({ imports, controllers: [Streams] }).compile();
    app = module.createNestApplication(adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    socket = connect((app.getHttpServer().address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET /events HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(socket, 'data');
  }

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('keeps no more for a reader who has stopped than its bound, and tells how many were missed', async () => {
    await open();
    socket.pause();
    const texts = app.get(CacheRegistry).get(Texts);
    for (let at = 0; at < PUTS; at++) {
      texts.put(`<${at}>${LONG}`, at);
      if (at % 10 === 0) await turn();
    }
    texts.put('<last>', 0);
    let seen = '';
    socket.on('data', (chunk) => (seen += chunk.toString('latin1').replaceAll(/x+/g, '')));
    socket.resume();
    while (!seen.includes('<last>') || !/missed\ndata: \d+\n\n/.test(seen)) await turn();
    const told = [...seen.matchAll(/data: <\w+>/g)].length;
    const missed = [...seen.matchAll(/missed\s+data: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    expect(missed).toBeGreaterThan(0);
    expect(told + missed).toBe(PUTS + 1);
  });
});
