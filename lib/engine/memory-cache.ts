import {
  CacheClosedError,
  CacheMisuseError,
  Emitter,
  OptionProblems,
  show,
  toldAbout,
  type CacheEvent,
  type CacheEventType,
  type Cancel,
  type Clock,
  type Duration,
  type Random,
  type SnapshotNews,
  type SnapshotReport,
  type SnapshotSource,
  type SnapshotTarget,
  type Subscribable,
} from '../core/index.js';
import { BoundedStore } from './store/bounded-store.js';
import type { StoredEntry } from './store/stored-entry.js';
import { ChangeJournal } from './snapshot/change-journal.js';
import { Computations } from './computations.js';
import type { StoreGovernor } from './store/governance.js';
import { compilePattern, type KeyPattern } from './keys/key-pattern.js';
import {
  allGroups,
  durationOfCall,
  groupsOfCall,
  resolveMemoryCacheOptions,
  weightOfCall,
  type MemoryCacheOptions,
  type MemoryEntryOptions,
  type ResolvedMemoryCacheOptions,
} from './memory-cache.options.js';
import { memoryCacheStats, type MemoryCacheStats } from './memory-cache.stats.js';
import { readOnly } from './read-only.js';
import type { RemovalCause } from './store/removal-queue.js';
import type { SnapshotSubject } from './snapshot/snapshot-subject.js';

/**
 * A bounded in-memory cache, synchronous, for keys of any type. Keys are equal as in a `Map`; values are kept by
 * reference; `null` is a value, `undefined` is absence. Bounded to 10,000 entries unless told otherwise.
 *
 * @example
 * const cache = new MemoryCache<string, User>({ maxSize: 50_000, ttl: '5m' });
 * const user = cache.getOrCompute(id, (id) => parse(id));
 */
export class MemoryCache<K = unknown, V = unknown> implements Iterable<[K, V]> {
  readonly name: string;
  /** What happens in this cache, told synchronously after it happened; a listener may call the cache (see {@link Emitter} for one that causes what it listens to without end). For RxJS: `from(events$)`. */
  readonly events$: Subscribable<CacheEvent<K, V>>;
  private readonly store: BoundedStore<K, V>;
  private readonly options: ResolvedMemoryCacheOptions<K, V>;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly emitter = new Emitter<CacheEvent<K, V>>();
  private readonly computations: Computations;
  private readonly leave: Cancel | undefined;
  private hits = 0;
  private misses = 0;
  private puts = 0;
  private loads = 0;
  private loadErrors = 0;
  private invalidations = 0;
  private isDisposed = false;
  /** What callers change, while a restore is running. */
  private journals: readonly ChangeJournal<K>[] = [];

  constructor(options?: MemoryCacheOptions<K, V>);
  /** @internal Bounded by somebody else too. */
  constructor(options: MemoryCacheOptions<K, V> | undefined, governor: StoreGovernor | undefined);
  constructor(options: MemoryCacheOptions<K, V> = {}, governor?: StoreGovernor) {
    this.options = resolveMemoryCacheOptions(options, governor?.budgetBytes);
    this.name = this.options.name;
    this.clock = this.options.clock;
    this.random = this.options.random;
    this.computations = new Computations(this.name);
    this.events$ = readOnly(this.emitter);
    const { bound, random } = this.options;
    const membership = governor?.membership(this.name, bound.kind === 'memory', random);
    this.store = new BoundedStore<K, V>({
      ...this.options,
      governance: membership?.governance,
      onRemoval: (key, value, cause) => this.removed(key, value, cause),
      removalsHeard: this.emitter,
    });
    this.leave = membership?.join();
  }

  /** The value, or `undefined`. Counts as a use for the policy and as a hit or a miss; restarts the idle time. */
  get(key: K): V | undefined {
    const value = this.store.get(key);
    if (value === undefined) {
      this.misses++;
      if (this.emitter.observed) this.emit('miss', { key });
      return undefined;
    }
    this.hits++;
    if (this.emitter.observed) this.emit('hit', { key });
    return value;
  }

  /** The value, or `undefined`; touches and counts nothing. */
  peek(key: K): V | undefined {
    return this.store.peek(key);
  }

  /** Whether a live entry is there; touches and counts nothing. */
  has(key: K): boolean {
    return this.store.peek(key) !== undefined;
  }

  /** What is known about an entry; touches and counts nothing. */
  entry(key: K): StoredEntry<V> | undefined {
    return this.store.describe(key);
  }

  /**
   * Stores a value. `undefined` is refused. A lifetime of 0 stores nothing and removes what stood there; so does, with
   * an `evict` event of cause `too-heavy`, an entry that alone is heavier than the bound.
   */
  put(key: K, value: V, options?: MemoryEntryOptions): void {
    this.write(key, value, options, 'put');
    this.puts++;
  }

  /** Stores many values, each as {@link put} does. */
  putAll(entries: Iterable<readonly [K, V]>, options?: MemoryEntryOptions): void {
    for (const [key, value] of entries) this.put(key, value, options);
  }

  /** Stores a value unless one is there. The one that was there, or `undefined` when this one was stored. */
  putIfAbsent(key: K, value: V, options?: MemoryEntryOptions): V | undefined {
    const present = this.store.peek(key);
    if (present === undefined) this.put(key, value, options);
    return present;
  }

  /**
   * The value; a missing one is computed and stored. What `compute` throws is thrown on and nothing stored; `undefined`
   * is returned and not stored. `compute` may call the cache: if it puts or invalidates its own key, or invalidates a
   * group, a pattern or everything, its result is returned and not stored. Asking for its own key is a
   * CacheReentrancyError. A promise is a value like any other, and is removed again if it rejects.
   */
  getOrCompute(key: K, compute: (key: K) => V, options?: MemoryEntryOptions): V {
    const present = this.get(key);
    if (present !== undefined) return present;
    const computation = this.computations.begin(key);
    const startedMs = this.emitter.observed ? this.clock.now() : 0;
    let value: V;
    try {
      value = compute(key);
    } catch (error) {
      this.loadErrors++;
      if (this.emitter.observed) this.emit('loadError', { key, cause: 'load', error });
      throw error;
    } finally {
      this.computations.end(computation);
    }
    this.loads++;
    if (this.emitter.observed) this.emit('load', { key, durationMs: this.clock.now() - startedMs });
    if (value !== undefined && computation.isCurrent && !this.isDisposed) {
      this.write(key, value, options, 'load');
      if (value instanceof Promise) this.removeIfRejected(key, value);
    }
    return value;
  }

  /** Restarts the lifetime, with the ttl that the entry had or a new one; `false` when there is no live entry. */
  touch(key: K, ttl?: Duration): boolean {
    return this.store.touch(key, ttl === undefined ? undefined : durationOfCall('ttl', ttl));
  }

  /** Removes an entry; whether a live one was there. */
  invalidate(key: K): boolean {
    this.outdate(key);
    const value = this.store.remove(key);
    if (value === undefined) return false;
    this.invalidations++;
    if (this.emitter.observed) this.emit('invalidate', { key, value, cause: 'key' });
    return true;
  }

  /** Removes entries; how many live ones were there. */
  invalidateAll(keys: Iterable<K>): number {
    let removed = 0;
    for (const key of keys) if (this.invalidate(key)) removed++;
    return removed;
  }

  /** Removes the entries of a group; how many live ones were there. */
  invalidateGroup(group: string): number {
    if (this.computations.any) this.computations.outdateAll();
    for (const journal of this.journals) journal.group(group);
    const removed = this.store.removeGroup(group);
    this.invalidations += removed;
    if (this.emitter.observed) this.emit('invalidate', { group, cause: 'group' });
    return removed;
  }

  /**
   * Removes the entries whose key the pattern picks; how many live ones were there. A string is a glob over the whole
   * text of string and number keys; a RegExp is tried on such keys of at most 1,024 characters; a function gets any key.
   * O(entries).
   */
  invalidateMatching(pattern: KeyPattern<K>): number {
    const { name, matches } = compilePattern(pattern);
    const removed = this.store.removeMatching(matches);
    if (this.computations.any) this.computations.outdateAll();
    for (const journal of this.journals) journal.pattern(typeof pattern === 'function' ? undefined : matches);
    this.invalidations += removed;
    if (this.emitter.observed) this.emit('invalidate', { pattern: name, cause: 'pattern' });
    return removed;
  }

  /** Removes everything, in the same time for any number of entries, and gives the memory back. */
  clear(): void {
    if (this.computations.any) this.computations.outdateAll();
    for (const journal of this.journals) journal.all();
    this.store.clear();
    if (this.emitter.observed) this.emit('clear', {});
  }

  /** The keys of the live entries, the next victim first. The cache may change meanwhile: what left is left out. */
  keys(): IterableIterator<K> {
    return this.store.keys();
  }

  /** The values, in the order of {@link keys}. */
  *values(): IterableIterator<V> {
    for (const [, value] of this.store.entries()) yield value;
  }

  /** The entries, in the order of {@link keys}. */
  entries(): IterableIterator<[K, V]> {
    return this.store.entries();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.store.entries();
  }

  /** Entries, those that have expired and were neither read nor swept since included. */
  get size(): number {
    return this.store.size;
  }

  /** The entries' weight together; their number where that is the bound. */
  get weight(): number {
    return this.store.weight;
  }

  /** Changes `maxSize`, or `maxWeight` or `maxMemory` where there is no `maxSize`. What is too much is evicted now. */
  resize(maximum: number): void {
    const problems = new OptionProblems('MemoryCache.resize');
    if (this.store.maxSize === Infinity) {
      const isWeight = typeof maximum === 'number' && maximum > 0 && maximum < Infinity;
      problems.require(isWeight, 'maximum', 'must be a finite number above 0', maximum);
    } else if (problems.positiveInteger('maximum', maximum, undefined) === undefined) {
      problems.require(maximum !== undefined, 'maximum', 'must be a whole number, 1 or more', maximum);
    }
    problems.throwIfAny();
    this.store.resize(maximum);
  }

  /** The numbers up to now, as an immutable snapshot. */
  stats(): MemoryCacheStats {
    const { store } = this;
    const { size, weight, maxSize, maxWeight, overheadBytes } = store;
    const isMemory = this.options.bound.kind === 'memory';
    const memory = isMemory ? { usedBytes: weight, maxBytes: maxWeight, entries: size, overheadBytes } : undefined;
    const { hits, misses, puts, loads, loadErrors, invalidations } = this;
    const { expired, ...evictions } = store.removed;
    const counts = {
      hits,
      misses,
      puts,
      loads,
      loadErrors,
      invalidations,
      expirations: expired,
      evictions,
    };
    return memoryCacheStats(counts, { size, weight, maxSize, maxWeight, memory });
  }

  /**
   * Writes what is in the cache, with remaining lifetimes, groups and the order of eviction, to a file or a stream. A file
   * is replaced when the new one is complete, and only then; a stream is ended, or destroyed when writing fails. The cache
   * goes on working: every 64 KB of it others have their turn, and what is written is what was there at the end.
   *
   * Left out are entries whose key is an object or an unregistered symbol, and those whose value `codec` refuses. Objects
   * come back as copies.
   */
  async snapshot(target: string | SnapshotTarget): Promise<SnapshotReport> {
    const { writeMemory } = await import('./snapshot/snapshot.js');
    return this.told('snapshot', (subject) => writeMemory(subject, target));
  }

  /**
   * Brings back what {@link snapshot} wrote, less what has expired since. Everything is checked first, a stream in a file of
   * its own: rejects with CacheSnapshotError, and has changed nothing, if it is damaged, cut off, foreign or newer. What is
   * in the cache stays; what is put or invalidated meanwhile wins; nothing is evicted, and what finds no room is left out.
   */
  async restore(source: string | SnapshotSource): Promise<SnapshotReport> {
    const journal = new ChangeJournal<K>();
    this.journals = [...this.journals, journal];
    try {
      const { readMemory } = await import('./snapshot/snapshot.js');
      return await this.told('restore', (subject) => readMemory(subject, source, journal));
    } finally {
      this.journals = this.journals.filter((other) => other !== journal);
    }
  }

  /** Lets go of everything, stops the timer and completes `events$`. Reading finds nothing from then on; writing throws. */
  dispose(): void {
    this.isDisposed = true;
    this.leave?.();
    this.store.dispose();
    this.emitter.complete();
  }

  private write(key: K, value: V, options: MemoryEntryOptions | undefined, cause: 'put' | 'load'): void {
    if (value === undefined) {
      throw new CacheMisuseError(
        `cache "${this.name}": undefined means "no value" and cannot be stored (key ${show(key)}); store null, or invalidate the key`,
      );
    }
    if (this.isDisposed) throw new CacheClosedError(this.name);
    let { ttlMs, ttiMs } = this.options;
    let groups: readonly string[] | undefined;
    let weight: number | undefined;
    if (options !== undefined) {
      if (options.ttl !== undefined) ttlMs = durationOfCall('ttl', options.ttl);
      if (options.tti !== undefined) ttiMs = durationOfCall('tti', options.tti);
      if (options.groups !== undefined) groups = groupsOfCall(options.groups);
      if (options.weight !== undefined) weight = weightOfCall(options.weight, key);
    }
    if (this.options.groups !== undefined) groups = allGroups(this.options.groups, groups, key, value);
    if (this.options.ttlJitter > 0) ttlMs *= 1 - this.options.ttlJitter * this.random();
    this.outdate(key);
    const stored = this.store.put(key, value, ttlMs, ttiMs, groups, weight);
    if (!this.emitter.observed) return;
    if (!stored) this.emit('evict', { key, value, cause: 'too-heavy' });
    else if (ttlMs > 0 && ttiMs > 0) this.emit('put', { key, value, cause });
  }

  private told(
    type: 'snapshot' | 'restore',
    run: (subject: SnapshotSubject<K, V>) => Promise<SnapshotReport>,
  ): Promise<SnapshotReport> {
    const { name, store, clock, options } = this;
    const isDisposed = (): boolean => this.isDisposed;
    const subject = { name, store, clock, bound: options.bound.kind, serializer: options.codec, isDisposed };
    const tell = (news: SnapshotNews): void => {
      if (this.emitter.observed) this.emit(type, news);
    };
    return toldAbout(tell, (progress) => run({ ...subject, progress }));
  }

  private outdate(key: K): void {
    if (this.computations.any) this.computations.outdate(key);
    for (const journal of this.journals) journal.key(key);
  }

  /** Whoever has the promise hears of the rejection; nobody gets it from here again. */
  private removeIfRejected(key: K, promise: V & Promise<unknown>): void {
    promise.catch((error: unknown) => {
      if (this.store.peek(key) !== promise) return;
      this.store.remove(key);
      this.loadErrors++;
      if (this.emitter.observed) this.emit('loadError', { key, cause: 'load', error });
    });
  }

  private removed(key: K, value: V, cause: RemovalCause): void {
    if (cause === 'expired') this.emit('expire', { key, value });
    else this.emit('evict', { key, value, cause });
  }

  private emit(type: CacheEventType, details: Partial<CacheEvent<K, V>>): void {
    if (!this.emitter.hears(type)) return;
    this.emitter.emit({ type, cache: this.name, at: this.clock.epochMs(), ...details });
  }
}
