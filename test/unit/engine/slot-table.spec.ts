import { describe, expect, it } from '@jest/globals';
import { SlotList } from '../../../lib/engine/slots/slot-list.js';
import { SlotTable } from '../../../lib/engine/slots/slot-table.js';

describe('SlotTable', () => {
  it('is small when it is empty, whatever it may have to hold', () => {
    expect(new SlotTable(() => 1_000_000).bytes).toBeLessThan(1_000);
  });

  it('keeps keys and values while it grows by doubling', () => {
    const slots = new SlotTable(() => Infinity);
    const capacities = new Set<number>();
    for (let at = 0; at < 1_000; at++) {
      if (slots.isFull) slots.grow();
      expect(slots.allocate(`key ${at}`, at)).toBe(at);
      capacities.add(slots.capacity);
    }
    expect([...capacities]).toEqual([16, 32, 64, 128, 256, 512, 1_024]);
    for (let at = 0; at < 1_000; at++) expect([slots.keyOf(at), slots.valueOf(at)]).toEqual([`key ${at}`, at]);
  });

  it('grows to no more slots than there can be entries', () => {
    const slots = new SlotTable(() => 20);
    for (let at = 0; at < 20; at++) {
      if (slots.isFull) slots.grow();
      slots.allocate(at, at);
    }
    expect(slots.capacity).toBe(20);
  });

  it('adds keys and values in chunks of one size when it is large, and leaves those that are there in place', () => {
    const slots = new SlotTable(() => 100_000);
    const first: unknown[][] = [];
    for (let at = 0; at < 100_000; at++) {
      if (slots.isFull) slots.grow();
      slots.allocate(at, -at);
      if (at === 50_000) first.push(...slots.chunks);
    }
    expect(slots.chunks.map((chunk) => chunk.length / 2)).toEqual([65_536, 34_464]);
    expect(first.every((chunk, at) => slots.chunks[at] === chunk)).toBe(true);
    const isKept = (at: number): boolean => slots.keyOf(at) === at && slots.valueOf(at) === -at;
    expect(Array.from({ length: 100_000 }, (_, at) => at).every(isKept)).toBe(true);
    expect([slots.capacity, slots.bytes]).toEqual([100_000, 100_000 * 32]);
  });

  it('hands out released slots again and keeps nothing of them alive', () => {
    const slots = new SlotTable(() => 100);
    for (let at = 0; at < 10; at++) slots.allocate(at, at);
    slots.release(3);
    slots.release(7);
    expect([slots.keyOf(3), slots.valueOf(3), slots.isUsed(3), slots.size]).toEqual([undefined, undefined, false, 8]);
    expect(slots.freeSlots().sort()).toEqual([3, 7]);
    expect([slots.allocate('x', 1), slots.allocate('y', 2)].sort()).toEqual([3, 7]);
    expect(slots.freeSlots()).toEqual([]);
    expect(slots.allocate('z', 3)).toBe(10);
  });

  it('gives its memory back when it is cleared', () => {
    const slots = new SlotTable(() => Infinity);
    const empty = slots.bytes;
    for (let at = 0; at < 10_000; at++) {
      if (slots.isFull) slots.grow();
      slots.allocate(at, at);
    }
    slots.clear();
    expect([slots.bytes, slots.size, slots.used]).toEqual([empty, 0, 0]);
  });
});

describe('SlotList', () => {
  function listOf(count: number): { list: SlotList; slots: SlotTable } {
    const slots = new SlotTable(() => Infinity);
    const list = new SlotList(slots);
    for (let at = 0; at < count; at++) list.append(slots.allocate(at, at));
    return { list, slots };
  }

  it('keeps the order in which slots were appended', () => {
    expect([...listOf(4).list]).toEqual([0, 1, 2, 3]);
  });

  it('removes the first, the last, one between and the only one', () => {
    const { list } = listOf(5);
    list.remove(0);
    list.remove(4);
    list.remove(2);
    expect([[...list], list.first, list.last, list.size]).toEqual([[1, 3], 1, 3, 2]);
    list.remove(1);
    list.remove(3);
    expect([[...list], list.first, list.last, list.size]).toEqual([[], -1, -1, 0]);
  });

  it('moves any slot to the end', () => {
    const { list } = listOf(3);
    list.moveToEnd(0);
    expect([...list]).toEqual([1, 2, 0]);
    list.moveToEnd(2);
    expect([...list]).toEqual([1, 0, 2]);
    list.moveToEnd(2);
    expect([[...list], list.previousOf(2), list.nextOf(2)]).toEqual([[1, 0, 2], 0, -1]);
  });

  it('moves a slot of a list of one to where it is', () => {
    const { list } = listOf(1);
    list.moveToEnd(0);
    expect([...list]).toEqual([0]);
  });
});
