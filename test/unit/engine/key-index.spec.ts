import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../lib/core/index.js';
import { KeyIndex } from '../../../lib/engine/keys/key-index.js';
import { SlotTable } from '../../../lib/engine/slots/slot-table.js';

function newIndex(): {
  slots: SlotTable;
  index: KeyIndex;
  add: (key: unknown) => number;
  remove: (key: unknown) => void;
} {
  const slots = new SlotTable(() => Infinity);
  const index = new KeyIndex(slots, seededRandom(7));
  return {
    slots,
    index,
    add(key) {
      if (index.find(key) !== -1) throw new Error('already there');
      if (slots.isFull) slots.grow();
      const slot = slots.allocate(key, 'value');
      index.insert(slot, key);
      return slot;
    },
    remove(key) {
      const slot = index.find(key);
      index.remove(slot);
      slots.release(slot);
    },
  };
}

describe('KeyIndex', () => {
  it('finds nothing in an empty index', () => {
    const { index } = newIndex();
    for (const key of ['a', 1, undefined, null, {}, 'a string of many characters']) expect(index.find(key)).toBe(-1);
  });

  it('keeps keys of all types apart, as a Map does', () => {
    const { index, add } = newIndex();
    const keys = [
      1,
      '1',
      1n,
      true,
      'true',
      null,
      'null',
      undefined,
      'undefined',
      1.5,
      '1.5',
      NaN,
      'NaN',
      {},
      {},
      [],
      Symbol('x'),
      Symbol('x'),
    ];
    const slots = keys.map(add);
    expect(new Set(slots).size).toBe(keys.length);
    expect(keys.map((key) => index.find(key))).toEqual(slots);
  });

  it('takes -0 for 0 and NaN for NaN', () => {
    const { index, add } = newIndex();
    const zero = add(0);
    const nan = add(NaN);
    expect(index.find(-0)).toBe(zero);
    expect(index.find(0 / 0)).toBe(nan);
  });

  it('finds the integers at the ends of 32 bits and beyond', () => {
    const { index, add } = newIndex();
    const keys = [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, Infinity, -1];
    const slots = keys.map(add);
    expect(keys.map((key) => index.find(key))).toEqual(slots);
  });

  it('finds strings on both sides of 16 characters, also of characters beyond Latin', () => {
    const { index, add } = newIndex();
    const keys = [
      '',
      'a',
      'ab',
      'abc',
      'x'.repeat(15),
      'x'.repeat(16),
      'x'.repeat(17),
      '🙂',
      '🙂🙂',
      '\u0000',
      '\u0000\u0000',
      '\ud800',
      '__proto__',
    ];
    const slots = keys.map(add);
    expect(keys.map((key) => index.find(key))).toEqual(slots);
    expect(index.find(['x', 'x'.repeat(15)].join(''))).toBe(slots[5]);
  });

  it('stays at most half full and finds everything while it grows', () => {
    const { index, add } = newIndex();
    for (let key = 0; key < 5_000; key++) {
      add(key % 2 === 0 ? key : `key ${key}`);
      expect(index.load).toBeLessThanOrEqual(0.5);
    }
    for (let key = 0; key < 5_000; key++) expect(index.find(key % 2 === 0 ? key : `key ${key}`)).toBe(key);
    expect(index.size).toBe(5_000);
  });

  it('finds all that is left after any removal, and leaves nothing behind', () => {
    const { index, add, remove } = newIndex();
    for (let round = 0; round < 20; round++) {
      for (let key = 0; key < 200; key++) add(key);
      for (let key = 0; key < 200; key += 3) remove(key);
      for (let key = 0; key < 200; key++) expect(index.find(key) === -1).toBe(key % 3 === 0);
      for (let key = 0; key < 200; key++) if (key % 3 !== 0) remove(key);
    }
    expect(index.indexed()).toEqual([]);
  });

  it('finds and removes every key at every moment of a move between tables, both ways', () => {
    const { index, add, remove } = newIndex();
    const present: number[] = [];
    const check = (): void => {
      const sample = present.filter((key) => key % 17 === present.length % 17);
      expect(sample.every((key) => index.find(key) !== -1)).toBe(true);
      expect(index.find(-1)).toBe(-1);
      expect(index.load).toBeLessThanOrEqual(0.5);
    };
    for (let key = 0; key < 3_000; key++) {
      add(key);
      present.push(key);
      // Every third time the key leaves that has been there longest: it may be in either table.
      if (key % 3 === 0) remove(present.shift() as number);
      check();
    }
    const largest = index.bytes;
    while (present.length > 10) {
      remove(present.splice((present.length * 7) % 10, 1)[0] as number);
      check();
    }
    expect(index.indexed()).toHaveLength(10);
    expect(index.bytes).toBeLessThan(largest / 8);
  });

  it('finds keys that are looked for, put and removed in any order as a Map does', () => {
    const keys = [0, 1, 2, 3, '0', '1', '2', 'a string of many characters', 1.5, null];
    const step = fc.record({ kind: fc.constantFrom('find', 'put', 'remove', 'evict'), at: fc.nat(keys.length - 1) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { slots, index } = newIndex();
        const model = new Map<unknown, number>();
        for (const { kind, at } of steps) {
          const key = keys[at];
          const expected = model.get(key) ?? -1;
          if (kind === 'put') {
            expect(index.findToPut(key)).toBe(expected);
            if (expected !== -1) continue;
            if (slots.isFull) slots.grow();
            const slot = slots.allocate(key, 'value');
            index.insert(slot, key);
            model.set(key, slot);
          } else {
            expect(index.find(key)).toBe(expected);
            if (kind === 'find' || expected === -1) continue;
            index.remove(expected);
            slots.release(expected);
            if (kind === 'remove') index.hasLeft(expected, key);
            model.delete(key);
          }
        }
        for (const key of keys) expect(index.find(key)).toBe(model.get(key) ?? -1);
      }),
    );
  });

  it('spreads keys that differ in their highest bits only', () => {
    const { index, add } = newIndex();
    for (let key = 0; key < 1_000; key++) add(key << 20);
    const hashes = new Set<number>();
    for (let slot = 0; slot < 1_000; slot++) hashes.add(index.hashOf(slot) & 0xffff);
    expect(hashes.size).toBeGreaterThan(950);
  });

  it('spreads strings that a fixed hash would let an attacker cancel out', () => {
    const { index, add } = newIndex();
    // Flips the highest bit of one pair of characters and tries to cancel it in the next.
    for (let bits = 0; bits < 256; bits++) {
      let key = '';
      for (let pair = 0; pair < 8; pair++) key += (bits >> pair) & 1 ? '\u0001\u8000' : '\u0000\u0000';
      add(key);
    }
    const hashes = new Set<number>();
    for (let slot = 0; slot < 256; slot++) hashes.add(index.hashOf(slot));
    expect(hashes.size).toBeGreaterThan(250);
  });

  it('gives a key of any type the same hash when it comes back', () => {
    const { index, add, remove } = newIndex();
    const object = {};
    for (const key of [
      'short',
      'a string of many characters',
      5,
      5.5,
      5n,
      null,
      undefined,
      true,
      object,
      Symbol('s'),
    ]) {
      const before = index.hashOf(add(key));
      remove(key);
      expect(index.hashOf(add(key))).toBe(before);
    }
  });

  it('tells long strings apart that differ in a few places only', () => {
    const { index, add } = newIndex();
    const addresses = Array.from(
      { length: 500 },
      (_, at) => `https://api.example.org/v1/articles/${at}/comments?page=1&order=newest`,
    );
    const hashes = new Set(addresses.map((key) => index.hashOf(add(key))));
    expect(hashes.size).toBe(addresses.length);
    const pages = Array.from(
      { length: 26 },
      (_, at) => 'x'.repeat(200) + String.fromCharCode(97 + at).repeat(40) + 'y'.repeat(200),
    );
    expect(new Set(pages.map((key) => index.hashOf(add(key)))).size).toBe(pages.length);
  });

  it('hashes differently in each cache', () => {
    const hashWith = (seed: number): number => {
      const slots = new SlotTable(() => 10);
      const index = new KeyIndex(slots, seededRandom(seed));
      index.find('key');
      index.insert(slots.allocate('key', 1), 'key');
      return index.hashOf(0);
    };
    expect(hashWith(1)).toBe(hashWith(1));
    expect(new Set([1, 2, 3, 4].map(hashWith)).size).toBe(4);
  });

  it('knows without a search that a key is absent that was just missed, and only until it comes', () => {
    const { index, slots } = newIndex();
    for (const key of ['short', 'a string of many characters', 5, -0, NaN, 1.5, null, undefined, {}, '']) {
      expect(index.find(key)).toBe(-1);
      expect(index.find('another')).toBe(-1);
      expect(index.find(key)).toBe(-1);
      // What was found in between must not leave its hash to the key that comes.
      const filler = slots.allocate(`filler ${slots.size}`, 1);
      index.find(slots.keyOf(filler));
      index.insert(filler, slots.keyOf(filler));
      expect(index.find(key)).toBe(-1);
      index.find(slots.keyOf(filler));
      expect(index.findToPut(key)).toBe(-1);
      if (slots.isFull) slots.grow();
      const slot = slots.allocate(key, 1);
      index.insert(slot, key);
      expect([index.find(key), index.findToPut(key), index.findAgain(key)]).toEqual([slot, slot, slot]);
      if (slots.isFull) slots.grow();
    }
  });

  it('knows without a search that a key is absent that was just removed, with the hash that it had', () => {
    const { index, slots, add } = newIndex();
    for (const key of ['short', 7, 'a string of many characters']) {
      const slot = add(key);
      const hash = index.hashOf(slot);
      index.find('another');
      index.remove(slot);
      slots.release(slot);
      index.hasLeft(slot, key);
      expect(index.findToPut(key)).toBe(-1);
      const again = slots.allocate(key, 1);
      index.insert(again, key);
      expect([index.find(key), index.hashOf(again)]).toEqual([again, hash]);
    }
  });

  it('finds to put what came after it was missed', () => {
    const { index, add } = newIndex();
    for (const key of ['short', 7, 'a string of many characters']) {
      expect(index.find(key)).toBe(-1);
      const slot = add(key);
      expect(index.findToPut(key)).toBe(slot);
      expect(index.find('other')).toBe(-1);
      expect(index.findToPut(key)).toBe(slot);
    }
  });
});
