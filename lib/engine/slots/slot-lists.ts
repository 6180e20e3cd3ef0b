import { NO_SLOT, type SlotTable } from './slot-table.js';

const PREVIOUS = 1;
const NEXT = 2;

/** Many doubly linked lists of slots, named by numbers; 8 bytes a list, links as in a SlotList. */
export class SlotLists {
  private firsts: Int32Array;
  private lasts: Int32Array;
  /** Where a walk stands: it moves on when that slot leaves its list. */
  private walkAt = NO_SLOT;

  constructor(
    private readonly slots: SlotTable,
    readonly count: number,
  ) {
    this.firsts = new Int32Array(count).fill(NO_SLOT);
    this.lasts = new Int32Array(count).fill(NO_SLOT);
  }

  firstOf(list: number): number {
    return this.firsts[list] as number;
  }

  nextOf(slot: number): number {
    return this.slots.records[(slot << 2) + NEXT] as number;
  }

  append(list: number, slot: number): void {
    const { records } = this.slots;
    const last = this.lasts[list] as number;
    records[(slot << 2) + PREVIOUS] = last;
    records[(slot << 2) + NEXT] = NO_SLOT;
    if (last === NO_SLOT) this.firsts[list] = slot;
    else records[(last << 2) + NEXT] = slot;
    this.lasts[list] = slot;
  }

  remove(list: number, slot: number): void {
    const { records } = this.slots;
    const previous = records[(slot << 2) + PREVIOUS] as number;
    const next = records[(slot << 2) + NEXT] as number;
    if (previous === NO_SLOT) this.firsts[list] = next;
    else records[(previous << 2) + NEXT] = next;
    if (next === NO_SLOT) this.lasts[list] = previous;
    else records[(next << 2) + PREVIOUS] = previous;
    if (slot === this.walkAt) this.walkAt = next;
    records[(slot << 2) + PREVIOUS] = NO_SLOT;
    records[(slot << 2) + NEXT] = NO_SLOT;
  }

  /** A slot whose record is a copy of one in the list takes its place. */
  replace(list: number, by: number): void {
    const { records } = this.slots;
    const previous = records[(by << 2) + PREVIOUS] as number;
    const next = records[(by << 2) + NEXT] as number;
    if (previous === NO_SLOT) this.firsts[list] = by;
    else records[(previous << 2) + NEXT] = by;
    if (next === NO_SLOT) this.lasts[list] = by;
    else records[(next << 2) + PREVIOUS] = by;
  }

  /** Takes over a whole list of another; this one's is empty. */
  adopt(list: number, from: SlotLists, fromList: number): void {
    this.firsts[list] = from.firsts[fromList] as number;
    this.lasts[list] = from.lasts[fromList] as number;
  }

  /** The slots of a list from the first to the last, as the walk of a SlotList. One walk at a time. */
  *walk(list: number): Generator<number> {
    this.walkAt = this.firstOf(list);
    while (this.walkAt !== NO_SLOT) {
      const slot = this.walkAt;
      this.walkAt = this.nextOf(slot);
      yield slot;
    }
  }

  get bytes(): number {
    return this.firsts.byteLength + this.lasts.byteLength;
  }
}
