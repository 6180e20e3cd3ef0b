import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';

function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<string, number>('numbers', options), { clock }) };
}

describe('promise Numbers', () => {
  it('all ratios and counts are 0 without data', () => {
    const stats = setUp().cache.stats();
    expect(stats).toMatchObject({ gets: 0, hitRate: 0, loads: 0, joins: 0, size: 0, expirations: 0 });
    for (const latency of Object.values(stats.latency)) {
      expect(latency).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, sum: 0 });
    }
  });

  it('hits + misses = lookups', async () => {
    const { cache } = setUp();
    await cache.get('a');
    await cache.put('a', 1);
    await cache.get('a');
    await cache.getOrLoad('a', () => 2);
    await cache.getOrLoad('b', () => 3);
    expect(cache.stats()).toMatchObject({ gets: 4, hits: 2, misses: 2, hitRate: 0.5, puts: 1, loads: 1 });
  });

  it('a joined flight counts as a miss of nobody: one miss, one load, n−1 joins', async () => {
    const { cache } = setUp();
    const load = deferred<number>();
    const callers = Array.from({ length: 500 }, () => cache.getOrLoad('a', () => load.promise));
    load.resolve(1);
    await Promise.all(callers);
    expect(cache.stats()).toMatchObject({ gets: 1, misses: 1, loads: 1, joins: 499 });
  });

  it('has, entry and the invalidation of an absent key count nothing', async () => {
    const { cache } = setUp();
    await cache.put('a', 1);
    const before = cache.stats();
    await cache.has('a');
    await cache.has('absent');
    await cache.entry('a');
    await cache.invalidate('absent');
    await cache.invalidateGroup('absent');
    expect({ ...cache.stats(), minus: before.minus }).toEqual(before);
  });

  it('putAll counts each, invalidations count what they removed', async () => {
    const { cache } = setUp({ groups: ['g'] });
    await cache.putAll([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(cache.stats().puts).toBe(3);
    await cache.invalidateAll(['a', 'a', 'absent']);
    await cache.invalidateGroup('g');
    expect(cache.stats()).toMatchObject({ invalidations: 3, size: 0 });
  });

  it('putIfAbsent is a miss and a put, or a hit', async () => {
    const { cache } = setUp();
    expect(await cache.putIfAbsent('a', 1)).toBeUndefined();
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 1, puts: 1 });
    expect(await cache.putIfAbsent('a', 2)).toBe(1);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, puts: 1 });
  });

  it('evictions are counted by the bound that ran out, expirations apart', async () => {
    const { cache, clock } = setUp({ maxSize: 2, ttl: 1_000 });
    await cache.putAll([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(cache.stats().evictions).toEqual({ size: 1, weight: 0, memory: 0 });
    clock.advance(10_000);
    expect(cache.stats()).toMatchObject({ expirations: 2, size: 0, evictions: { size: 1 } });
  });

  it('a failed load is a miss, a load and an error', async () => {
    const { cache } = setUp();
    await cache.getOrLoad('a', () => Promise.reject(new Error('down'))).catch(() => {});
    expect(cache.stats()).toMatchObject({ misses: 1, loads: 1, loadErrors: 1, puts: 0 });
  });

  it('load latency is the loader’s, miss latency the caller’s', async () => {
    const { cache, clock } = setUp();
    const load = deferred<number>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    clock.advance(100);
    load.resolve(1);
    await waiting;
    const { latency } = cache.stats();
    expect(latency.load).toMatchObject({ count: 1, max: 100 });
    expect(latency.miss).toMatchObject({ count: 1, max: 100 });
    expect(latency.load.p50 / 100).toBeCloseTo(1, 1);
  });

  it('the first hits are all timed, in the long run one in 128, each for as many as it stands for', async () => {
    const { cache, clock } = setUp();
    await cache.put('a', 1);
    let readings = 0;
    const now = clock.now.bind(clock);
    clock.now = () => (readings++, now());
    const hits = async (count: number): Promise<number> => {
      const before = readings;
      for (let i = 0; i < count; i++) await cache.getOrLoad('a', () => 2);
      return (readings - before) / 2;
    };
    expect(await hits(100)).toBe(100);
    expect(cache.stats().latency.hit.count).toBe(100);
    await hits(100_000);
    const timed = await hits(64_000);
    expect(timed).toBeGreaterThan(400);
    expect(timed).toBeLessThan(600);
    const { hits: all, latency } = cache.stats();
    expect(all).toBe(164_100);
    expect(Math.abs(latency.hit.count / all - 1)).toBeLessThan(0.05);
  });

  it('says how long the numbers took to come together, for rates', async () => {
    const { cache, clock } = setUp();
    clock.advance(4_000);
    const earlier = cache.stats();
    expect(earlier.spanMs).toBe(4_000);
    clock.advance(2_000);
    await cache.get('absent');
    const { misses, spanMs } = cache.stats().minus(earlier);
    expect(misses / (spanMs / 1_000)).toBe(0.5);
  });

  it('tells how many keys are being loaded', async () => {
    const { cache } = setUp();
    const load = deferred<number>();
    const waiting = [1, 2, 2].map((key) => cache.getOrLoad(`k${key}`, () => load.promise));
    expect(cache.stats().flights).toBe(2);
    load.resolve(1);
    await Promise.all(waiting);
    expect(cache.stats().flights).toBe(0);
  });

  it('a snapshot never changes, and minus() tells what happened since', async () => {
    const { cache } = setUp();
    await cache.put('a', 1);
    await cache.get('a');
    const earlier = cache.stats();
    await cache.get('a');
    await cache.get('absent');
    expect(earlier).toMatchObject({ hits: 1, misses: 0 });
    expect(() => Object.assign(earlier, { hits: 9 })).toThrow(TypeError);
    expect(cache.stats().minus(earlier)).toMatchObject({ gets: 2, hits: 1, misses: 1, hitRate: 0.5, puts: 0, size: 1 });
  });

  it('minus() tells the latencies of what happened since, not those of the whole history', async () => {
    const { cache, clock } = setUp();
    const load = async (key: string, ms: number): Promise<void> => {
      const loader = deferred<number>();
      const waiting = cache.getOrLoad(key, () => loader.promise);
      clock.advance(ms);
      loader.resolve(1);
      await waiting;
    };
    for (let i = 0; i < 50; i++) await load(`slow ${i}`, 1_000);
    const earlier = cache.stats();
    await load('fast', 10);
    const { latency } = cache.stats().minus(earlier);
    for (const { count, p50 } of [latency.load, latency.miss]) {
      expect(count).toBe(1);
      expect(p50 / 10).toBeCloseTo(1, 1);
    }
  });

  it('a cache bounded in bytes says how many it uses', async () => {
    const { cache } = setUp({ maxMemory: '1mb' });
    await cache.put('a', 1);
    const { memory, weight, maxSize } = cache.stats();
    expect(memory).toMatchObject({ maxBytes: 1_048_576, entries: 1, usedBytes: weight });
    expect(memory?.usedBytes).toBeGreaterThan(0);
    expect(maxSize).toBe(Infinity);
    expect(setUp().cache.stats().memory).toBeUndefined();
  });
});
