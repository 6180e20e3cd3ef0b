import { NO_SLOT } from './slot-table.js';

const PREVIOUS = 1;
const NEXT = 2;

/** Where the records of slots are: see SlotTable. */
export interface SlotRecords {
  readonly records: Int32Array;
}

/**
 * A doubly linked list of slots whose links stand in the slots' own records: O(1), no allocation.
 * Invariant: a slot is in at most one list at a time.
 */
export class SlotList {
  first = NO_SLOT;
  last = NO_SLOT;
  size = 0;
  /** Where a walk stands: it moves on when that slot leaves its place. */
  private walkAt = NO_SLOT;

  constructor(private readonly slots: SlotRecords) {}

  append(slot: number): void {
    const { records } = this.slots;
    const { last } = this;
    records[(slot << 2) + PREVIOUS] = last;
    records[(slot << 2) + NEXT] = NO_SLOT;
    if (last === NO_SLOT) this.first = slot;
    else records[(last << 2) + NEXT] = slot;
    this.last = slot;
    this.size++;
  }

  remove(slot: number): void {
    const { records } = this.slots;
    const previous = records[(slot << 2) + PREVIOUS] as number;
    const next = records[(slot << 2) + NEXT] as number;
    if (previous === NO_SLOT) this.first = next;
    else records[(previous << 2) + NEXT] = next;
    if (next === NO_SLOT) this.last = previous;
    else records[(next << 2) + PREVIOUS] = previous;
    if (slot === this.walkAt) this.walkAt = next;
    records[(slot << 2) + PREVIOUS] = NO_SLOT;
    records[(slot << 2) + NEXT] = NO_SLOT;
    this.size--;
  }

  /** A slot whose record is a copy of one in the list takes its place. */
  replace(by: number): void {
    const { records } = this.slots;
    const previous = records[(by << 2) + PREVIOUS] as number;
    const next = records[(by << 2) + NEXT] as number;
    if (previous === NO_SLOT) this.first = by;
    else records[(previous << 2) + NEXT] = by;
    if (next === NO_SLOT) this.last = by;
    else records[(next << 2) + PREVIOUS] = by;
  }

  moveToEnd(slot: number): void {
    const { last } = this;
    if (slot === last) return;
    const { records } = this.slots;
    const record = slot << 2;
    const previous = records[record + PREVIOUS] as number;
    const next = records[record + NEXT] as number;
    if (previous === NO_SLOT) this.first = next;
    else records[(previous << 2) + NEXT] = next;
    // There is a next one, since this is not the last.
    records[(next << 2) + PREVIOUS] = previous;
    if (slot === this.walkAt) this.walkAt = next;
    records[(last << 2) + NEXT] = slot;
    records[record + PREVIOUS] = last;
    records[record + NEXT] = NO_SLOT;
    this.last = slot;
  }

  nextOf(slot: number): number {
    return this.slots.records[(slot << 2) + NEXT] as number;
  }

  previousOf(slot: number): number {
    return this.slots.records[(slot << 2) + PREVIOUS] as number;
  }

  clear(): void {
    this.first = NO_SLOT;
    this.last = NO_SLOT;
    this.size = 0;
    this.walkAt = NO_SLOT;
  }

  /**
   * The slots from the first to the last, during which slots may come, move and leave, though none be given another
   * number: one that stays is met at least once. One walk at a time.
   */
  *walk(): Generator<number> {
    this.walkAt = this.first;
    while (this.walkAt !== NO_SLOT) {
      const slot = this.walkAt;
      this.walkAt = this.nextOf(slot);
      yield slot;
    }
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let slot = this.first; slot !== NO_SLOT; slot = this.nextOf(slot)) yield slot;
  }
}
