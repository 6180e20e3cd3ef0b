import { CacheNoLoaderError, CacheReentrancyError } from '../core/index.js';
import { Flight, type Fence } from '../resilience/index.js';
import { emit, type CacheParts } from './cache-parts.js';
import { currentFlights, runAsLoad } from './current-load.js';
import { NO_OPTIONS, type PreparedOptions } from './entry-options.js';
import { RunningLoadContext } from './load-context.js';
import type { Loader } from './loader.js';
import { write } from './write.js';

/** How long a closing cache waits for running loads. */
const DRAIN_MS = 5_000;

/** Whether a value was missing, or one that is still there is replaced. */
export type LoadCause = 'load' | 'refresh';

/** What a loaded value is stored under, and against what. */
interface Loaded<K> {
  readonly index: unknown;
  readonly key: K;
  readonly fence: Fence;
}

/** One run of a loader: what it was told, and the flights that end with it (several for a bulk load). */
export interface Run<K, V> {
  readonly flights: readonly Flight<K, V>[];
  readonly context: RunningLoadContext;
  readonly options: PreparedOptions;
  readonly cause: LoadCause;
}

/**
 * Loads missing values: one load per key at a time, shared by all who ask meanwhile.
 *
 * Races, and what answers them. A `put`, `invalidate…` or `clear` during the load: the flight's fence was opened before
 * the loader started, so {@link write} refuses the result, and a caller who comes after that call starts a load of its
 * own instead of joining ({@link joinable}). A group invalidated before the loader has named its groups: whoever joined
 * after it checks, when the flight ends, whether the result passed its fence, and else loads anew ({@link Loads.join}). A
 * loader that never settles: after `loadTimeout.hold` its flight is abandoned, so the next caller loads anew and the
 * late result is not stored. A loader that waits for its own key, through other keys and caches too: refused.
 */
export class Loads<K, V> {
  /** The contexts of the loads that run now. */
  private readonly running = new Set<RunningLoadContext>();

  constructor(private readonly parts: CacheParts<K, V>) {}

  /** The value of a key that was looked up and not found. */
  load(index: unknown, key: K, loader: Loader<K, V> | undefined, options: PreparedOptions): Promise<V> {
    const flight = this.joinable(index);
    if (flight !== undefined) return until(options.signal, this.join(flight, loader, options));
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    this.countMiss(key);
    return this.startOne(index, key, loader, options, 'load');
  }

  /** The value loaded anew, whether or not one is there. */
  refresh(index: unknown, key: K): Promise<V> {
    const flight = this.joinable(index);
    if (flight !== undefined) return this.join(flight, undefined, NO_OPTIONS);
    return this.startOne(index, key, undefined, NO_OPTIONS, 'refresh');
  }

  /** The flight that a newcomer may join: one whose result will still be wanted as far as can be known now. */
  joinable(index: unknown): Flight<K, V> | undefined {
    const flight = this.parts.flights.get(index);
    return flight !== undefined && this.parts.changes.permits(flight.fence, flight) ? flight : undefined;
  }

  /** Waits for a running load. */
  join(flight: Flight<K, V>, loader: Loader<K, V> | undefined, options: PreparedOptions): Promise<V> {
    const { numbers, changes, name } = this.parts;
    for (const waiting of currentFlights()) {
      if (flight.dependsOn(waiting)) return Promise.reject(new CacheReentrancyError(name, flight.key));
    }
    numbers.joins++;
    this.noteWait(flight);
    if (!changes.anyGroupChanged(flight.fence)) return flight.promise;
    return flight.promise.then((value) =>
      flight.confirmed ? value : this.load(flight.index, flight.key, loader, options),
    );
  }

  /** Opens a flight: from here on newcomers join it, and changes of its key outdate it. */
  openFlight(index: unknown, key: K, options: PreparedOptions): Flight<K, V> {
    const { changes, flights, settings } = this.parts;
    const flight = new Flight<K, V>(index, key, changes.openFence(), [
      ...settings.staticGroups,
      ...(options.groups ?? []),
    ]);
    flights.take(flight);
    this.noteWait(flight);
    return flight;
  }

  /** Runs a loader for its flights; the outcome goes to the two callbacks, once, and at once where it is not a promise. */
  run<R>(run: Run<K, V>, loader: () => R | PromiseLike<R>, settle: (result: R) => void): void {
    const { clock, numbers, settings } = this.parts;
    const startedMs = clock.now();
    const cancelHold = settings.holdMs === Infinity ? undefined : clock.after(settings.holdMs, () => this.abandon(run));
    numbers.loads++;
    this.running.add(run.context);
    const end = (): number => {
      cancelHold?.();
      this.running.delete(run.context);
      const durationMs = clock.now() - startedMs;
      numbers.loadLatency.record(durationMs);
      return durationMs;
    };
    const fail = (error: unknown): void => this.fail(run, end(), error);
    const succeed = (result: R): void => {
      const durationMs = end();
      this.emitLoaded(run, durationMs);
      try {
        settle(result);
      } catch (error) {
        this.fail(run, durationMs, error);
        return;
      }
      for (const flight of run.flights) this.close(flight);
      if (run.cause === 'refresh') numbers.refreshes++;
      else numbers.missLatency.record(clock.now() - startedMs);
    };
    let result: R | PromiseLike<R>;
    try {
      result = runAsLoad({ context: run.context, flights: run.flights }, loader);
    } catch (error) {
      fail(error);
      return;
    }
    if (isPromiseLike(result)) result.then(succeed, fail);
    else succeed(result);
  }

  /**
   * Stores what a load returned; `false` when it did not pass its fence: something newer stands against it, or it was not
   * to be stored. A weigher or `groups` function of the user that throws costs the storing, never the value.
   */
  store(run: Run<K, V>, { index, key, fence }: Loaded<K>, value: V | undefined): boolean {
    const { context, cause, options } = run;
    if (context.skipped) return false;
    try {
      const { ttlMs, moreGroups: groups } = context;
      return write(this.parts, { index, key, value, cause, fence, options, ttlMs, groups });
    } catch (error) {
      if (this.parts.events.observed) emit(this.parts, 'tierError', { key, tier: 'memory', cause, error });
      return false;
    }
  }

  /** Ends one flight of a run with its value. */
  land(run: Run<K, V>, flight: Flight<K, V>, value: V | undefined): void {
    flight.confirmed = !flight.abandoned && this.store(run, flight, value);
    // A loader that returns nothing says that there is none; its callers are told so.
    flight.resolve(value as V);
  }

  countMiss(key: K): void {
    this.parts.numbers.misses++;
    if (this.parts.events.observed) emit(this.parts, 'miss', { key });
  }

  /** Waits for the running loads, but not longer than {@link DRAIN_MS}; the others hear that nobody waits any more. */
  async drain(reason: unknown): Promise<void> {
    const { flights, clock } = this.parts;
    if (flights.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(DRAIN_MS, resolve);
      void flights.settled().then(() => {
        cancel();
        resolve();
      });
    });
    for (const context of this.running) context.abort(reason);
  }

  private startOne(
    index: unknown,
    key: K,
    given: Loader<K, V> | undefined,
    options: PreparedOptions,
    cause: LoadCause,
  ): Promise<V> {
    const loader = given ?? this.parts.settings.loader;
    if (loader === undefined) return Promise.reject(new CacheNoLoaderError(this.parts.name));
    const flight = this.openFlight(index, key, options);
    const context = new RunningLoadContext(this.parts.name);
    const run: Run<K, V> = { flights: [flight], context, options, cause };
    this.run<V>(
      run,
      () => loader(key, context),
      (value) => this.land(run, flight, value),
    );
    return until(options.signal, flight.promise);
  }

  private fail(run: Run<K, V>, durationMs: number, error: unknown): void {
    this.parts.numbers.loadErrors++;
    for (const flight of run.flights) {
      if (this.parts.events.observed)
        emit(this.parts, 'loadError', { key: flight.key, cause: run.cause, durationMs, error });
      this.close(flight);
      flight.reject(error);
    }
  }

  private emitLoaded({ cause, flights }: Run<K, V>, durationMs: number): void {
    if (!this.parts.events.observed) return;
    for (const { key } of flights) emit(this.parts, cause, { key, durationMs });
  }

  private noteWait(flight: Flight<K, V>): void {
    for (const waiting of currentFlights()) waiting.waitFor(flight);
  }

  private abandon(run: Run<K, V>): void {
    for (const flight of run.flights) {
      flight.abandoned = true;
      this.close(flight);
    }
    run.context.abort(new Error(`the loader did not settle within ${this.parts.settings.holdMs} ms`));
  }

  private close(flight: Flight<K, V>): void {
    this.parts.flights.leave(flight);
    this.parts.changes.closeFence(flight.fence);
  }
}

/** The promise, or this caller's own abort, whichever comes first. */
export function until<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
