import { LatencyHistogram } from '../core/index.js';
import { memoryCacheStats, type MemoryCacheGauges, type MemoryCacheStats } from '../engine/index.js';
import type { CacheStats, TierStats } from './cache.stats.js';

/** A hit takes well under a microsecond and two readings of the clock cost more than it; so one in this many is timed: a power of two. */
const HITS_PER_TIMING = 128;

/** What a cache that loads has beside the numbers of its memory. */
interface LoadingStats extends Pick<CacheStats, 'joins' | 'staleHits' | 'refreshes' | 'latency'> {
  readonly hitsBelow: number;
  readonly lowerTiers: Readonly<Record<string, TierStats>>;
}

/** Counts what happens in one tier below memory. */
class TierNumbers {
  hits = 0;
  misses = 0;
  errors = 0;
  readonly read = new LatencyHistogram();
  readonly write = new LatencyHistogram();

  snapshot(): TierStats {
    const { hits, misses, errors } = this;
    const latency = Object.freeze({ read: this.read.snapshot(), write: this.write.snapshot() });
    return Object.freeze({ hits, misses, errors, latency });
  }
}

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
  /** Among the hits: those of the tiers below memory. */
  hitsBelow = 0;
  readonly evictions = { size: 0, weight: 0, memory: 0 };
  readonly hitLatency = new LatencyHistogram();
  readonly missLatency = new LatencyHistogram();
  readonly loadLatency = new LatencyHistogram();
  private readonly tiers = new Map<string, TierNumbers>();

  /** Of a tier below memory. */
  tier(name: string): TierNumbers {
    let numbers = this.tiers.get(name);
    if (numbers === undefined) this.tiers.set(name, (numbers = new TierNumbers()));
    return numbers;
  }

  /** Whether the next hit is one to measure. */
  get timesNextHit(): boolean {
    return (this.hits & (HITS_PER_TIMING - 1)) === HITS_PER_TIMING - 1;
  }

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
      hitsBelow: this.hitsBelow,
      lowerTiers: Object.fromEntries([...this.tiers].map(([name, tier]) => [name, tier.snapshot()])),
    });
  }
}

function combine(memory: MemoryCacheStats, { hitsBelow, lowerTiers, ...loading }: LoadingStats): CacheStats {
  const { size } = memory;
  const ofMemory = Object.freeze({ hits: memory.hits - hitsBelow, misses: memory.misses + hitsBelow, size });
  return Object.freeze({
    ...memory,
    ...loading,
    tiers: Object.freeze({ memory: ofMemory, ...lowerTiers }),
    minus: (earlier: CacheStats) =>
      combine(memory.minus(earlier), {
        hitsBelow: hitsBelow - (earlier.hits - (earlier.tiers.memory?.hits ?? 0)),
        lowerTiers: Object.fromEntries(
          Object.entries(lowerTiers).map(([name, tier]) => [name, difference(tier, earlier.tiers[name])]),
        ),
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

function difference(tier: TierStats, earlier: TierStats | undefined): TierStats {
  if (earlier?.latency === undefined || tier.latency === undefined) return tier;
  const { read, write } = tier.latency;
  return Object.freeze({
    hits: tier.hits - earlier.hits,
    misses: tier.misses - earlier.misses,
    errors: (tier.errors ?? 0) - (earlier.errors ?? 0),
    latency: Object.freeze({ read: read.minus(earlier.latency.read), write: write.minus(earlier.latency.write) }),
  });
}
