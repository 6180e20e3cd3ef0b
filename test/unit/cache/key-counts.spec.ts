import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { KeyCounts } from '../../../lib/cache/statistics/key-counts.js';
import { Sampler } from '../../../lib/cache/statistics/sampler.js';

const PLACES = 256;

describe('KeyCounts', () => {
  it.each([1, 2, 3, 4, 5])(
    'tells of no key more than the truth, and less by a 256th of all at most (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const counts = new KeyCounts<number>();
      const truth = new Map<number, number>();
      for (let i = 0; i < 20_000; i++) {
        const key = Math.floor(1_000 * random() ** (1 + seed));
        const times = 1 + Math.floor(random() * 3);
        truth.set(key, (truth.get(key) ?? 0) + times);
        counts.add(key, undefined, random() < 0.5, times);
      }
      const told = new Map(counts.top(PLACES).map(({ index, hits, misses }) => [index as number, hits + misses]));
      expect(told.size).toBe(PLACES);
      for (const [key, count] of truth) {
        expect(told.get(key) ?? 0).toBeLessThanOrEqual(count);
        expect(told.get(key) ?? 0).toBeGreaterThanOrEqual(count - counts.total / PLACES);
      }
    },
  );

  it('keeps hits and misses apart, and keys that cannot be told from their place', () => {
    const counts = new KeyCounts<{ id: number }>();
    const key = { id: 1 };
    counts.add('text of it', key, true, 3);
    counts.add('text of it', key, false, 1);
    expect(counts.top(1)).toEqual([{ index: 'text of it', key, hits: 3, misses: 1 }]);
  });

  it('keeps its structure when keys fade out between others', () => {
    const counts = new KeyCounts<string>();
    for (let i = 0; i < 300; i++) counts.add(i, undefined, true, i % 3 === 0 ? 8 : 0.3);
    counts.fade(0.5);
    const left = counts.top(PLACES).map(({ index }) => index as number);
    expect(left.length).toBeGreaterThan(50);
    expect(left.every((key) => key % 3 === 0)).toBe(true);
    for (const key of left) counts.add(key, undefined, false, 1);
    expect(counts.top(PLACES).map(({ misses }) => misses)).toEqual(left.map(() => 1));
    for (let round = 0; round < 10; round++) counts.fade(0.5);
    expect(counts.top(PLACES)).toEqual([]);
    expect(counts.total).toBe(0);
  });
});

describe('Sampler', () => {
  it('takes all at first and one in 128 in the long run, whose weights estimate the number of steps', () => {
    const sampler = new Sampler();
    let weights = 0;
    let late = 0;
    for (let step = 0; step < 500_000; step++) {
      if (step < sampler.next) continue;
      weights += sampler.weight;
      if (step >= 400_000) late++;
      sampler.take(step);
      if (step < 200) expect(sampler.next).toBe(step + 1);
    }
    expect(Math.abs(weights / 500_000 - 1)).toBeLessThan(0.05);
    expect(Math.abs(late / (100_000 / 128) - 1)).toBeLessThan(0.1);
  });

  it('looks more closely again when it is told to', () => {
    const sampler = new Sampler();
    let step = 0;
    for (; sampler.weight < 128; step = sampler.next) sampler.take(step);
    for (let time = 0; time < 7; time++) sampler.relax();
    sampler.take(sampler.next);
    expect(sampler.weight).toBe(1);
  });
});
