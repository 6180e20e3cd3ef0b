import { CacheMisuseError, show } from '../core/index.js';
import { compilePattern, type KeyPattern } from '../engine/index.js';
import { emit, keyOf, type CacheParts } from './cache-parts.js';

/** A key and what it stands under. */
interface Place<K> {
  readonly index: unknown;
  readonly key: K;
}

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
    requireGroup(this.parts.name, group);
    this.parts.changes.changeGroup(group);
    const removed = this.parts.store.removeGroup(group);
    this.count(removed);
    if (this.parts.events.observed) emit(this.parts, 'invalidate', { group, cause: 'group' });
    return removed;
  }

  matching(pattern: KeyPattern<K>): number {
    const { codec, changes, store, flights } = this.parts;
    // By the index, which no caller can change, where a pattern looks at text.
    const { name, matches } =
      typeof pattern === 'function'
        ? compilePattern<Place<K>>(({ key }) => pattern(key))
        : compilePattern<Place<K>>(pattern, ({ index }) => codec.text(index));
    // Tried on every key before anything changes, so that a predicate that throws loses nothing; and on those that are
    // being loaded, now, because a predicate may say something else when their load ends.
    const loading = [...flights].filter(({ index, key }) => matches({ index, key }));
    const stored: unknown[] = [];
    for (const [index, entry] of store.entries()) {
      if (matches({ index, key: keyOf(codec, index, entry) })) stored.push(index);
    }
    changes.changePattern();
    for (const { index } of loading) changes.changeKey(index);
    const removed = stored.filter((index) => store.remove(index) !== undefined).length;
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

function requireGroup(cache: string, group: unknown): void {
  if (typeof group === 'string' && group !== '') return;
  throw new CacheMisuseError(`${cache}.invalidateGroup() needs the name of a group (received ${show(group)})`);
}
