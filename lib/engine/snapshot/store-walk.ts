import type { BoundedStore } from '../store/bounded-store.js';
import { savedEntry, type SavedEntry } from './saved-entry.js';
import { SlotSet } from '../slots/slot-set.js';
import type { SlotWatcher } from '../store/slot-watchers.js';

/** Steps of one slice that find nothing to hand out: slots that are free or were met before. */
const STEPS_PER_SLICE = 10_000;

/** What a walk tells, in the order of a log: replayed, it gives what the store holds at the end of the walk. */
export type Walked<K, V> =
  | { readonly kind: 'entry'; readonly entry: SavedEntry<K, V> }
  | { readonly kind: 'removed'; readonly key: K }
  | { readonly kind: 'cleared' }
  /** Nothing for now: let others have their turn. */
  | { readonly kind: 'pause' };

/**
 * Goes through all entries of a store, about the next victim first, in steps between which the store may change. What
 * leaves or changes after it was told is told as removed at once, and what came or changed is told at the end.
 *
 * It goes along the lists of the policy, whose walks follow what moves; a list follows one walk, so a second one at the same
 * time goes along a copy of their order. What is not met there (entries that came or
 * changed where the walk had been, all of them once slots were given other numbers) is looked for in the slots, twice at
 * most: under writes without end the last of them are left out.
 *
 * Invariant: a slot is in `told` exactly when the entry in it has been told as it is now. So what was told, less what was
 * told as removed, is at each step a part of what the store holds. An eighth of a byte an entry.
 */
export class StoreWalk<K, V> implements SlotWatcher {
  private readonly told = new SlotSet();
  private ordered: Iterator<number> | undefined;
  private orderedStepsLeft: number;
  /** The next slot of the pass over all slots. */
  private next = 0;
  private passesLeft = 2;
  private gone: K[] = [];
  private isCleared = false;

  constructor(private readonly store: BoundedStore<K, V>) {
    const { policy } = store;
    const followed = store.walker === undefined ? policy.walk?.() : undefined;
    if (followed !== undefined) store.walker = this;
    this.ordered = followed ?? [...policy.slots()][Symbol.iterator]();
    // Entries that are read all the time are met again and again at the end of their list.
    this.orderedStepsLeft = store.size * 2;
    store.watchers.add(this);
  }

  /** The next thing to tell; `undefined` when all has been told. */
  step(): Walked<K, V> | undefined {
    if (this.isCleared) {
      this.isCleared = false;
      return { kind: 'cleared' };
    }
    if (this.gone.length > 0) return { kind: 'removed', key: this.gone.pop() as K };
    for (let left = STEPS_PER_SLICE; left > 0; left--) {
      const slot = this.ordered === undefined ? this.nextOfAll() : this.nextInOrder();
      if (slot === undefined) return undefined;
      if (slot < 0 || this.told.has(slot) || !this.store.slots.isUsed(slot)) continue;
      const entry = savedEntry(this.store, slot);
      if (entry.leftMs <= 0) continue;
      this.told.add(slot);
      return { kind: 'entry', entry };
    }
    return { kind: 'pause' };
  }

  /** Always call it, at the end or before. */
  end(): void {
    this.store.watchers.remove(this);
    if (this.store.walker === this) this.store.walker = undefined;
  }

  came(slot: number): void {
    this.told.delete(slot);
  }

  changed(slot: number): void {
    this.left(slot);
  }

  left(slot: number): void {
    if (this.told.has(slot)) this.gone.push(this.store.slots.keyOf(slot) as K);
    this.told.delete(slot);
  }

  moved(from: number, to: number): void {
    this.told.move(from, to);
    this.ordered = undefined;
  }

  cleared(): void {
    this.told.clear();
    this.gone = [];
    this.isCleared = true;
    this.ordered = undefined;
  }

  private nextInOrder(): number {
    const { value, done } = this.ordered?.next() ?? { done: true, value: -1 };
    if (done !== true && this.orderedStepsLeft-- > 0) return value;
    this.ordered = undefined;
    return -1;
  }

  private nextOfAll(): number | undefined {
    if (this.next < this.store.slots.used) return this.next++;
    this.next = 0;
    return --this.passesLeft > 0 ? -1 : undefined;
  }
}
