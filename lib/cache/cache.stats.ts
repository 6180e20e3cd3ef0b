import type { LatencyStats } from '../core/index.js';
import type { MemoryCacheStats } from '../engine/index.js';

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
  readonly tiers: Readonly<Record<string, { readonly hits: number; readonly misses: number; readonly size: number }>>;
  /** What happened between an earlier snapshot and this one: counters and latencies are differences, gauges are this one's. */
  minus(earlier: CacheStats): CacheStats;
}
