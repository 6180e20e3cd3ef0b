/*
 * Where the entries are. A slot is a small number; everything that is known about an entry stands under its slot:
 *
 *   records[4 * slot + 0]  the hash of its key             written by KeyIndex
 *   records[4 * slot + 1]  the slot before it in its list   written by SlotList, FREE in a free slot
 *   records[4 * slot + 2]  the slot after it in its list    written by SlotList, the next free slot in a free one
 *   records[4 * slot + 3]  the tick at which it expires     written by Lifetimes, NEVER without a lifetime
 *   chunks[chunk][2 * at]      its key, where chunk and at are the high and the low bits of the slot
 *   chunks[chunk][2 * at + 1]  its value
 *
 * A hit reads one record, which is a quarter of a cache line, and one pair: nothing is allocated per entry. 32 bytes an
 * entry, beside the index.
 *
 * Growth never stops the program. Keys and values are in chunks of 65,536 entries (the first one doubles up to that), so
 * that no array of references is ever copied or filled at once. The records double: their copy is a copy of bytes, and
 * the memory that it writes to has been brought in before, a piece with each of the last slots before the end, because a
 * page's first touch costs several times its copy.
 *
 * Invariant: a slot is either free, and in the free list, or used, and in the index and the policy exactly once.
 */

const SMALLEST_CAPACITY = 16;
const CHUNK_BITS = 16;
/** Slots per chunk of keys and values. */
const CHUNK = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK - 1;
/** From this capacity on the memory of the next records is brought in ahead of their use. */
const LARGE_CAPACITY = 1 << 16;
/** That begins when all but one in so many slots have been used. */
const AHEAD = 16;
/** A table that never had more slots in use has nothing to give back. */
const WORTH_COMPACTING = 1 << 7;
/** It is sparse when less than one in so many is still in use. */
const SPARSE = 8;
/** Stands where a used slot has the slot before it. */
const FREE = -2;
/** No slot: the end of a list, or nothing found. */
export const NO_SLOT = -1;
/** The tick of an entry that does not expire; later than every other. */
export const NEVER = 0x7fffffff;

/** Hands out slots and takes them back; grows in steps, so an empty cache is small whatever its bound. */
export class SlotTable {
  records!: Int32Array<ArrayBuffer>;
  chunks!: unknown[][];
  /** The first chunk, which is all that most caches have: found without looking for it. */
  private first!: unknown[];
  /** Slots that have a record. */
  capacity = 0;
  /** Slots from here on were never used. */
  used = 0;
  size = 0;
  /** Slots that have a place for key and value; never above the capacity. */
  private room = 0;
  private firstFree = NO_SLOT;
  private nextRecords: Int32Array<ArrayBuffer> | undefined;
  /** The first slot that brings in memory of the next records. */
  private aheadFrom = Infinity;

  /** @param mostSlots the number of slots that will ever be needed at once; Infinity when unknown */
  constructor(private readonly mostSlots: () => number) {
    this.clear();
  }

  /** Takes a slot for an entry. The caller makes sure there is room: see {@link isFull}. */
  allocate(key: unknown, value: unknown): number {
    let slot = this.firstFree;
    if (slot === NO_SLOT) {
      slot = this.used++;
      if (slot >= this.aheadFrom) this.bringInNextRecords(slot);
    } else {
      this.firstFree = this.records[(slot << 2) + 2] as number;
    }
    const { records } = this;
    const record = slot << 2;
    records[record + 1] = NO_SLOT;
    records[record + 2] = NO_SLOT;
    records[record + 3] = NEVER;
    const chunk = this.chunks[slot >> CHUNK_BITS] as unknown[];
    const pair = (slot & CHUNK_MASK) << 1;
    chunk[pair] = key;
    chunk[pair + 1] = value;
    this.size++;
    return slot;
  }

  /** Gives a used slot, whose entry has left in all other respects, to another one. */
  reuse(slot: number, key: unknown, value: unknown): void {
    const { records } = this;
    const record = slot << 2;
    records[record + 1] = NO_SLOT;
    records[record + 2] = NO_SLOT;
    records[record + 3] = NEVER;
    const chunk = this.chunks[slot >> CHUNK_BITS] as unknown[];
    const pair = (slot & CHUNK_MASK) << 1;
    chunk[pair] = key;
    chunk[pair + 1] = value;
  }

  release(slot: number): void {
    const { records } = this;
    const record = slot << 2;
    records[record + 1] = FREE;
    records[record + 2] = this.firstFree;
    records[record + 3] = NEVER;
    const chunk = this.chunks[slot >> CHUNK_BITS] as unknown[];
    const pair = (slot & CHUNK_MASK) << 1;
    chunk[pair] = undefined;
    chunk[pair + 1] = undefined;
    this.firstFree = slot;
    this.size--;
  }

  /** Whether {@link grow} has to come before {@link allocate}. */
  get isFull(): boolean {
    return this.firstFree === NO_SLOT && this.used === this.room;
  }

  grow(): void {
    if (this.room === this.capacity) this.growRecords();
    const from = this.room;
    this.room = Math.min(this.capacity, (from | CHUNK_MASK) + 1);
    const at = from >> CHUNK_BITS;
    const more = emptyPairs(this.room - from);
    const chunk = this.chunks[at];
    if (chunk === undefined) this.chunks.push(more);
    else this.chunks[at] = chunk.concat(more);
    this.first = this.chunks[0] as unknown[];
  }

  /** Whether so few of the slots are in use that {@link compact} is worth its while. */
  get isSparse(): boolean {
    return this.used >= WORTH_COMPACTING && this.size * SPARSE < this.used;
  }

  /**
   * Moves the entries to the lowest slots and gives the memory of the others back. `moved` is told of each move when key,
   * value and record stand in the new slot and still in the old one. `taken` are the slots in use, in any order: to look for
   * them among all there were would take longer than to move them.
   */
  compact(taken: readonly number[], moved: (from: number, to: number) => void): void {
    let to = 0;
    for (const from of taken) {
      if (from < this.size) continue;
      while (this.isUsed(to)) to++;
      this.records.copyWithin(to << 2, from << 2, (from + 1) << 2);
      const target = this.chunks[to >> CHUNK_BITS] as unknown[];
      target[(to & CHUNK_MASK) << 1] = this.keyOf(from);
      target[((to & CHUNK_MASK) << 1) + 1] = this.valueOf(from);
      moved(from, to);
    }
    this.trim();
  }

  /** Forgets all entries and gives their memory back. */
  clear(): void {
    this.capacity = SMALLEST_CAPACITY;
    this.room = SMALLEST_CAPACITY;
    this.records = new Int32Array(SMALLEST_CAPACITY << 2);
    this.first = emptyPairs(SMALLEST_CAPACITY);
    this.chunks = [this.first];
    this.used = 0;
    this.size = 0;
    this.firstFree = NO_SLOT;
    this.nextRecords = undefined;
    this.aheadFrom = Infinity;
  }

  isUsed(slot: number): boolean {
    return slot < this.used && this.records[(slot << 2) + 1] !== FREE;
  }

  /** Whether that key, which is not `undefined`, is in the slot; there may be no such slot any more. */
  holds(slot: number, key: unknown): boolean {
    return slot >= 0 && slot < this.used && this.keyOf(slot) === key;
  }

  keyOf(slot: number): unknown {
    const chunk = slot < CHUNK ? this.first : (this.chunks[slot >> CHUNK_BITS] as unknown[]);
    return chunk[(slot & CHUNK_MASK) << 1];
  }

  valueOf(slot: number): unknown {
    const chunk = slot < CHUNK ? this.first : (this.chunks[slot >> CHUNK_BITS] as unknown[]);
    return chunk[((slot & CHUNK_MASK) << 1) + 1];
  }

  replaceValue(slot: number, value: unknown): void {
    (this.chunks[slot >> CHUNK_BITS] as unknown[])[((slot & CHUNK_MASK) << 1) + 1] = value;
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
    return this.records.byteLength + (this.nextRecords?.byteLength ?? 0) + this.room * 16;
  }

  /** Gives back what is above the entries, which stand in the lowest slots. */
  private trim(): void {
    let capacity = SMALLEST_CAPACITY;
    while (capacity < this.size * 2) capacity *= 2;
    if (capacity >= this.capacity) capacity = this.capacity;
    this.used = this.size;
    this.firstFree = NO_SLOT;
    this.capacity = capacity;
    this.records = this.records.slice(0, capacity << 2);
    this.chunks.length = Math.max(1, (this.used + CHUNK_MASK) >> CHUNK_BITS);
    const last = this.chunks.length - 1;
    this.room = Math.min(capacity, (last + 1) << CHUNK_BITS);
    const pairs = this.chunks[last] as unknown[];
    pairs.length = Math.min(pairs.length, (this.room - (last << CHUNK_BITS)) << 1);
    this.room = (last << CHUNK_BITS) + (pairs.length >> 1);
    pairs.fill(undefined, (this.used - (last << CHUNK_BITS)) << 1);
    this.nextRecords = undefined;
    this.aheadFrom = this.firstAhead();
  }

  private growRecords(): void {
    const next = this.nextRecords ?? new Int32Array(this.nextCapacity() << 2);
    next.set(this.records);
    this.records = next;
    this.nextRecords = undefined;
    this.capacity = next.length >> 2;
    this.aheadFrom = this.firstAhead();
  }

  private firstAhead(): number {
    const growsOn = this.capacity >= LARGE_CAPACITY && this.capacity < this.mostSlots();
    return growsOn ? this.capacity - Math.floor(this.capacity / AHEAD) : Infinity;
  }

  private nextCapacity(): number {
    return Math.max(this.capacity + 1, Math.min(this.capacity * 2, this.mostSlots()));
  }

  private bringInNextRecords(slot: number): void {
    this.nextRecords ??= new Int32Array(this.nextCapacity() << 2);
    // Every slot touches as much as has to be touched for it, so that at the last one nothing is left.
    this.nextRecords[(slot - this.aheadFrom) * (4 * AHEAD)] = 0;
  }
}

function emptyPairs(slots: number): unknown[] {
  return new Array<unknown>(slots << 1).fill(undefined);
}
