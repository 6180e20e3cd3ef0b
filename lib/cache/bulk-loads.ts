import { CacheMisuseError, CacheNoLoaderError, show } from '../core/index.js';
import type { CacheParts } from './cache-parts.js';
import type { PreparedOptions } from './entry-options.js';
import { RunningLoadContext } from './load-context.js';
import type { BulkLoader } from './loader.js';
import type { Loads, Run } from './loads.js';

/** A key that was looked up and not found. */
export interface Missing<K> {
  readonly index: unknown;
  readonly key: K;
}

/**
 * Loads many missing values: those that are already being loaded are joined, the others go to one run of the bulk
 * loader, or to the single loader one by one where there is no other.
 */
export class BulkLoads<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly loads: Loads<K, V>,
  ) {}

  /** One promise for each missing key, in the same order; `undefined` for a key that its loader left out. */
  load(
    missing: readonly Missing<K>[],
    given: BulkLoader<K, V> | undefined,
    options: PreparedOptions,
  ): Promise<V | undefined>[] {
    const { settings, name } = this.parts;
    const bulkLoader = given ?? settings.bulkLoader;
    if (bulkLoader === undefined) {
      if (settings.loader === undefined) return [Promise.reject(new CacheNoLoaderError(name))];
      return missing.map(({ index, key }) => this.loads.load(index, key, undefined, options));
    }
    const running = missing.map(({ index }) => this.loads.joinable(index));
    const started = this.start(
      missing.filter((_, position) => running[position] === undefined),
      bulkLoader,
      options,
    );
    let next = 0;
    return missing.map((_, position) => {
      const flight = running[position];
      if (flight === undefined) return started[next++] as Promise<V | undefined>;
      // The bulk loader as a single one, for the case that the joined flight turns out to be outdated.
      return this.loads.join(flight, async (key, load) => (await bulkLoader([key], load)).get(key) as V, options);
    });
  }

  private start(
    missing: readonly Missing<K>[],
    bulkLoader: BulkLoader<K, V>,
    options: PreparedOptions,
  ): Promise<V | undefined>[] {
    if (missing.length === 0) return [];
    for (const { key } of missing) this.loads.countMiss(key);
    const flights = missing.map(({ index, key }) => this.loads.openFlight(index, key, options));
    const context = new RunningLoadContext(this.parts.name);
    const run: Run<K, V> = { flights, context, options, cause: 'load' };
    this.loads.run<ReadonlyMap<K, V>>(
      run,
      () =>
        bulkLoader(
          flights.map((flight) => flight.key),
          context,
        ),
      (values) => this.settle(run, values),
    );
    return flights.map((flight) => flight.promise);
  }

  private settle(run: Run<K, V>, values: ReadonlyMap<K, V>): void {
    const { codec, name } = this.parts;
    if (!(values instanceof Map)) {
      throw new CacheMisuseError(
        `the bulk loader of cache "${name}" must return a Map of the values by their keys; it returned ${show(values)}`,
      );
    }
    const byIndex = new Map<unknown, Missing<K> & { readonly value: V }>();
    for (const [key, value] of values) {
      const index = codec.index(key);
      byIndex.set(index, { index, key, value });
    }
    for (const flight of run.flights) {
      this.loads.land(run, flight, byIndex.get(flight.index)?.value);
      byIndex.delete(flight.index);
    }
    const [first] = run.flights;
    if (first === undefined || first.abandoned) return;
    // Values of keys that nobody asked for: fenced by the run's own start, and never in place of one that is there.
    for (const { index, key, value } of byIndex.values()) {
      if (this.parts.store.peek(index) === undefined) this.loads.store(run, { index, key, fence: first.fence }, value);
    }
  }
}
