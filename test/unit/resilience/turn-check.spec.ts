import { describe, expect, it } from '@jest/globals';
import { TurnCheck } from '../../../lib/resilience/turn-check.js';

/** Turns that end when they are told to. */
function turning() {
  const ends: (() => void)[] = [];
  const check = new TurnCheck((task) => ends.push(task));
  const endTurn = (): void => {
    for (const end of ends.splice(0)) end();
  };
  return { check, ends, endTurn };
}

/** How many of so many calls are due. */
function dueOf(check: TurnCheck, calls: number): number {
  return Array.from({ length: calls }, () => check.isDue()).filter(Boolean).length;
}

describe('TurnCheck', () => {
  it('has each of the first calls checked, and waits for the end of no turn', () => {
    const { check, ends } = turning();
    expect(dueOf(check, 7)).toBe(7);
    expect(ends).toEqual([]);
  });

  it('has one of 64 calls checked in a turn that calls often, and waits for its end once', () => {
    const { check, ends } = turning();
    expect(dueOf(check, 8 + 10 * 64)).toBe(8 + 10);
    expect(ends).toHaveLength(1);
  });

  it('has the first call of each turn checked, however often the one before called', () => {
    const { check, endTurn } = turning();
    for (let calls = 0; calls < 200; calls++) {
      dueOf(check, calls);
      endTurn();
      expect(check.isDue()).toBe(true);
    }
  });

  it('leaves no more than 63 calls unchecked in a turn that never ends', () => {
    const { check } = turning();
    for (let calls = 0; calls < 200; calls++) {
      dueOf(check, calls);
      expect(dueOf(check, 64)).toBeGreaterThan(0);
    }
  });

  it('has every call checked where nobody tells when a turn ends', () => {
    expect(dueOf(new TurnCheck(undefined), 200)).toBe(200);
  });
});
