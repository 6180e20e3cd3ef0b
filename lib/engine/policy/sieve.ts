import type { SlotList } from '../slots/slot-list.js';
import { NO_SLOT } from '../slots/slot-table.js';
import type { EvictionPolicy, PolicyHost } from './eviction-policy.js';

/*
 * SIEVE [1]: a queue by arrival and a hand that walks it from the oldest entry to the newest. What was read since the
 * hand passed it is spared once, what was not is evicted, and the hand stays between its neighbours. An entry that is
 * read again is marked and never moved, so a hit is one store. Newcomers join behind the hand's way: what is not read
 * before the hand comes goes quickly, which is what keeps scans out.
 *
 * O(1) amortised: the hand passes a marked entry only to take the mark that a hit has put there. One byte an entry.
 *
 * [1] Zhang, Yang, Yue, Vigfusson, Rashmi. SIEVE is simpler than LRU. NSDI 2024.
 */
export class SievePolicy implements EvictionPolicy {
  readonly notedAs = 'sieve';
  private readonly byArrival: SlotList;
  private wasRead: Uint8Array<ArrayBuffer>;
  /** Where the search for a victim begins; none: at the oldest. */
  private hand = NO_SLOT;

  constructor(private readonly host: PolicyHost) {
    this.byArrival = host.newList();
    this.wasRead = new Uint8Array(host.capacity);
  }

  onInsert(slot: number): void {
    this.wasRead[slot] = 0;
    this.byArrival.append(slot);
  }

  onAccess(slot: number): void {
    this.wasRead[slot] = 1;
  }

  onUpdate(slot: number): void {
    this.wasRead[slot] = 1;
  }

  onRemove(slot: number): void {
    if (this.hand === slot) this.hand = this.byArrival.nextOf(slot);
    this.byArrival.remove(slot);
  }

  onEvict(slot: number): void {
    let at = this.hand === NO_SLOT ? this.byArrival.first : this.hand;
    while (this.wasRead[at] === 1) {
      this.wasRead[at] = 0;
      at = this.after(at);
    }
    this.hand = at;
    this.onRemove(slot);
  }

  nextVictim(): number {
    const start = this.hand === NO_SLOT ? this.byArrival.first : this.hand;
    if (start === NO_SLOT || this.wasRead[start] === 0) return start;
    // Once around: where all were read, the hand takes every mark and comes back to where it stands.
    let at = this.after(start);
    while (at !== start && this.wasRead[at] === 1) at = this.after(at);
    return at;
  }

  /** What the hand finds unread on its way round, then what it spares. */
  *slots(): Iterable<number> {
    const order: number[] = [];
    for (let at = this.hand; at !== NO_SLOT; at = this.byArrival.nextOf(at)) order.push(at);
    for (const slot of this.byArrival) {
      if (slot === this.hand) break;
      order.push(slot);
    }
    for (const slot of order) if (this.wasRead[slot] === 0) yield slot;
    for (const slot of order) if (this.wasRead[slot] === 1) yield slot;
  }

  walk(): Iterator<number> {
    return this.byArrival.walk();
  }

  /** Whether it was read, and whether the hand stands there. */
  notesOf(slot: number): readonly number[] {
    return [this.wasRead[slot] as number, slot === this.hand ? 1 : 0];
  }

  onRestore(slot: number, [wasRead, isAtHand]: readonly number[]): void {
    this.onInsert(slot);
    if (wasRead === 1) this.wasRead[slot] = 1;
    if (isAtHand === 1 && this.hand === NO_SLOT) this.hand = slot;
  }

  onMove(from: number, to: number): void {
    this.wasRead[to] = this.wasRead[from] as number;
    if (this.hand === from) this.hand = to;
    this.byArrival.replace(to);
  }

  grow(capacity: number): void {
    const wasRead = new Uint8Array(capacity);
    wasRead.set(this.wasRead);
    this.wasRead = wasRead;
  }

  shrink(capacity: number): void {
    this.wasRead = this.wasRead.slice(0, capacity);
  }

  resize(): void {}

  clear(): void {
    this.byArrival.clear();
    this.wasRead = new Uint8Array(this.host.capacity);
    this.hand = NO_SLOT;
  }

  get bytes(): number {
    return this.wasRead.byteLength;
  }

  /** The next newer one; after the newest comes the oldest. */
  private after(slot: number): number {
    const next = this.byArrival.nextOf(slot);
    return next === NO_SLOT ? this.byArrival.first : next;
  }
}
