import type { Observable } from 'rxjs';
import type { Duration, SnapshotReport, SnapshotSource, SnapshotTarget } from '../../core/index.js';
import type { KeyPattern } from '../../engine/index.js';
import type { EntryOptions, LoadOptions } from './cache.options.js';
import type { CacheStats } from '../statistics/cache.stats.js';
import type { CacheEvents } from '../events/event-stream.js';
import type { HotKey } from '../statistics/hot-keys.js';
import type { BulkLoader, Loader } from './loader.js';

/** An entry as `entry()` shows it; looking changes and counts nothing. */
export interface EntryInfo<V> {
  readonly value: V;
  /** Milliseconds since the write. */
  readonly ageMs: number;
  /** Milliseconds until it is no longer fresh: 0 for a stale one, `Infinity` when it does not expire. */
  readonly ttlLeftMs: number;
  readonly groups: readonly string[];
  readonly tier: string;
  /** In the weigher's unit, bytes with `maxMemory`; 1 where the bound is a number of entries. */
  readonly weight: number;
  /** Past its `ttl`, and still of use for `staleWhileRevalidate` or `staleIfError`. */
  readonly stale: boolean;
}

/**
 * A bounded, loading cache. Counts and booleans that it returns speak of this process's memory.
 *
 * A value whose load began before a `put`, `invalidate`, `invalidateGroup`, `invalidateMatching` or `clear` of it never
 * becomes visible after that call returned; callers that waited for it already may still receive it.
 */
export interface Cache<K, V> {
  readonly name: string;
  /** The value, or `undefined` when there is none that is fresh. Never loads. */
  get(key: K): Promise<V | undefined>;
  /** The values that are there, in the order asked. */
  getAll(keys: Iterable<K>): Promise<Map<K, V>>;
  /** The value; a missing one is loaded, once for all callers that ask meanwhile. */
  getOrLoad(key: K, loader?: Loader<K, V>, options?: LoadOptions): Promise<V>;
  /** The values, in the order asked; those neither here nor being loaded are loaded together. */
  getOrLoadAll(keys: Iterable<K>, loader?: BulkLoader<K, V>, options?: LoadOptions): Promise<Map<K, V>>;
  /** What is known about an entry in memory; counts nothing, touches no recency. Tiers are not asked: see {@link has}. */
  entry(key: K): Promise<EntryInfo<V> | undefined>;
  /** Whether a fresh entry is there, in memory or in a tier; counts nothing, touches no recency. */
  has(key: K): Promise<boolean>;
  /** Stores a value; `undefined` is refused. */
  put(key: K, value: V, options?: EntryOptions): Promise<void>;
  putAll(entries: Iterable<readonly [K, V]>, options?: EntryOptions): Promise<void>;
  /**
   * Stores a value unless one is there; returns the one that was, or `undefined` when it stored. Of several processes at
   * once more than one may store: then the last value stands for all. With tiers or a bus it waits for what others load or
   * write under this key meanwhile, but for loads no longer than `loadTimeout.hold`.
   */
  putIfAbsent(key: K, value: V, options?: EntryOptions): Promise<V | undefined>;
  /** Loads the value anew and replaces the one that is there; joins a load that is running. */
  refresh(key: K): Promise<V>;
  /**
   * Restarts the lifetime; `false` when the entry is absent or expired. An entry that memory may keep for a while only, by the
   * `ttl` of `memoryTier` or while this node is cut off from the others, leaves it no later for that: of a fresh one the
   * answer is `true` all the same.
   */
  touch(key: K, ttl?: Duration): Promise<boolean>;
  /**
   * Ends the freshness of an entry: it is no longer served, but within `staleIfError` still stands in for a load that
   * fails. `false` when there was no fresh entry.
   */
  expire(key: K): Promise<boolean>;
  /** Whether an entry was there. */
  invalidate(key: K): Promise<boolean>;
  /** How many entries were there. */
  invalidateAll(keys: Iterable<K>): Promise<number>;
  invalidateGroup(group: string): Promise<number>;
  /** A string is a glob over the whole key text: `*`, `?`, `[a-z]`, `{a,b}`, `\` escapes. */
  invalidateMatching(pattern: KeyPattern<K>): Promise<number>;
  /** Removes everything. */
  clear(): Promise<void>;
  /** The keys that are there. */
  keys(options?: { readonly group?: string; readonly tier?: string }): AsyncIterable<K>;
  /** The numbers up to now, as an immutable snapshot. */
  stats(): CacheStats;
  /** The numbers now and after each interval, until the cache is closed; for rates: `pairwise()` and `minus()`. @defaultValue '10s' */
  stats$(interval?: Duration): Observable<CacheStats>;
  /** The keys that are asked for most, at most `k` of them, 1 to 100. @defaultValue 10 */
  hotKeys(k?: number): HotKey<K>[];
  /** What happens in this cache, told synchronously after it happened and before the call's promise resolves. */
  readonly events$: CacheEvents<K, V>;
  /**
   * Writes what is in memory, with remaining lifetimes, staleness, groups and the order of eviction, to a file or a stream.
   * A file is replaced when the new one is complete, and only then; a stream is ended, or destroyed when writing fails. The
   * cache goes on working: after each 64 KB others have their turn, and what is written is what was there at the end.
   *
   * Left out are remembered failures, and what `codec` refuses. Tiers below memory keep what they have by themselves.
   */
  snapshot(target: string | SnapshotTarget): Promise<SnapshotReport>;
  /**
   * Brings back what {@link snapshot} wrote, less what has expired since. Everything is checked first, a stream in a file
   * of its own: rejects with CacheSnapshotError, and has changed nothing, if it is damaged, cut off, foreign or newer. What
   * is in memory stays; what is put or invalidated meanwhile wins; nothing is evicted, and what finds no room is left out.
   *
   * Where other nodes may have changed entries since, only those come back that the most shared tier below has unchanged;
   * with a bus and no such tier, none.
   */
  restore(source: string | SnapshotSource): Promise<SnapshotReport>;
}
