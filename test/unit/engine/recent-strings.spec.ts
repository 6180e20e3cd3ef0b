import { describe, expect, it } from '@jest/globals';
import { RecentStrings } from '../../../lib/engine/recent-strings.js';
import { NO_SLOT, SlotTable } from '../../../lib/engine/slot-table.js';

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
});
