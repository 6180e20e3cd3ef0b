import { NO_SLOT, type SlotTable } from './slot-table.js';

/*
 * The cells of an open-addressing table: slot + 1, 0 is empty; linear probing, deletion by shifting back [1], so there are
 * no tombstones and churn costs neither memory nor a pause to clean up. The whole hash of a key stands in its slot's
 * record, so neither comparing nor moving looks at keys that do not match.
 *
 * [1] Knuth. The Art of Computer Programming, vol. 3, 6.4, algorithms L and R.
 */

/** Adds a slot that is not in the table. There is an empty cell. */
export function addCell(cells: Int32Array, slot: number, hash: number): void {
  const mask = cells.length - 1;
  let at = hash & mask;
  while (cells[at] !== 0) at = (at + 1) & mask;
  cells[at] = slot + 1;
}

/** Removes a slot; `false` when it is not in the table. */
export function removeCell(cells: Int32Array, slot: number, records: Int32Array): boolean {
  const mask = cells.length - 1;
  let hole = (records[slot << 2] as number) & mask;
  while (cells[hole] !== slot + 1) {
    if (cells[hole] === 0) return false;
    hole = (hole + 1) & mask;
  }
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
  return true;
}

/** Puts a slot in the place of another of the same hash; `false` when that is not in the table. */
export function replaceCell(cells: Int32Array, from: number, to: number, hash: number): boolean {
  const mask = cells.length - 1;
  for (let at = hash & mask; cells[at] !== 0; at = (at + 1) & mask) {
    if (cells[at] !== from + 1) continue;
    cells[at] = to + 1;
    return true;
  }
  return false;
}

/** The slot of a string, or -1. */
export function findStringCell(cells: Int32Array, slots: SlotTable, hash: number, key: string): number {
  const { records } = slots;
  const mask = cells.length - 1;
  for (let at = hash & mask; ; at = (at + 1) & mask) {
    const slot = (cells[at] as number) - 1;
    if (slot < 0) return NO_SLOT;
    if (records[slot << 2] === hash && slots.keyOf(slot) === key) return slot;
  }
}

/** The same for numbers, apart so that each comparison sees one type only. */
export function findIntegerCell(cells: Int32Array, slots: SlotTable, hash: number, key: number): number {
  const { records } = slots;
  const mask = cells.length - 1;
  for (let at = hash & mask; ; at = (at + 1) & mask) {
    const slot = (cells[at] as number) - 1;
    if (slot < 0) return NO_SLOT;
    if (records[slot << 2] === hash && slots.keyOf(slot) === key) return slot;
  }
}

/** A table that is being emptied into another. What it does not hold yet or any more is found by probing, as ever. */
export class LeavingCells {
  private at = 0;
  private left: number;

  /** @param cells at most half of them in use */
  constructor(readonly cells: Int32Array) {
    this.left = cells.length;
    while (cells[this.at] !== 0) this.at++;
  }

  /**
   * Looks at about `count` cells, moves what is in them and says whether all have been moved. Runs are moved whole: what
   * stays is probed for as if nothing had left.
   */
  moveTo(target: Int32Array, count: number, records: Int32Array): boolean {
    const { cells } = this;
    const mask = cells.length - 1;
    const leave = Math.max(0, this.left - count);
    let { at, left } = this;
    for (; left > leave || cells[at] !== 0; at = (at + 1) & mask, left--) {
      const cell = cells[at] as number;
      if (cell === 0) continue;
      addCell(target, cell - 1, records[(cell - 1) << 2] as number);
      cells[at] = 0;
    }
    this.at = at;
    this.left = left;
    return left <= 0;
  }
}
