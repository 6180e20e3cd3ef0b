import type { Random } from '../../core/index.js';
import { KeyHash } from './key-hash.js';
import { KeyTable } from './key-table.js';
import { LongStringHash } from './long-string-hash.js';
import { ObjectNumbers } from './object-numbers.js';
import { MOST_CELLS, RecentStrings } from './recent-strings.js';
import { NO_SLOT, type SlotTable } from '../slots/slot-table.js';

/*
 * From keys to slots. 32-bit integers and strings of at most 16 characters are found by an open-addressing table of our
 * own, at most half full. All other keys (longer strings cost more to hash in JavaScript than to look up natively) are in
 * a Map to the same slots.
 *
 * The table doubles, and shrinks when it is far too large, without a pause: cells move from the old table to the new one
 * a few at a time, with each key that comes or leaves. Meanwhile new keys go to the new table, and what is not found in
 * it is looked for in the old one: a hit in a table that does not move never asks whether it does.
 *
 * The hash of a table key stands in the record of its slot, and is never negative; that of a key of the Map is negative,
 * or stands for one that nobody has asked for yet: so leaving is done without a look at the key.
 *
 * Keys are equal as in a Map: NaN is NaN, -0 is 0, 1 is not '1'. O(1) expected; 8 to 16 bytes per entry.
 */

const LONGEST_TABLE_STRING = 16;
const SMALLEST_CELLS = 32;
/** What all hashes of keys of the Map have. */
const MAP_KEY = 1 << 31;
const ANY_HASH = ~MAP_KEY;
/** The hash of a key of the Map is worked out when it is asked for, and stands in the record from then on. */
const NOT_HASHED = MAP_KEY;
/**
 * Cells looked at with each key that comes or leaves. The next doubling is as many keys away as half of the old table has
 * cells, and a shrunken table is full when an eighth as many have come: the move is over long before.
 */
const CELLS_PER_STEP = 32;
/** The table shrinks to a quarter when less than one in so many cells is in use. */
const SPARSE = 16;
/** Not a key of anybody. */
const NOTHING = Symbol('nothing was missed');

export class KeyIndex {
  private table = new KeyTable(SMALLEST_CELLS, SMALLEST_CELLS);
  private leaving: KeyTable | undefined;
  private recent: RecentStrings | undefined;
  private residents = 0;
  private others = new Map<unknown, number>();
  /** The hash that the last {@link find} of a table key computed; {@link insert} of that key takes it from here. */
  private lastHash = 0;
  private readonly hash: KeyHash;
  private readonly longHash: LongStringHash;
  /**
   * The key that is known not to be there, until a key comes: it was looked for last and not found, or removed from the table
   * by its name last. And its hash, where it is one of the table.
   */
  private missed: unknown = NOTHING;
  private missedHash = 0;
  private objects: ObjectNumbers | undefined;

  constructor(
    private readonly slots: SlotTable,
    random: Random,
  ) {
    this.hash = new KeyHash(random);
    this.longHash = new LongStringHash(this.hash);
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
    if (slot !== undefined) return slot;
    this.missed = key;
    return NO_SLOT;
  }

  /** The same for a key that will be put: whoever asked for it before, in vain, or removed it has searched already. */
  findToPut(key: unknown): number {
    if (key !== this.missed) return this.find(key);
    this.lastHash = this.missedHash;
    return NO_SLOT;
  }

  /** The same for keys that have probably been found before; {@link insert} may not follow. */
  findAgain(key: unknown): number {
    const { recent } = this;
    if (recent === undefined || typeof key !== 'string' || key.length > LONGEST_TABLE_STRING) return this.find(key);
    const known = recent.find(key);
    return known === NO_SLOT ? this.findLessRecent(key, recent) : known;
  }

  private findLessRecent(key: string, recent: RecentStrings): number {
    const known = recent.findSecond(key);
    if (known !== NO_SLOT) return known;
    const slot = this.findString(key);
    if (slot !== NO_SLOT) recent.remember(key, slot);
    return slot;
  }

  /** Adds the key of `slot`, which the last {@link find} or {@link findToPut} looked for and did not find. */
  insert(slot: number, key: unknown): void {
    this.missed = NOTHING;
    if (isTableKey(key)) {
      this.addToTable(slot, this.lastHash);
      return;
    }
    this.others.set(key, slot);
    this.slots.records[slot << 2] = NOT_HASHED;
  }

  /** A key of the table is not read for it: that of a victim is in a line of memory which nobody has had for long. */
  remove(slot: number): void {
    const { records } = this.slots;
    const hash = records[slot << 2] as number;
    if (hash < 0) {
      this.others.delete(this.slots.keyOf(slot));
      return;
    }
    const { leaving } = this;
    if (!this.table.remove(slot, records) && leaving !== undefined) leaving.remove(slot, records);
    this.residents--;
    if (leaving !== undefined) this.moveCells(CELLS_PER_STEP);
    else this.shrinkIfSparse();
  }

  /** The slot had this key until it was removed just now. Who removes a key may put it next: see {@link findToPut}. */
  hasLeft(slot: number, key: unknown): void {
    const hash = this.slots.records[slot << 2] as number;
    if (hash < 0) return;
    this.missed = key;
    this.missedHash = hash;
  }

  /** The entry of `from` stands in `to` as well, and from now on there only. */
  move(from: number, to: number): void {
    const hash = this.slots.records[to << 2] as number;
    if (hash < 0) this.others.set(this.slots.keyOf(to), to);
    else if (!this.table.replace(from, to, hash)) this.leaving?.replace(from, to, hash);
  }

  clear(): void {
    this.table = new KeyTable(SMALLEST_CELLS, SMALLEST_CELLS);
    this.leaving = undefined;
    this.residents = 0;
    this.others = new Map();
    this.missed = NOTHING;
    this.recent = new RecentStrings(this.slots, SMALLEST_CELLS);
  }

  /**
   * A hash of the key of a used slot, of 31 bits, that is the same when that key comes back soon: for long strings see
   * {@link LongStringHash}, for objects {@link ObjectNumbers}.
   */
  hashOf(slot: number): number {
    const { records } = this.slots;
    let hash = records[slot << 2] as number;
    if (hash === NOT_HASHED) {
      hash = this.otherHash(this.slots.keyOf(slot)) | MAP_KEY;
      records[slot << 2] = hash;
    }
    return hash & ANY_HASH;
  }

  get size(): number {
    return this.residents + this.others.size;
  }

  /** The slots that the index knows, for a check of the structure. */
  indexed(): number[] {
    return [...this.table.slots(), ...(this.leaving?.slots() ?? []), ...this.others.values()];
  }

  get load(): number {
    return this.residents / this.table.cells.length;
  }

  get bytes(): number {
    // A Map takes three words an entry and half a word for its buckets.
    return this.table.bytes + (this.leaving?.bytes ?? 0) + (this.recent?.bytes ?? 0) + this.others.size * 30;
  }

  private findString(key: string): number {
    const hash = this.hash.string(key) & ANY_HASH;
    this.lastHash = hash;
    let slot = this.table.findString(this.slots, hash, key);
    if (slot !== NO_SLOT) return slot;
    if (this.leaving !== undefined) slot = this.leaving.findString(this.slots, hash, key);
    if (slot === NO_SLOT) {
      this.missed = key;
      this.missedHash = hash;
    }
    return slot;
  }

  private findInteger(key: number): number {
    const hash = this.hash.integer(key) & ANY_HASH;
    this.lastHash = hash;
    let slot = this.table.findInteger(this.slots, hash, key);
    if (slot !== NO_SLOT) return slot;
    if (this.leaving !== undefined) slot = this.leaving.findInteger(this.slots, hash, key);
    if (slot === NO_SLOT) {
      this.missed = key;
      this.missedHash = hash;
    }
    return slot;
  }

  private addToTable(slot: number, hash: number): void {
    this.slots.records[slot << 2] = hash;
    if (++this.residents * 2 > this.table.cells.length) this.newTable(this.table.cells.length * 2);
    else if (slot >= this.table.slotLimit) this.newTable(this.table.cells.length);
    if (this.leaving !== undefined) this.moveCells(CELLS_PER_STEP);
    this.table.add(slot, hash);
  }

  private shrinkIfSparse(): void {
    const { length } = this.table.cells;
    if (this.residents * SPARSE < length && length > SMALLEST_CELLS * 4) this.newTable(length / 4);
  }

  private newTable(cells: number): void {
    if (this.leaving !== undefined) this.moveCells(Infinity);
    this.leaving = this.table;
    this.leaving.leave();
    this.table = new KeyTable(cells, Math.max(cells, this.slots.capacity));
    this.recent = cells <= MOST_CELLS ? new RecentStrings(this.slots, cells) : undefined;
  }

  private moveCells(count: number): void {
    if (this.leaving?.moveTo(this.table, count, this.slots.records)) this.leaving = undefined;
  }

  private otherHash(key: unknown): number {
    if (typeof key === 'string') return this.longHash.of(key);
    if ((typeof key === 'object' && key !== null) || typeof key === 'function') {
      this.objects ??= new ObjectNumbers(this.hash);
      return this.objects.of(key, this.others.size);
    }
    const text = `${typeof key}:${String(key)}`;
    return this.hash.sample(text, 0, text.length);
  }
}

function isTableKey(key: unknown): boolean {
  return typeof key === 'string' ? key.length <= LONGEST_TABLE_STRING : typeof key === 'number' && (key | 0) === key;
}
