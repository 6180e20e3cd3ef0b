import type { BoundedStore } from './bounded-store.js';

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
