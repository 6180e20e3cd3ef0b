import type { LatencyStats } from '../../core/index.js';
import type { MemoryCacheStats } from '../../engine/index.js';

/** The numbers of one tier of a cache. */
export interface TierStats {
  readonly hits: number;
  /** Lookups that went on to the tier below, or to the loader. */
  readonly misses: number;
  /** `hits / (hits + misses)`, 0 to 1; 0 without lookups. */
  readonly hitRate: number;
  /** Entries; of memory alone. */
  readonly size?: number;
  /** Calls that failed or were late, and entries that could not be used; not of memory. */
  readonly errors?: number;
  /** `open`: it failed too often and is not called for a while; `half-open`: one call is tried. Not of memory. */
  readonly breaker?: 'closed' | 'open' | 'half-open';
  /** How many changes of this cache wait until the tier takes them; not of memory. */
  readonly recoveryQueue?: number;
  /** Of calls, each of which may be about many keys; not of memory. */
  readonly latency?: { readonly read: LatencyStats; readonly write: LatencyStats };
}

/** How a cache hears of the changes of other nodes, and they of its own. */
export interface BusStats {
  /** The bus's: `redis`. */
  readonly name: string;
  /** Whether every change of another node is heard of. Else memory serves only what is younger than three seconds. */
  readonly trusted: boolean;
  /** How many other nodes are heard. */
  readonly nodes: number;
  /** How many messages of this node, of all its caches, wait until the bus takes them. */
  readonly waiting: number;
  /** Changes of this cache that were announced. */
  readonly sent: number;
  /** Changes of this cache that other nodes announced. */
  readonly received: number;
  /** How often all of its memory was dropped, because changes may have been missed. */
  readonly distrusts: number;
}

/**
 * The numbers of one cache since it was created; an immutable snapshot. A caller that joined a running load is a
 * `join`, not a lookup; a bulk load is one load, whatever the number of its keys.
 */
export interface CacheStats extends Omit<MemoryCacheStats, 'minus'> {
  /** How long these numbers took to come together, in milliseconds: divide by it for rates. */
  readonly spanMs: number;
  /** Keys that are being loaded at the moment. */
  readonly flights: number;
  /** Callers that waited for a load that was already running. */
  readonly joins: number;
  readonly staleHits: number;
  /** Values replaced by `refresh()`, and by loads behind a hit. */
  readonly refreshes: number;
  /**
   * `hit`: of those in memory by `getOrLoad` and decorated methods, estimated from a sample, one in 128 in the long run.
   * `miss`: until the caller has its value, the load included. `load`: the loader alone.
   */
  readonly latency: { readonly hit: LatencyStats; readonly miss: LatencyStats; readonly load: LatencyStats };
  /** By the names of the tiers; `memory` is always there. */
  readonly tiers: Readonly<Record<string, TierStats>>;
  /** Absent without a bus. */
  readonly bus?: BusStats;
  /** What happened between an earlier snapshot and this one: counters and latencies are differences, gauges are this one's. */
  minus(earlier: CacheStats): CacheStats;
}
