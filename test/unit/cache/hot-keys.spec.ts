import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { seededRandom } from '../../../lib/core/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';

function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  const definition = defineCache<string, number>('numbers', { loader: (key) => key.length, ttl: '1d', ...options });
  return { clock, cache: createCache(definition, { clock, random: seededRandom(5) }) };
}

describe('hotKeys()', () => {
  it('is empty without lookups', () => {
    expect(setUp().cache.hotKeys()).toEqual([]);
  });

  it('tells the keys that were asked for most, with their hits, misses, share and weight', async () => {
    const { cache } = setUp({ maxWeight: 100, weigher: (value) => value * 2 });
    for (let i = 0; i < 6; i++) await cache.getOrLoad('abc');
    for (let i = 0; i < 3; i++) await cache.get('absent');
    await cache.getOrLoad('x');
    expect(cache.hotKeys(2)).toEqual([
      { key: 'abc', lookups: 6, hits: 5, misses: 1, hitRate: 5 / 6, share: 0.6, weight: 6 },
      { key: 'absent', lookups: 3, hits: 0, misses: 3, hitRate: 0, share: 0.3 },
    ]);
    expect(cache.hotKeys()).toHaveLength(3);
  });

  it('tells keys that are objects as they were given', async () => {
    const clock = new FakeClock();
    const cache = createCache(defineCache<{ id: number }, number>('objects'), { clock });
    await cache.put({ id: 1 }, 1);
    await cache.get({ id: 1 });
    await cache.get({ id: 2 });
    expect(new Set(cache.hotKeys().map(({ key }) => key))).toEqual(new Set([{ id: 1 }, { id: 2 }]));
  });

  it('counts a joined flight as a lookup of nobody', async () => {
    const { cache } = setUp();
    const load = deferred<number>();
    const callers = Array.from({ length: 9 }, () => cache.getOrLoad('a', () => load.promise));
    load.resolve(1);
    await Promise.all(callers);
    expect(cache.hotKeys()).toMatchObject([{ key: 'a', lookups: 1, misses: 1 }]);
  });

  it('finds the ten hottest among 20,000 keys, with counts near the truth', async () => {
    const { cache } = setUp({ maxSize: 1_000 });
    const random = seededRandom(3);
    const asked = new Map<string, number>();
    for (let i = 0; i < 100_000; i++) {
      // Ten keys of which the first makes up 8 % of the lookups, the next 7.2 %, and so on; the others are all alike.
      let left = random();
      let hot = 0;
      while (hot < 10 && (left -= 0.08 - hot * 0.006) > 0) hot++;
      const key = hot < 10 ? `hot ${hot}` : `cold ${Math.floor(random() * 20_000)}`;
      asked.set(key, (asked.get(key) ?? 0) + 1);
      await cache.getOrLoad(key);
    }
    const found = cache.hotKeys(10);
    expect(new Set(found.map(({ key }) => key))).toEqual(new Set(Array.from({ length: 10 }, (_, i) => `hot ${i}`)));
    expect(found[0]?.key).toMatch(/hot [0-3]/);
    expect(found.map(({ lookups }) => lookups)).toEqual(found.map(({ lookups }) => lookups).sort((a, b) => b - a));
    for (const { key, lookups, share, hitRate } of found) {
      // In the long run one lookup in 128 is counted, as 128 of them: four standard deviations of that.
      const truth = asked.get(key) as number;
      expect(Math.abs(lookups - truth)).toBeLessThan(4 * Math.sqrt(128 * truth));
      expect(share).toBeCloseTo(truth / 100_000, 1);
      expect(hitRate).toBeGreaterThan(0.9);
    }
  });

  it('finds no key hot where all are asked for alike, also in turn', async () => {
    const { cache } = setUp();
    for (let round = 0; round < 400; round++) {
      for (let key = 0; key < 1_024; key += 8) await cache.getOrLoad(`k${key}`);
    }
    for (const { share } of cache.hotKeys(100)) expect(share).toBeLessThan(5 / 128);
  });

  it('forgets: a lookup of a minute ago counts half, and what is no longer asked for leaves', async () => {
    const { cache, clock } = setUp();
    for (let i = 0; i < 8; i++) await cache.getOrLoad('old');
    clock.advance(60_000);
    for (let i = 0; i < 6; i++) await cache.getOrLoad('new');
    expect(cache.hotKeys()).toMatchObject([
      { key: 'new', lookups: 6, share: 0.6 },
      { key: 'old', lookups: 4, share: 0.4 },
    ]);
    clock.advance(3_600_000);
    expect(cache.hotKeys()).toEqual([]);
    await cache.getOrLoad('again');
    expect(cache.hotKeys()).toMatchObject([{ key: 'again', lookups: 1, share: 1 }]);
  });

  it.each([0, 101, 1.5, NaN, '3'])('refuses %p keys, saying how many can be asked for', (k) => {
    expect(() => setUp().cache.hotKeys(k as number)).toThrow(/hotKeys\(\) of cache "numbers".*k must be .*1 to 100/s);
  });
});
