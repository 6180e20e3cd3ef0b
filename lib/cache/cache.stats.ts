import type { LatencyStats } from '../core/index.js';

/** The numbers of one cache since it was created. */
export interface CacheStats {
  /** Lookups that count: `hits + misses`. A caller that joined a running load is a `join`, not a lookup. */
  readonly gets: number;
  readonly hits: number;
  readonly misses: number;
  /** `hits / gets`, 0 to 1; 0 without lookups. */
  readonly hitRate: number;
  /** Values stored by callers, not by loads. */
  readonly puts: number;
  readonly loads: number;
  readonly loadErrors: number;
  readonly joins: number;
  readonly staleHits: number;
  readonly refreshes: number;
  /** Entries removed by `invalidate…` calls. */
  readonly invalidations: number;
  readonly evictions: { readonly size: number; readonly weight: number; readonly memory: number };
  readonly expirations: number;
  /** Only with `maxMemory`. */
  readonly memory?: {
    readonly usedBytes: number;
    readonly maxBytes: number;
    readonly entries: number;
    readonly overheadBytes: number;
  };
  readonly size: number;
  readonly maxSize: number;
  readonly weight: number;
  readonly maxWeight: number;
  readonly latency: { readonly hit: LatencyStats; readonly miss: LatencyStats; readonly load: LatencyStats };
  readonly tiers: Readonly<Record<string, { readonly hits: number; readonly misses: number; readonly size: number }>>;
  /** What happened between an earlier snapshot and this one: counters are differences, gauges are this one's. */
  minus(earlier: CacheStats): CacheStats;
}
