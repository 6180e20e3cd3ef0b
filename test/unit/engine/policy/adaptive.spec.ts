import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../../lib/core/index.js';
import { MemoryCache } from '../../../../lib/engine/index.js';
import { assertStructure } from '../../../../lib/engine/store/structure.js';

type Keys = (random: () => number, at: number) => number;

/** Hits of a trace of `requests` keys: a get, on a miss a put. */
function hitRatio(policy: 'adaptive' | 'lru', maxSize: number, requests: number, keys: Keys): number {
  const random = seededRandom(5);
  const cache = new MemoryCache<number, number>({ maxSize, policy, random: seededRandom(1) });
  let hits = 0;
  for (let at = 0; at < requests; at++) {
    const key = keys(random, at);
    if (cache.get(key) === undefined) cache.put(key, at);
    else hits++;
  }
  assertStructure(cache);
  return hits / requests;
}

const loop: Keys = (_, at) => at % 1_500;
const popular: Keys = (random) => Math.floor(20_000 * random() ** 4);
const popularAndScans: Keys = (random, at) => (at % 4 === 0 ? 1e6 + at : popular(random, at));
/** Each key is used three times within a short while, and never again. */
const sessions: Keys = (random, at) => Math.floor(at / 3) - Math.floor(random() * 600);

describe('the adaptive policy', () => {
  it('keeps a part of a loop that is longer than the cache, where lru keeps nothing', () => {
    expect(hitRatio('lru', 1_000, 60_000, loop)).toBe(0);
    expect(hitRatio('adaptive', 1_000, 60_000, loop)).toBeGreaterThan(0.5);
  });

  it('keeps what is popular while others come once', () => {
    const lru = hitRatio('lru', 500, 60_000, popularAndScans);
    expect(hitRatio('adaptive', 500, 60_000, popularAndScans)).toBeGreaterThan(lru + 0.05);
  });

  it('comes to behave as lru where only what is recent comes back', () => {
    const lru = hitRatio('lru', 800, 60_000, sessions);
    expect(lru).toBeGreaterThan(0.5);
    expect(hitRatio('adaptive', 800, 60_000, sessions)).toBeGreaterThan(lru - 0.03);
  });

  it('forgets what was popular once', () => {
    const random = seededRandom(4);
    const cache = new MemoryCache<number, number>({ maxSize: 300, policy: 'adaptive', random: seededRandom(1) });
    for (let at = 0; at < 200_000; at++) {
      const key = Math.floor(1_500 * random() ** 3) + (at < 30_000 ? 0 : 10_000);
      if (cache.get(key) === undefined) cache.put(key, at);
    }
    expect([...cache.keys()].filter((key) => key < 10_000).length).toBeLessThan(5);
  });

  it('learns how many entries a weight lets in, and hits more often than lru there too', () => {
    const hitsOf = (policy: 'adaptive' | 'lru'): number => {
      const random = seededRandom(9);
      const weigher = (value: number): number => value;
      const cache = new MemoryCache<number, number>({ maxWeight: 40_000, weigher, policy, random: seededRandom(1) });
      let hits = 0;
      for (let at = 0; at < 60_000; at++) {
        const key = popularAndScans(random, at);
        if (cache.get(key) === undefined) cache.put(key, 1 + ((key * 7) % 150));
        else hits++;
        if (at % 1_000 === 0) assertStructure(cache);
      }
      return hits / 60_000;
    };
    expect(hitsOf('adaptive')).toBeGreaterThan(hitsOf('lru') + 0.05);
  });

  it('does not give up many light entries that are read for a heavy one', () => {
    const cache = new MemoryCache<string, number>({ maxWeight: 1_000, weigher: (value) => value, policy: 'adaptive' });
    for (let round = 0; round < 4; round++) {
      for (let key = 0; key < 95; key++) if (cache.get(`light ${key}`) === undefined) cache.put(`light ${key}`, 10);
    }
    for (let heavy = 0; heavy < 50; heavy++) cache.put(`heavy ${heavy}`, 100);
    assertStructure(cache);
    const left = Array.from({ length: 95 }, (_, key) => cache.has(`light ${key}`)).filter(Boolean).length;
    expect(left).toBeGreaterThan(70);
  });

  it('keeps working when its bound is changed up and down, and after clear', () => {
    const random = seededRandom(2);
    const cache = new MemoryCache<number, number>({ maxSize: 50, policy: 'adaptive' });
    for (const maximum of [50, 5_000, 70_000, 3, 800, 1]) {
      cache.resize(maximum);
      for (let at = 0; at < 3_000; at++) {
        const key = Math.floor(random() * 2 * maximum);
        if (cache.get(key) === undefined) cache.put(key, at);
      }
      assertStructure(cache);
      expect(cache.size).toBeLessThanOrEqual(maximum);
    }
    cache.clear();
    cache.put(1, 1);
    assertStructure(cache);
    expect([...cache.keys()]).toEqual([1]);
  });

  it('is small while there is little in it, whatever its bound and whichever keys its sample has', () => {
    const overheads = Array.from({ length: 1_000 }, () => {
      const cache = new MemoryCache<number, number>({ maxMemory: '1gb', maxSize: 1_000_000, policy: 'adaptive' });
      for (let key = 0; key < 10; key++) cache.put(key, key);
      return cache.stats().memory?.overheadBytes ?? Infinity;
    }).sort((a, b) => a - b);
    expect(overheads[500]).toBeLessThan(20_000);
    expect(overheads.at(-1)).toBeLessThan(100_000);
  });
});
