import { LatencyHistogram } from '../../core/index.js';
import { memoryCacheStats } from '../../engine/index.js';
import type { BusStats, CacheStats, TierStats } from './cache.stats.js';
import { Sampler } from './sampler.js';
import { cacheStats, lookups, type BusGauges, type CacheGauges, type TierGauges } from './stats-snapshot.js';

/** Counts what happens in one tier below memory. */
class TierNumbers {
  hits = 0;
  misses = 0;
  errors = 0;
  readonly read = new LatencyHistogram();
  readonly write = new LatencyHistogram();

  snapshot({ breaker, recoveryQueue }: TierGauges): TierStats {
    const { hits, misses, errors } = this;
    const latency = Object.freeze({ read: this.read.snapshot(), write: this.write.snapshot() });
    return Object.freeze({ ...lookups(hits, misses), errors, breaker, recoveryQueue, latency });
  }
}

/** Counts what is announced of one cache, here and by others. */
class BusNumbers {
  sent = 0;
  received = 0;
  distrusts = 0;

  snapshot(gauges: BusGauges): BusStats {
    const { sent, received, distrusts } = this;
    return Object.freeze({ ...gauges, sent, received, distrusts });
  }
}

/* Counts what happens in one cache.
 *
 * A count costs an addition. A hit takes well under a microsecond and two readings of the clock cost more than it; so a
 * hit is timed, and its key counted, only when it is in the sample (see Sampler): the others pay one comparison of
 * `hits` with `sampledHit`. Loads and calls of tiers are all timed.
 */
export class Numbers {
  hits = 0;
  /** The hit, counted from 0, from which on the next one is looked at more closely. */
  sampledHit = 0;
  misses = 0;
  /** The same of misses. */
  sampledMiss = 0;
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
  readonly bus = new BusNumbers();
  private readonly tiers = new Map<string, TierNumbers>();
  private readonly hitSampler = new Sampler();
  private readonly missSampler = new Sampler();

  /** @param startedMs when the cache began to count */
  constructor(private readonly startedMs: number) {}

  /** Of a tier below memory. */
  tier(name: string): TierNumbers {
    let numbers = this.tiers.get(name);
    if (numbers === undefined) this.tiers.set(name, (numbers = new TierNumbers()));
    return numbers;
  }

  /** For how many hits the next one in the sample stands. */
  get hitWeight(): number {
    return this.hitSampler.weight;
  }

  /** The hit that is counted next is looked at: for how many it stands. */
  takeHit(): number {
    const { weight } = this.hitSampler;
    this.hitSampler.take(this.hits);
    this.sampledHit = this.hitSampler.next;
    return weight;
  }

  /** The same of a miss. */
  takeMiss(): number {
    const { weight } = this.missSampler;
    this.missSampler.take(this.misses);
    this.sampledMiss = this.missSampler.next;
    return weight;
  }

  /** Samples more again where little happens. */
  relaxSampling(): void {
    this.hitSampler.relax();
    this.missSampler.relax();
  }

  snapshot({ flights, tiers, bus, ...gauges }: CacheGauges, nowMs: number): CacheStats {
    const { hits, misses, puts, loads, loadErrors, invalidations, expirations } = this;
    const { joins, staleHits, refreshes, hitsBelow } = this;
    const evictions = { ...this.evictions };
    const counts = { hits, misses, puts, loads, loadErrors, invalidations, evictions, expirations };
    return cacheStats(memoryCacheStats(counts, gauges), {
      spanMs: nowMs - this.startedMs,
      flights,
      joins,
      staleHits,
      refreshes,
      latency: Object.freeze({
        hit: this.hitLatency.snapshot(),
        miss: this.missLatency.snapshot(),
        load: this.loadLatency.snapshot(),
      }),
      hitsBelow,
      lowerTiers: Object.fromEntries(tiers.map((tier) => [tier.name, this.tier(tier.name).snapshot(tier)])),
      ...(bus !== undefined && { bus: this.bus.snapshot(bus) }),
    });
  }
}
