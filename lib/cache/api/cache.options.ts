import type { CodecOption, CompressionOptions } from '../../codec/index.js';
import type { Clock, Duration, Heap, Random } from '../../core/index.js';
import type { PolicyFactory, PolicyName, Weigher } from '../../engine/index.js';
import type { Bus, MemoryTier, Tier } from '../../tiers/index.js';
import type { BulkLoader, Loader } from './loader.js';
import type { SnapshotOptions } from './snapshot.options.js';
import type { WarmOptions } from './warm.options.js';

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
  /** Which entry goes when room runs out. @defaultValue 'adaptive' */
  readonly policy?: PolicyName | PolicyFactory;
  /** Groups of every entry of this cache: a list, or a function of the value and the key. */
  readonly groups?: readonly string[] | ((value: V, key: K) => readonly string[]);
  /** Loads a missing value where the call gives no loader. */
  readonly loader?: Loader<K, V>;
  /** Loads many missing values where the call gives no loader. */
  readonly bulkLoader?: BulkLoader<K, V>;
  /** How long a load that returned `null` or `undefined` is remembered. @defaultValue `null` as long as any value, `undefined` not at all */
  readonly negativeTtl?: Duration;
  /** How long a failed load is remembered: its error is thrown again, without a load. @defaultValue not at all */
  readonly errorTtl?: Duration;
  /** How long after `ttl` a value is still served at once, while it is loaded anew behind. @defaultValue not at all */
  readonly staleWhileRevalidate?: Duration;
  /** How long after `ttl` a value still stands in for a load that fails or passes a `loadTimeout`. @defaultValue not at all */
  readonly staleIfError?: Duration;
  /** How long the loader of a key rests after it failed while a stale value can be served. @defaultValue '10s' */
  readonly staleBackoff?: Duration;
  /**
   * After which fraction of its `ttl` a value that is read is loaded anew behind, 0 to 1. Or `{ beta }`: by chance, the
   * more likely the nearer its end and the longer its load took (XFetch: Vattani, Chierichetti, Lowenstein, *Optimal
   * probabilistic cache stampede prevention*, VLDB 2015); `beta` above 1 refreshes earlier. @defaultValue not at all
   */
  readonly refreshAhead?: RefreshAhead;
  /**
   * `soft`: after which a caller gets the stale value, where there is one (`staleIfError`). `hard`: after which a caller
   * is rejected with `CacheLoadTimeoutError`; the load goes on, and its result is stored. `hold`: after which a load is
   * given up: the next caller loads anew, and what the first one returns later is not stored. `Infinity` waits for ever.
   * @defaultValue { hold: '60s' }
   */
  readonly loadTimeout?: LoadTimeout;
  /**
   * Whether a load is aborted, by `load.signal`, when the last caller that waits for it has gone: by its own signal, or
   * rejected by `loadTimeout.hard`. A load that a stale value stands in for is wanted all the same. @defaultValue false
   */
  readonly abortWhenAbandoned?: boolean;
  /**
   * Whether single loads of one tick become one run of `bulkLoader`, with at most `maxSize` keys each (100 for `true`).
   * Needs `bulkLoader`; calls with a loader of their own are not batched. @defaultValue false
   */
  readonly batch?: boolean | { readonly maxSize: number };
  /** What a reader gets: the stored value itself, or a structured clone of its own. @defaultValue 'none' */
  readonly clone?: 'none' | 'structured';
  /**
   * Whether a value is loaded once for all nodes: who loads holds a lease in the last tier that has leases, the others
   * wait for what it stores. Where no tier can be reached each node loads for itself. @defaultValue false
   */
  readonly lock?: boolean;
  /** The levels of this cache, fastest first; memory comes first in any case. An empty list: memory alone. @defaultValue the module's */
  readonly tiers?: readonly (MemoryTier | Tier)[];
  /**
   * `'inclusive'`: what is stored is stored in every tier. `'exclusive'`: only in memory, and what memory evicts goes to
   * the tier below, from which a hit takes it back; so the two together hold more, and a restart loses what was in
   * memory. @defaultValue 'inclusive'
   */
  readonly tiering?: 'inclusive' | 'exclusive';
  /** How the other nodes hear of changes; `false`: not at all. @defaultValue the module's */
  readonly bus?: Bus | false;
  /** How values become bytes for the tiers below memory. @defaultValue 'tagged': JSON with Date, Map, Set, BigInt, … kept */
  readonly codec?: CodecOption;
  /** Compression of what goes to the tiers below memory; `false` for none. @defaultValue brotli from 2 KB on */
  readonly compression?: false | CompressionOptions;
  /**
   * What a tier's failure is to the caller: `'recover'`, a miss and an event, and what could not be written is written
   * later; `'throw'`, a rejection with `CacheTierError`. @defaultValue 'recover'
   */
  readonly onTierError?: 'recover' | 'throw';
  /** Keeps what is in memory in a file, for the next start. @defaultValue not at all */
  readonly snapshot?: SnapshotOptions;
  /** Loads values before anybody asks for them. @defaultValue not at all */
  readonly warm?: WarmOptions<K>;
  /** `false`: nothing is looked up or stored, every load runs. @defaultValue true */
  readonly enabled?: boolean;
  /** The canonical text of a key; needed only where keys are objects that the built-in encoding cannot tell apart. */
  readonly keyCodec?: (key: K) => string;
}

/** Options of one stored entry; they win over the definition's. */
export interface EntryOptions extends Pick<CacheOptions, 'ttl' | 'tti'> {
  /** Added to the definition's groups. */
  readonly groups?: readonly string[];
  /** Instead of the weigher's. */
  readonly weight?: number;
}

/** When values are loaded anew ahead of their end. */
export type RefreshAhead = number | { readonly beta: number };

/** How long callers wait for loads, and loads are waited for. */
export interface LoadTimeout {
  readonly soft?: Duration;
  readonly hard?: Duration;
  readonly hold?: Duration;
}

/** Options of one `getOrLoad`, `getOrLoadAll` or `refresh`. */
export interface LoadOptions
  extends
    EntryOptions,
    Pick<
      CacheOptions,
      | 'negativeTtl'
      | 'errorTtl'
      | 'staleWhileRevalidate'
      | 'staleIfError'
      | 'staleBackoff'
      | 'refreshAhead'
      | 'loadTimeout'
      | 'abortWhenAbandoned'
      | 'lock'
    > {
  /** Ends this caller's wait with the signal's reason; the load goes on for the others. */
  readonly signal?: AbortSignal;
}

/** What a cache takes from its surroundings: time, chance, and how full the heap is. */
export interface CachePorts {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Looked at only where there is `memory`. */
  readonly heap?: Heap;
}
