import { CacheMisuseError, CacheNoLoaderError, show } from '../../core/index.js';
import type { Flight } from '../../resilience/index.js';
import type { CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import { BulkLoadContext } from './load-context.js';
import { noteWait, type LoadCause, type LoadRuns, type Run } from './load-runs.js';
import type { BulkLoader } from '../api/loader.js';

/** What a bulk loader returned, by the indexes of its keys. */
type Loaded<K, V> = Map<unknown, { readonly key: K; readonly value: V }>;

/** Runs the bulk loader for flights, and deals its results out to them. */
export class BulkLoads<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly runs: LoadRuns<K, V>,
  ) {}

  /** Opens a flight for each key. */
  open(
    wanted: readonly { readonly index: unknown; readonly key: K }[],
    call: CallSettings,
    cause: LoadCause,
  ): Flight<K, V>[] {
    const flights = wanted.map(({ index, key }) => this.runs.openFlight(index, key, call));
    if (cause === 'load') flights.forEach(noteWait);
    return flights;
  }

  /** Runs the bulk loader for open flights, in batches where the cache limits those. */
  runInBatches(
    flights: readonly Flight<K, V>[],
    given: BulkLoader<K, V> | undefined,
    call: CallSettings,
    cause: LoadCause,
  ): void {
    const { batchSize = flights.length } = this.parts.settings;
    for (let from = 0; from < flights.length; from += batchSize) {
      this.run(flights.slice(from, from + batchSize), given, call, cause);
    }
  }

  /** Runs the bulk loader once, for flights that are open. */
  run(
    flights: readonly Flight<K, V>[],
    given: BulkLoader<K, V> | undefined,
    call: CallSettings,
    cause: LoadCause,
  ): void {
    const { settings, name, codec } = this.parts;
    const context = new BulkLoadContext<V>(name, codec);
    const run: Run<K, V> = { flights, context, call, cause };
    this.runs.start<ReadonlyMap<K, V>>(
      run,
      () => {
        const bulkLoader = given ?? settings.bulkLoader;
        if (bulkLoader === undefined) throw new CacheNoLoaderError(name);
        // An outdated flight of a batch and the one that took its place ask for the same key.
        const distinct = new Map(flights.map(({ index, key }) => [index, key]));
        return bulkLoader([...distinct.values()], context);
      },
      (values, loadMs) => this.settle(run, context, values, loadMs),
    );
  }

  /** Throws, so that the load has failed, when the values cannot be dealt out. */
  private byIndex(values: ReadonlyMap<K, V>): Loaded<K, V> {
    const { codec, name } = this.parts;
    if (!(values instanceof Map)) {
      throw new CacheMisuseError(
        `the bulk loader of cache "${name}" must return a Map of the values by their keys; it returned ${show(values)}`,
      );
    }
    const byIndex: Loaded<K, V> = new Map();
    for (const [key, value] of values) byIndex.set(codec.index(key), { key, value });
    return byIndex;
  }

  private settle(
    run: Run<K, V>,
    context: BulkLoadContext<V>,
    values: ReadonlyMap<K, V>,
    loadMs: number,
  ): void | Promise<void> {
    const byIndex = this.byIndex(values);
    this.runs.emitLoaded(run, loadMs);
    const landed = run.flights.map((flight) =>
      this.runs.land(run, flight, byIndex.get(flight.index)?.value, loadMs, context.saidOf(flight.index)),
    );
    for (const flight of run.flights) byIndex.delete(flight.index);
    this.storeUnasked(run, context, byIndex, loadMs);
    return landed.every((one) => one === undefined) ? undefined : Promise.all(landed).then(() => undefined);
  }

  /** Values of keys that nobody asked for: for memory alone, since no tier was asked about them before. */
  private storeUnasked(run: Run<K, V>, context: BulkLoadContext<V>, byIndex: Loaded<K, V>, loadMs: number): void {
    const { store } = this.parts;
    const [first] = run.flights;
    if (first === undefined || first.abandoned) return;
    // Fenced by the run's own start, and never in place of one that is there.
    for (const [index, { key, value }] of byIndex) {
      if (store.peek(index) !== undefined) continue;
      void this.runs.store(
        run,
        { index, key, fence: first.fence, isUnasked: true },
        { value },
        loadMs,
        context.saidOf(index),
      );
    }
  }
}
