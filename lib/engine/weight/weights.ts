import type { SlotTable } from '../slots/slot-table.js';

/** What the entries weigh, each and together. Only a store with a weigher has one; 8 bytes an entry. */
export class Weights {
  total = 0;
  private bySlot: Float64Array<ArrayBuffer>;

  constructor(private readonly slots: SlotTable) {
    this.bySlot = new Float64Array(slots.capacity);
  }

  of(slot: number): number {
    return this.bySlot[slot] as number;
  }

  /** The entry of a slot is new. */
  add(slot: number, weight: number): void {
    this.bySlot[slot] = weight;
    this.total += weight;
  }

  replace(slot: number, weight: number): void {
    this.total += weight - (this.bySlot[slot] as number);
    this.bySlot[slot] = weight;
  }

  /** The entry is about to leave. */
  remove(slot: number): void {
    // The last one takes what rounding has left with it.
    this.total = this.slots.size === 1 ? 0 : this.total - (this.bySlot[slot] as number);
  }

  /** The entry of `from` stands in `to` now. */
  move(from: number, to: number): void {
    this.bySlot[to] = this.bySlot[from] as number;
  }

  /** The slots have been compacted. */
  shrink(): void {
    this.bySlot = this.bySlot.slice(0, this.slots.capacity);
  }

  grow(): void {
    const larger = new Float64Array(this.slots.capacity);
    larger.set(this.bySlot);
    this.bySlot = larger;
  }

  /** The slots have been cleared. */
  clear(): void {
    this.bySlot = new Float64Array(this.slots.capacity);
    this.total = 0;
  }

  get bytes(): number {
    return this.bySlot.byteLength;
  }
}
