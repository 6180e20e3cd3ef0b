import type { Flight } from '../../resilience/index.js';
import type { BulkLoads } from './bulk-loads.js';
import type { CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import type { KeyCodec } from '../keys/key-codec.js';
import type { BulkLoader, Loader } from '../api/loader.js';
import { settingsBehind, type Loads, type Wanted } from './loads.js';
import type { Reads } from '../reads/reads.js';
import { waitFor, type StandIn } from './waiting.js';

/** A key and what it stands under. */
export interface Place<K> {
  readonly index: unknown;
  readonly key: K;
}

/** The places of keys, each once, in the order asked. */
export function distinctPlaces<K>(codec: Pick<KeyCodec<K>, 'index'>, keys: Iterable<K>): Place<K>[] {
  const distinct = new Map<unknown, Place<K>>();
  for (const key of keys) {
    const index = codec.index(key);
    if (!distinct.has(index)) distinct.set(index, { index, key });
  }
  return [...distinct.values()];
}

interface Missing<K, V> {
  readonly wanted: Wanted<K, V>;
  readonly position: number;
  readonly standIn: StandIn<V> | undefined;
}

/**
 * The values of many keys: what can be served is, what is being loaded is joined, and the rest goes to the bulk loader
 * together, or to the single loader one by one where there is no other.
 */
export class ManyLoads<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly reads: Reads<K, V>,
    private readonly loads: Loads<K, V>,
    private readonly bulkLoads: BulkLoads<K, V>,
  ) {}

  /** The values in the order of the places; `undefined` for a key that has none. */
  load(
    places: readonly Place<K>[],
    given: BulkLoader<K, V> | undefined,
    call: CallSettings,
  ): Promise<(V | undefined)[]> {
    const { settings, store } = this.parts;
    const bulkLoader = given ?? settings.bulkLoader;
    const loader = bulkLoader === undefined ? undefined : single(bulkLoader);
    const values: Promise<V | undefined>[] = [];
    const missing: Missing<K, V>[] = [];
    const due: Wanted<K, V>[] = [];
    const refreshLater = bulkLoader === undefined ? undefined : (wanted: Wanted<K, V>) => void due.push(wanted);
    places.forEach(({ index, key }, position) => {
      const wanted = { index, key, loader, call, ...(refreshLater && { refreshLater }) };
      const entry = store.get(index);
      if (entry !== undefined && entry.life === undefined) {
        this.reads.countHit(index, entry);
        values[position] = entry.handOut();
        return;
      }
      const served = entry === undefined ? undefined : this.loads.serve(entry, wanted);
      if (served !== undefined) values[position] = served;
      else if (bulkLoader === undefined) values[position] = this.loads.load(wanted);
      else missing.push({ wanted, position, standIn: entry && this.loads.standInOf(entry, wanted) });
    });
    if (bulkLoader !== undefined) this.loadMissing(missing, given, call, values);
    // Nobody waits for these: each flight keeps its own outcome, and its failure is an event.
    if (due.length > 0) this.refresh(due, given, call);
    return Promise.all(values);
  }

  private loadMissing(
    missing: readonly Missing<K, V>[],
    given: BulkLoader<K, V> | undefined,
    call: CallSettings,
    values: Promise<V | undefined>[],
  ): void {
    const started: Missing<K, V>[] = [];
    for (const one of missing) {
      const flight = this.loads.joinable(one.wanted.index);
      if (flight === undefined) started.push(one);
      else values[one.position] = this.loads.join(flight, one.wanted, one.standIn);
    }
    if (started.length === 0) return;
    const wanted = started.map((one) => one.wanted);
    const flights = this.bulkLoads.open(wanted, call, 'load');
    flights.forEach((flight, order) => {
      const { position, standIn } = started[order] as Missing<K, V>;
      values[position] = waitFor(this.parts, flight, flight.promise, call, standIn);
    });
    const run = (missing: readonly Flight<K, V>[]): void => {
      for (const { index, key } of missing) this.reads.countMiss(index, key);
      this.bulkLoads.runInBatches(missing, given, call, 'load');
    };
    if (this.parts.lower === undefined) run(flights);
    else void this.loads.lookBelowForAll(flights, wanted, 'load').then(run);
  }

  /** Loads anew behind, together. */
  private refresh(due: readonly Wanted<K, V>[], given: BulkLoader<K, V> | undefined, call: CallSettings): void {
    const behind = settingsBehind(call);
    const flights = this.bulkLoads.open(due, behind, 'refresh');
    const run = (missing: readonly Flight<K, V>[]): void =>
      this.bulkLoads.runInBatches(missing, given, behind, 'refresh');
    if (this.parts.lower === undefined) run(flights);
    else void this.loads.lookBelowForAll(flights, due, 'refresh').then(run);
  }
}

/** A bulk loader for one key: for a refresh behind, or a joined flight that turned out to be outdated. */
function single<K, V>(bulkLoader: BulkLoader<K, V>): Loader<K, V> {
  // A key that is left out is absent.
  return async (key, load) => (await bulkLoader([key], load)).get(key) as V;
}

/** The values that are there, by key. */
export function presentAmong<K, V>(places: readonly Place<K>[], values: readonly (V | undefined)[]): Map<K, V> {
  const present = new Map<K, V>();
  places.forEach(({ key }, position) => {
    const value = values[position];
    if (value !== undefined) present.set(key, value);
  });
  return present;
}
