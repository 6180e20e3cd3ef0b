import type { BoundedStore } from './bounded-store.js';
import { NO_SLOT, type SlotTable } from '../slots/slot-table.js';

/**
 * Key and value of the entries of some slots that are still there, and live, when it is their turn. The store may change
 * meanwhile: what left is left out, what came is not seen.
 */
export function* liveEntries<K, V>(store: BoundedStore<K, V>, slots: readonly number[]): IterableIterator<[K, V]> {
  const keys = slots.map((slot) => store.slots.keyOf(slot) as K);
  const { compactions } = store;
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as K;
    // The slot may have been given to another entry since; the same key in another slot is a new entry.
    // Once all have been given other slots, the key alone tells.
    const slot = store.findLive(key);
    if (slot === NO_SLOT || (slot !== slots[at] && compactions === store.compactions)) continue;
    yield [key, store.slots.valueOf(slot) as V];
  }
}

/** The keys of the entries that `matches` picks, live or not; it is asked about every one before this returns. */
export function matchingKeys<K, V>(slots: SlotTable, matches: (key: K, value: V) => boolean): K[] {
  const keys: K[] = [];
  for (let slot = 0; slot < slots.used; slot++) {
    if (!slots.isUsed(slot)) continue;
    const key = slots.keyOf(slot) as K;
    if (matches(key, slots.valueOf(slot) as V)) keys.push(key);
  }
  return keys;
}
