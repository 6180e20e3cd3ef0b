import type { BoundedStore } from './bounded-store.js';

/** What a lower bound evicts is told after so many. */
const MOST_EVICTED_AT_ONCE = 4_096;

/**
 * Removes the entries of some slots of a store and returns how many live ones there were; `each` is told of those when all
 * have gone.
 */
export function removeSlots<K, V>(
  store: BoundedStore<K, V>,
  slots: readonly number[],
  each: ((key: K, value: V) => void) | undefined,
): number {
  const told: [K, V][] = [];
  let removed = 0;
  for (const slot of slots) {
    if (store.lifetimes.inUse && store.lifetimes.hasExpired(slot)) {
      store.expire(slot);
      continue;
    }
    if (each !== undefined) told.push([store.slots.keyOf(slot) as K, store.slots.valueOf(slot) as V]);
    store.discard(slot);
    removed++;
  }
  store.compact(Infinity);
  for (const [key, value] of told) each?.(key, value);
  store.removals.deliver();
  return removed;
}

/** Removes those of a range of slots whose lifetime ends before a tick, and returns how many. */
export function expireSlots(
  store: Pick<BoundedStore<unknown, unknown>, 'slots' | 'lifetimes' | 'expire'>,
  from: number,
  until: number,
  nowTick: number,
): number {
  let expired = 0;
  for (let slot = from; slot < until && slot < store.slots.used; slot++) {
    if (!store.lifetimes.hasExpiredAt(slot, nowTick)) continue;
    store.expire(slot);
    expired++;
  }
  return expired;
}

/**
 * Evicts what is too much for the bounds of a store, and takes them over. It tells of some thousands at a time: what was evicted
 * is let go of, and does not pile up where memory is what there is too little of. Meanwhile what is there is the bound.
 */
export function fitBounds<K, V>(store: BoundedStore<K, V>): void {
  try {
    while (!evictSome(store, MOST_EVICTED_AT_ONCE)) store.removals.deliver();
  } finally {
    evictSome(store, Infinity);
    store.policy.resize(store.maxSize === Infinity ? store.maxWeight : store.maxSize);
    store.compact(Infinity);
  }
  store.removals.deliver();
}

/** Whether nothing is too much any more. */
function evictSome<K, V>(store: BoundedStore<K, V>, most: number): boolean {
  const { bounds } = store;
  let left = most;
  for (; left > 0 && store.size > bounds.maxSize; left--) store.evict(bounds.sizeCause);
  for (; left > 0 && store.size > 0 && store.weight > bounds.maxWeight; left--) store.evict(bounds.weightCause);
  store.maxSize = Math.max(bounds.maxSize, store.size);
  store.maxWeight = Math.max(bounds.maxWeight, store.size > 0 ? store.weight : 0);
  return store.maxSize === bounds.maxSize && store.maxWeight === bounds.maxWeight;
}
