import type { Random } from '../core/index.js';
import { KeyHash } from './key-hash.js';
import { NO_SLOT, type SlotTable } from './slot-table.js';

/*
 * From keys to slots. 32-bit integers and strings of at most 16 characters are found by an open-addressing table of our
 * own [1]: cells hold slot + 1, 0 is empty; linear probing, deletion by shifting back (no tombstones, so churn costs
 * neither memory nor a pause to clean up), at most half of the cells in use, growth by doubling. The whole hash stands in
 * the slot's record: comparing and growing look at no key. All other keys (longer strings cost more to hash in
 * JavaScript than to look up natively) are in a Map to the same slots.
 *
 * Keys are equal as in a Map: NaN is NaN, -0 is 0, 1 is not '1'. O(1) expected; 8 to 16 bytes per entry.
 *
 * [1] Knuth. The Art of Computer Programming, vol. 3, 6.4, algorithms L and R.
 */

const LONGEST_TABLE_STRING = 16;
const SMALLEST_CELLS = 32;

export class KeyIndex {
  private cells = new Int32Array(SMALLEST_CELLS);
  private residents = 0;
  private others = new Map<unknown, number>();
  /** The hash that the last {@link find} of a table key computed; {@link insert} of that key takes it from here. */
  private lastHash = 0;
  private readonly hash: KeyHash;
  private identities: WeakMap<object, number> | undefined;
  private identitiesGiven = 0;

  constructor(
    private readonly slots: SlotTable,
    random: Random,
  ) {
    this.hash = new KeyHash(random);
  }

  /** The slot of a key, or -1. */
  find(key: unknown): number {
    if (typeof key === 'string') {
      if (key.length <= LONGEST_TABLE_STRING) return this.findString(key);
    } else if (typeof key === 'number' && (key | 0) === key) {
      return this.findInteger(key);
    }
    const slot = this.others.get(key);
    return slot === undefined ? NO_SLOT : slot;
  }

  /** Adds the key of `slot`, which the last {@link find} looked for and did not find. */
  insert(slot: number): void {
    const key = this.slots.keyOf(slot);
    if (!isTableKey(key)) {
      this.others.set(key, slot);
      return;
    }
    this.slots.records[slot << 2] = this.lastHash;
    if (++this.residents * 2 > this.cells.length) this.resizeCells(this.cells.length * 2);
    place(this.cells, slot, this.lastHash);
  }

  remove(slot: number): void {
    const key = this.slots.keyOf(slot);
    if (!isTableKey(key)) {
      this.others.delete(key);
      return;
    }
    this.residents--;
    const { cells } = this;
    const { records } = this.slots;
    const mask = cells.length - 1;
    let hole = (records[slot << 2] as number) & mask;
    while (cells[hole] !== slot + 1) hole = (hole + 1) & mask;
    // Moves each later cell of the run into the hole unless that would put it before its own place.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] as number;
      if (cell === 0) break;
      const home = (records[(cell - 1) << 2] as number) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        cells[hole] = cell;
        hole = at;
      }
    }
    cells[hole] = 0;
  }

  clear(): void {
    this.cells = new Int32Array(SMALLEST_CELLS);
    this.residents = 0;
    this.others = new Map();
  }

  /** A hash of the key of a used slot that is the same whenever that key comes back. */
  hashOf(slot: number): number {
    const key = this.slots.keyOf(slot);
    if (isTableKey(key)) return this.slots.records[slot << 2] as number;
    if (typeof key === 'string') return this.hash.sample(key);
    if (typeof key === 'object' || typeof key === 'function')
      return key === null ? this.hash.string('null') : this.identity(key);
    return this.hash.sample(`${typeof key}:${String(key)}`);
  }

  get size(): number {
    return this.residents + this.others.size;
  }

  /** The slots that the index knows, for a check of the structure. */
  indexed(): number[] {
    return [...Array.from(this.cells, (cell) => cell - 1).filter((slot) => slot !== NO_SLOT), ...this.others.values()];
  }

  get load(): number {
    return this.residents / this.cells.length;
  }

  get bytes(): number {
    // A Map takes three words an entry and half a word for its buckets.
    return this.cells.byteLength + this.others.size * 30;
  }

  private findString(key: string): number {
    const hash = this.hash.string(key);
    this.lastHash = hash;
    const { cells } = this;
    const { records, pairs } = this.slots;
    const mask = cells.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = (cells[at] as number) - 1;
      if (slot < 0) return NO_SLOT;
      if (records[slot << 2] === hash && pairs[slot << 1] === key) return slot;
    }
  }

  /** The same for numbers, apart so that each comparison sees one type only. */
  private findInteger(key: number): number {
    const hash = this.hash.integer(key);
    this.lastHash = hash;
    const { cells } = this;
    const { records, pairs } = this.slots;
    const mask = cells.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = (cells[at] as number) - 1;
      if (slot < 0) return NO_SLOT;
      if (records[slot << 2] === hash && pairs[slot << 1] === key) return slot;
    }
  }

  private resizeCells(length: number): void {
    const { records } = this.slots;
    const cells = new Int32Array(length);
    for (const cell of this.cells) {
      if (cell !== 0) place(cells, cell - 1, records[(cell - 1) << 2] as number);
    }
    this.cells = cells;
  }

  private identity(key: object): number {
    this.identities ??= new WeakMap();
    let identity = this.identities.get(key);
    if (identity === undefined) {
      identity = this.hash.integer(this.identitiesGiven++);
      this.identities.set(key, identity);
    }
    return identity;
  }
}

function isTableKey(key: unknown): boolean {
  return typeof key === 'string' ? key.length <= LONGEST_TABLE_STRING : typeof key === 'number' && (key | 0) === key;
}

function place(cells: Int32Array, slot: number, hash: number): void {
  const mask = cells.length - 1;
  let at = hash & mask;
  while (cells[at] !== 0) at = (at + 1) & mask;
  cells[at] = slot + 1;
}
