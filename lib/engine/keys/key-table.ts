import { NO_SLOT, type SlotTable } from '../slots/slot-table.js';

/*
 * An open-addressing table from hashes to slots: linear probing, deletion by shifting back [1], so there are no
 * tombstones and churn costs neither memory nor a pause to clean up. 4 bytes a cell; the owner keeps it at most half full.
 *
 * A cell is 0 when it is empty. Otherwise the middle of its bits is slot + 1, and around that stand the lowest seven and
 * the highest bits of the hash, as many as there is room for. The low ones say how far the cell is from where its hash
 * belongs, the others tell most keys apart: so neither looking for a key nor closing a gap reads the records of other
 * slots, each of which would be a line of memory that nobody else needs.
 *
 * A cell that is 128 places or more from its own comes at half load once in many millions, or when hashes collide: from
 * then on gaps are closed with the whole hashes, which the records have.
 *
 * [1] Knuth. The Art of Computer Programming, vol. 3, 6.4, algorithms L and R.
 */

const SHIFT = 7;
/** The farthest that a cell can tell to be from its own place. */
const FARTHEST = (1 << SHIFT) - 1;

export class KeyTable {
  readonly cells: Int32Array<ArrayBuffer>;
  /** The bits of a cell in which its slot stands, plus one. */
  private readonly slotBits: number;
  private readonly shift: number;
  private readonly farthest: number;
  private isCrowded = false;
  /** From where {@link moveTo} goes on, and how many cells it has not looked at. */
  private at = 0;
  private left = 0;

  /** @param length a power of two @param slots how many slots there may be; a slot is below that */
  constructor(length: number, slots: number) {
    this.cells = new Int32Array(length);
    const width = 32 - Math.clz32(slots);
    this.shift = Math.min(SHIFT, 32 - width);
    this.slotBits = (2 ** width - 1) << this.shift;
    this.farthest = Math.min(FARTHEST, 2 ** this.shift - 1);
  }

  /** Slots have to be below this. */
  get slotLimit(): number {
    return (this.slotBits >>> this.shift) | 0;
  }

  /** Adds a slot that is not in the table. There is an empty cell. */
  add(slot: number, hash: number): void {
    const { cells, slotBits } = this;
    const mask = cells.length - 1;
    let at = hash & mask;
    while (cells[at] !== 0) at = (at + 1) & mask;
    cells[at] = (hash & ~slotBits) | ((slot + 1) << this.shift);
    if (((at - hash) & mask) > this.farthest) this.isCrowded = true;
  }

  /** Removes a slot; `false` when it is not in the table. */
  remove(slot: number, records: Int32Array): boolean {
    const { cells } = this;
    const mask = cells.length - 1;
    const near = this.farthest & mask;
    const hash = records[slot << 2] as number;
    const own = (hash & ~this.slotBits) | ((slot + 1) << this.shift);
    let hole = hash & mask;
    while (cells[hole] !== own) {
      if (cells[hole] === 0) return false;
      hole = (hole + 1) & mask;
    }
    // Moves each later cell of the run into the hole unless that would put it before its own place.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] as number;
      if (cell === 0) break;
      const distance = this.isCrowded ? (at - this.hashOf(cell, records)) & mask : (at - cell) & near;
      if (distance >= ((at - hole) & mask)) {
        cells[hole] = cell;
        hole = at;
      }
    }
    cells[hole] = 0;
    return true;
  }

  /** Puts a slot in the place of another of the same hash; `false` when that is not in the table. */
  replace(from: number, to: number, hash: number): boolean {
    const { cells, shift } = this;
    const mask = cells.length - 1;
    const rest = hash & ~this.slotBits;
    for (let at = hash & mask; cells[at] !== 0; at = (at + 1) & mask) {
      if (cells[at] !== (rest | ((from + 1) << shift))) continue;
      cells[at] = rest | ((to + 1) << shift);
      return true;
    }
    return false;
  }

  /** The slot of a string, or -1. */
  findString(slots: SlotTable, hash: number, key: string): number {
    const { cells, slotBits, shift } = this;
    const mask = cells.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] as number;
      if (cell === 0) return NO_SLOT;
      if (((cell ^ hash) & ~slotBits) !== 0) continue;
      const slot = ((cell & slotBits) >>> shift) - 1;
      if (slots.keyOf(slot) === key) return slot;
    }
  }

  /** The same for numbers, apart so that each comparison sees one type only. */
  findInteger(slots: SlotTable, hash: number, key: number): number {
    const { cells, slotBits, shift } = this;
    const mask = cells.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] as number;
      if (cell === 0) return NO_SLOT;
      if (((cell ^ hash) & ~slotBits) !== 0) continue;
      const slot = ((cell & slotBits) >>> shift) - 1;
      if (slots.keyOf(slot) === key) return slot;
    }
  }

  /** The slot of a key that is its hash, or -1. */
  findHash(hash: number, records: Int32Array): number {
    const { cells, slotBits } = this;
    const mask = cells.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] as number;
      if (cell === 0) return NO_SLOT;
      if (((cell ^ hash) & ~slotBits) === 0 && this.hashOf(cell, records) === hash) return this.slotOf(cell);
    }
  }

  /** Begins to move all that is in the table to others. What is not moved yet is found and removed as ever. */
  leave(): void {
    this.at = 0;
    this.left = this.cells.length;
    while (this.cells[this.at] !== 0) this.at++;
  }

  /**
   * Looks at about `count` cells, moves what is in them and says whether all have been moved. Runs are moved whole: what
   * stays is probed for as if nothing had left.
   */
  moveTo(target: KeyTable, count: number, records: Int32Array): boolean {
    const { cells } = this;
    const mask = cells.length - 1;
    const leave = Math.max(0, this.left - count);
    let { at, left } = this;
    for (; left > leave || cells[at] !== 0; at = (at + 1) & mask, left--) {
      const cell = cells[at] as number;
      if (cell === 0) continue;
      target.add(this.slotOf(cell), this.hashOf(cell, records));
      cells[at] = 0;
    }
    this.at = at;
    this.left = left;
    return left <= 0;
  }

  /** The slots that are in the table, for a check of the structure. */
  slots(): number[] {
    return [...this.cells].filter((cell) => cell !== 0).map((cell) => this.slotOf(cell));
  }

  get bytes(): number {
    return this.cells.byteLength;
  }

  private slotOf(cell: number): number {
    return ((cell & this.slotBits) >>> this.shift) - 1;
  }

  private hashOf(cell: number, records: Int32Array): number {
    return records[this.slotOf(cell) << 2] as number;
  }
}
