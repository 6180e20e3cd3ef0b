import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { seededRandom, systemRandom } from '../../../lib/core/index.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('seededRandom', () => {
  it('replays the same numbers for the same seed, and others for another', () => {
    const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(0)).not.toEqual([0, 0, 0, 0, 0]);
  });

  it('is mulberry32, so that a seed written down today replays in every version', () => {
    const random = seededRandom(42);
    expect([random(), random(), random()]).toEqual([0.6011037519201636, 0.44829055899754167, 0.8524657934904099]);
  });

  it('spreads over [0, 1) evenly', () => {
    const random = seededRandom(7);
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const number = random();
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
      const bucket = Math.floor(number * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // Seeded, so this is one fixed outcome: each tenth holds a tenth, give or take a tenth of it.
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(100);
  });
});

describe('systemRandom', () => {
  it('is Math.random at the time of the call', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.25);
    expect(systemRandom()).toBe(0.25);
  });
});
