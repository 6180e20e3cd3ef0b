import type { BoundedStore } from '../store/bounded-store.js';
import type { Remaining } from '../time/lifetimes.js';
import { NO_SLOT } from '../slots/slot-table.js';

/** An entry as a snapshot has it: all that its store knows, so that it can go on from there in another store. */
export interface SavedEntry<K, V> extends Remaining {
  readonly key: K;
  readonly value: V;
  readonly groups: readonly string[];
  /** `undefined`: it is to be weighed. */
  readonly weight: number | undefined;
  /** What the policy knows of it; `undefined` when another policy noted it. */
  readonly notes: readonly number[] | undefined;
}

/** What came of it. */
export type Restored = 'restored' | 'present' | 'expired' | 'no-room';

/** What the store knows of the entry of a slot, the value as it is. */
export function savedEntry<K, V>(store: BoundedStore<K, V>, slot: number): SavedEntry<K, V> {
  const { slots, lifetimes, groups, policy, weights } = store;
  return {
    key: slots.keyOf(slot) as K,
    value: slots.valueOf(slot) as V,
    ttlMs: lifetimes.ttlOf(slot),
    ttiMs: lifetimes.ttiOf(slot),
    ttlLeftMs: lifetimes.ttlLeftMs(slot),
    leftMs: lifetimes.leftMs(slot),
    groups: groups.groupsOf(slot),
    weight: weights?.of(slot),
    notes: policy.notesOf?.(slot) ?? [],
  };
}

/**
 * Adds an entry where nothing stands under its key. It tells nobody, and evicts nothing but where a bound from outside is in force.
 *
 * @param state what the policy knew of the other store as a whole
 */
export function restoreEntry<K, V>(
  store: BoundedStore<K, V>,
  saved: SavedEntry<K, V>,
  state: readonly number[],
): Restored {
  const { slots, index, weights, policy, lifetimes, groups } = store;
  const { key, value, notes, ttlMs, ttiMs } = saved;
  if (!(saved.leftMs > 0 && saved.ttlLeftMs > 0)) return 'expired';
  if (store.findLive(key) !== NO_SLOT) return 'present';
  const cost = weights === undefined ? 1 : (saved.weight ?? store.weigh(key, value));
  const isTooMuch = weights !== undefined && store.weight + cost > store.maxWeight;
  if (store.size >= store.maxSize || isTooMuch) {
    // The last ones are those that are used most: where memory became short meanwhile, the first ones go.
    if (!store.bounds.areLowered || cost > store.maxWeight) return 'no-room';
    store.makeRoomFor(cost);
  }
  index.find(key);
  if (slots.isFull) store.grow();
  const slot = slots.allocate(key, value);
  index.insert(slot, key);
  weights?.add(slot, cost);
  if (notes === undefined || policy.onRestore === undefined) policy.onInsert(slot);
  else policy.onRestore(slot, notes, state);
  if (lifetimes.inUse || ttlMs !== Infinity || ttiMs !== Infinity) lifetimes.resume(slot, saved);
  if (saved.groups.length > 0) groups.assign(slot, saved.groups);
  store.watchers.came(slot);
  store.removals.deliver();
  return 'restored';
}
