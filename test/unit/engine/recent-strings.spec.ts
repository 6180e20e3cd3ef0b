import { describe, expect, it } from '@jest/globals';
import { RecentStrings } from '../../../lib/engine/keys/recent-strings.js';
import { NO_SLOT, SlotTable } from '../../../lib/engine/slots/slot-table.js';

function setUp() {
  const slots = new SlotTable(() => Infinity);
  // Slot 0 is what nothing remembered guesses.
  slots.allocate('first', 'value');
  return { slots, recent: new RecentStrings(slots, 32) };
}

describe('RecentStrings', () => {
  it('finds what it was told, and nothing that it was not', () => {
    const { slots, recent } = setUp();
    const slot = slots.allocate('user:1', 'value');
    expect(recent.find('user:1')).toBe(NO_SLOT);
    recent.remember('user:1', slot);
    expect(recent.find('user:1')).toBe(slot);
    expect(recent.find(['user', '1'].join(':'))).toBe(slot);
    expect(recent.find('xser:1')).toBe(NO_SLOT);
  });

  it('never finds a slot that was released, or given to another key', () => {
    const { slots, recent } = setUp();
    const slot = slots.allocate('user:1', 'value');
    recent.remember('user:1', slot);
    slots.release(slot);
    expect(recent.find('user:1')).toBe(NO_SLOT);
    expect(slots.allocate('other', 'value')).toBe(slot);
    expect(recent.find('user:1')).toBe(NO_SLOT);
  });

  it('leaves very short strings to the table', () => {
    const { slots, recent } = setUp();
    const slot = slots.allocate('abc', 'value');
    recent.remember('abc', slot);
    expect(recent.find('abc')).toBe(NO_SLOT);
  });

  it('knows two strings that share a place, the second one in another', () => {
    const { slots, recent } = setUp();
    const keys = Array.from({ length: 20 }, (_, at) => `user:${at}`);
    const slotOf = new Map(keys.map((key) => [key, slots.allocate(key, 'value')]));
    for (const key of keys) recent.remember(key, slotOf.get(key) as number);
    const moved = keys.filter((key) => recent.find(key) === NO_SLOT && recent.findSecond(key) === slotOf.get(key));
    const first = keys.filter((key) => recent.find(key) === slotOf.get(key));
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length + first.length).toBe(keys.length);
  });

  it('gives the place of a string that has left to the next', () => {
    const { slots, recent } = setUp();
    const keys = Array.from({ length: 20 }, (_, at) => `user:${at}`);
    const slotOf = new Map(keys.map((key) => [key, slots.allocate(key, 'value')]));
    for (const key of keys) recent.remember(key, slotOf.get(key) as number);
    const [moved] = keys.filter((key) => recent.find(key) === NO_SLOT) as [string];
    for (const key of keys) if (key !== moved) slots.release(slotOf.get(key) as number);
    recent.remember(moved, slotOf.get(moved) as number);
    expect(recent.find(moved)).toBe(slotOf.get(moved));
  });
});
