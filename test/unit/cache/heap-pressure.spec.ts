import { describe, expect, it } from '@jest/globals';
import { HeapPressure } from '../../../lib/cache/memory/heap-pressure.js';

const limitBytes = 100;

function setUp() {
  const pressure = new HeapPressure({ highWater: 0.75, lowWater: 0.6 });
  return {
    pressure,
    use: (usedBytes: number) => pressure.look({ usedBytes, limitBytes }).excessBytes,
    collect: (usedBytes: number) => {
      pressure.collected();
      return pressure.look({ usedBytes, limitBytes }).excessBytes;
    },
  };
}

describe('HeapPressure, with marks at 75 % and 60 %', () => {
  it('asks for nothing while what a collection left is below the high mark', () => {
    const { collect } = setUp();
    expect([collect(10), collect(60), collect(75)]).toEqual([0, 0, 0]);
  });

  it('asks for what is above the low mark once a collection left more than the high mark', () => {
    const { collect } = setUp();
    expect(collect(80)).toBe(20);
  });

  it('takes a fall of what is in use for a collection, for who lets no event loop turn hears of none', () => {
    const { use, pressure } = setUp();
    expect(use(84)).toBe(0);
    expect(use(78)).toBe(18);
    expect(pressure.liveBytes).toBe(78);
  });

  it('does not take garbage for pressure: much may be in use before it is collected', () => {
    const { use, collect } = setUp();
    collect(40);
    expect([use(60), use(70), use(80), use(87)]).toEqual([0, 0, 0, 0]);
  });

  it('knows without a collection that more than the high mark is live when V8 would have collected before', () => {
    const { use } = setUp();
    expect(use(70)).toBe(0);
    // 87.5 is half-way from 75 to the limit.
    expect(use(90)).toBe(2 * 90 - 100 - 60);
  });

  it('goes by the last collection where the heap tells of it at once, and hears of each once', () => {
    const { pressure } = setUp();
    const look = (usedBytes: number, liveBytes: number, collection = { liveBytes }) => ({
      ...pressure.look({ usedBytes, limitBytes, collection }),
      collection,
    });
    expect(look(70, 55)).toMatchObject({ hasCollected: true, excessBytes: 0 });
    // Nothing has fallen, and no observer was called.
    const { collection, ...told } = look(84, 80);
    expect(told).toEqual({ hasCollected: true, excessBytes: 20 });
    expect(pressure.liveBytes).toBe(80);
    pressure.collected();
    expect(look(85, 80, collection)).toMatchObject({ hasCollected: false, excessBytes: 0 });
  });

  it('waits for the next collection after it has asked', () => {
    const { use, collect } = setUp();
    expect(collect(80)).toBe(20);
    expect([use(80), use(82), use(85)]).toEqual([0, 0, 0]);
    expect(collect(62)).toBe(0);
    expect(collect(76)).toBe(16);
  });

  it('asks again without one when the use goes on growing, and at once near the limit', () => {
    const { use, collect } = setUp();
    expect(collect(80)).toBe(20);
    expect(use(86)).toBeCloseTo(26);
    expect(use(91)).toBe(0);
    expect(use(94)).toBeCloseTo(34);
    expect(use(96)).toBeCloseTo(36);
    expect(use(96)).toBe(0);
    expect(use(97)).toBeCloseTo(37);
  });
});
