import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../../lib/core/index.js';
import { FrequencySketch } from '../../../../lib/engine/policy/frequency-sketch.js';

const NO_PERIOD = 1e9;

function hashes(count: number, seed = 1): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => (random() * 2 ** 32) | 0);
}

describe('FrequencySketch', () => {
  it('knows nothing of a key that was never requested', () => {
    expect(new FrequencySketch(4, NO_PERIOD).estimate(42)).toBe(0);
  });

  it('counts the requests for a key up to 15', () => {
    const sketch = new FrequencySketch(4, NO_PERIOD);
    for (const [requests, estimate] of [
      [1, 1],
      [4, 5],
      [10, 15],
      [50, 15],
    ] as const) {
      for (let request = 0; request < requests; request++) sketch.record(-7);
      expect(sketch.estimate(-7)).toBe(estimate);
    }
  });

  it('never estimates less than was counted, and seldom more', () => {
    const sketch = new FrequencySketch(64, NO_PERIOD);
    const keys = hashes(256);
    const counts = keys.map((_, at) => 1 + (at % 9));
    keys.forEach((key, at) => {
      for (let request = 0; request < counts[at]!; request++) sketch.record(key);
    });
    const estimates = keys.map((key) => sketch.estimate(key));
    expect(estimates.every((estimate, at) => estimate >= counts[at]!)).toBe(true);
    expect(estimates.filter((estimate, at) => estimate > counts[at]!).length).toBeLessThan(13);
  });

  it('takes what was counted for half after each period, whether the key was asked for meanwhile or not', () => {
    for (const asks of [true, false]) {
      const sketch = new FrequencySketch(1_024, 100);
      for (let request = 0; request < 12; request++) sketch.record(1);
      const expected = [12, 6, 3, 1, 0, 0];
      for (let period = 0; period < expected.length; period++) {
        if (asks || period >= 3) expect(sketch.estimate(1)).toBe(expected[period]);
        for (let request = period === 0 ? 12 : 0; request < 100; request++) sketch.record(2 ** 31 + request);
      }
    }
  });

  it('keeps every estimate when it grows, and lowers none when it shrinks', () => {
    const sketch = new FrequencySketch(8, NO_PERIOD);
    const keys = hashes(100);
    keys.forEach((key, at) => {
      for (let request = 0; request <= at % 12; request++) sketch.record(key);
    });
    const before = keys.map((key) => sketch.estimate(key));
    sketch.resize(64, NO_PERIOD);
    expect(sketch.blocks).toBe(64);
    expect(keys.map((key) => sketch.estimate(key))).toEqual(before);
    sketch.resize(8, NO_PERIOD);
    expect(sketch.blocks).toBe(8);
    expect(keys.map((key) => sketch.estimate(key))).toEqual(before);
    sketch.resize(2, NO_PERIOD);
    expect(sketch.blocks).toBe(2);
    expect(keys.every((key, at) => sketch.estimate(key) >= before[at]!)).toBe(true);
  });

  it('is as large as it says', () => {
    expect(new FrequencySketch(16, NO_PERIOD).bytes).toBe(16 * 65);
  });
});
