import type { Observable } from 'rxjs';
import {
  CacheClosedError,
  CacheMisuseError,
  Emitter,
  systemClock,
  systemRandom,
  type CacheEvent,
  type Duration,
} from '../core/index.js';
import { BoundedStore, type KeyPattern, type RemovalCause } from '../engine/index.js';
import { ChangeLog, FlightTable } from '../resilience/index.js';
import { BulkLoads, type Missing } from './bulk-loads.js';
import { emit, keyOf, type CacheParts } from './cache-parts.js';
import type { EntryInfo } from './cache.js';
import type { CachePorts, EntryOptions, LoadOptions } from './cache.options.js';
import type { CacheStats } from './cache.stats.js';
import { prepareOptions, requireTtl, requireValue, type PreparedOptions } from './entry-options.js';
import { EventStream } from './event-stream.js';
import type { IndexedCache } from './indexed-cache.js';
import { Invalidation } from './invalidation.js';
import type { KeyCodec } from './key-codec.js';
import type { BulkLoader, Loader } from './loader.js';
import { Loads, until } from './loads.js';
import { HITS_PER_TIMING, Numbers } from './numbers.js';
import type { CacheSettings } from './settings.js';
import type { StoredEntry } from './stored-entry.js';
import { write } from './write.js';

/** The cache over this process's memory: names the steps; each lives in its own file. */
export class LoadingCache<K, V> implements IndexedCache<K, V> {
  readonly enabled = true;
  readonly events$: Observable<CacheEvent<K, V>>;
  private readonly parts: CacheParts<K, V>;
  private readonly loads: Loads<K, V>;
  private readonly bulkLoads: BulkLoads<K, V>;
  private readonly invalidation: Invalidation<K, V>;
  private readonly store: BoundedStore<unknown, StoredEntry<K, V>>;
  private readonly numbers = new Numbers();
  private readonly events = new Emitter<CacheEvent<K, V>>();
  private lookups = 0;
  private isClosed = false;

  constructor(
    readonly name: string,
    private readonly settings: CacheSettings<K, V>,
    { clock = systemClock, random = systemRandom }: CachePorts = {},
  ) {
    this.store = new BoundedStore({
      ...settings.store,
      clock,
      random,
      onRemoval: (index, entry, cause) => this.onRemoval(index, entry, cause),
    });
    this.parts = {
      name,
      settings,
      codec: settings.codec,
      store: this.store,
      changes: new ChangeLog<K>(),
      flights: new FlightTable<K, V>(),
      numbers: this.numbers,
      events: this.events,
      clock,
      random,
    };
    const { store, parts } = this;
    settings.codec.attach?.({ entries: () => store.size, loading: () => parts.flights.indexes() });
    this.loads = new Loads(this.parts);
    this.bulkLoads = new BulkLoads(this.parts, this.loads);
    this.invalidation = new Invalidation(this.parts);
    this.events$ = new EventStream(this.events, name);
  }

  get closed(): boolean {
    return this.isClosed;
  }

  get codec(): KeyCodec<K> {
    return this.settings.codec;
  }

  prepare(caller: string, options: EntryOptions | LoadOptions | undefined): PreparedOptions {
    return prepareOptions(caller, options);
  }

  // ---- by index: what decorated methods call

  hitAt(index: unknown): Promise<V> | undefined {
    if ((++this.lookups & (HITS_PER_TIMING - 1)) === 0) return this.timedHitAt(index);
    const entry = this.store.get(index);
    if (entry === undefined) return undefined;
    this.countHit(index, entry);
    return entry.promise ?? entry.handOut();
  }

  loadAt(index: unknown, key: K | undefined, loader: Loader<K, V> | undefined, options: PreparedOptions): Promise<V> {
    if (this.isClosed) return Promise.reject(new CacheClosedError(this.name));
    const loaded = this.loads.load(index, this.keyAt(index, key), loader, options);
    return this.settings.cloned ? loaded.then((value) => structuredClone(value)) : loaded;
  }

  putAt(index: unknown, key: K | undefined, value: V | undefined, options: PreparedOptions): void {
    if (this.isClosed || value === undefined) return;
    this.putNow(index, this.keyAt(index, key), value, options);
  }

  invalidateAt(index: unknown): boolean {
    return !this.isClosed && this.invalidation.key(index);
  }

  // ---- by key: what users call

  async get(key: K): Promise<V | undefined> {
    this.requireOpen();
    const index = this.codec.index(key);
    const entry = this.store.get(index);
    if (entry === undefined) {
      this.loads.countMiss(key);
      return undefined;
    }
    this.countHit(index, entry);
    return entry.read();
  }

  async getAll(keys: Iterable<K>): Promise<Map<K, V>> {
    this.requireOpen();
    const found = new Map<K, V>();
    for (const { index, key } of this.distinct(keys)) {
      const entry = this.store.get(index);
      if (entry === undefined) {
        this.loads.countMiss(key);
      } else {
        this.countHit(index, entry);
        found.set(key, entry.read());
      }
    }
    return found;
  }

  getOrLoad(key: K, loader?: Loader<K, V>, options?: LoadOptions): Promise<V> {
    try {
      this.requireOpen();
      const index = this.codec.index(key);
      return this.hitAt(index) ?? this.loadAt(index, key, loader, this.prepare(`${this.name}.getOrLoad()`, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getOrLoadAll(keys: Iterable<K>, loader?: BulkLoader<K, V>, options?: LoadOptions): Promise<Map<K, V>> {
    this.requireOpen();
    const prepared = this.prepare(`${this.name}.getOrLoadAll()`, options);
    prepared.signal?.throwIfAborted();
    const asked = this.distinct(keys);
    const values = new Map<unknown, V | undefined>();
    const missing: Missing<K>[] = [];
    for (const { index, key } of asked) {
      const entry = this.store.get(index);
      if (entry === undefined) {
        missing.push({ index, key });
      } else {
        this.countHit(index, entry);
        values.set(index, entry.read());
      }
    }
    const loaded = await until(prepared.signal, Promise.all(this.bulkLoads.load(missing, loader, prepared)));
    missing.forEach(({ index }, position) => {
      const value = loaded[position];
      values.set(index, this.settings.cloned ? structuredClone(value) : value);
    });
    const result = new Map<K, V>();
    for (const { index, key } of asked) {
      const value = values.get(index);
      if (value !== undefined) result.set(key, value);
    }
    return result;
  }

  async entry(key: K): Promise<EntryInfo<V> | undefined> {
    this.requireOpen();
    const found = this.store.describe(this.codec.index(key));
    if (found === undefined) return undefined;
    const { value: entry, ttlLeftMs, groups } = found;
    const ageMs = this.parts.clock.now() - entry.writtenAtMs;
    return { value: entry.read(), ageMs, ttlLeftMs, groups, tier: 'memory', stale: false };
  }

  async has(key: K): Promise<boolean> {
    this.requireOpen();
    return this.store.peek(this.codec.index(key)) !== undefined;
  }

  async put(key: K, value: V, options?: EntryOptions): Promise<void> {
    this.requireOpen();
    requireValue(`${this.name}.put()`, value);
    this.putNow(this.codec.index(key), key, value, this.prepare(`${this.name}.put()`, options));
  }

  async putAll(entries: Iterable<readonly [K, V]>, options?: EntryOptions): Promise<void> {
    this.requireOpen();
    const prepared = this.prepare(`${this.name}.putAll()`, options);
    const all = [...entries];
    // All or nothing: a bad value is found before the first is stored.
    for (const [, value] of all) requireValue(`${this.name}.putAll()`, value);
    for (const [key, value] of all) this.putNow(this.codec.index(key), key, value, prepared);
  }

  async putIfAbsent(key: K, value: V, options?: EntryOptions): Promise<V | undefined> {
    this.requireOpen();
    requireValue(`${this.name}.putIfAbsent()`, value);
    const prepared = this.prepare(`${this.name}.putIfAbsent()`, options);
    const index = this.codec.index(key);
    const entry = this.store.get(index);
    if (entry !== undefined) {
      this.countHit(index, entry);
      return entry.read();
    }
    this.loads.countMiss(key);
    this.putNow(index, key, value, prepared);
    return undefined;
  }

  async refresh(key: K): Promise<V> {
    this.requireOpen();
    const value = await this.loads.refresh(this.codec.index(key), key);
    return this.settings.cloned ? structuredClone(value) : value;
  }

  async touch(key: K, ttl?: Duration): Promise<boolean> {
    this.requireOpen();
    const ttlMs = ttl === undefined ? undefined : requireTtl(`${this.name}.touch()`, ttl);
    return this.store.touch(this.codec.index(key), ttlMs);
  }

  async invalidate(key: K): Promise<boolean> {
    this.requireOpen();
    return this.invalidation.key(this.codec.index(key), key);
  }

  async invalidateAll(keys: Iterable<K>): Promise<number> {
    this.requireOpen();
    return this.distinct(keys).filter(({ index, key }) => this.invalidation.key(index, key)).length;
  }

  async invalidateGroup(group: string): Promise<number> {
    this.requireOpen();
    return this.invalidation.group(group);
  }

  async invalidateMatching(pattern: KeyPattern<K>): Promise<number> {
    this.requireOpen();
    return this.invalidation.matching(pattern);
  }

  async clear(): Promise<void> {
    this.requireOpen();
    this.invalidation.all();
  }

  async *keys({ group, tier = 'memory' }: { readonly group?: string; readonly tier?: string } = {}): AsyncIterable<K> {
    this.requireOpen();
    if (tier !== 'memory') throw new CacheMisuseError(`cache "${this.name}" has no tier "${tier}"; its tiers: memory`);
    for (const index of group === undefined ? this.store.keys() : this.store.groupKeys(group)) {
      const entry = this.store.peek(index);
      if (entry !== undefined) yield keyOf(this.codec, index, entry);
    }
  }

  stats(): CacheStats {
    const { size, maxSize, weight, maxWeight, overheadBytes } = this.store;
    const byBytes = this.settings.store.bound.kind === 'memory';
    return this.numbers.snapshot({
      size,
      maxSize,
      weight,
      maxWeight,
      memory: byBytes ? { usedBytes: weight, maxBytes: maxWeight, entries: size, overheadBytes } : undefined,
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.store.clear();
    await this.loads.drain(new CacheClosedError(this.name));
    this.store.dispose();
    this.events.complete();
  }

  /** Measures one hit in {@link HITS_PER_TIMING}. */
  private timedHitAt(index: unknown): Promise<V> | undefined {
    const { clock } = this.parts;
    const startedMs = clock.now();
    const entry = this.store.get(index);
    if (entry === undefined) return undefined;
    this.numbers.hitLatency.record(clock.now() - startedMs);
    this.countHit(index, entry);
    return entry.handOut();
  }

  private countHit(index: unknown, entry: StoredEntry<K, V>): void {
    this.numbers.hits++;
    if (this.events.observed) emit(this.parts, 'hit', { key: keyOf(this.codec, index, entry), tier: 'memory' });
  }

  /** A caller's write: whatever is being loaded for this key is older. */
  private putNow(index: unknown, key: K, value: V, options: PreparedOptions): void {
    const { changes } = this.parts;
    changes.changeKey(index);
    this.numbers.puts++;
    write(this.parts, { index, key, value, cause: 'put', fence: changes.present(), options });
  }

  private onRemoval(index: unknown, entry: StoredEntry<K, V>, cause: RemovalCause): void {
    if (cause === 'expired') this.numbers.expirations++;
    else this.numbers.evictions[cause]++;
    if (!this.events.observed) return;
    const key = keyOf(this.codec, index, entry);
    if (cause === 'expired') emit(this.parts, 'expire', { key, value: entry.read(), tier: 'memory' });
    else emit(this.parts, 'evict', { key, value: entry.read(), tier: 'memory', cause });
  }

  private distinct(keys: Iterable<K>): Missing<K>[] {
    const distinct = new Map<unknown, Missing<K>>();
    for (const key of keys) {
      const index = this.codec.index(key);
      if (!distinct.has(index)) distinct.set(index, { index, key });
    }
    return [...distinct.values()];
  }

  private keyAt(index: unknown, key: K | undefined): K {
    // Decorators leave the key out only where the index gives it back.
    return key ?? (this.codec.key(index) as K);
  }

  private requireOpen(): void {
    if (this.isClosed) throw new CacheClosedError(this.name);
  }
}
