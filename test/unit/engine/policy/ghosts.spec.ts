import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../../lib/core/index.js';
import { GhostQueue } from '../../../../lib/engine/policy/ghost-queue.js';
import { NEVER_USED, ReuseGhost } from '../../../../lib/engine/policy/reuse-ghost.js';

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

describe('ReuseGhost', () => {
  it('tells once when a key that left was used last', () => {
    const ghost = new ReuseGhost(64);
    ghost.add(1234, 0);
    ghost.add(-5678, 65_535);
    expect(ghost.take(1234)).toBe(0);
    expect(ghost.take(1234)).toBe(NEVER_USED);
    expect(ghost.take(-5678)).toBe(65_535);
    expect(ghost.take(99)).toBe(NEVER_USED);
  });

  it('knows the last one of several departures of a key', () => {
    const ghost = new ReuseGhost(8);
    ghost.add(7, 10);
    ghost.add(8, 11);
    ghost.add(7, 12);
    expect(ghost.take(7)).toBe(12);
    expect(ghost.take(7)).toBe(NEVER_USED);
    expect(ghost.take(8)).toBe(11);
  });

  it('forgets of a full set the key that came first', () => {
    const ghost = new ReuseGhost(8);
    for (let key = 1; key <= 9; key++) ghost.add(key * 7919, key);
    expect(ghost.take(7919)).toBe(NEVER_USED);
    for (let key = 2; key <= 9; key++) expect(ghost.take(key * 7919)).toBe(key);
  });

  it('remembers about as many of the last keys as it is long', () => {
    const random = seededRandom(3);
    const ghost = new ReuseGhost(1_000);
    const keys = Array.from({ length: 5_000 }, () => (random() * 2 ** 32) | 0);
    for (const key of keys) ghost.add(key, 5);
    const remembered = (from: number, until: number): number =>
      keys.slice(from, until).filter((key) => ghost.take(key) !== NEVER_USED).length;
    expect(remembered(0, 3_000)).toBeLessThan(30);
    expect(remembered(4_500, 5_000)).toBeGreaterThan(480);
    expect(ghost.bytes).toBe(4_000);
  });
});
