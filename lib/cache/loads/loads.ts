import { CacheMisuseError, CacheNoLoaderError, CacheReentrancyError, show } from '../../core/index.js';
import type { Flight } from '../../resilience/index.js';
import type { Arrival, Arrivals } from '../reads/arrivals.js';
import type { Batches } from './batches.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import { currentFlights } from './current-load.js';
import { RunningLoadContext, type Previous } from './load-context.js';
import type { Leases } from './leases.js';
import { noteWait, type LoadCause, type LoadRuns, type Run } from './load-runs.js';
import type { Loader } from '../api/loader.js';
import type { Reads } from '../reads/reads.js';
import type { StoredEntry } from '../entries/stored-entry.js';
import { waitFor, type StandIn } from './waiting.js';

/** What a load is about. */
export interface Wanted<K, V> {
  readonly index: unknown;
  readonly key: K;
  /** `undefined`: the cache's own. */
  readonly loader: Loader<K, V> | undefined;
  readonly call: CallSettings;
  /** Takes a refresh that is due, to run it together with others; absent: it runs at once. */
  readonly refreshLater?: (wanted: Wanted<K, V>) => void;
  /** Told of the load that is started behind a value, before its loader may run. */
  readonly onRefresh?: ((refreshed: Promise<V>) => void) | undefined;
}

/**
 * Gives callers the value of a key that a hit could not give: one load per key at a time, shared by all who ask
 * meanwhile, and a stale value in its place where that is allowed.
 *
 * Races, and what answers them. A `put`, `invalidate…` or `clear` during the load: the flight's fence was opened before
 * the loader started, so the write refuses the result, and a caller who comes after that call starts a load of its own
 * instead of joining ({@link joinable}). A group invalidated before the loader has named its groups: whoever joined after
 * it checks, when the flight ends, whether the result passed its fence, and else loads anew ({@link Loads.join}). A
 * loader that never settles: after `loadTimeout.hold` its flight is abandoned, so the next caller loads anew and the late
 * result is not stored. A loader that waits for its own key, through other keys and caches too: refused. A stale value
 * that is invalidated while it stands by for a failing load: it stands in only if it is still there when the load fails.
 */
export class Loads<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly reads: Reads<K, V>,
    private readonly runs: LoadRuns<K, V>,
    private readonly batches: Batches<K, V> | undefined,
    private readonly arrivals: Arrivals<K, V>,
    private readonly leases: Leases<K, V> | undefined,
  ) {}

  /** The value of a key that was looked up and not found, or found in a stage that has to be looked at. */
  load(wanted: Wanted<K, V>): Promise<V> {
    const { index, call } = wanted;
    const entry = this.parts.store.peek(index);
    const standing = entry?.life === undefined ? undefined : entry;
    if (standing !== undefined) {
      const served = this.serve(standing, wanted);
      if (served !== undefined) return served;
    }
    const standIn = standing === undefined ? undefined : this.standInOf(standing, wanted);
    const flight = this.joinable(index);
    if (flight !== undefined) return this.join(flight, wanted, standIn);
    if (call.signal?.aborted) return Promise.reject(call.signal.reason);
    return this.start(wanted, 'load', (opened) => waitFor(this.parts, opened, opened.promise, call, standIn));
  }

  /** The value loaded anew, whether or not one is there. */
  refresh(wanted: Wanted<K, V>): Promise<V> {
    const flight = this.joinable(wanted.index);
    if (flight !== undefined) return this.join(flight, wanted, undefined);
    return this.start(
      wanted,
      'refresh',
      (opened) => waitFor(this.parts, opened, opened.promise, wanted.call, undefined),
      'anew',
    );
  }

  /** The flight that a newcomer may join: one whose result will still be wanted as far as can be known now. */
  joinable(index: unknown): Flight<K, V> | undefined {
    const flight = this.parts.flights.get(index);
    return flight !== undefined && this.parts.changes.permits(flight.fence, flight) ? flight : undefined;
  }

  /** The running load that a write of this key has to wait for: none that waits for the very load in whose course it is asked for. */
  toWaitFor(index: unknown): Flight<K, V> | undefined {
    const flight = this.joinable(index);
    if (flight === undefined || currentFlights().some((waiting) => flight.dependsOn(waiting))) return undefined;
    noteWait(flight);
    return flight;
  }

  /** Waits for a running load. */
  join(flight: Flight<K, V>, wanted: Wanted<K, V>, standIn: StandIn<V> | undefined): Promise<V> {
    const { numbers, changes, name } = this.parts;
    for (const waiting of currentFlights()) {
      if (flight.dependsOn(waiting)) return Promise.reject(new CacheReentrancyError(name, flight.key));
    }
    numbers.joins++;
    noteWait(flight);
    const result = changes.anyGroupChanged(flight.fence)
      ? flight.promise.then((value) => (flight.confirmed ? value : this.load(wanted)))
      : flight.promise;
    return waitFor(this.parts, flight, result, wanted.call, standIn);
  }

  /**
   * The value of an entry with stages, if it can be served without waiting: fresh, loaded anew behind when that is due;
   * or stale within `staleWhileRevalidate`; or while the loader rests after a failure.
   */
  serve(entry: StoredEntry<K, V>, wanted: Wanted<K, V>): Promise<V> | undefined {
    const { clock, random } = this.parts;
    const { life } = entry;
    const nowMs = clock.now();
    if (life === undefined) return undefined;
    const isResting = life.isResting(nowMs);
    if (life.isFresh(nowMs)) {
      if (!isResting && life.isDue(nowMs, random)) this.loadBehind(wanted);
      this.reads.countHit(wanted.index, entry);
      return entry.handOut();
    }
    if (!life.mayRevalidate(nowMs) && !(isResting && life.mayStandIn(nowMs))) return undefined;
    if (!isResting) this.loadBehind(wanted);
    this.reads.countHit(wanted.index, entry);
    this.countStale(wanted.key, undefined);
    return entry.handOut();
  }

  /** The stale value of an entry, as long as it is there and its limit has not passed. */
  standInOf(entry: StoredEntry<K, V>, { index, key }: Wanted<K, V>): StandIn<V> {
    return (error) => {
      const { store, clock } = this.parts;
      if (store.peek(index) !== entry || entry.life?.mayStandIn(clock.now()) !== true) return undefined;
      this.countStale(key, error);
      return { value: entry.read() };
    };
  }

  private countStale(key: K, error: unknown): void {
    this.parts.numbers.staleHits++;
    if (this.parts.events.observed) emit(this.parts, 'stale', { key, error });
  }

  /** Loads for nobody who waits: the flight keeps its own outcome, and its failure is an event. */
  private loadBehind(wanted: Wanted<K, V>): void {
    if (this.joinable(wanted.index) !== undefined) return;
    if (wanted.refreshLater !== undefined) return wanted.refreshLater(wanted);
    const call = settingsBehind(wanted.call);
    const wait = ({ promise }: Flight<K, V>): Promise<V> => {
      wanted.onRefresh?.(promise);
      return promise;
    };
    void this.start({ ...wanted, call }, 'refresh', wait).catch(() => {});
  }

  /** @param from `'below'`: what a tier below has is taken, if memory does not have it; `'anew'`: the loader runs. */
  private start(
    wanted: Wanted<K, V>,
    cause: LoadCause,
    wait: (flight: Flight<K, V>) => Promise<V>,
    from: 'below' | 'anew' = 'below',
  ): Promise<V> {
    const { index, key, call } = wanted;
    const { settings, name, lower } = this.parts;
    const loader = wanted.loader ?? settings.loader;
    const isBatched = wanted.loader === undefined && this.batches !== undefined;
    if (loader === undefined && !isBatched) return Promise.reject(new CacheNoLoaderError(name));
    if (loader !== undefined && typeof loader !== 'function') return Promise.reject(notALoader(name, loader));
    const flight = this.runs.openFlight(index, key, call);
    const outcome = wait(flight);
    if (cause === 'load') noteWait(flight);
    const run = (): void => {
      if (cause === 'load') this.reads.countMiss(index, key);
      if (isBatched || loader === undefined) this.batches?.add(flight, call, cause);
      else this.runAlone(flight, loader, call, cause);
    };
    if (lower === undefined || from === 'anew') run();
    else void this.lookBelow(flight, wanted, cause, run);
    return outcome;
  }

  private runAlone(flight: Flight<K, V>, loader: Loader<K, V>, call: CallSettings, cause: LoadCause): void {
    const context = new RunningLoadContext<V>(this.parts.name, this.previousOf(flight.index));
    const run: Run<K, V> = { flights: [flight], context, call, cause };
    this.runs.start<V>(
      run,
      () => loader(flight.key, context),
      (value, loadMs) => {
        this.runs.emitLoaded(run, loadMs);
        return this.runs.land(run, flight, value, loadMs);
      },
    );
  }

  /** Ends a flight with what a tier below has; else, and in turn with other nodes where that is asked for, runs the loader. */
  private async lookBelow(
    flight: Flight<K, V>,
    wanted: Wanted<K, V>,
    cause: LoadCause,
    run: () => void,
  ): Promise<void> {
    const { key, index, call } = wanted;
    try {
      const look = (): Promise<Arrival<V> | undefined> => this.arrivals.find(index, key, flight.fence, call);
      let arrival = await look();
      if (arrival === undefined && call.lock && this.leases !== undefined) {
        arrival = await this.leases.take(flight, call, look);
        if (arrival === undefined) this.refence(flight);
      }
      if (arrival !== undefined && this.end(flight, wanted, cause, arrival)) return;
      if (call.abortWhenAbandoned && flight.isDeserted) this.runs.drop(flight);
      else run();
    } catch (error) {
      this.runs.fail({ flights: [flight], call, cause }, 0, error);
    }
  }

  /** Ends flights with what tiers below have; the others are left to a loader. */
  async lookBelowForAll(
    flights: readonly Flight<K, V>[],
    wanted: readonly Wanted<K, V>[],
    cause: LoadCause,
  ): Promise<Flight<K, V>[]> {
    const missing = await Promise.all(
      flights.map(async (flight, at) => {
        const one = wanted[at] as Wanted<K, V>;
        try {
          const arrival = await this.arrivals.find(flight.index, flight.key, flight.fence, one.call);
          return arrival === undefined || !this.end(flight, one, cause, arrival);
        } catch (error) {
          this.runs.fail({ flights: [flight], call: one.call, cause }, 0, error);
          return false;
        }
      }),
    );
    return flights.filter((_, at) => missing[at]);
  }

  /** Whether what arrived is what the flight was for. */
  private end(flight: Flight<K, V>, wanted: Wanted<K, V>, cause: LoadCause, arrival: Arrival<V>): boolean {
    const { isFresh, isStored, hit } = arrival;
    if (isFresh) {
      if (cause === 'load') this.arrivals.countHit(wanted.index, wanted.key, arrival);
      this.runs.close(flight);
      flight.confirmed = isStored;
      flight.resolve(hit.value);
      return true;
    }
    // Stale: memory has it now, and decides what it is good for; unless it is too heavy for it.
    if (cause === 'refresh' || !isStored || this.parts.store.peek(wanted.index)?.version !== hit.version) return false;
    this.runs.close(flight);
    flight.confirmed = true;
    flight.resolve(this.load(wanted));
    return true;
  }

  /** The load of this flight begins only now: what changed while it waited for its turn does not outdate it. */
  private refence(flight: Flight<K, V>): void {
    const { changes } = this.parts;
    changes.closeFence(flight.fence);
    flight.fence = changes.openFence();
  }

  private previousOf(index: unknown): Previous<V> | undefined {
    const found = this.parts.store.describe(index);
    return found?.value.isValue === true ? { entry: found.value, groups: found.groups } : undefined;
  }
}

/** Nobody waits for a load behind, so nobody can end the wait for it. */
export function settingsBehind(call: CallSettings): CallSettings {
  return { ...call, signal: undefined, abortWhenAbandoned: false };
}

function notALoader(cache: string, given: unknown): CacheMisuseError {
  return new CacheMisuseError(
    `cache "${cache}" was given ${show(given)} as a loader; it comes second, before the options, and is a function`,
  );
}
