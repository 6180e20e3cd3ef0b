import type { KeyPlace } from '../engine/index.js';
import type { Background } from './background/background.js';
import type { Cache } from './api/cache.js';
import type { EntryOptions, LoadOptions } from './api/cache.options.js';
import type { CallSettings } from './settings/call-settings.js';
import type { KeyCodec } from './keys/key-codec.js';
import type { BulkLoader, Loader } from './api/loader.js';
import type { Place } from './loads/many-loads.js';
import type { Probe, Probed } from './loads/probes.js';

/**
 * A cache as decorated methods use it: by index, so that a hit builds no key, and in one synchronous step, so that it
 * costs no promise.
 */
export interface IndexedCache<K, V> extends Cache<K, V> {
  /** `false`: nothing is ever found or stored. */
  readonly enabled: boolean;
  /** Whether its application has shut down. */
  readonly closed: boolean;
  readonly codec: KeyCodec<K>;
  /** What it does by itself; absent where it is switched off. */
  readonly background: Background<K, V> | undefined;
  /** Checks and parses options once, for many calls: over `base`, or over what the cache's definition says. */
  prepare(caller: string, options: EntryOptions | LoadOptions | undefined, base?: CallSettings): CallSettings;
  /**
   * The hit path: counts the hit and hands out the entry's kept promise. `undefined` counts nothing yet: a
   * {@link loadAt} of the same index must follow and counts the miss or the join.
   */
  hitAt(index: unknown): Promise<V> | undefined;
  /** The same for an index whose place is remembered: the place's key. */
  hitBy(place: KeyPlace<string>): Promise<V> | undefined;
  /**
   * For callers that must know whether they wait: the value that can be had without, fresh or stale, loaded anew behind
   * where that is due. `undefined` counts nothing yet, as for {@link hitAt}.
   *
   * @param onRefresh told of the load that this call starts behind, before its loader may run
   */
  serveAt(
    index: unknown,
    key: K | undefined,
    loader: Loader<K, V> | undefined,
    options: CallSettings,
    onRefresh?: (refreshed: Promise<V>) => void,
  ): Promise<V> | undefined;
  /** Loads anew whatever is there, or joins the load that runs. */
  refreshAt(index: unknown, key: K | undefined, loader: Loader<K, V> | undefined, options: CallSettings): Promise<V>;
  /** Joins the load that runs, or starts one. The key is needed where the index does not give it back. */
  loadAt(index: unknown, key: K | undefined, loader: Loader<K, V> | undefined, options: CallSettings): Promise<V>;
  /**
   * Calls at once what may be a loader, which only its result tells: see {@link Probes}. `undefined`: it was not called,
   * for there is something to look at or to join first.
   */
  probeAt(index: unknown, key: K | undefined, probed: Probed<K, V>, options: CallSettings): Probe<V> | undefined;
  /**
   * The values of many places, each of which is there once, in their order: those neither here nor being loaded come
   * from one run of the loader. `undefined` for those it left out.
   */
  loadAllAt(
    places: readonly Place<K>[],
    loader: BulkLoader<K, V>,
    options: CallSettings,
  ): Promise<readonly (V | undefined)[]>;
  /** Stores a caller's value; `undefined` stores nothing. A promise where other tiers or nodes are concerned. */
  putAt(index: unknown, key: K | undefined, value: V | undefined, options: CallSettings): void | Promise<void>;
  /** Whether an entry was there. A promise where other tiers or nodes are concerned. */
  invalidateAt(index: unknown): boolean | Promise<boolean>;
  /** Tells the observers, by `loadError`, what kept a result from being stored; counts nothing. */
  report(error: unknown, key?: K): void;
  /** Refuses new calls, waits for running loads up to a deadline, lets go of everything. */
  close(): Promise<void>;
}
