import { LatencyHistogram } from '../core/index.js';
import { memoryCacheStats, type MemoryCacheGauges, type MemoryCacheStats } from '../engine/index.js';
import type { CacheStats } from './cache.stats.js';

/** A hit takes well under a microsecond and two readings of the clock cost more than it; so one in this many is timed: a power of two. */
export const HITS_PER_TIMING = 128;

/** What a cache that loads has beside the numbers of its memory. */
type LoadingStats = Pick<CacheStats, 'joins' | 'staleHits' | 'refreshes' | 'latency'>;

/** Counts what happens in one cache. */
export class Numbers {
  hits = 0;
  misses = 0;
  puts = 0;
  loads = 0;
  loadErrors = 0;
  joins = 0;
  staleHits = 0;
  refreshes = 0;
  invalidations = 0;
  expirations = 0;
  readonly evictions = { size: 0, weight: 0, memory: 0 };
  readonly hitLatency = new LatencyHistogram();
  readonly missLatency = new LatencyHistogram();
  readonly loadLatency = new LatencyHistogram();

  snapshot(gauges: MemoryCacheGauges): CacheStats {
    const { hits, misses, puts, loads, loadErrors, invalidations, expirations } = this;
    const evictions = { ...this.evictions };
    const counts = { hits, misses, puts, loads, loadErrors, invalidations, evictions, expirations };
    return combine(memoryCacheStats(counts, gauges), {
      joins: this.joins,
      staleHits: this.staleHits,
      refreshes: this.refreshes,
      latency: Object.freeze({
        hit: this.hitLatency.snapshot(),
        miss: this.missLatency.snapshot(),
        load: this.loadLatency.snapshot(),
      }),
    });
  }
}

function combine(memory: MemoryCacheStats, loading: LoadingStats): CacheStats {
  const { hits, misses, size } = memory;
  return Object.freeze({
    ...memory,
    ...loading,
    tiers: Object.freeze({ memory: Object.freeze({ hits, misses, size }) }),
    minus: (earlier: CacheStats) =>
      combine(memory.minus(earlier), {
        joins: loading.joins - earlier.joins,
        staleHits: loading.staleHits - earlier.staleHits,
        refreshes: loading.refreshes - earlier.refreshes,
        latency: Object.freeze({
          hit: loading.latency.hit.minus(earlier.latency.hit),
          miss: loading.latency.miss.minus(earlier.latency.miss),
          load: loading.latency.load.minus(earlier.latency.load),
        }),
      }),
  });
}
