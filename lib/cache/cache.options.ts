import type { Clock, Duration, Random } from '../core/index.js';
import type { PolicyFactory, PolicyName, Weigher } from '../engine/index.js';
import type { BulkLoader, Loader } from './loader.js';

/** How a cache behaves. Everything is optional; what is absent comes from the module's `defaults`, then from here. */
export interface CacheOptions<K = unknown, V = unknown> {
  /** How long an entry is fresh, counted from its write. `0` stores nothing, `Infinity` never expires. @defaultValue '5m' */
  readonly ttl?: Duration;
  /** How long an entry may stay unread; each read starts it again, `ttl` remains the cap. @defaultValue none */
  readonly tti?: Duration;
  /** Shortens each lifetime by a random fraction of up to this much, 0 to 1, so that entries written together do not expire together. @defaultValue 0 */
  readonly ttlJitter?: number;
  /** How many entries are kept. @defaultValue 10,000; none when `maxMemory` or `maxWeight` is given */
  readonly maxSize?: number;
  /** How many bytes keys and values may take, by the built-in estimate: bytes, or `'64kb'`, `'100mb'`, `'1gb'`. Excludes `maxWeight`. */
  readonly maxMemory?: number | string;
  /** How much the entries may weigh together, in the weigher's unit. Needs `weigher`. */
  readonly maxWeight?: number;
  /** The weight of an entry: a finite number, 0 or more. Needs `maxWeight`. */
  readonly weigher?: Weigher<V, K>;
  /** Which entry goes when room runs out. @defaultValue 'lru' */
  readonly policy?: PolicyName | PolicyFactory;
  /** Groups of every entry of this cache: a list, or a function of the value and the key. */
  readonly groups?: readonly string[] | ((value: V, key: K) => readonly string[]);
  /** Loads a missing value where the call gives no loader. */
  readonly loader?: Loader<K, V>;
  /** Loads many missing values where the call gives no loader. */
  readonly bulkLoader?: BulkLoader<K, V>;
  /**
   * `hold`: how long a load may run before it is given up: then the next caller loads anew, and what the first one
   * returns later is not stored. `Infinity` waits for ever. @defaultValue { hold: '60s' }
   */
  readonly loadTimeout?: { readonly hold?: Duration };
  /** What a reader gets: the stored value itself, or a structured clone of its own. @defaultValue 'none' */
  readonly clone?: 'none' | 'structured';
  /** `false`: nothing is looked up or stored, every load runs. @defaultValue true */
  readonly enabled?: boolean;
  /** The canonical text of a key; needed only where keys are objects that the built-in encoding cannot tell apart. */
  readonly keyCodec?: (key: K) => string;
}

/** Options of one stored entry; they win over the definition's. */
export interface EntryOptions {
  readonly ttl?: Duration;
  readonly tti?: Duration;
  /** Added to the definition's groups. */
  readonly groups?: readonly string[];
  /** Instead of the weigher's. */
  readonly weight?: number;
}

/** Options of one `getOrLoad`, `getOrLoadAll` or `refresh`. */
export interface LoadOptions extends EntryOptions {
  /** Ends this caller's wait with the signal's reason; the load goes on for the others. */
  readonly signal?: AbortSignal;
}

/** What a cache takes from its surroundings: time and chance. */
export interface CachePorts {
  readonly clock?: Clock;
  readonly random?: Random;
}
