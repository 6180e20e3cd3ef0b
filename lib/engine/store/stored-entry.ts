import type { BoundedStore } from './bounded-store.js';

/** What is known about an entry; looking at it changes nothing. */
export interface StoredEntry<V> {
  readonly value: V;
  /** Milliseconds until it expires, by ttl or tti; Infinity when it does not. */
  readonly ttlLeftMs: number;
  /** The ttl it was given; Infinity for none. */
  readonly ttlMs: number;
  /** The tti it was given; Infinity for none. */
  readonly ttiMs: number;
  /** Milliseconds since its lifetime began, by a write or a touch; `undefined` when it has no ttl. */
  readonly ageMs: number | undefined;
  readonly groups: readonly string[];
  /** Its weight; 1 where the bound is a number of entries. */
  readonly weight: number;
}

/** What is known about the entry of a slot. */
export function storedEntry<K, V>(store: BoundedStore<K, V>, slot: number): StoredEntry<V> {
  const { slots, lifetimes, groups } = store;
  return {
    value: slots.valueOf(slot) as V,
    ttlLeftMs: lifetimes.leftMs(slot),
    ttlMs: lifetimes.ttlOf(slot),
    ttiMs: lifetimes.ttiOf(slot),
    ageMs: lifetimes.ageMs(slot),
    groups: groups.groupsOf(slot),
    weight: store.weightOf(slot),
  };
}
