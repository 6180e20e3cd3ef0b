import { describe, expect, it } from '@jest/globals';
import type { CacheParts } from '../../../lib/cache/parts/cache-parts.js';
import { createCache, defineCache } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);

describe('ttlJitter, for 1,000 keys written at once', () => {
  it('spreads their ends evenly, none later than the ttl and none earlier than the ttl less its fraction', async () => {
    const clock = new FakeClock();
    const cache = createCache(defineCache<string, number>('numbers', { ttl: 10_000, ttlJitter: 0.1 }), { clock });
    await cache.putAll(keys(1_000).map((key) => [key, 1]));
    const lifetimes = await Promise.all(keys(1_000).map(async (key) => (await cache.entry(key))?.ttlLeftMs ?? NaN));
    const tenths = new Map<number, number>();
    for (const lifetime of lifetimes) {
      expect(lifetime).toBeGreaterThanOrEqual(9_000);
      expect(lifetime).toBeLessThanOrEqual(10_000);
      const tenth = Math.min(9, Math.floor((lifetime - 9_000) / 100));
      tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
    }
    // 100 are expected in each; fewer than 50 or more than 160 come up in less than one of a million runs.
    expect(tenths.size).toBe(10);
    for (const count of tenths.values()) {
      expect(count).toBeGreaterThan(50);
      expect(count).toBeLessThan(160);
    }
    clock.advance(8_999);
    expect(cache.stats().size).toBe(1_000);
    clock.advance(1_001);
    expect(await cache.getAll(keys(1_000))).toEqual(new Map());
  });
});

describe('promise Groups: 100,000 keys under one group', () => {
  it('are invalidated in one step, with the memory of their index, and nothing else is', async () => {
    const cache = createCache(defineCache<string, number>('numbers', { maxSize: 200_000 }), { clock: new FakeClock() });
    const { store } = Reflect.get(cache, 'parts') as CacheParts<string, number>;
    await cache.putAll(keys(1_000).map((key) => [`other ${key}`, 1]));
    await cache.putAll(
      keys(100_000).map((key) => [key, 1]),
      { groups: ['all'] },
    );
    expect(store.groups.size).toBe(100_000);
    const during = cache.getOrLoad('late', async () => 1, { groups: ['all'] });
    expect(await cache.invalidateGroup('all')).toBe(100_000);
    await during;
    expect(await cache.get('late')).toBeUndefined();
    expect(store.groups.size).toBe(0);
    expect(cache.stats()).toMatchObject({ size: 1_000, invalidations: 100_000 });
    await cache.put('k1', 2, { groups: ['all'] });
    expect(await cache.get('k1')).toBe(2);
  });
});
