import { describe, expect, it } from '@jest/globals';
import { CacheOptionsError, seededRandom } from '../../../lib/core/index.js';
import { MemoryCache, type MemoryCacheOptions } from '../../../lib/engine/index.js';

function problemsOf(options: unknown): string[] {
  try {
    return [`accepted, ${new MemoryCache(options as MemoryCacheOptions).name}`];
  } catch (error) {
    if (error instanceof CacheOptionsError) return error.problems.map(({ option }) => option);
    throw error;
  }
}

describe('options of a MemoryCache', () => {
  it('default to 10,000 entries, no lifetime and the name memory', () => {
    const cache = new MemoryCache();
    expect([cache.name, cache.stats().maxSize, cache.stats().maxWeight]).toEqual(['memory', 10_000, Infinity]);
    cache.put('a', 1);
    expect(cache.entry('a')).toMatchObject({ ttlMs: Infinity, ttiMs: Infinity, groups: [], weight: 1 });
  });

  it('default to the adaptive policy', () => {
    const keysOf = (policy?: 'adaptive' | 'lru'): unknown[] => {
      const cache = new MemoryCache<number, number>({ maxSize: 50, policy, random: seededRandom(3) });
      for (let at = 0; at < 2_000; at++) cache.getOrCompute((at * at) % 97, (key) => key);
      return [...cache.keys()];
    };
    expect(keysOf()).toEqual(keysOf('adaptive'));
    expect(keysOf()).not.toEqual(keysOf('lru'));
  });

  it('lift the default maxSize when a weight or memory bounds the cache', () => {
    expect(new MemoryCache({ maxMemory: '1mb' }).stats()).toMatchObject({ maxSize: Infinity, maxWeight: 2 ** 20 });
    expect(new MemoryCache({ maxWeight: 5, weigher: () => 1 }).stats()).toMatchObject({
      maxSize: Infinity,
      maxWeight: 5,
    });
    expect(new MemoryCache({ maxMemory: 5_000, maxSize: 3 }).stats()).toMatchObject({ maxSize: 3, maxWeight: 5_000 });
  });

  it('take an explicit undefined for absence', () => {
    expect(new MemoryCache({ maxSize: undefined, ttl: undefined, policy: undefined }).stats().maxSize).toBe(10_000);
  });

  const wrong: [unknown, string][] = [
    [{ maxSize: 0 }, 'maxSize'],
    [{ maxSize: NaN }, 'maxSize'],
    [{ maxSize: 1.5 }, 'maxSize'],
    [{ maxSize: '10' }, 'maxSize'],
    [{ maxMemory: 0 }, 'maxMemory'],
    [{ maxMemory: '5 parsecs' }, 'maxMemory'],
    [{ maxMemory: '0mb' }, 'maxMemory'],
    [{ maxMemory: 5_000, weigher: () => 1 }, 'weigher'],
    [{ maxWeight: 5 }, 'weigher'],
    [{ maxWeight: -5, weigher: () => 1 }, 'maxWeight'],
    [{ maxWeight: '5', weigher: () => 1 }, 'maxWeight'],
    [{ weigher: () => 1 }, 'weigher'],
    [{ maxWeight: 5, weigher: 5 }, 'weigher'],
    [{ policy: 'mru' }, 'policy'],
    [{ policy: 'toString' }, 'policy'],
    [{ ttl: -1 }, 'ttl'],
    [{ ttl: NaN }, 'ttl'],
    [{ ttl: '5 minutes' }, 'ttl'],
    [{ tti: 'soon' }, 'tti'],
    [{ ttlJitter: 1.1 }, 'ttlJitter'],
    [{ ttlJitter: NaN }, 'ttlJitter'],
    [{ groups: 'g' }, 'groups'],
    [{ groups: [1] }, 'groups'],
    [{ name: '' }, 'name'],
    [{ clock: {} }, 'clock'],
    [{ random: 4 }, 'random'],
    [{ maxsize: 5 }, 'maxsize'],
    [null, 'options'],
    ['10', 'options'],
  ];
  it.each(wrong)('%j is refused, naming %s', (options, option) => {
    expect(problemsOf(options)).toEqual([option]);
  });

  it('that exclude each other are named', () => {
    expect(problemsOf({ maxMemory: '1mb', maxWeight: 5 })).toEqual(['maxWeight']);
  });

  it('are all reported in one error, with rule and received value', () => {
    const make = (): unknown =>
      new MemoryCache({ maxSize: -1, ttl: 'x' as never, policy: 'mru' as never, maxsize: 5 } as never);
    expect(make).toThrow(
      /did you mean maxSize.*maxSize must be a whole number.*received -1.*policy must be one of adaptive, lru, lfu, fifo, sieve, s3-fifo.*ttl must be/,
    );
  });

  it('of a call are checked too', () => {
    const cache = new MemoryCache<string, number>();
    for (const options of [{ ttl: -1 }, { tti: 'x' as never }, { weight: -1 }]) {
      expect(() => cache.put('a', 1, options)).toThrow(expect.objectContaining({ code: 'CACHE_MISUSE' }));
    }
    expect(() => cache.touch('a', 'x' as never)).toThrow(/ttl must be milliseconds/);
    expect(cache.size).toBe(0);
  });
});
