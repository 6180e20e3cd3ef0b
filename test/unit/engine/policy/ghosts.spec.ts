import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../../lib/core/index.js';
import { GhostQueue } from '../../../../lib/engine/policy/ghost-queue.js';
import { GhostTable, TICK_BITS, TICK_MASK, UNKNOWN } from '../../../../lib/engine/policy/ghost-table.js';

describe('GhostQueue', () => {
  it('does what a list does that forgets the oldest', () => {
    const step = fc.record({ adds: fc.boolean(), hash: fc.integer({ min: -20, max: 20 }) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.array(step, { maxLength: 200 }), (length, steps) => {
        const queue = new GhostQueue(length);
        let list: number[] = [];
        for (const { adds, hash } of steps) {
          if (adds) {
            list = [...list.filter((each) => each !== hash), hash].slice(-Math.max(1, length)).slice(0, length);
            queue.add(hash);
          } else {
            expect(queue.take(hash)).toBe(list.includes(hash));
            list = list.filter((each) => each !== hash);
          }
          expect([...queue]).toEqual(list);
        }
      }),
    );
  });

  it('keeps the newest when it gets another length', () => {
    const queue = new GhostQueue(4);
    for (const hash of [1, 2, 3, 4]) queue.add(hash);
    expect([...queue.resized(2)]).toEqual([3, 4]);
    expect([...queue.resized(8)]).toEqual([1, 2, 3, 4]);
  });
});

/** What is kept of a key that was used `frequency` times, at last at `tick`. */
const use = (tick: number, frequency = 1): number => (frequency << TICK_BITS) | tick;

describe('GhostTable', () => {
  it('tells once how often a key that left was used, and when', () => {
    const ghosts = new GhostTable(64);
    ghosts.add(1234, use(0, 1));
    ghosts.add(-5678, use(TICK_MASK, 15));
    expect(ghosts.take(1234)).toBe(use(0, 1));
    expect(ghosts.take(1234)).toBe(UNKNOWN);
    expect(ghosts.take(-5678)).toBe(use(TICK_MASK, 15));
    expect(ghosts.take(99)).toBe(UNKNOWN);
  });

  it('knows the last one of several departures of a key', () => {
    const ghosts = new GhostTable(64);
    ghosts.add(7, use(10));
    ghosts.add(8, use(11));
    ghosts.add(7, use(12, 3));
    expect(ghosts.take(7)).toBe(use(12, 3));
    expect(ghosts.take(7)).toBe(UNKNOWN);
    expect(ghosts.take(8)).toBe(use(11));
  });

  it('forgets a key when one leaves that has the same cell, and then knows that one', () => {
    const ghosts = new GhostTable(1);
    ghosts.add(7919, use(3));
    ghosts.add(2 * 7919, use(4));
    expect(ghosts.take(7919)).toBe(UNKNOWN);
    expect(ghosts.take(2 * 7919)).toBe(use(4));
  });

  it('takes another key for one that left only in the cell of that one, and there once in 2,048', () => {
    const random = seededRandom(5);
    const draw = (): number => (random() * 2 ** 32) | 0;
    let doubtful = 0;
    for (let round = 0; round < 20; round++) {
      const ghosts = new GhostTable(2);
      const key = draw();
      ghosts.add(key, use(1));
      for (let probe = 0; probe < 50_000; probe++) {
        if (ghosts.take(draw()) === UNKNOWN) continue;
        doubtful++;
        ghosts.add(key, use(1));
      }
    }
    expect(Math.abs(doubtful / (20 * 50_000) / (1 / 2 / 2_048) - 1)).toBeLessThan(0.2);
  });

  it('remembers a key for as many departures as it is long, on average', () => {
    const random = seededRandom(3);
    const ghosts = new GhostTable(1_000);
    const keys = Array.from({ length: 5_000 }, () => (random() * 2 ** 32) | 0);
    for (const [at, key] of keys.entries()) ghosts.add(key, use(at));
    const remembered = (from: number, until: number): number =>
      keys.slice(from, until).filter((key) => ghosts.take(key) !== UNKNOWN).length;
    // Each departure leaves one in 1,000 cells to another: of a thousand, e^-k are left after k times as many more.
    expect(remembered(0, 2_000)).toBeLessThan(80);
    expect(Math.abs(remembered(4_000, 5_000) - 1_000 * (1 - Math.exp(-1)))).toBeLessThan(50);
    expect(ghosts.bytes).toBe(4_000);
  });
});
