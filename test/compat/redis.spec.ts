import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import * as theirs from '@nestjs/cache-manager';
import { Test, type TestingModule } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { until } from '../integration/redis/until.js';
import * as ours from '../../lib/compat/cache-manager/index.js';
import type { CacheMethods } from '../../lib/compat/cache-manager/index.js';
import type { CachePackage } from './app.js';
import { silence } from './silence.js';
import { startRedis, type RedisServer } from '../servers/index.js';

/** The same names; its classes have members that no other class can have. */
const OURS = ours as unknown as CachePackage;
const closing: { close(): Promise<unknown> }[] = [];
let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis.stop());

beforeEach(() => redis.command('FLUSHALL'));

afterEach(async () => {
  await Promise.allSettled(closing.splice(0).map((each) => each.close()));
});

/** The cache of an app that has registered the module of one of the packages. */
async function cacheOf(pkg: CachePackage, options: object): Promise<CacheMethods> {
  const app: TestingModule = await Test.createTestingModule({ imports: [pkg.CacheModule.register(options)] })
    .setLogger(silence)
    .compile();
  closing.push(app);
  return app.get<CacheMethods>(pkg.CACHE_MANAGER);
}

const VALUES: Readonly<Record<string, unknown>> = {
  text: 'ünïcode: “quoted”',
  colon: ':base64:not bytes',
  number: 42.5,
  nothing: null,
  list: [1, 'two', { three: 3 }],
  nested: { a: { b: [{ c: true }] } },
  bytes: Buffer.from([0, 255, 10, 13]),
};

describe.each([
  {
    how: 'a Keyv with its own namespace',
    stores: () => [new Keyv({ store: new KeyvRedis(redis.url), namespace: 'app' })],
  },
  { how: 'a Keyv as it comes', stores: () => [new Keyv(new KeyvRedis(redis.url))] },
  { how: 'a bare adapter', stores: () => [new KeyvRedis(redis.url)] },
  { how: 'a single bare adapter, not in a list', stores: () => new KeyvRedis(redis.url) },
  { how: 'a bare adapter with a namespace of the module', stores: () => [new KeyvRedis(redis.url)], namespace: 'shop' },
  { how: 'an adapter with a namespace of its own', stores: () => [new KeyvRedis(redis.url, { namespace: 'own' })] },
])('data in Redis, with $how', ({ stores, namespace }) => {
  it.each([
    { from: '@nestjs/cache-manager', to: 'nestjs-strata', writer: theirs as CachePackage, reader: OURS },
    { from: 'nestjs-strata', to: '@nestjs/cache-manager', writer: OURS, reader: theirs as CachePackage },
  ])('written by $from is read by $to, under the same keys and as long', async ({ writer, reader }) => {
    const writing = await cacheOf(writer, { stores: stores(), namespace, ttl: 60_000 });
    for (const [key, value] of Object.entries(VALUES)) await writing.set(key, value);
    await writing.mset([{ key: 'm1', value: 1, ttl: 30_000 }]);
    await writing.wrap('wrapped', () => ({ by: 'wrap' }), 30_000);
    const keys = (await redis.command('KEYS', '*')).split('\n');
    expect(keys).toHaveLength(Object.keys(VALUES).length + 2);

    const reading = await cacheOf(reader, { stores: stores(), namespace, ttl: 60_000 });
    const names = Object.keys(VALUES);
    expect(await reading.mget(names)).toEqual(Object.values(VALUES));
    expect(await Promise.all(names.map((name) => reading.get(name)))).toEqual(Object.values(VALUES));
    expect(await reading.mget(['m1', 'absent'])).toEqual([1, undefined]);
    expect(await reading.wrap('wrapped', () => 'anew')).toEqual({ by: 'wrap' });
    expect(await reading.ttl('text')).toBe(await writing.ttl('text'));

    // What the new one writes takes the place of what the old one wrote.
    await reading.set('text', 'second');
    await reading.del('number');
    expect(await writing.mget(['text', 'number'])).toEqual(['second', undefined]);
    expect((await redis.command('KEYS', '*')).split('\n')).toHaveLength(keys.length - 1);
    await reading.clear();
    expect(await writing.get('list')).toBeUndefined();
  });
});

describe('memory over Redis', () => {
  it('is filled from below for as long as the value has left there, by get, mget and wrap', async () => {
    const seed = await cacheOf(OURS, { stores: [new KeyvRedis(redis.url)] });
    await seed.mset(['a', 'b', 'c'].map((key) => ({ key, value: key, ttl: 30_000 })));
    const memory = ours.memoryStore();
    const cache = await cacheOf(OURS, { stores: [memory, new KeyvRedis(redis.url)], ttl: 120_000 });
    expect([await cache.get('a'), await cache.mget(['b']), await cache.wrap('c', () => 'x')]).toEqual([
      'a',
      ['b'],
      'c',
    ]);
    for (const key of ['a', 'b', 'c']) {
      const left = ((await memory.look(key))?.expires ?? 0) - Date.now();
      expect(left).toBeGreaterThan(10_000);
      expect(left).toBeLessThanOrEqual(30_000);
    }
  });

  it('is emptied with it', async () => {
    const memory = ours.memoryStore();
    const cache = await cacheOf(OURS, { stores: [memory, new KeyvRedis(redis.url)] });
    await cache.set('a', 1);
    await cache.set('b', 2);
    await cache.del('a');
    expect([await memory.get('a'), await memory.get('b')]).toEqual([undefined, 2]);
    await cache.clear();
    expect([await memory.get('b'), await redis.command('DBSIZE')]).toEqual([undefined, '0']);
  });
});

describe('while the server is away', () => {
  it('callers get a miss or the value of their function within the timeout, and no error', async () => {
    const server = await startRedis();
    const adapter = new KeyvRedis(server.url);
    const cache = await cacheOf(OURS, { stores: [adapter], timeout: 200 });
    await cache.set('k', 'v');
    server.pause();
    const errors: unknown[] = [];
    cache.on('set', ({ error }) => error === undefined || errors.push(error));
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.wrap('k', () => 'loaded')).toBe('loaded');
    expect(await cache.set('k', 'w')).toBe('w');
    expect(await cache.del('k')).toBe(true);
    expect(await cache.mget(['k', 'l'])).toEqual([undefined, undefined]);
    expect(errors.length).toBeGreaterThan(0);
    server.resume();
    await adapter.disconnect(true).catch(() => {});
    await server.stop();
  });

  it('what is deleted then does not come back with it', async () => {
    const server = await startRedis();
    const adapter = new KeyvRedis(server.url);
    const cache = await cacheOf(OURS, { stores: [adapter], timeout: 200 });
    await cache.set('deleted', 'old');
    await cache.set('written', 'old');
    await cache.set('kept', 'old');
    server.pause();
    await cache.del('deleted');
    await cache.set('written', 'new');
    server.resume();
    // Its breaker lets it be asked again after a second at the latest.
    expect(await until(() => cache.get('kept'))).toBe('old');
    expect(await cache.get('deleted')).toBeUndefined();
    expect(await cache.get('written')).not.toBe('old');
    await adapter.disconnect(true).catch(() => {});
    await server.stop();
  });
});

describe('startup', () => {
  const nowhere = (): KeyvRedis<unknown> => new KeyvRedis('redis://127.0.0.1:1', { connectionTimeout: 100 });

  it("fails the start of the app with 'require', naming the store", async () => {
    const adapter = nowhere();
    const starting = cacheOf(OURS, { stores: [new Keyv(), adapter], startup: 'require', timeout: 500 });
    await expect(starting).rejects.toThrow(/the secondary:0 store does not answer, and startup is 'require'/);
    await adapter.disconnect(true).catch(() => {});
  });

  it("does not with 'lazy', the default", async () => {
    const adapter = nowhere();
    const cache = await cacheOf(OURS, { stores: [adapter], timeout: 500 });
    expect(await cache.get('k')).toBeUndefined();
    await adapter.disconnect(true).catch(() => {});
  });

  it("starts with 'require' where the server answers", async () => {
    const cache = await cacheOf(OURS, { stores: [new KeyvRedis(redis.url)], startup: 'require' });
    expect(await cache.set('k', 'v')).toBe('v');
  });
});
