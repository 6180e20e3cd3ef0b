import type { Cache } from './cache.js';
import type { EntryOptions, LoadOptions } from './cache.options.js';
import type { CallSettings } from './call-settings.js';
import type { KeyCodec } from './key-codec.js';
import type { Loader } from './loader.js';

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
  /** Checks and parses options once, for many calls. */
  prepare(caller: string, options: EntryOptions | LoadOptions | undefined): CallSettings;
  /**
   * The hit path: counts the hit and hands out the entry's kept promise. `undefined` counts nothing yet: a
   * {@link loadAt} of the same index must follow and counts the miss or the join.
   */
  hitAt(index: unknown): Promise<V> | undefined;
  /** Joins the load that runs, or starts one. The key is needed where the index does not give it back. */
  loadAt(index: unknown, key: K | undefined, loader: Loader<K, V> | undefined, options: CallSettings): Promise<V>;
  /** Stores a caller's value; `undefined` stores nothing. */
  putAt(index: unknown, key: K | undefined, value: V | undefined, options: CallSettings): void;
  /** Whether an entry was there. */
  invalidateAt(index: unknown): boolean;
  /** Refuses new calls, waits for running loads up to a deadline, lets go of everything. */
  close(): Promise<void>;
}
