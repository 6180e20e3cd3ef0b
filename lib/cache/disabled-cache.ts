import type { Observable } from 'rxjs';
import {
  CacheClosedError,
  CacheNoLoaderError,
  Emitter,
  systemClock,
  type CacheEvent,
  type Clock,
  type Duration,
  type SnapshotReport,
} from '../core/index.js';
import { Flight, type Fence } from '../resilience/index.js';
import type { CachePorts, EntryOptions, LoadOptions } from './api/cache.options.js';
import type { CacheStats } from './statistics/cache.stats.js';
import { loadScope, type RunningLoad } from './loads/current-load.js';
import { settingsOfCall, type CallSettings } from './settings/call-settings.js';
import { CacheEventStream, type CacheEvents } from './events/event-stream.js';
import type { IndexedCache } from './indexed-cache.js';
import type { KeyCodec } from './keys/key-codec.js';
import { BulkLoadContext, RunningLoadContext } from './loads/load-context.js';
import type { BulkLoader, Loader } from './api/loader.js';
import type { Place } from './loads/many-loads.js';
import { Numbers } from './statistics/numbers.js';
import { deserted, notSettled } from './loads/load-runs.js';
import type { CacheSettings } from './settings/settings.js';
import { STATS_INTERVAL, StatsStream } from './statistics/stats-stream.js';
import { waitFor } from './loads/waiting.js';

/** Nothing is stored, so nothing can be outdated. */
const UNFENCED: Fence = { since: 0 };

/** A cache that is switched off (`enabled: false`): never finds, never stores, and runs every load that is asked for. */
export class DisabledCache<K, V> implements IndexedCache<K, V> {
  readonly enabled = false;
  readonly background = undefined;
  readonly events$: CacheEvents<K, V>;
  closed = false;
  readonly clock: Clock;
  private readonly numbers: Numbers;
  private readonly statsStream: StatsStream<CacheStats>;

  constructor(
    readonly name: string,
    private readonly settings: CacheSettings<K, V>,
    { clock = systemClock }: CachePorts = {},
  ) {
    this.clock = clock;
    this.numbers = new Numbers(clock.now());
    this.statsStream = new StatsStream(name, () => this.stats(), clock);
    const silent = new Emitter<CacheEvent<K, V>>();
    silent.complete();
    this.events$ = new CacheEventStream(silent, name);
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

  hitAt(): undefined {
    return undefined;
  }

  hitBy(): undefined {
    return undefined;
  }

  serveAt(): undefined {
    return undefined;
  }

  probeAt(): undefined {
    return undefined;
  }

  async loadAt(index: unknown, key: K | undefined, given: Loader<K, V> | undefined, options: CallSettings): Promise<V> {
    if (this.closed) throw new CacheClosedError(this.name);
    const loader = given ?? this.settings.loader;
    if (loader === undefined) throw new CacheNoLoaderError(this.name);
    options.signal?.throwIfAborted();
    const context = new RunningLoadContext<V>(this.name, undefined);
    const ownKey = key ?? (this.codec.key(index) as K);
    return this.run(ownKey, context, async () => loader(ownKey, context), options);
  }

  refreshAt(index: unknown, key: K | undefined, given: Loader<K, V> | undefined, options: CallSettings): Promise<V> {
    return this.loadAt(index, key, given, options);
  }

  async loadAllAt(
    places: readonly Place<K>[],
    bulkLoader: BulkLoader<K, V>,
    options: CallSettings,
  ): Promise<readonly (V | undefined)[]> {
    if (this.closed) throw new CacheClosedError(this.name);
    const loaded = await this.runBulk(
      places.map(({ key }) => key),
      bulkLoader,
      options,
    );
    return places.map(({ index }) => loaded.get(index));
  }

  putAt(): void {}

  invalidateAt(): boolean {
    return false;
  }

  async get(): Promise<undefined> {
    return undefined;
  }

  async getAll(): Promise<Map<K, V>> {
    return new Map();
  }

  async getOrLoad(key: K, loader?: Loader<K, V>, options?: LoadOptions): Promise<V> {
    return this.loadAt(undefined, key, loader, this.prepare(`${this.name}.getOrLoad()`, options));
  }

  async getOrLoadAll(keys: Iterable<K>, given?: BulkLoader<K, V>, options?: LoadOptions): Promise<Map<K, V>> {
    const call = this.prepare(`${this.name}.getOrLoadAll()`, options);
    call.signal?.throwIfAborted();
    const distinct = [...new Map([...keys].map((key) => [this.codec.index(key), key])).values()];
    const bulkLoader = given ?? this.settings.bulkLoader;
    if (bulkLoader === undefined) {
      const values = await Promise.all(distinct.map((key) => this.getOrLoad(key, undefined, options)));
      const pairs = distinct.map((key, position) => [key, values[position] as V] as const);
      return new Map(pairs.filter(([, value]) => value !== undefined));
    }
    const byIndex = await this.runBulk(distinct, bulkLoader, call);
    const found = distinct.map((key) => [key, byIndex.get(this.codec.index(key))] as const);
    return new Map(found.filter((pair): pair is [K, V] => pair[1] !== undefined));
  }

  async entry(): Promise<undefined> {
    return undefined;
  }

  async has(): Promise<boolean> {
    return false;
  }

  async put(): Promise<void> {}

  async putAll(): Promise<void> {}

  async putIfAbsent(): Promise<undefined> {
    return undefined;
  }

  refresh(key: K): Promise<V> {
    return this.getOrLoad(key);
  }

  async expire(): Promise<boolean> {
    return false;
  }

  async touch(): Promise<boolean> {
    return false;
  }

  async invalidate(): Promise<boolean> {
    return false;
  }

  async invalidateAll(): Promise<number> {
    return 0;
  }

  async invalidateGroup(): Promise<number> {
    return 0;
  }

  async invalidateMatching(): Promise<number> {
    return 0;
  }

  async clear(): Promise<void> {}

  async *keys(): AsyncIterable<K> {}

  stats(): CacheStats {
    const nothing = { size: 0, maxSize: 0, weight: 0, maxWeight: 0, memory: undefined };
    return this.numbers.snapshot({ ...nothing, flights: 0, tiers: [], bus: undefined }, this.clock.now());
  }

  stats$(interval: Duration = STATS_INTERVAL): Observable<CacheStats> {
    return this.statsStream.every(interval);
  }

  hotKeys(): [] {
    return [];
  }

  /** Writes nothing: what stands under the path may be of a time when the cache was switched on. */
  async snapshot(): Promise<SnapshotReport> {
    return this.emptyReport();
  }

  async restore(): Promise<SnapshotReport> {
    return this.emptyReport();
  }

  report(): void {}

  async close(): Promise<void> {
    this.closed = true;
    this.statsStream.end();
  }

  private emptyReport(): SnapshotReport {
    const leftOut = { unfit: 0, expired: 0, outdated: 0, noRoom: 0 };
    return { entries: 0, leftOut, problem: undefined, bytes: 0, takenAtMs: this.clock.epochMs(), durationMs: 0 };
  }

  /** The values by the index of their keys. */
  private async runBulk(
    keys: readonly K[],
    bulkLoader: BulkLoader<K, V>,
    options: CallSettings,
  ): Promise<ReadonlyMap<unknown, V>> {
    const [first] = keys;
    if (first === undefined) return new Map();
    options.signal?.throwIfAborted();
    const context = new BulkLoadContext<V>(this.name, this.codec);
    const loaded = await this.run(first, context, async () => bulkLoader(keys, context), options);
    return new Map([...loaded].map(([key, value]) => [this.codec.index(key), value]));
  }

  /** One load for one caller, with the limits of any other: nobody joins it. */
  private run<R>(key: K, context: RunningLoadContext<V>, loader: () => Promise<R>, call: CallSettings): Promise<R> {
    const { holdMs } = call;
    const flight = new Flight<K, R>(undefined, key, UNFENCED, []);
    const result = waitFor(this, flight, flight.promise, call, undefined);
    const load: RunningLoad = { context, flights: [flight], hasEnded: false };
    const end = (): void => {
      cancelHold?.();
      loadScope.leave(load);
    };
    const giveUp = (reason: Error): void => {
      end();
      context.abort(reason);
    };
    if (call.abortWhenAbandoned) flight.onDeserted = () => giveUp(deserted());
    const cancelHold = holdMs === Infinity ? undefined : this.clock.after(holdMs, () => giveUp(notSettled(holdMs)));
    loadScope.enter(load, loader).then(
      (value) => {
        end();
        flight.resolve(value);
      },
      (error: unknown) => {
        end();
        flight.reject(error);
      },
    );
    return result;
  }
}
