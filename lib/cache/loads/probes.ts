import type { CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import { loadScope, type RunningLoad } from './current-load.js';
import { RunningLoadContext, type Said } from './load-context.js';
import { isPromiseLike, noteWait, type LoadRuns, type Run } from './load-runs.js';
import type { LoadContext } from '../api/loader.js';
import type { Loads } from './loads.js';
import type { Reads } from '../reads/reads.js';
import { copyOf } from '../entries/stored-entry.js';
import { waitFor } from './waiting.js';

/** What may be a loader. */
export type Probed<K, V> = (key: K, load: LoadContext<V>) => unknown;

/** What came of it: a load, or what was returned in place of a promise, and what was said until then. */
export type Probe<V> = { readonly loaded: Promise<V> } | Unloaded;

/** What was returned in place of a promise. */
export interface Unloaded {
  readonly returned: unknown;
  /** What was said until then. */
  readonly said: Said;
  /** Whether nothing at all has changed since the call, here or as far as tiers would have to be asked. */
  isUntouched(): boolean;
}

/**
 * Calls what may be a loader, which only its result tells: in the course of a load, behind a fence, and in a flight that
 * others join. With a promise it is that load, counted from there on as any other. With anything else, or when it throws,
 * nothing remains: no count, no event, nothing stored.
 *
 * It is called at once. So tiers below are not asked, neither for the value nor for their fences, and where there are any
 * the value is given to the callers and not stored.
 */
export class Probes<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly reads: Reads<K, V>,
    private readonly runs: LoadRuns<K, V>,
    private readonly loads: Loads<K, V>,
  ) {}

  /** `undefined`: it was not called, for there is an entry or a flight. */
  probe(index: unknown, key: K, probed: Probed<K, V>, call: CallSettings): Probe<V> | undefined {
    const { parts, runs } = this;
    if (parts.store.peek(index) !== undefined || this.loads.joinable(index) !== undefined) return undefined;
    const flight = runs.openFlight(index, key, call);
    const context = new RunningLoadContext<V>(parts.name, undefined);
    const scope: RunningLoad = { context, flights: [flight], hasEnded: false };
    const begun = { scope, startedMs: parts.clock.now() };
    const withdraw = (): void => {
      loadScope.leave(scope);
      runs.close(flight);
    };
    noteWait(flight);
    let returned: unknown;
    try {
      returned = loadScope.enter(scope, () => probed(key, context));
    } catch (error) {
      withdraw();
      flight.reject(error);
      throw error;
    }
    if (!isPromiseLike(returned)) {
      withdraw();
      // For whoever has joined it from outside of its course.
      flight.resolve(returned as V);
      const isUntouched = (): boolean => parts.lower === undefined && parts.changes.isUntouchedSince(flight.fence);
      return { returned, said: context, isUntouched };
    }
    // A promise of a loader is one of a value.
    const promise = returned as PromiseLike<V>;
    if (parts.lower !== undefined) context.skip();
    const loaded = waitFor(parts, flight, flight.promise, call, undefined);
    this.reads.countMiss(index, key);
    const run: Run<K, V> = { flights: [flight], context, call, cause: 'load', begun };
    runs.start<V>(
      run,
      () => promise,
      (value, loadMs) => {
        runs.emitLoaded(run, loadMs);
        return runs.land(run, flight, value, loadMs);
      },
    );
    return { loaded: parts.settings.cloned ? loaded.then((value) => copyOf(value)) : loaded };
  }
}
