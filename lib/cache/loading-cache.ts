import type { Observable } from 'rxjs';
import {
  CacheClosedError,
  type CacheEvent,
  type Duration,
  type Emitter,
  type SnapshotReport,
  type SnapshotSource,
  type SnapshotTarget,
} from '../core/index.js';
import type { BoundedStore, KeyPattern, KeyPlace } from '../engine/index.js';
import type { BusLink } from '../resilience/index.js';
import { distinctPlaces, presentAmong, type Place } from './loads/many-loads.js';
import { emit, type CacheParts } from './parts/cache-parts.js';
import { Background } from './background/background.js';
import { assemble, type Company } from './cache-assembly.js';
import type { CacheSteps } from './cache-steps.js';
import type { EntryInfo } from './api/cache.js';
import type { CachePorts, EntryOptions, LoadOptions } from './api/cache.options.js';
import type { CacheStats } from './statistics/cache.stats.js';
import type { Reads } from './reads/reads.js';
import { settingsOfCall, type CallSettings } from './settings/call-settings.js';
import { requireTtl, requireValue } from './settings/call-values.js';
import { CacheEventStream, type CacheEvents } from './events/event-stream.js';
import type { HotKey } from './statistics/hot-keys.js';
import type { IndexedCache } from './indexed-cache.js';
import type { Invalidation } from './changes/invalidation.js';
import type { KeyCodec } from './keys/key-codec.js';
import type { BulkLoader, Loader } from './api/loader.js';
import { DRAIN_MS, type LoadRuns } from './loads/load-runs.js';
import { keysBelow } from './reads/keys-below.js';
import type { Loads } from './loads/loads.js';
import { Outstanding } from './outstanding.js';
import type { Probe, Probed } from './loads/probes.js';
import type { Puts } from './puts.js';
import type { Numbers } from './statistics/numbers.js';
import { Statistics } from './statistics.js';
import type { CacheSettings } from './settings/settings.js';
import { copyOf, type StoredEntry } from './entries/stored-entry.js';

/** The cache over this process's memory: names the steps; each lives in its own file. */
export class LoadingCache<K, V> implements IndexedCache<K, V> {
  readonly enabled = true;
  readonly events$: CacheEvents<K, V>;
  private readonly parts: CacheParts<K, V>;
  private readonly steps: CacheSteps<K, V>;
  private readonly reads: Reads<K, V>;
  private readonly loads: Loads<K, V>;
  private readonly runs: LoadRuns<K, V>;
  private readonly puts: Puts<K, V>;
  private readonly invalidation: Invalidation<K, V>;
  private readonly outstanding = new Outstanding();
  readonly background: Background<K, V>;
  private readonly unwatch: () => void;
  private readonly bus: BusLink | undefined;
  private readonly store: BoundedStore<unknown, StoredEntry<K, V>>;
  private readonly numbers: Numbers;
  private readonly statistics: Statistics<K, V>;
  private readonly events: Emitter<CacheEvent<K, V>>;
  private isClosed = false;
  /** Whether what it held is held no more. */
  private isGone = false;
  private closing: Promise<void> | undefined;

  constructor(
    readonly name: string,
    private readonly settings: CacheSettings<K, V>,
    ports: CachePorts = {},
    company: Company = {},
  ) {
    const { parts, steps, bus, unwatch } = assemble(name, settings, ports, company, this.outstanding.track);
    this.parts = parts;
    this.bus = bus;
    this.unwatch = unwatch;
    ({ store: this.store, numbers: this.numbers, events: this.events } = parts);
    ({
      reads: this.reads,
      loads: this.loads,
      runs: this.runs,
      puts: this.puts,
      invalidation: this.invalidation,
    } = this.steps = steps);
    this.background = new Background<K, V>(parts, this, () => this.isGone);
    this.events$ = new CacheEventStream(this.events, name);
    this.statistics = new Statistics(this.parts, this.bus);
  }

  get closed(): boolean {
    return this.isClosed;
  }

  get codec(): KeyCodec<K> {
    return this.settings.codec;
  }

  prepare(
    caller: string,
    options: EntryOptions | LoadOptions | undefined,
    base: CallSettings = this.settings.call,
  ): CallSettings {
    return settingsOfCall(caller, options, base);
  }

  // ---- by index: what decorated methods call

  hitAt(index: unknown): Promise<V> | undefined {
    this.bus?.attend();
    const { numbers } = this;
    if (numbers.hits >= numbers.sampledHit) return this.reads.sampledHit(index);
    const entry = this.store.get(index);
    const promise = entry?.promise;
    if (promise === undefined || this.events.observed) return entry && this.reads.otherHit(index, entry);
    numbers.hits++;
    return promise;
  }

  hitBy(place: KeyPlace<string>): Promise<V> | undefined {
    this.bus?.attend();
    const { numbers } = this;
    if (numbers.hits >= numbers.sampledHit) return this.reads.sampledHit(place.key);
    const entry = this.store.getBy(place);
    const promise = entry?.promise;
    if (promise === undefined || this.events.observed) return entry && this.reads.otherHit(place.key, entry);
    numbers.hits++;
    return promise;
  }

  serveAt(
    index: unknown,
    key: K | undefined,
    loader: Loader<K, V> | undefined,
    options: CallSettings,
    onRefresh?: (refreshed: Promise<V>) => void,
  ): Promise<V> | undefined {
    const entry = this.isClosed ? undefined : this.store.peek(index);
    if (entry?.life === undefined) return undefined;
    return this.loads.serve(entry, { index, key: this.keyAt(index, key), loader, call: options, onRefresh });
  }

  refreshAt(index: unknown, key: K | undefined, loader: Loader<K, V> | undefined, options: CallSettings): Promise<V> {
    if (this.isClosed) return Promise.reject(new CacheClosedError(this.name));
    return this.loads.refresh({ index, key: this.keyAt(index, key), loader, call: options });
  }

  loadAt(index: unknown, key: K | undefined, loader: Loader<K, V> | undefined, options: CallSettings): Promise<V> {
    if (this.isClosed) return Promise.reject(new CacheClosedError(this.name));
    const loaded = this.loads.load({ index, key: this.keyAt(index, key), loader, call: options });
    return this.settings.cloned ? loaded.then((value) => copyOf(value)) : loaded;
  }

  probeAt(index: unknown, key: K | undefined, probed: Probed<K, V>, call: CallSettings): Probe<V> | undefined {
    return this.isClosed ? undefined : this.steps.probes.probe(index, this.keyAt(index, key), probed, call);
  }

  async loadAllAt(
    places: readonly Place<K>[],
    loader: BulkLoader<K, V> | undefined,
    options: CallSettings,
  ): Promise<readonly (V | undefined)[]> {
    this.requireOpen();
    const values = await this.steps.manyLoads.load(places, loader, options);
    return this.settings.cloned ? values.map((value) => copyOf(value)) : values;
  }

  putAt(index: unknown, key: K | undefined, value: V | undefined, options: CallSettings): void | Promise<void> {
    if (value === undefined) return;
    // While what is here is saved: it is not stored, and what it replaces must not be saved.
    if (this.isClosed) return this.isGone ? undefined : void this.invalidation.keyHere(index);
    return this.outstanding.track(this.puts.put(index, this.keyAt(index, key), value, options));
  }

  invalidateAt(index: unknown): boolean | Promise<boolean> {
    return !this.isGone && this.outstanding.track(this.invalidation.key(index));
  }

  // ---- by key: what users call

  get(key: K): Promise<V | undefined> {
    try {
      this.requireOpen();
      return Promise.resolve(this.reads.fresh(this.codec.index(key), key));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getAll(keys: Iterable<K>): Promise<Map<K, V>> {
    this.requireOpen();
    const places = distinctPlaces(this.codec, keys);
    const values = await Promise.all(places.map(({ index, key }) => this.reads.fresh(index, key)));
    return presentAmong(places, values);
  }

  getOrLoad(key: K, loader?: Loader<K, V>, options?: LoadOptions): Promise<V> {
    try {
      if (this.isClosed) throw new CacheClosedError(this.name);
      const index = this.codec.index(key);
      return this.hitAt(index) ?? this.loadAt(index, key, loader, this.prepare(`${this.name}.getOrLoad()`, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getOrLoadAll(keys: Iterable<K>, loader?: BulkLoader<K, V>, options?: LoadOptions): Promise<Map<K, V>> {
    this.requireOpen();
    const call = this.prepare(`${this.name}.getOrLoadAll()`, options);
    call.signal?.throwIfAborted();
    const asked = distinctPlaces(this.codec, keys);
    return presentAmong(asked, await this.loadAllAt(asked, loader, call));
  }

  async entry(key: K): Promise<EntryInfo<V> | undefined> {
    this.requireOpen();
    return this.reads.info(this.codec.index(key));
  }

  async has(key: K): Promise<boolean> {
    this.requireOpen();
    return this.reads.has(this.codec.index(key));
  }

  put(key: K, value: V, options?: EntryOptions): Promise<void> {
    return this.outstanding.follow(() => {
      this.requireOpen();
      requireValue(`${this.name}.put()`, value);
      return this.puts.put(this.codec.index(key), key, value, this.prepare(`${this.name}.put()`, options));
    });
  }

  async putAll(entries: Iterable<readonly [K, V]>, options?: EntryOptions): Promise<void> {
    this.requireOpen();
    await this.outstanding.track(this.puts.putAll([...entries], this.prepare(`${this.name}.putAll()`, options)));
  }

  async putIfAbsent(key: K, value: V, options?: EntryOptions): Promise<V | undefined> {
    this.requireOpen();
    requireValue(`${this.name}.putIfAbsent()`, value);
    const prepared = this.prepare(`${this.name}.putIfAbsent()`, options);
    return this.outstanding.track(this.puts.putIfAbsent(this.codec.index(key), key, value, prepared));
  }

  async refresh(key: K): Promise<V> {
    this.requireOpen();
    const wanted = { index: this.codec.index(key), key, loader: undefined, call: this.settings.call };
    const value = await this.loads.refresh(wanted);
    return this.settings.cloned ? copyOf(value) : value;
  }

  async touch(key: K, ttl?: Duration): Promise<boolean> {
    this.requireOpen();
    const ttlMs = ttl === undefined ? undefined : requireTtl(`${this.name}.touch()`, ttl);
    return this.outstanding.track(this.puts.touch(this.codec.index(key), key, ttlMs));
  }

  async expire(key: K): Promise<boolean> {
    this.requireOpen();
    return this.outstanding.track(this.invalidation.expire(this.codec.index(key), key));
  }

  async invalidate(key: K): Promise<boolean> {
    this.requireOpen();
    return this.outstanding.track(this.invalidation.key(this.codec.index(key), key));
  }

  async invalidateAll(keys: Iterable<K>): Promise<number> {
    this.requireOpen();
    return this.outstanding.track(this.invalidation.keys(distinctPlaces(this.codec, keys)));
  }

  async invalidateGroup(group: string): Promise<number> {
    this.requireOpen();
    return this.outstanding.track(this.invalidation.group(group));
  }

  async invalidateMatching(pattern: KeyPattern<K>): Promise<number> {
    this.requireOpen();
    return this.outstanding.track(this.invalidation.matching(pattern));
  }

  async clear(): Promise<void> {
    this.requireOpen();
    await this.outstanding.track(this.invalidation.all());
  }

  async *keys({ group, tier = 'memory' }: { readonly group?: string; readonly tier?: string } = {}): AsyncIterable<K> {
    this.requireOpen();
    if (tier === 'memory' || this.parts.lower === undefined) yield* this.reads.keys(group, tier);
    else yield* keysBelow(this.parts, group, tier);
  }

  stats(): CacheStats {
    return this.statistics.snapshot();
  }

  stats$(interval?: Duration): Observable<CacheStats> {
    return this.statistics.every(interval);
  }

  hotKeys(k?: number): HotKey<K>[] {
    return this.statistics.hotKeys(k);
  }

  async snapshot(target: string | SnapshotTarget): Promise<SnapshotReport> {
    this.requireOpen();
    return this.background.snapshots.write(target);
  }

  async restore(source: string | SnapshotSource): Promise<SnapshotReport> {
    this.requireOpen();
    return this.background.snapshots.read(source);
  }

  report(error: unknown, key?: K): void {
    if (this.events.observed) emit(this.parts, 'loadError', { key, error });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    this.isClosed = true;
    this.background.stop();
    if (!this.background.savesAtEnd) this.forget();
    await this.runs.drain(new CacheClosedError(this.name));
    await this.outstanding.settled(this.parts.clock, DRAIN_MS);
    await this.background.end();
    this.forget();
    this.unwatch();
    // What ends later finds everything changed, and stores nothing.
    this.parts.changes.changeAll();
    this.store.dispose();
    this.events.complete();
    this.statistics.end();
  }

  private forget(): void {
    this.isGone = true;
    this.store.clear();
  }

  private keyAt(index: unknown, key: K | undefined): K {
    // Decorators leave the key out only where the index gives it back.
    return key ?? (this.codec.key(index) as K);
  }

  private requireOpen(): void {
    if (this.isClosed) throw new CacheClosedError(this.name);
    this.bus?.attend();
  }
}
