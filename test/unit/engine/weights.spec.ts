import { describe, expect, it } from '@jest/globals';
import { approximateBytes, MemoryCache } from '../../../lib/engine/index.js';
import { assertStructure } from '../../../lib/engine/store/structure.js';
import { EventRecorder } from '../../../lib/testing/index.js';

function cacheOf(maxWeight: number, maxSize?: number): MemoryCache<string, number> {
  return new MemoryCache<string, number>({ maxWeight, maxSize, weigher: (value) => value, policy: 'lru' });
}

describe('promise Store: weight <= maxWeight at every instant', () => {
  it('evicts as many as a new entry needs', () => {
    const cache = cacheOf(10);
    cache.putAll([
      ['a', 3],
      ['b', 3],
      ['c', 3],
    ]);
    cache.put('d', 7);
    expect([[...cache.keys()], cache.weight, cache.stats().evictions]).toEqual([
      ['c', 'd'],
      10,
      { size: 0, weight: 2, memory: 0 },
    ]);
    assertStructure(cache);
  });

  it('is not passed while evictions are told', () => {
    const cache = cacheOf(10);
    const weights: number[] = [];
    cache.events$.subscribe(() => weights.push(cache.weight));
    for (let value = 1; value <= 10; value++) cache.put(`k${value}`, value);
    expect(Math.max(...weights)).toBeLessThanOrEqual(10);
  });

  it('bounds weight and size both where both are given', () => {
    const cache = cacheOf(10, 3);
    cache.putAll([
      ['a', 1],
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ]);
    expect([cache.size, cache.stats().evictions.size]).toEqual([3, 1]);
    cache.put('e', 9);
    expect([[...cache.keys()], cache.weight]).toEqual([['d', 'e'], 10]);
  });

  it('takes entries of weight 0 without limit', () => {
    const cache = cacheOf(1);
    for (let key = 0; key < 100; key++) cache.put(`k${key}`, 0);
    cache.put('heavy', 1);
    expect([cache.size, cache.weight]).toEqual([101, 1]);
  });

  it('is the sum of the live entries after replacing, removing and clearing', () => {
    const cache = cacheOf(100);
    cache.putAll([
      ['a', 5],
      ['b', 6],
      ['c', 7],
    ]);
    cache.put('a', 50);
    cache.put('b', 1);
    expect([cache.weight, cache.entry('a')?.weight]).toEqual([58, 50]);
    cache.invalidate('a');
    expect(cache.weight).toBe(8);
    cache.clear();
    expect(cache.weight).toBe(0);
  });

  it('lets an entry that grows push out others, and never itself', () => {
    const cache = cacheOf(10);
    cache.putAll([
      ['a', 4],
      ['b', 3],
      ['c', 3],
    ]);
    cache.put('a', 8);
    expect([cache.get('a'), cache.weight <= 10, cache.has('b')]).toEqual([8, true, false]);
    assertStructure(cache);
  });

  it('lets an entry that its policy would evict come in as new when it grows', () => {
    const cache = new MemoryCache<string, number>({ policy: 'fifo', maxWeight: 10, weigher: (value) => value });
    cache.putAll([
      ['a', 4],
      ['b', 3],
      ['c', 3],
    ]);
    cache.put('a', 5);
    expect([...cache.entries()]).toEqual([
      ['c', 3],
      ['a', 5],
    ]);
    assertStructure(cache);
  });

  it('is kept by a resize', () => {
    const cache = cacheOf(10);
    cache.putAll([
      ['a', 3],
      ['b', 3],
      ['c', 3],
    ]);
    cache.resize(6);
    expect([cache.weight, cache.stats().maxWeight]).toEqual([6, 6]);
  });

  it('takes the weight of a call instead of the weigher', () => {
    const cache = cacheOf(10);
    cache.put('a', 1_000, { weight: 2 });
    expect([cache.weight, cache.size]).toEqual([2, 1]);
    expect(() => cache.put('a', 1, { weight: NaN })).toThrow(/weight option gave NaN/);
    expect(cache.get('a')).toBe(1_000);
  });
});

describe('promise Store: an entry heavier than the bound', () => {
  it('is refused with an event and removes what stood there; the others stay', () => {
    const cache = cacheOf(10);
    cache.putAll([
      ['a', 3],
      ['b', 3],
    ]);
    const recorder = new EventRecorder(cache.events$);
    cache.put('a', 11);
    expect([[...cache.keys()], cache.weight]).toEqual([['b'], 3]);
    expect(recorder.events).toMatchObject([{ type: 'evict', key: 'a', value: 11, cause: 'too-heavy' }]);
  });

  it('may weigh exactly the bound', () => {
    const cache = cacheOf(10);
    cache.put('a', 10);
    expect(cache.get('a')).toBe(10);
  });
});

describe('a weigher', () => {
  for (const wrong of [NaN, -1, Infinity, '5', undefined, null]) {
    it(`that answers ${String(wrong)} is named in the error, and nothing has changed`, () => {
      let answer: unknown = 1;
      const cache = new MemoryCache<string, number>({
        maxWeight: 10,
        weigher: function ofMine() {
          return answer as number;
        },
      });
      cache.put('a', 1);
      answer = wrong;
      expect(() => cache.put('a', 2)).toThrow(/weigher ofMine gave .* as the weight of "a"/);
      expect([cache.get('a'), cache.weight]).toEqual([1, 1]);
      assertStructure(cache);
    });
  }

  it('that throws is heard, and nothing has changed', () => {
    const cache = new MemoryCache<string, number>({
      maxWeight: 10,
      weigher: (value) => {
        if (value === 2) throw new Error('scale is broken');
        return 1;
      },
    });
    cache.put('a', 1);
    expect(() => cache.put('a', 2)).toThrow('scale is broken');
    expect(() => cache.put('b', 2)).toThrow('scale is broken');
    expect([...cache.entries()]).toEqual([['a', 1]]);
  });

  it('may call the cache', () => {
    const cache: MemoryCache<string, number> = new MemoryCache<string, number>({
      maxWeight: 5,
      weigher: (value, key) => {
        if (key === 'outer') cache.put('inner', 3);
        return value;
      },
    });
    cache.put('outer', 3);
    assertStructure(cache);
    expect([...cache.keys()]).toEqual(['outer']);
  });
});

describe('maxMemory', () => {
  it('weighs key, value and the place of the entry', () => {
    const cache = new MemoryCache<string, string>({ maxMemory: '1mb' });
    cache.put('key', 'value'.repeat(100));
    const bytes = approximateBytes('key') + approximateBytes('value'.repeat(100));
    expect(cache.weight).toBeGreaterThan(bytes);
    expect(cache.weight).toBeLessThan(bytes + 100);
    expect(cache.stats().memory).toMatchObject({ usedBytes: cache.weight, maxBytes: 2 ** 20, entries: 1 });
    expect(cache.stats().memory?.overheadBytes).toBeGreaterThan(0);
  });

  it('refuses what alone is above it and evicts with cause memory', () => {
    const cache = new MemoryCache<number, Buffer>({ maxMemory: 100_000 });
    cache.put(0, Buffer.alloc(200_000));
    expect(cache.size).toBe(0);
    for (let key = 0; key < 20; key++) cache.put(key, Buffer.alloc(10_000));
    expect(cache.stats().evictions.memory).toBeGreaterThan(5);
    expect(cache.weight).toBeLessThanOrEqual(100_000);
    assertStructure(cache);
  });
});

describe('memory of the structures', () => {
  it('stays small while the cache is, whatever its bound, and comes back on clear', () => {
    const cache = new MemoryCache<number, number>({ maxMemory: '1gb', maxSize: 1_000_000, ttl: '1h' });
    const overhead = (): number => cache.stats().memory?.overheadBytes ?? NaN;
    for (let key = 0; key < 10; key++) cache.put(key, key);
    const small = overhead();
    expect(small).toBeLessThan(10_000);
    for (let key = 0; key < 50_000; key++) cache.put(key, key);
    expect(overhead() / 50_000).toBeLessThan(100);
    cache.clear();
    expect(overhead()).toBeLessThanOrEqual(small);
  });
});
