import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { ReuseSample } from '../../../lib/engine/store/reuse-sample.js';

/** Distinct keys as their hashes, spread over all of 32 bits. */
function hashOf(key: number): number {
  return Math.imul(key + 1, 0x9e3779b1) ^ (Math.imul(key + 1, 0x85ebca6b) >>> 7);
}

function play(sample: ReuseSample, keys: Iterable<number>, weight = 1): void {
  for (const key of keys) if (sample.wants(hashOf(key))) sample.used(hashOf(key), weight);
}

function* loop(length: number, times: number): Iterable<number> {
  for (let round = 0; round < times; round++) for (let key = 0; key < length; key++) yield key;
}

/** Hits of a textbook LRU of this size. */
function lruHits(keys: readonly number[], size: number): number {
  const kept = new Set<number>();
  let hits = 0;
  for (const key of keys) {
    if (kept.delete(key)) hits++;
    kept.add(key);
    if (kept.size > size) kept.delete(kept.values().next().value as number);
  }
  return hits;
}

describe('ReuseSample', () => {
  it('knows enough when keys have come back', () => {
    const sample = new ReuseSample();
    play(sample, loop(1_000, 1));
    expect(sample.knows(1_000)).toBe(false);
    play(sample, loop(1_000, 1));
    expect(sample.knows(1_000)).toBe(true);
  });

  it('knows enough of a cache that went through much more than it holds, and not of one that was filled', () => {
    const sample = new ReuseSample();
    play(sample, loop(5_000, 1));
    expect(sample.knows(5_000)).toBe(false);
    expect(sample.knows(1_000)).toBe(true);
    expect(sample.hitsWithin(1_000)).toBe(0);
  });

  it.each([400, 4_000, 40_000])('sees that a loop over %i keys hits nothing until it fits', (length) => {
    const sample = new ReuseSample();
    play(sample, loop(length, 6));
    expect(sample.hitsWithin(length * 0.7)).toBe(0);
    expect(sample.hitsWithin(length * 1.5)).toBeGreaterThan(length * 5 * 0.7);
    expect(sample.hitsWithin(length * 1.5)).toBeLessThan(length * 5 * 1.4);
  });

  it('counts distances in weight', () => {
    const sample = new ReuseSample();
    play(sample, loop(2_000, 5), 100);
    expect(sample.hitsWithin(2_000 * 70)).toBe(0);
    expect(sample.hitsWithin(2_000 * 150)).toBeGreaterThan(5_000);
  });

  it('tells how many more hits more room brings, about as for a cache that evicts the least recently used', () => {
    const random = seededRandom(7);
    const keys = Array.from({ length: 200_000 }, () => Math.floor(20_000 * random() ** 2));
    const sample = new ReuseSample();
    play(sample, keys);
    // Whether one of the hottest keys is in the sample moves all hits alike, and none of the differences.
    for (const [from, to] of [
      [500, 2_000],
      [2_000, 8_000],
    ] as const) {
      const told = sample.hitsWithin(to) - sample.hitsWithin(from);
      const ratio = told / (lruHits(keys, to) - lruHits(keys, from));
      expect(ratio).toBeGreaterThan(0.65);
      expect(ratio).toBeLessThan(1.5);
    }
  });

  it('keeps its size whatever the number of keys, and drops those that are further away than anybody cares', () => {
    const sample = new ReuseSample();
    sample.farthest = 2_000;
    play(sample, loop(300_000, 1));
    const { bytes } = sample;
    play(sample, loop(1_000, 40));
    expect(sample.bytes).toBe(bytes);
    // Had all those keys been tracked too, it would look at one in thousands by now.
    expect(sample.hitsWithin(1_500)).toBeGreaterThan(20_000);
  });

  it('takes no key for coming back that was removed by its owner', () => {
    const sample = new ReuseSample();
    for (let round = 0; round < 50; round++) {
      play(sample, loop(400, 1));
      for (let key = 0; key < 400; key++) sample.forget(hashOf(key));
    }
    expect(sample.hitsWithin(1_000)).toBe(0);
  });

  it('lets what it knows fade by half', () => {
    const sample = new ReuseSample();
    play(sample, loop(400, 20));
    const before = sample.hitsWithin(1_000);
    sample.fade();
    expect(sample.hitsWithin(1_000)).toBeCloseTo(before / 2);
  });
});
