import { CacheMisuseError, show } from '../../core/index.js';
import { compilePattern, type KeyPattern } from '../../engine/index.js';
import type { Fence } from '../../resilience/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import { keyOf } from '../entries/stored-entry.js';

/** A key and what it stands under. */
interface Place<K> {
  readonly index: unknown;
  readonly key: K;
}

/** A pattern that is ready to be tried. */
export interface Matching {
  /** As text, for events. */
  readonly name: string;
  /** By the name of a key; one that a predicate cannot be asked about counts as matching. */
  readonly matchesName: (name: string) => boolean;
  /** Removes what matches from memory and returns how much that was. */
  forget(): number;
}

/**
 * Makes entries unusable. In memory the change is noted first, so that whatever was being loaded for them is refused when
 * it ends, and only then are the entries removed: both in one synchronous step, so nobody can come between. The methods
 * that end in `Here` do that; the others carry it to the tiers below and to other nodes besides, and then return a
 * promise.
 */
export class Invalidation<K, V> {
  constructor(private readonly parts: CacheParts<K, V>) {}

  key(index: unknown, given?: K): boolean | Promise<boolean> {
    const removed = this.keyHere(index, given);
    const { spread } = this.parts;
    if (spread === undefined) return removed;
    return spread.keys([index], (again) => void this.keyHere(again, given)).then(() => removed);
  }

  keys(places: readonly Place<K>[]): number | Promise<number> {
    const removed = places.filter(({ index, key }) => this.keyHere(index, key)).length;
    const { spread } = this.parts;
    if (spread === undefined || places.length === 0) return removed;
    const indexes = places.map(({ index }) => index);
    return spread.keys(indexes, (again) => void this.keyHere(again)).then(() => removed);
  }

  /** Ends the freshness; what cannot stand in for a failed load is removed. */
  expire(index: unknown, key: K): boolean | Promise<boolean> {
    const wasFresh = this.expireHere(index, key);
    const { spread } = this.parts;
    if (spread === undefined) return wasFresh;
    return spread.keys([index], (again) => void this.expireHere(again, key), 'expire').then(() => wasFresh);
  }

  group(group: string): number | Promise<number> {
    requireGroup(this.parts.name, group);
    const removed = this.groupHere(group);
    if (this.parts.events.observed) emit(this.parts, 'invalidate', { group, cause: 'group' });
    const { spread } = this.parts;
    return spread === undefined ? removed : spread.group(group, () => void this.groupHere(group)).then(() => removed);
  }

  matching(pattern: KeyPattern<K>): number | Promise<number> {
    const matching = this.compile(pattern);
    const removed = matching.forget();
    if (this.parts.events.observed) emit(this.parts, 'invalidate', { pattern: matching.name, cause: 'pattern' });
    const { spread } = this.parts;
    if (spread === undefined) return removed;
    const glob = typeof pattern === 'string' ? pattern : undefined;
    return spread.matching(glob, matching.matchesName, () => void matching.forget()).then(() => removed);
  }

  all(): void | Promise<void> {
    this.allHere();
    if (this.parts.events.observed) emit(this.parts, 'clear');
    return this.parts.spread?.all(() => this.allHere());
  }

  /** Another node has put the key: of what this one puts there at the moment, the tier that both write to keeps what came last. */
  putElsewhere(index: unknown): void {
    this.keyHere(index, undefined, this.parts.ownWrites.contest(index));
  }

  /** @param sparing the fences of what is not outdated all the same */
  keyHere(index: unknown, given?: K, sparing: readonly Fence[] = []): boolean {
    const { changes, store, flights, codec } = this.parts;
    const outdatesLoad = flights.get(index) !== undefined;
    changes.changeKey(index, sparing);
    const removed = store.remove(index);
    this.count(removed === undefined ? 0 : 1);
    if (this.parts.events.observed && (removed !== undefined || outdatesLoad)) {
      const key = given ?? removed?.key ?? codec.key(index);
      emit(this.parts, 'invalidate', { key, cause: 'key' });
    }
    return removed !== undefined;
  }

  expireHere(index: unknown, given?: K): boolean {
    const { changes, store, clock, events, codec } = this.parts;
    const entry = store.peek(index);
    changes.changeKey(index);
    const nowMs = clock.now();
    const wasFresh = entry?.isValue === true && entry.life?.isFresh(nowMs) !== false;
    entry?.life?.end(nowMs);
    store.changed(index);
    if (entry?.life?.mayStandIn(nowMs) !== true) store.remove(index);
    if (wasFresh && events.observed)
      emit(this.parts, 'expire', { key: given ?? keyOf(codec, index, entry), tier: 'memory' });
    return wasFresh;
  }

  groupHere(group: string): number {
    this.parts.changes.changeGroup(group);
    return this.count(this.parts.store.removeGroup(group));
  }

  allHere(): void {
    this.parts.changes.changeAll();
    this.parts.store.clear();
  }

  compile(pattern: KeyPattern<K>): Matching {
    const { codec, changes, store, flights, ownWrites } = this.parts;
    // By the index, which no caller can change, where a pattern looks at text.
    const { name, matches } =
      typeof pattern === 'function'
        ? compilePattern<Place<K>>(({ key }) => pattern(key))
        : compilePattern<Place<K>>(pattern, ({ index }) => codec.text(index));
    const forget = (): number => {
      // Tried on every key before anything changes, so that a predicate that throws loses nothing; and on those that are
      // being loaded or written, now, because a predicate may say something else when that ends.
      const underway = [...flights, ...ownWrites].filter(({ index, key }) => matches({ index, key }));
      const stored: unknown[] = [];
      for (const [index, entry] of store.entries()) {
        if (matches({ index, key: keyOf(codec, index, entry) })) stored.push(index);
      }
      changes.changePattern();
      for (const { index } of underway) changes.changeKey(index);
      return this.count(stored.filter((index) => store.remove(index) !== undefined).length);
    };
    const matchesName = (text: string): boolean => {
      const index = codec.indexOfName(text);
      const key = codec.key(index);
      return typeof pattern === 'function' && key === undefined ? true : matches({ index, key: key as K });
    };
    return { name, forget, matchesName };
  }

  private count(removed: number): number {
    this.parts.numbers.invalidations += removed;
    return removed;
  }
}

function requireGroup(cache: string, group: unknown): void {
  if (typeof group === 'string' && group !== '') return;
  throw new CacheMisuseError(`${cache}.invalidateGroup() needs the name of a group (received ${show(group)})`);
}
