import type { LatencyStats } from '../core/index.js';
import type { MemoryCacheStats } from '../engine/index.js';

/** The numbers of one tier of a cache. */
export interface TierStats {
  readonly hits: number;
  /** Lookups that went on to the tier below, or to the loader. */
  readonly misses: number;
  /** Entries; of memory alone. */
  readonly size?: number;
  /** Calls that failed or were late, and entries that could not be used; not of memory. */
  readonly errors?: number;
  /** Of calls, each of which may be about many keys; not of memory. */
  readonly latency?: { readonly read: LatencyStats; readonly write: LatencyStats };
}

/**
 * The numbers of one cache since it was created; an immutable snapshot. A caller that joined a running load is a
 * `join`, not a lookup; a bulk load is one load, whatever the number of its keys.
 */
export interface CacheStats extends Omit<MemoryCacheStats, 'minus'> {
  /** Callers that waited for a load that was already running. */
  readonly joins: number;
  readonly staleHits: number;
  /** Values replaced by `refresh()`. */
  readonly refreshes: number;
  /** `hit`: one in 128, timed. `miss`: until the caller has its value, the load included. `load`: the loader alone. */
  readonly latency: { readonly hit: LatencyStats; readonly miss: LatencyStats; readonly load: LatencyStats };
  /** By the names of the tiers; `memory` is always there, the others once they were asked for something. */
  readonly tiers: Readonly<Record<string, TierStats>>;
  /** What happened between an earlier snapshot and this one: counters and latencies are differences, gauges are this one's. */
  minus(earlier: CacheStats): CacheStats;
}
