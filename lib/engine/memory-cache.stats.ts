/** The numbers of a MemoryCache since it was created; an immutable snapshot. */
export interface MemoryCacheStats {
  /** Lookups: `hits + misses`. `has`, `peek` and `entry` are none. */
  readonly gets: number;
  readonly hits: number;
  readonly misses: number;
  /** `hits / gets`, 0 to 1; 0 without lookups. */
  readonly hitRate: number;
  /** Values given by callers, each value of a `putAll` counted. */
  readonly puts: number;
  /** Values computed by `getOrCompute`. */
  readonly loads: number;
  /** Computations that threw. */
  readonly loadErrors: number;
  /** Entries that `invalidate…` removed. */
  readonly invalidations: number;
  /** Entries that the policy removed, by the bound that ran out. */
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
  /** Infinity when no number of entries bounds the cache. */
  readonly maxSize: number;
  readonly weight: number;
  /** Infinity when no weight bounds the cache. */
  readonly maxWeight: number;
  /** What happened between an earlier snapshot and this one: counters are differences, gauges are this one's. */
  minus(earlier: Omit<MemoryCacheStats, 'minus'>): MemoryCacheStats;
}

/** What is counted; all else of the stats follows from it or is a gauge. */
export type MemoryCacheCounts = Pick<
  MemoryCacheStats,
  'hits' | 'misses' | 'puts' | 'loads' | 'loadErrors' | 'invalidations' | 'evictions' | 'expirations'
>;

/** What is the case at one moment. */
export type MemoryCacheGauges = Pick<MemoryCacheStats, 'memory' | 'size' | 'maxSize' | 'weight' | 'maxWeight'>;

/** A snapshot of both. */
export function memoryCacheStats(counts: MemoryCacheCounts, gauges: MemoryCacheGauges): MemoryCacheStats {
  const { hits, misses, puts, loads, loadErrors, invalidations, evictions, expirations } = counts;
  const gets = hits + misses;
  return Object.freeze({
    gets,
    hits,
    misses,
    hitRate: gets === 0 ? 0 : hits / gets,
    puts,
    loads,
    loadErrors,
    invalidations,
    evictions: Object.freeze({ size: evictions.size, weight: evictions.weight, memory: evictions.memory }),
    expirations,
    ...(gauges.memory === undefined ? {} : { memory: Object.freeze(gauges.memory) }),
    size: gauges.size,
    maxSize: gauges.maxSize,
    weight: gauges.weight,
    maxWeight: gauges.maxWeight,
    minus: (earlier: Omit<MemoryCacheStats, 'minus'>) => memoryCacheStats(difference(counts, earlier), gauges),
  });
}

function difference(later: MemoryCacheCounts, earlier: MemoryCacheCounts): MemoryCacheCounts {
  return {
    hits: later.hits - earlier.hits,
    misses: later.misses - earlier.misses,
    puts: later.puts - earlier.puts,
    loads: later.loads - earlier.loads,
    loadErrors: later.loadErrors - earlier.loadErrors,
    invalidations: later.invalidations - earlier.invalidations,
    evictions: {
      size: later.evictions.size - earlier.evictions.size,
      weight: later.evictions.weight - earlier.evictions.weight,
      memory: later.evictions.memory - earlier.evictions.memory,
    },
    expirations: later.expirations - earlier.expirations,
  };
}
