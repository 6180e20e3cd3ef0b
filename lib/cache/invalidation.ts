import { compilePattern, type KeyPattern } from '../engine/index.js';
import { emit, keyOf, type CacheParts } from './cache-parts.js';

/**
 * Makes entries unusable. The change is noted first, so that whatever was being loaded for them is refused when it
 * ends, and only then are the entries removed: both in one synchronous step, so nobody can come between.
 */
export class Invalidation<K, V> {
  constructor(private readonly parts: CacheParts<K, V>) {}

  key(index: unknown, given?: K): boolean {
    const { changes, store, flights, codec } = this.parts;
    const outdatesLoad = flights.get(index) !== undefined;
    changes.changeKey(index);
    const removed = store.remove(index);
    this.parts.numbers.invalidations += removed === undefined ? 0 : 1;
    if (this.parts.events.observed && (removed !== undefined || outdatesLoad)) {
      const key = given ?? removed?.key ?? codec.key(index);
      emit(this.parts, 'invalidate', { key, cause: 'key' });
    }
    return removed !== undefined;
  }

  /** Ends the freshness; what cannot stand in for a failed load is removed. */
  expire(index: unknown, key: K): boolean {
    const { changes, store, clock, events } = this.parts;
    const entry = store.peek(index);
    changes.changeKey(index);
    const nowMs = clock.now();
    const wasFresh = entry?.isValue === true && entry.life?.isFresh(nowMs) !== false;
    entry?.life?.end(nowMs);
    if (entry?.life?.mayStandIn(nowMs) !== true) store.remove(index);
    if (wasFresh && events.observed) emit(this.parts, 'expire', { key, tier: 'memory' });
    return wasFresh;
  }

  group(group: string): number {
    this.parts.changes.changeGroup(group);
    const removed = this.parts.store.removeGroup(group);
    this.count(removed);
    if (this.parts.events.observed) emit(this.parts, 'invalidate', { group, cause: 'group' });
    return removed;
  }

  matching(pattern: KeyPattern<K>): number {
    const { codec, changes, store } = this.parts;
    const { name, matches } = compilePattern<K>(pattern, (key) => codec.text(codec.index(key)));
    // Tried on every key before anything changes, so that a predicate that throws loses nothing.
    const matched: unknown[] = [];
    for (const [index, entry] of store.entries()) if (matches(keyOf(codec, index, entry))) matched.push(index);
    changes.changeMatching(matches);
    let removed = 0;
    for (const index of matched) if (store.remove(index) !== undefined) removed++;
    this.count(removed);
    if (this.parts.events.observed) emit(this.parts, 'invalidate', { pattern: name, cause: 'pattern' });
    return removed;
  }

  all(): void {
    this.parts.changes.changeAll();
    this.parts.store.clear();
    if (this.parts.events.observed) emit(this.parts, 'clear');
  }

  private count(removed: number): void {
    this.parts.numbers.invalidations += removed;
  }
}
