/*
 * Where the entries are. A slot is a small number; everything that is known about an entry stands under its slot:
 *
 *   records[4 * slot + 0]  the hash of its key             written by KeyIndex
 *   records[4 * slot + 1]  the slot before it in its list   written by SlotList, FREE in a free slot
 *   records[4 * slot + 2]  the slot after it in its list    written by SlotList, the next free slot in a free one
 *   records[4 * slot + 3]  the tick at which it expires     written by Lifetimes, NEVER without a lifetime
 *   pairs[2 * slot]        its key
 *   pairs[2 * slot + 1]    its value
 *
 * A hit reads one record, which is a quarter of a cache line, and one pair: nothing is allocated per entry, and the
 * garbage collector sees one array instead of an object per entry. 32 bytes an entry, beside the index.
 *
 * Invariant: a slot is either free, and in the free list, or used, and in the index and the policy exactly once.
 */

const SMALLEST_CAPACITY = 16;
/** Stands where a used slot has the slot before it. */
const FREE = -2;
/** No slot: the end of a list, or nothing found. */
export const NO_SLOT = -1;
/** The tick of an entry that does not expire; later than every other. */
export const NEVER = 0x7fffffff;

/** Hands out slots and takes them back; grows by doubling, so an empty cache is small whatever its bound. */
export class SlotTable {
  records!: Int32Array;
  pairs!: unknown[];
  capacity = 0;
  /** Slots from here on were never used. */
  used = 0;
  size = 0;
  private firstFree = NO_SLOT;

  /** @param mostSlots the number of slots that will ever be needed at once; Infinity when unknown */
  constructor(private readonly mostSlots: () => number) {
    this.clear();
  }

  /** Takes a slot for an entry. The caller makes sure there is room: see {@link isFull}. */
  allocate(key: unknown, value: unknown): number {
    let slot = this.firstFree;
    if (slot === NO_SLOT) slot = this.used++;
    else this.firstFree = this.records[(slot << 2) + 2] as number;
    const record = slot << 2;
    this.records[record + 1] = NO_SLOT;
    this.records[record + 2] = NO_SLOT;
    this.records[record + 3] = NEVER;
    this.pairs[slot << 1] = key;
    this.pairs[(slot << 1) + 1] = value;
    this.size++;
    return slot;
  }

  release(slot: number): void {
    const record = slot << 2;
    this.records[record + 1] = FREE;
    this.records[record + 2] = this.firstFree;
    this.records[record + 3] = NEVER;
    this.pairs[slot << 1] = undefined;
    this.pairs[(slot << 1) + 1] = undefined;
    this.firstFree = slot;
    this.size--;
  }

  /** Whether {@link grow} has to come before {@link allocate}. */
  get isFull(): boolean {
    return this.firstFree === NO_SLOT && this.used === this.capacity;
  }

  grow(): void {
    const capacity = Math.max(this.capacity + 1, Math.min(this.capacity * 2, this.mostSlots()));
    const records = new Int32Array(capacity << 2);
    records.set(this.records);
    this.records = records;
    this.pairs = this.pairs.concat(emptyPairs(capacity - this.capacity));
    this.capacity = capacity;
  }

  /** Forgets all entries and gives their memory back. */
  clear(): void {
    this.capacity = SMALLEST_CAPACITY;
    this.records = new Int32Array(SMALLEST_CAPACITY << 2);
    this.pairs = emptyPairs(SMALLEST_CAPACITY);
    this.used = 0;
    this.size = 0;
    this.firstFree = NO_SLOT;
  }

  isUsed(slot: number): boolean {
    return slot < this.used && this.records[(slot << 2) + 1] !== FREE;
  }

  keyOf(slot: number): unknown {
    return this.pairs[slot << 1];
  }

  valueOf(slot: number): unknown {
    return this.pairs[(slot << 1) + 1];
  }

  /** The free slots, for a check of the structure. */
  freeSlots(): number[] {
    const slots: number[] = [];
    // One more than there can be, so that a list that runs in a circle ends and is seen.
    for (let slot = this.firstFree; slot !== NO_SLOT && slots.length <= this.used;) {
      slots.push(slot);
      slot = this.records[(slot << 2) + 2] as number;
    }
    return slots;
  }

  get bytes(): number {
    return this.records.byteLength + this.pairs.length * 8;
  }
}

function emptyPairs(slots: number): unknown[] {
  return new Array<unknown>(slots << 1).fill(undefined);
}
