import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { redisBus, type RedisBusOptions } from '../../../lib/backends/redis/index.js';
import type { Bus } from '../../../lib/tiers/index.js';
import { SINGLE, type Access } from '../../contract/redis-clients.js';
import { FaultProxy, startRedis, type RedisServer } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(30_000);

const CHANNEL = 'strata';

/** What a bus told, in order: messages, and what became of the connection. */
function recorderOf(bus: Bus): { messages: string[]; course: string[]; errors: unknown[] } {
  const seen = { messages: [] as string[], course: [] as string[], errors: [] as unknown[] };
  bus.start(CHANNEL, {
    message: (text) => seen.messages.push(text),
    connected: (continuity) => seen.course.push(continuity),
    disconnected: () => seen.course.push('cut'),
    error: (error) => seen.errors.push(error),
  });
  return seen;
}

for (const [name, accessTo] of Object.entries(SINGLE)) {
  describe(`promise Bus: redisBus by ${name}`, () => {
    let server: RedisServer;
    let proxy: FaultProxy;
    const accesses: Access[] = [];
    const buses: Bus[] = [];
    const busAt = (port: number, options: Partial<RedisBusOptions> = {}): Bus => {
      const access = accessTo(port);
      const bus = redisBus({ ...access.options, ...options });
      accesses.push(access);
      buses.push(bus);
      return bus;
    };
    const connected = async (seen: { course: string[] }): Promise<void> => {
      await until(() => seen.course.length > 0 && seen.course.at(-1) !== 'cut');
    };

    beforeEach(async () => {
      server = await startRedis();
      proxy = await FaultProxy.start({ port: server.port });
    });

    afterEach(async () => {
      for (const bus of buses.splice(0)) await bus.close();
      for (const access of accesses.splice(0)) access.end();
      await proxy.stop();
      await server.stop();
    });

    it('delivers by the stream what was published while it was cut off, in order, once', async () => {
      const seen = recorderOf(busAt(proxy.port));
      const sender = busAt(server.port);
      await connected(recorderOf(sender));
      await connected(seen);
      const sent: string[] = [];
      const send = async (): Promise<void> => {
        sent.push(`message ${sent.length}`);
        await sender.publish([sent.at(-1) as string]);
      };
      for (let round = 0; round < 3; round++) {
        await send();
        proxy.cut();
        await until(() => seen.course.at(-1) === 'cut');
        for (let count = 0; count < 20; count++) await send();
        proxy.mend();
        await connected(seen);
      }
      await until(() => seen.messages.length >= sent.length);
      expect(seen.messages).toEqual(sent);
      expect(seen.course).toEqual(['unknown', 'cut', 'complete', 'cut', 'complete', 'cut', 'complete']);
    });

    it('notices by itself that the other side is gone and never said so', async () => {
      for (const transport of ['stream', 'pubsub'] as const) {
        const seen = recorderOf(busAt(proxy.port, { transport, silence: '500ms' }));
        await connected(seen);
        proxy.halfOpen();
        await until(() => seen.course.at(-1) === 'cut');
        proxy.mend();
        await connected(seen);
        expect(seen.course).toEqual(['unknown', 'cut', transport === 'stream' ? 'complete' : 'unknown']);
      }
    });

    it('says that something may be missing when the stream was trimmed beyond what it had read', async () => {
      const seen = recorderOf(busAt(proxy.port));
      await connected(seen);
      proxy.cut();
      await until(() => seen.course.at(-1) === 'cut');
      const sender = busAt(server.port);
      await connected(recorderOf(sender));
      await sender.publish(['lost']);
      await server.command('XTRIM', `${CHANNEL}:bus`, 'MAXLEN', '0');
      proxy.mend();
      await connected(seen);
      expect(seen.course).toEqual(['unknown', 'cut', 'unknown']);
      await sender.publish(['after']);
      await until(() => seen.messages.includes('after'));
    });

    it('says so also when that happens while it is connected', async () => {
      const seen = recorderOf(busAt(server.port));
      await connected(seen);
      await server.command('DEL', `${CHANNEL}:bus`);
      await until(() => seen.course.length >= 3);
      expect(seen.course).toEqual(['unknown', 'cut', 'unknown']);
      await buses[0]?.publish(['after']);
      await until(() => seen.messages.includes('after'));
    });

    it('says that something may be missing when the server came back empty', async () => {
      const seen = recorderOf(busAt(server.port));
      await connected(seen);
      await buses[0]?.publish(['before']);
      await until(() => seen.messages.length > 0);
      await server.kill();
      await until(() => seen.course.at(-1) === 'cut');
      await server.restart();
      await connected(seen);
      expect(seen.course).toEqual(['unknown', 'cut', 'unknown']);
      await until(() => buses[0]?.publish(['after']).then(() => true));
      await until(() => seen.messages.includes('after'));
    });

    it('goes on when another type of value stood where the stream should be and is gone', async () => {
      await server.command('SET', `${CHANNEL}:bus`, 'foreign');
      const seen = recorderOf(busAt(server.port));
      await until(() => seen.errors.length > 0);
      expect(String(seen.errors[0])).toContain('WRONGTYPE');
      await server.command('DEL', `${CHANNEL}:bus`);
      await connected(seen);
      await buses[0]?.publish(['after']);
      await until(() => seen.messages.includes('after'));
    });
  });
}
