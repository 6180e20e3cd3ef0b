import type { BoundedStore } from '../store/bounded-store.js';
import { restoreEntry, type Restored, type SavedEntry } from './saved-entry.js';
import { SlotSet } from '../slots/slot-set.js';
import type { SlotWatcher } from '../store/slot-watchers.js';

/** How much a snapshot will bring, as far as it is of use. */
export interface Expected {
  readonly entries: number;
  /** In the unit of the store's bound; `undefined` when the snapshot's unit is another. */
  readonly weight: number | undefined;
}

/**
 * Brings entries into a store that is in use meanwhile. What stands there stays, and nothing is evicted: where there is not
 * enough room, the first ones, which would have been evicted first, are left out. Unless a bound from outside is in force,
 * which may come meanwhile: then entries are evicted as by a put.
 *
 * Invariant: a slot is in `own` exactly when the entry in it is one that was restored here and is as it was then; only
 * those are taken away by {@link undo}.
 */
export class StoreRestore<K, V> implements SlotWatcher {
  private readonly own = new SlotSet();
  private entriesToSkip: number;
  private weightToSkip: number;

  /** @param state what the policy knew of the other store as a whole */
  constructor(
    private readonly store: BoundedStore<K, V>,
    private readonly state: readonly number[],
    { entries, weight = 0 }: Expected,
  ) {
    store.beforePut?.();
    this.entriesToSkip = entries - (store.maxSize - store.size);
    this.weightToSkip = store.weights === undefined ? 0 : weight - (store.maxWeight - store.weight);
    store.watchers.add(this);
  }

  entry(saved: SavedEntry<K, V>): Restored {
    const { store, own } = this;
    if (saved.leftMs > 0 && (this.entriesToSkip > 0 || this.weightToSkip > 0)) {
      this.entriesToSkip--;
      this.weightToSkip -= saved.weight ?? 0;
      return 'no-room';
    }
    const restored = restoreEntry(store, saved, this.state);
    if (restored === 'restored') own.add(store.index.find(saved.key));
    return restored;
  }

  /** Takes away again what was restored here and has not been changed since. */
  undo(): void {
    const { slots } = this.store;
    const keys: K[] = [];
    for (let slot = 0; slot < slots.used; slot++) if (this.own.has(slot)) keys.push(slots.keyOf(slot) as K);
    for (const key of keys) this.store.remove(key);
  }

  /** Always call it, at the end or before. */
  end(): void {
    this.store.watchers.remove(this);
  }

  came(slot: number): void {
    this.own.delete(slot);
  }

  changed(slot: number): void {
    this.own.delete(slot);
  }

  left(slot: number): void {
    this.own.delete(slot);
  }

  moved(from: number, to: number): void {
    this.own.move(from, to);
  }

  cleared(): void {
    this.own.clear();
  }
}
