import type { Random } from '../core/index.js';
import { KeyHash } from './key-hash.js';
import { addCell, findIntegerCell, findStringCell, LeavingCells, removeCell, replaceCell } from './key-cells.js';
import { MOST_CELLS, RecentStrings } from './recent-strings.js';
import { NO_SLOT, type SlotTable } from './slot-table.js';

/*
 * From keys to slots. 32-bit integers and strings of at most 16 characters are found by an open-addressing table of our
 * own, at most half full. All other keys (longer strings cost more to hash in JavaScript than to look up natively) are in
 * a Map to the same slots.
 *
 * The table doubles, and shrinks when it is far too large, without a pause: cells move from the old table to the new one
 * a few at a time, with each key that comes or leaves. Meanwhile new keys go to the new table, and what is not found in
 * it is looked for in the old one: a hit in a table that does not move never asks whether it does.
 *
 * Keys are equal as in a Map: NaN is NaN, -0 is 0, 1 is not '1'. O(1) expected; 8 to 16 bytes per entry.
 */

const LONGEST_TABLE_STRING = 16;
const SMALLEST_CELLS = 32;
/** The hash of a key of the Map is worked out when it is asked for, and stands in the record from then on. */
const NOT_HASHED = 0;
/**
 * Cells looked at with each key that comes or leaves. The next doubling is as many keys away as half of the old table has
 * cells, and a shrunken table is full when an eighth as many have come: the move is over long before.
 */
const CELLS_PER_STEP = 32;
/** The table shrinks to a quarter when less than one in so many cells is in use. */
const SPARSE = 16;

export class KeyIndex {
  private cells = new Int32Array(SMALLEST_CELLS);
  private leaving: LeavingCells | undefined;
  private recent: RecentStrings | undefined;
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
    this.recent = new RecentStrings(slots, SMALLEST_CELLS);
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
      this.slots.records[slot << 2] = NOT_HASHED;
      return;
    }
    this.slots.records[slot << 2] = this.lastHash;
    if (++this.residents * 2 > this.cells.length) this.resizeCells(this.cells.length * 2);
    if (this.leaving !== undefined) this.moveCells(CELLS_PER_STEP);
    addCell(this.cells, slot, this.lastHash);
  }

  remove(slot: number): void {
    const key = this.slots.keyOf(slot);
    if (!isTableKey(key)) {
      this.others.delete(key);
      return;
    }
    const { records } = this.slots;
    if (!removeCell(this.cells, slot, records) && this.leaving !== undefined) {
      removeCell(this.leaving.cells, slot, records);
    }
    this.residents--;
    if (this.leaving !== undefined) this.moveCells(CELLS_PER_STEP);
    else if (this.residents * SPARSE < this.cells.length && this.cells.length > SMALLEST_CELLS * 4)
      this.resizeCells(this.cells.length / 4);
  }

  /** The entry of `from` stands in `to` as well, and from now on there only. */
  move(from: number, to: number): void {
    const key = this.slots.keyOf(to);
    if (!isTableKey(key)) {
      this.others.set(key, to);
      return;
    }
    const hash = this.slots.records[to << 2] as number;
    if (!replaceCell(this.cells, from, to, hash) && this.leaving !== undefined) {
      replaceCell(this.leaving.cells, from, to, hash);
    }
  }

  clear(): void {
    this.cells = new Int32Array(SMALLEST_CELLS);
    this.recent = new RecentStrings(this.slots, SMALLEST_CELLS);
    this.leaving = undefined;
    this.residents = 0;
    this.others = new Map();
  }

  /** A hash of the key of a used slot that is the same whenever that key comes back. */
  hashOf(slot: number): number {
    const { records } = this.slots;
    const known = records[slot << 2] as number;
    if (known !== NOT_HASHED) return known;
    const key = this.slots.keyOf(slot);
    return isTableKey(key) ? known : (records[slot << 2] = this.otherHash(key));
  }

  get size(): number {
    return this.residents + this.others.size;
  }

  /** The slots that the index knows, for a check of the structure. */
  indexed(): number[] {
    const cells = [...this.cells, ...(this.leaving?.cells ?? [])];
    return [...cells.filter((cell) => cell !== 0).map((cell) => cell - 1), ...this.others.values()];
  }

  get load(): number {
    return this.residents / this.cells.length;
  }

  get bytes(): number {
    // A Map takes three words an entry and half a word for its buckets.
    const cells = this.cells.byteLength + (this.leaving?.cells.byteLength ?? 0);
    return cells + (this.recent?.bytes ?? 0) + this.others.size * 30;
  }

  private findString(key: string): number {
    const { recent } = this;
    if (recent === undefined) return this.findHashed(key);
    const known = recent.find(key);
    if (known !== NO_SLOT) {
      // As if it had been computed: an expired entry may be replaced by one of the same key.
      this.lastHash = this.slots.records[known << 2] as number;
      return known;
    }
    const slot = this.findHashed(key);
    if (slot !== NO_SLOT) recent.remember(key, slot);
    return slot;
  }

  private findHashed(key: string): number {
    const hash = this.hash.string(key);
    this.lastHash = hash;
    const slot = findStringCell(this.cells, this.slots, hash, key);
    if (slot !== NO_SLOT || this.leaving === undefined) return slot;
    return findStringCell(this.leaving.cells, this.slots, hash, key);
  }

  private findInteger(key: number): number {
    const hash = this.hash.integer(key);
    this.lastHash = hash;
    const slot = findIntegerCell(this.cells, this.slots, hash, key);
    if (slot !== NO_SLOT || this.leaving === undefined) return slot;
    return findIntegerCell(this.leaving.cells, this.slots, hash, key);
  }

  private resizeCells(length: number): void {
    this.recent = length <= MOST_CELLS ? new RecentStrings(this.slots, length) : undefined;
    if (this.leaving !== undefined) this.moveCells(Infinity);
    this.leaving = new LeavingCells(this.cells);
    this.cells = new Int32Array(length);
  }

  private moveCells(count: number): void {
    if (this.leaving?.moveTo(this.cells, count, this.slots.records)) this.leaving = undefined;
  }

  private otherHash(key: unknown): number {
    if (typeof key === 'string') return this.hash.sample(key);
    if (typeof key === 'object' || typeof key === 'function')
      return key === null ? this.hash.string('null') : this.identity(key);
    return this.hash.sample(`${typeof key}:${String(key)}`);
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
