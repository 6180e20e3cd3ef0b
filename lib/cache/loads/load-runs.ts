import { CacheTierError, type Cancel } from '../../core/index.js';
import { Flight, type Fence } from '../../resilience/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import { currentFlights, loadScope, type RunningLoad } from './current-load.js';
import type { RunningLoadContext, Said, Staleness } from './load-context.js';
import { staleMs } from '../entries/life.js';
import type { LowerTiers, SharedFence } from '../shared/lower-tiers.js';
import type { Outcome } from '../changes/prepared-entry.js';
import { write } from '../changes/write.js';

/** How long a closing cache waits for running loads. */
export const DRAIN_MS = 5_000;

/** Whether a value was missing, or one that is still there is replaced. */
export type LoadCause = 'load' | 'refresh';

/** One run of a loader: what it was told, and the flights that end with it (several for a bulk load). */
export interface Run<K, V> {
  readonly flights: readonly Flight<K, V>[];
  readonly context: RunningLoadContext<V>;
  readonly call: CallSettings;
  readonly cause: LoadCause;
  /** That its loader was called before it was known to be one. */
  readonly begun?: { readonly scope: RunningLoad; readonly startedMs: number };
}

interface Running {
  readonly scope: RunningLoad;
  readonly cancelHold: Cancel;
}

/** What an outcome is stored under, and against what. */
interface Destination<K> {
  readonly index: unknown;
  readonly key: K;
  readonly fence: Fence;
  readonly shared?: SharedFence | undefined;
  readonly isUnasked?: boolean;
}

/**
 * Runs loaders: opens their flights, stores what they return if its fence permits it, ends the flights, and gives up on
 * a loader that takes longer than `loadTimeout.hold`. Whoever waits, and for how long, is not its business.
 */
export class LoadRuns<K, V> {
  /** What the loads that run now, and were not given up, are in the course of, and how they stop being waited for. */
  private readonly running = new Map<RunningLoadContext<V>, Running>();
  /** Of the runs that have not ended. */
  private readonly shared = new WeakMap<Flight<K, V>, SharedFence>();

  constructor(private readonly parts: CacheParts<K, V>) {}

  /** Opens a flight: from here on newcomers join it, and changes of its key outdate it. */
  openFlight(index: unknown, key: K, call: CallSettings): Flight<K, V> {
    const { changes, flights } = this.parts;
    const flight = new Flight<K, V>(index, key, changes.openFence(), call.groups);
    flights.take(flight);
    return flight;
  }

  /**
   * Runs a loader for its flights. `settle` ends them with its result, at once where nothing has to be waited for; where
   * it throws or rejects, the load has failed. Tiers below are asked for their fences first.
   */
  start<R>(
    run: Run<K, V>,
    loader: () => R | PromiseLike<R>,
    settle: (result: R, loadMs: number) => void | Promise<void>,
  ): void {
    if (this.parts.lower === undefined || run.begun !== undefined) this.startNow(run, loader, settle);
    else void this.startFenced(this.parts.lower, run, loader, settle);
  }

  private async startFenced<R>(
    lower: LowerTiers<V>,
    run: Run<K, V>,
    loader: () => R | PromiseLike<R>,
    settle: (result: R, loadMs: number) => void | Promise<void>,
  ): Promise<void> {
    const { codec } = this.parts;
    const { holdMs, ttlMs } = run.call;
    // What memory alone keeps is fenced until it is handed down.
    const untilMs = lower.isExclusive ? holdMs + ttlMs + staleMs(run.call) : holdMs;
    try {
      await Promise.all(
        run.flights.map(async (flight) => {
          const name = codec.nameOf(flight.index);
          if (name !== undefined) this.shared.set(flight, await lower.fence(name, flight.groups, untilMs));
        }),
      );
    } catch (error) {
      this.fail(run, 0, error);
      return;
    }
    this.startNow(run, loader, settle);
  }

  private startNow<R>(
    run: Run<K, V>,
    loader: () => R | PromiseLike<R>,
    settle: (result: R, loadMs: number) => void | Promise<void>,
  ): void {
    const { clock, numbers, name, instruments } = this.parts;
    const { holdMs, abortWhenAbandoned } = run.call;
    const { begun } = run;
    const startedMs = begun?.startedMs ?? clock.now();
    const cancelHold =
      holdMs === Infinity ? () => {} : clock.after(holdMs, () => this.abandon(run, notSettled(holdMs)));
    if (abortWhenAbandoned) for (const flight of run.flights) flight.onDeserted = () => this.desert(run);
    numbers.loads++;
    const scope = begun?.scope ?? { context: run.context, flights: run.flights, hasEnded: false };
    this.running.set(run.context, { scope, cancelHold });
    const end = (failure?: { readonly error: unknown }): number => {
      this.leave(run.context);
      const loadMs = clock.now() - startedMs;
      numbers.loadLatency.record(loadMs);
      if (instruments.any) instruments.measured({ cache: name, kind: 'load', durationMs: loadMs, ...failure });
      return loadMs;
    };
    const fail = (error: unknown): void => this.fail(run, end({ error }), error);
    const succeed = (result: R): void => {
      const loadMs = end();
      const finish = (): void => {
        for (const flight of run.flights) this.close(flight);
        if (run.cause === 'refresh') numbers.refreshes++;
        else this.missEnded(clock.now() - startedMs);
      };
      try {
        const settled = settle(result, loadMs);
        if (settled === undefined) finish();
        else settled.then(finish, (error: unknown) => this.fail(run, loadMs, error));
      } catch (error) {
        this.fail(run, loadMs, error);
      }
    };
    let result: R | Promise<R>;
    try {
      const observed = instruments.any ? () => this.observed(run, startedMs, loader) : loader;
      result = settling(begun === undefined ? loadScope.enter(scope, observed) : observed());
    } catch (error) {
      fail(error);
      return;
    }
    if (result instanceof Promise) result.then(succeed, fail);
    else succeed(result);
  }

  private missEnded(durationMs: number): void {
    const { name, numbers, instruments } = this.parts;
    numbers.missLatency.record(durationMs);
    if (instruments.any) instruments.measured({ cache: name, kind: 'miss', durationMs });
  }

  /** Runs a loader among the instruments. */
  private observed<R>({ cause, flights }: Run<K, V>, startedMs: number, loader: () => R): R {
    const { name, clock, instruments } = this.parts;
    const keys = flights.map(({ key }) => key);
    return instruments.aroundLoad({ cache: name, cause, keys, sinceMs: clock.now() - startedMs }, loader);
  }

  /** Tells that a loader has returned what its flights can end with; for `settle`, before it lands them. */
  emitLoaded({ cause, flights }: Run<K, V>, durationMs: number): void {
    if (!this.parts.events.observed) return;
    for (const { key } of flights) emit(this.parts, cause, { key, durationMs });
  }

  /** Ends one flight of a run with its value, when that is stored. */
  land(run: Run<K, V>, flight: Flight<K, V>, value: V | undefined, loadMs: number, said?: Said): void | Promise<void> {
    const { index, key, fence } = flight;
    const destination = { index, key, fence, shared: this.shared.get(flight) };
    const stored = !flight.abandoned && this.store(run, destination, { value }, loadMs, said);
    if (typeof stored !== 'boolean') return stored.then((isStored) => this.answer(flight, value, isStored));
    this.answer(flight, value, stored);
  }

  /**
   * A loader that returns nothing says that there is none; its callers are told so. From here on nobody joins, though the
   * other flights of the run may not have ended: who finds the result refused would join it again at once, for ever.
   */
  private answer(flight: Flight<K, V>, value: V | undefined, isStored: boolean): void {
    this.parts.flights.leave(flight);
    flight.confirmed = isStored;
    flight.resolve(value as V);
  }

  /**
   * Stores an outcome; `false` when it did not pass its fence: something newer stands against it, or it was not to be
   * stored. A weigher or `groups` function of the user that throws costs the storing, never the value.
   */
  store(
    run: Run<K, V>,
    { index, key, fence, shared, isUnasked }: Destination<K>,
    outcome: Outcome<V>,
    loadMs: number,
    said: Said = run.context,
  ): boolean | Promise<boolean> {
    const { cause, call } = run;
    if (said.skipped) return false;
    const failed = (error: unknown): false => {
      // Thrown only where the cache was told to.
      if (error instanceof CacheTierError) throw error;
      if (this.parts.events.observed) emit(this.parts, 'tierError', { key, tier: 'memory', cause, error });
      return false;
    };
    try {
      const { ttlMs, moreGroups: groups, staleness } = said;
      const stored = write(this.parts, {
        index,
        key,
        outcome,
        cause,
        fence,
        shared,
        isUnasked,
        call: staleness === undefined ? call : limited(call, staleness),
        ttlMs,
        groups,
        loadMs,
      });
      return typeof stored === 'boolean' ? stored : stored.catch(failed);
    } catch (error) {
      return failed(error);
    }
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
    for (const context of this.running.keys()) {
      context.abort(reason);
      this.leave(context);
    }
  }

  /** Ends flights with an error. */
  fail(run: Pick<Run<K, V>, 'flights' | 'call' | 'cause'>, loadMs: number, error: unknown): void {
    const { numbers, events, store, clock, changes } = this.parts;
    numbers.loadErrors++;
    for (const flight of run.flights) {
      const { key, index } = flight;
      if (events.observed) emit(this.parts, 'loadError', { key, cause: run.cause, durationMs: loadMs, error });
      // The failure of a load that was outdated says nothing about what stands there now.
      const isCurrent = !flight.abandoned && changes.permits(flight.fence, flight);
      const life = store.peek(index)?.life;
      if (isCurrent) life?.restUntil(clock.now() + run.call.backoffMs);
      // An error is remembered only where no value, fresh or stale, can be served in its place.
      const replaceable = life === undefined && store.peek(index) === undefined;
      if (run.call.errorTtlMs > 0 && replaceable && isCurrent) this.storeError(run, flight, error);
      this.close(flight);
      flight.reject(error);
    }
  }

  /** Ends a flight before its loader was run, because every caller that waited has gone. */
  drop(flight: Flight<K, V>): void {
    flight.abandoned = true;
    this.close(flight);
    flight.reject(deserted());
  }

  /** The last caller of one of the flights has gone. */
  private desert(run: Run<K, V>): void {
    if (run.flights.every((flight) => flight.isDeserted)) {
      this.abandon(run, deserted());
    }
  }

  private abandon(run: Run<K, V>, reason: Error): void {
    this.leave(run.context);
    for (const flight of run.flights) {
      flight.abandoned = true;
      this.close(flight);
    }
    run.context.abort(reason);
  }

  /** The run is no longer the current load of anything: it has ended, or was given up. */
  private leave(context: RunningLoadContext<V>): void {
    const running = this.running.get(context);
    if (running === undefined) return;
    this.running.delete(context);
    running.cancelHold();
    loadScope.leave(running.scope);
  }

  private storeError(
    { cause, call }: Pick<Run<K, V>, 'cause' | 'call'>,
    { index, key, fence }: Flight<K, V>,
    error: unknown,
  ): void {
    void write(this.parts, { index, key, outcome: { error }, cause, fence, call });
  }

  /** Ends a flight's stay: newcomers do not join it any more. */
  close(flight: Flight<K, V>): void {
    this.parts.flights.leave(flight);
    this.parts.changes.closeFence(flight.fence);
  }
}

function limited(call: CallSettings, { revalidateMs, ifErrorMs }: Staleness): CallSettings {
  return {
    ...call,
    revalidateMs: Math.min(call.revalidateMs, revalidateMs),
    ifErrorMs: Math.min(call.ifErrorMs, ifErrorMs),
  };
}

/** Why a load was given up, as its signal says it. */
export function notSettled(holdMs: number): Error {
  return new Error(`the loader did not settle within ${holdMs} ms`);
}

/** The same. */
export function deserted(): Error {
  return new Error('every caller that waited for this load has gone');
}

/** Notes that the loads in whose course this code runs wait for a flight. */
export function noteWait(flight: Flight<unknown, unknown>): void {
  for (const waiting of currentFlights()) waiting.waitFor(flight);
}

/** What a loader returned, with a promise of ours in the place of any other: those settle once, and never throw. */
function settling<T>(result: T | PromiseLike<T>): T | Promise<T> {
  if (result instanceof Promise) return result;
  return isPromiseLike(result) ? new Promise<T>((resolve) => resolve(result)) : result;
}

export function isPromiseLike<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  return typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function';
}
