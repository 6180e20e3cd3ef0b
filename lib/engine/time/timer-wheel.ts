import { NEVER } from '../slots/slot-table.js';

/*
 * A hierarchical timer wheel [1] for items that are small numbers: seven levels of 32 buckets, the first one tick wide
 * and each 32 times as wide as the one before, which covers every tick that fits in 31 bits. An item stands at the level
 * of the highest bit in which its due tick differs from the current one. When the wheel reaches a bucket of a higher
 * level, the bucket's items move to lower levels. One word of occupancy bits per level finds the next bucket that is not
 * empty without looking at the others. schedule and cancel are O(1), and so is an item's whole way down; 12 bytes an item.
 *
 * Invariants: no scheduled item is due before the current tick, or it is in the bucket of the current tick; an item is in
 * exactly one bucket or in none, and `dueOf` is NEVER exactly if in none.
 *
 * [1] Varghese, Lauck. Hashed and hierarchical timing wheels. SOSP 1987.
 */

const BITS = 5;
const LEVELS = 7;
const BUCKETS = LEVELS << BITS;
/** Holds the items of the bucket that is being emptied. */
const REACHED = BUCKETS;
const NONE = -1;

/** What {@link TimerWheel.poll} returns when it only moved an item down. */
export const MOVED = -2;
/** What {@link TimerWheel.poll} returns when nothing is due. */
export const NOTHING_DUE = -1;

export class TimerWheel {
  /** All items that are due before this tick have been handed out. */
  current = 0;
  private heads = new Int32Array(BUCKETS + 1).fill(NONE);
  private occupied = new Int32Array(LEVELS);
  private next = new Int32Array(0);
  /** The item before, or ~bucket for the first of a bucket. */
  private previous = new Int32Array(0);
  private due = new Int32Array(0);

  /** Items up to `count` may come now. */
  grow(count: number): void {
    const known = this.due.length;
    if (count <= known) return;
    this.next = enlarged(this.next, count);
    this.previous = enlarged(this.previous, count);
    this.due = enlarged(this.due, count).fill(NEVER, known);
  }

  /** The tick for which an item is scheduled; NEVER when it is not. */
  dueOf(item: number): number {
    return this.due[item] as number;
  }

  /** Schedules an item, or moves it. A tick that has passed already counts as the current one. */
  schedule(item: number, tick: number): void {
    this.cancel(item);
    this.due[item] = tick;
    this.link(item, this.bucketOf(tick));
  }

  cancel(item: number): void {
    if (this.due[item] === NEVER) return;
    this.due[item] = NEVER;
    this.unlink(item);
  }

  /**
   * One step towards `now`: an item that is due, which is no longer scheduled then; or MOVED when it only moved an item
   * nearer; or NOTHING_DUE, and the current tick is `now`. A clock that went back finds nothing due.
   */
  poll(now: number): number {
    let item = this.heads[REACHED] as number;
    if (item === NONE) {
      if (!this.reachNextBucket(now)) return NOTHING_DUE;
      item = this.heads[REACHED] as number;
    }
    const tick = this.due[item] as number;
    this.unlink(item);
    if (tick > this.current) {
      this.link(item, this.bucketOf(tick));
      return MOVED;
    }
    this.due[item] = NEVER;
    return item;
  }

  /** The tick at which {@link poll} has something to do next; NEVER when nothing is scheduled. */
  nextTick(): number {
    if (this.heads[REACHED] !== NONE) return this.current;
    const bucket = this.nextBucket();
    return bucket === NONE ? NEVER : this.startOf(bucket);
  }

  /** Forgets all items and gives their memory back; the current tick stays. */
  clear(): void {
    this.heads.fill(NONE);
    this.occupied.fill(0);
    this.next = new Int32Array(0);
    this.previous = new Int32Array(0);
    this.due = new Int32Array(0);
  }

  /** Counts all ticks from a later start, or from an earlier one when the clock went back. Only while nothing is scheduled. */
  rebase(byTicks: number): void {
    this.current = byTicks < 0 ? 0 : Math.max(0, this.current - byTicks);
  }

  get bytes(): number {
    return this.next.byteLength * 3 + this.heads.byteLength + this.occupied.byteLength;
  }

  /** The items that are linked and the earliest tick at which each can be handed out, for a check of the structure. */
  scheduled(): Map<number, number> {
    const found = new Map<number, number>();
    for (let bucket = 0; bucket <= REACHED; bucket++) {
      const start = bucket === REACHED ? this.current : this.startOf(bucket);
      for (let item = this.heads[bucket] as number; item !== NONE; item = this.next[item] as number) {
        if (found.has(item)) throw new Error(`timer wheel: item ${item} is linked twice`);
        found.set(item, start);
      }
    }
    return found;
  }

  private reachNextBucket(now: number): boolean {
    const bucket = this.nextBucket();
    const start = bucket === NONE ? Infinity : this.startOf(bucket);
    if (start > now) {
      if (now > this.current) this.current = now;
      return false;
    }
    this.current = start;
    const first = this.heads[bucket] as number;
    this.heads[bucket] = NONE;
    this.vacate(bucket);
    this.heads[REACHED] = first;
    this.previous[first] = ~REACHED;
    return true;
  }

  /** The lowest level that is not empty has the next bucket: all that is above it is later. */
  private nextBucket(): number {
    for (let level = 0; level < LEVELS; level++) {
      const bits = this.occupied[level] as number;
      if (bits !== 0) return (level << BITS) + lowestBit(bits);
    }
    return NONE;
  }

  private startOf(bucket: number): number {
    const shift = (bucket >> BITS) * BITS;
    const index = bucket & ((1 << BITS) - 1);
    // Above level 5 nothing of the current tick is left of the bucket.
    const above = shift + BITS >= 31 ? 0 : (this.current >> (shift + BITS)) << (shift + BITS);
    return above + index * 2 ** shift;
  }

  private bucketOf(tick: number): number {
    if (tick <= this.current) return this.current & ((1 << BITS) - 1);
    const level = ((31 - Math.clz32(tick ^ this.current)) / BITS) | 0;
    return (level << BITS) + ((tick >> (level * BITS)) & ((1 << BITS) - 1));
  }

  private link(item: number, bucket: number): void {
    const first = this.heads[bucket] as number;
    this.next[item] = first;
    this.previous[item] = ~bucket;
    if (first !== NONE) this.previous[first] = item;
    this.heads[bucket] = item;
    const level = bucket >> BITS;
    this.occupied[level] = (this.occupied[level] as number) | (1 << (bucket & ((1 << BITS) - 1)));
  }

  private unlink(item: number): void {
    const next = this.next[item] as number;
    const previous = this.previous[item] as number;
    if (next !== NONE) this.previous[next] = previous;
    if (previous >= 0) {
      this.next[previous] = next;
      return;
    }
    this.heads[~previous] = next;
    if (next === NONE && ~previous !== REACHED) this.vacate(~previous);
  }

  private vacate(bucket: number): void {
    const level = bucket >> BITS;
    this.occupied[level] = (this.occupied[level] as number) & ~(1 << (bucket & ((1 << BITS) - 1)));
  }
}

function enlarged(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
