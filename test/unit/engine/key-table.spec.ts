import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { KeyTable } from '../../../lib/engine/keys/key-table.js';
import { SlotTable } from '../../../lib/engine/slots/slot-table.js';

/** Records of slots whose hashes are given. */
function recordsOf(hashes: readonly number[]): Int32Array {
  const records = new Int32Array(hashes.length * 4);
  for (const [slot, hash] of hashes.entries()) records[slot * 4] = hash;
  return records;
}

function tableOf(length: number, hashes: readonly number[]): KeyTable {
  const table = new KeyTable(length, length);
  for (const [slot, hash] of hashes.entries()) table.add(slot, hash);
  return table;
}

/** Slots whose keys are their own numbers, as those that are looked for. */
function slotsOf(count: number): SlotTable {
  const slots = new SlotTable(() => Infinity);
  for (let slot = 0; slot < count; slot++) {
    if (slots.isFull) slots.grow();
    slots.allocate(slot, 'value');
  }
  return slots;
}

const sorted = (slots: readonly number[]): number[] => slots.toSorted((a, b) => a - b);

describe('KeyTable', () => {
  it('closes the gap in a run that goes over the end of the table', () => {
    const hashes = [7, 7, 7, 0];
    const table = tableOf(8, hashes);
    expect(table.remove(0, recordsOf(hashes))).toBe(true);
    expect(hashes.map((hash, slot) => table.findInteger(slotsOf(4), hash, slot))).toEqual([-1, 1, 2, 3]);
    expect([...table.cells].map((cell) => cell !== 0)).toEqual([true, true, false, false, false, false, false, true]);
  });

  it('leaves a key in its own place when the cell tells next to nothing of the hash', () => {
    const hashes = [0, 20, 1];
    const table = new KeyTable(64, 2 ** 29);
    for (const [slot, hash] of hashes.entries()) table.add(slot, hash);
    expect(table.remove(0, recordsOf(hashes))).toBe(true);
    expect(hashes.map((hash, slot) => table.findInteger(slotsOf(3), hash, slot))).toEqual([-1, 1, 2]);
  });

  it.each([1, 64, 2 ** 20, 2 ** 25 - 1, 2 ** 25, 2 ** 29])('has room for %d slots in a cell', (slots) => {
    expect(new KeyTable(64, slots).slotLimit).toBeGreaterThanOrEqual(slots);
  });

  it('changes nothing when the slot is not in the table', () => {
    const table = tableOf(8, [1, 1]);
    expect(table.remove(2, recordsOf([1, 1, 1]))).toBe(false);
    expect(sorted(table.slots())).toEqual([0, 1]);
  });

  it('tells hashes apart that belong to one place', () => {
    const hashes = [5, 5 + 2 ** 30, 5 + 2 ** 29, 5 + 64];
    const table = tableOf(64, hashes);
    const slots = slotsOf(4);
    expect(hashes.map((hash, slot) => table.findInteger(slots, hash, slot))).toEqual([0, 1, 2, 3]);
    expect(table.findInteger(slots, 5 + 2 ** 28, 1)).toBe(-1);
    const records = recordsOf(hashes);
    expect(hashes.map((hash) => table.findHash(hash, records))).toEqual([0, 1, 2, 3]);
    expect(table.findHash(5 + 2 ** 28, records)).toBe(-1);
  });

  it.each([
    { name: 'all hashes differ', slots: 1 << 10, hashOf: (at: number) => Math.imul(at + 1, 0x9e3779b1) >>> 1 },
    { name: 'all hashes are the same', slots: 1 << 10, hashOf: () => 77 },
    { name: 'all hashes belong to one place', slots: 1 << 10, hashOf: (at: number) => (at << 12) | 3 },
    { name: 'they are of two neighbours', slots: 1 << 10, hashOf: (at: number) => ((at * 5) % 7 < 3 ? 1023 : 0) },
    { name: 'slots leave no room for more of the hash', slots: 2 ** 25 - 1, hashOf: (at: number) => at * 3 },
    { name: 'slots leave little room for the hash', slots: 2 ** 29, hashOf: (at: number) => at >> 1 },
  ])('finds and removes each, whatever has left before, when $name', ({ slots: most, hashOf }) => {
    const count = 300;
    const random = seededRandom(5);
    const hashes = Array.from({ length: count }, (_, at) => hashOf(at));
    const records = recordsOf(hashes);
    const slots = slotsOf(count);
    const table = new KeyTable(1 << 10, most);
    const present = new Set<number>();
    for (let step = 0; step < 3_000; step++) {
      const slot = Math.floor(random() * count);
      expect(table.findInteger(slots, hashes[slot] as number, slot)).toBe(present.has(slot) ? slot : -1);
      if (present.delete(slot)) expect(table.remove(slot, records)).toBe(true);
      else table.add(slot, hashes[slot] as number);
      if (table.findInteger(slots, hashes[slot] as number, slot) !== -1) present.add(slot);
    }
    expect(sorted(table.slots())).toEqual(sorted([...present]));
    for (const slot of present) table.remove(slot, records);
    expect(table.cells.every((cell) => cell === 0)).toBe(true);
  });

  it('puts one slot in the place of another', () => {
    const table = tableOf(16, [3, 3]);
    expect([table.replace(1, 9, 3), table.replace(5, 6, 3)]).toEqual([true, false]);
    expect(sorted(table.slots())).toEqual([0, 9]);
  });
});

describe('a KeyTable that is left', () => {
  it('moves about as many cells as it is told to, and all in the end', () => {
    const hashes = Array.from({ length: 500 }, (_, at) => at * 7_919);
    const leaving = tableOf(1_024, hashes);
    leaving.leave();
    const target = new KeyTable(2_048, 2_048);
    const moved = [0];
    for (let isOver = false; !isOver; moved.push(target.slots().length)) {
      isOver = leaving.moveTo(target, 32, recordsOf(hashes));
    }
    const steps = moved.slice(1).map((count, at) => count - (moved[at] ?? 0));
    expect(steps.length).toBeGreaterThan(25);
    expect(Math.max(...steps)).toBeLessThan(100);
    expect([leaving.slots().length, target.slots().length]).toEqual([0, 500]);
  });

  it('moves a run whole, also one that goes over the end of the table', () => {
    const hashes = [14, 14, 15, 15, 0, 5, 5];
    const leaving = tableOf(16, hashes);
    leaving.leave();
    const target = new KeyTable(32, 32);
    const slots = slotsOf(hashes.length);
    for (let isOver = false; !isOver;) {
      isOver = leaving.moveTo(target, 1, recordsOf(hashes));
      for (const [slot, hash] of hashes.entries()) {
        expect(sorted([target, leaving].map((table) => table.findInteger(slots, hash, slot)))).toEqual([-1, slot]);
      }
    }
    expect(sorted(target.slots())).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
