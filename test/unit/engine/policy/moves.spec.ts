import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../../lib/core/index.js';
import { MemoryCache } from '../../../../lib/engine/index.js';
import { assertStructure } from '../../../../lib/engine/store/structure.js';

const MANY = 20_000;
const isKept = (key: number): boolean => key % 97 === 5;

describe.each(['sieve', 's3-fifo', 'adaptive'] as const)('a cache with the policy %s whose entries move', (policy) => {
  it('has the same entries, each in its place, and goes on evicting', () => {
    const cache = new MemoryCache<number, number>({ maxSize: MANY, policy, random: seededRandom(1) });
    for (let key = 0; key < MANY * 2; key++) {
      cache.put(key, key);
      if (key % 3 === 0) cache.get(key - (key % 500));
    }
    const kept = [...cache.keys()].filter(isKept).sort((a, b) => a - b);
    expect(kept.length).toBeGreaterThan(100);
    cache.invalidateMatching((key) => !isKept(key));
    assertStructure(cache);
    expect([...cache.keys()].sort((a, b) => a - b)).toEqual(kept);
    for (const key of kept.slice(0, 50)) expect(cache.get(key)).toBe(key);
    for (let key = MANY * 2; key < MANY * 5; key++) cache.put(key, key);
    assertStructure(cache);
    expect(cache.size).toBe(MANY);
  });
});
