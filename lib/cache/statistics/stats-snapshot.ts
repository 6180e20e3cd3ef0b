import type { MemoryCacheGauges, MemoryCacheStats } from '../../engine/index.js';
import type { BusStats, CacheStats, TierStats } from './cache.stats.js';

/** What is the case at one moment. */
export interface CacheGauges extends MemoryCacheGauges, Pick<CacheStats, 'flights'> {
  /** Of the tiers below memory, fastest first. */
  readonly tiers: readonly TierGauges[];
  readonly bus: BusGauges | undefined;
}

/** What is the case in one tier below memory. */
export interface TierGauges extends Required<Pick<TierStats, 'breaker' | 'recoveryQueue'>> {
  readonly name: string;
}

/** The same on the bus. */
export type BusGauges = Pick<BusStats, 'name' | 'trusted' | 'nodes' | 'waiting'>;

/** What a cache that loads tells beside the numbers of its memory. */
export interface LoadingStats extends Pick<
  CacheStats,
  'spanMs' | 'flights' | 'joins' | 'staleHits' | 'refreshes' | 'latency' | 'bus'
> {
  /** Among the hits: those of the tiers below memory. */
  readonly hitsBelow: number;
  readonly lowerTiers: Readonly<Record<string, TierStats>>;
}

/** Puts the numbers of memory and all others together. */
export function cacheStats(memory: MemoryCacheStats, { hitsBelow, lowerTiers, ...loading }: LoadingStats): CacheStats {
  const ofMemory = { ...lookups(memory.hits - hitsBelow, memory.misses + hitsBelow), size: memory.size };
  const minus = (earlier: CacheStats): CacheStats =>
    cacheStats(memory.minus(earlier), {
      spanMs: loading.spanMs - earlier.spanMs,
      flights: loading.flights,
      hitsBelow: hitsBelow - (earlier.hits - (earlier.tiers.memory?.hits ?? 0)),
      lowerTiers: Object.fromEntries(
        Object.entries(lowerTiers).map(([name, tier]) => [name, sinceTier(tier, earlier.tiers[name])]),
      ),
      joins: loading.joins - earlier.joins,
      staleHits: loading.staleHits - earlier.staleHits,
      refreshes: loading.refreshes - earlier.refreshes,
      latency: Object.freeze({
        hit: loading.latency.hit.minus(earlier.latency.hit),
        miss: loading.latency.miss.minus(earlier.latency.miss),
        load: loading.latency.load.minus(earlier.latency.load),
      }),
      ...(loading.bus !== undefined && { bus: sinceBus(loading.bus, earlier.bus) }),
    });
  return Object.freeze({
    ...memory,
    ...loading,
    tiers: Object.freeze({ memory: Object.freeze(ofMemory), ...lowerTiers }),
    minus,
  });
}

/** Hits and misses, and the ratio that follows from them. */
export function lookups(hits: number, misses: number): Pick<TierStats, 'hits' | 'misses' | 'hitRate'> {
  return { hits, misses, hitRate: hits + misses === 0 ? 0 : hits / (hits + misses) };
}

function sinceTier(tier: TierStats, earlier: TierStats | undefined): TierStats {
  if (earlier?.latency === undefined || tier.latency === undefined) return tier;
  const { read, write } = tier.latency;
  return Object.freeze({
    ...tier,
    ...lookups(tier.hits - earlier.hits, tier.misses - earlier.misses),
    errors: (tier.errors ?? 0) - (earlier.errors ?? 0),
    latency: Object.freeze({ read: read.minus(earlier.latency.read), write: write.minus(earlier.latency.write) }),
  });
}

function sinceBus(bus: BusStats, earlier: BusStats | undefined): BusStats {
  if (earlier === undefined) return bus;
  return Object.freeze({
    ...bus,
    sent: bus.sent - earlier.sent,
    received: bus.received - earlier.received,
    distrusts: bus.distrusts - earlier.distrusts,
  });
}
