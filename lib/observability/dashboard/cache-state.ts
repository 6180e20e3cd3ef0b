import type { BackgroundNews, CacheStats, RegistryStats, TierStats } from '../../cache/index.js';
import type { LatencyStats } from '../../core/index.js';
import { progressOf } from './event-line.js';
import { METRICS, type CacheState, type LatencySummary, type Metric, type TierState } from './wire.js';

/** The numbers of a cache of either kind; those that a `MemoryCache` does not have are optional. */
export type AnyStats = RegistryStats[string];

/** What a cache is, and has done since its start. */
export function cacheState(
  name: string,
  enabled: boolean,
  stats: AnyStats,
  work: readonly BackgroundNews[],
): CacheState {
  const { joins, flights, staleHits, refreshes, latency, tiers, bus } = asCacheStats(stats);
  return {
    name,
    kind: latency === undefined ? 'memory' : 'cache',
    enabled,
    maxSize: finite(stats.maxSize),
    maxWeight: finite(stats.maxWeight),
    isWeighedInBytes: stats.memory !== undefined,
    overheadBytes: stats.memory?.overheadBytes ?? null,
    size: stats.size,
    weight: stats.weight,
    hits: stats.hits,
    misses: stats.misses,
    staleHits: staleHits ?? 0,
    joins: joins ?? 0,
    flights: flights ?? 0,
    loads: stats.loads,
    loadErrors: stats.loadErrors,
    puts: stats.puts,
    refreshes: refreshes ?? 0,
    invalidations: stats.invalidations,
    evictions: stats.evictions.size + stats.evictions.weight + stats.evictions.memory,
    expirations: stats.expirations,
    latency:
      latency === undefined
        ? null
        : { hit: summary(latency.hit), miss: summary(latency.miss), load: summary(latency.load) },
    tiers: Object.entries(tiers ?? {}).map(([tier, of]) => tierState(tier, of)),
    bus: bus ?? null,
    work: work.map(({ type, progress }) => ({ type, progress: progress === undefined ? null : progressOf(progress) })),
  };
}

/** The values of an interval, by the columns of {@link METRICS}; `undefined` when nothing happened in it. */
export function sampleValues(now: AnyStats, before: AnyStats | undefined): readonly (number | null)[] | undefined {
  const of = before === undefined ? now : (now as CacheStats).minus(before as CacheStats); // of one cache, so of one kind
  const { latency, joins = 0, staleHits = 0, refreshes = 0 } = asCacheStats(of);
  const values: Record<Metric, number | null> = {
    hits: of.hits,
    misses: of.misses,
    staleHits,
    joins,
    loads: of.loads,
    loadErrors: of.loadErrors,
    puts: of.puts,
    refreshes,
    invalidations: of.invalidations,
    evictedBySize: of.evictions.size,
    evictedByWeight: of.evictions.weight,
    evictedByMemory: of.evictions.memory,
    expirations: of.expirations,
    size: now.size,
    weight: now.weight,
    ...percentiles('hit', latency?.hit),
    ...percentiles('miss', latency?.miss),
    ...percentiles('load', latency?.load),
  };
  const isGauge = (metric: Metric): boolean => metric === 'size' || metric === 'weight';
  const isSame = before !== undefined && now.size === before.size && now.weight === before.weight;
  if (isSame && METRICS.every((metric) => isGauge(metric) || !values[metric])) return undefined;
  return METRICS.map((metric) => values[metric]);
}

type Percentiles<Name extends string> = Record<`${Name}P50` | `${Name}P90` | `${Name}P99`, number | null>;

function percentiles<Name extends string>(name: Name, latency: LatencyStats | undefined): Percentiles<Name> {
  const known = latency !== undefined && latency.count > 0 ? latency : undefined;
  return Object.fromEntries([
    [`${name}P50`, known === undefined ? null : rounded(known.p50)],
    [`${name}P90`, known === undefined ? null : rounded(known.p90)],
    [`${name}P99`, known === undefined ? null : rounded(known.p99)],
  ]) as Percentiles<Name>; // the three names above
}

function tierState(
  name: string,
  { hits, misses, size, errors, breaker, recoveryQueue, latency }: TierStats,
): TierState {
  return {
    name,
    hits,
    misses,
    size: size ?? null,
    errors: errors ?? null,
    breaker: breaker ?? null,
    recoveryQueue: recoveryQueue ?? null,
    read: latency === undefined ? null : summary(latency.read),
    write: latency === undefined ? null : summary(latency.write),
  };
}

function summary({ count, p50, p90, p99, p999, max }: LatencyStats): LatencySummary {
  return { count, p50: rounded(p50), p90: rounded(p90), p99: rounded(p99), p999: rounded(p999), max: rounded(max) };
}

/** Four digits: a percentile is no more exact than that, and a page has fewer bytes to read. */
function rounded(ms: number): number {
  return Number(ms.toPrecision(4));
}

function finite(bound: number): number | null {
  return Number.isFinite(bound) ? bound : null;
}

/** With those numbers too that only a `Cache` has. */
function asCacheStats(stats: AnyStats): Partial<CacheStats> {
  return stats as Partial<CacheStats>; // `minus` alone differs between the kinds
}
