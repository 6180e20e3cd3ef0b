import { LatencyHistogram } from '../core/index.js';
import type { CacheStats } from './cache.stats.js';

/** A hit takes well under a microsecond and two readings of the clock cost more than it; so one in this many is timed: a power of two. */
export const HITS_PER_TIMING = 128;

/** What the store says about itself when a snapshot is taken. */
export interface Gauges {
  readonly size: number;
  readonly maxSize: number;
  readonly weight: number;
  readonly maxWeight: number;
  readonly memory: CacheStats['memory'];
}

/** Counts what happens in one cache. */
export class Numbers {
  hits = 0;
  misses = 0;
  puts = 0;
  loads = 0;
  loadErrors = 0;
  joins = 0;
  refreshes = 0;
  invalidations = 0;
  expirations = 0;
  readonly evictions = { size: 0, weight: 0, memory: 0 };
  readonly hitLatency = new LatencyHistogram();
  readonly missLatency = new LatencyHistogram();
  readonly loadLatency = new LatencyHistogram();

  snapshot(gauges: Gauges): CacheStats {
    const gets = this.hits + this.misses;
    return new Snapshot({
      gets,
      hits: this.hits,
      misses: this.misses,
      hitRate: rate(this.hits, gets),
      puts: this.puts,
      loads: this.loads,
      loadErrors: this.loadErrors,
      joins: this.joins,
      staleHits: 0,
      refreshes: this.refreshes,
      invalidations: this.invalidations,
      evictions: { ...this.evictions },
      expirations: this.expirations,
      ...gauges,
      latency: {
        hit: this.hitLatency.snapshot(),
        miss: this.missLatency.snapshot(),
        load: this.loadLatency.snapshot(),
      },
      tiers: { memory: { hits: this.hits, misses: this.misses, size: gauges.size } },
    });
  }
}

type Fields = Omit<CacheStats, 'minus'>;

class Snapshot implements CacheStats {
  declare readonly gets: number;
  declare readonly hits: number;
  declare readonly misses: number;
  declare readonly hitRate: number;
  declare readonly puts: number;
  declare readonly loads: number;
  declare readonly loadErrors: number;
  declare readonly joins: number;
  declare readonly staleHits: number;
  declare readonly refreshes: number;
  declare readonly invalidations: number;
  declare readonly evictions: CacheStats['evictions'];
  declare readonly expirations: number;
  declare readonly memory: CacheStats['memory'];
  declare readonly size: number;
  declare readonly maxSize: number;
  declare readonly weight: number;
  declare readonly maxWeight: number;
  declare readonly latency: CacheStats['latency'];
  declare readonly tiers: CacheStats['tiers'];

  constructor(fields: Fields) {
    Object.assign(this, fields);
    deepFreeze(this);
  }

  minus(earlier: CacheStats): CacheStats {
    const gets = this.gets - earlier.gets;
    const hits = this.hits - earlier.hits;
    const misses = this.misses - earlier.misses;
    return new Snapshot({
      ...(this as Fields),
      gets,
      hits,
      misses,
      hitRate: rate(hits, gets),
      puts: this.puts - earlier.puts,
      loads: this.loads - earlier.loads,
      loadErrors: this.loadErrors - earlier.loadErrors,
      joins: this.joins - earlier.joins,
      staleHits: this.staleHits - earlier.staleHits,
      refreshes: this.refreshes - earlier.refreshes,
      invalidations: this.invalidations - earlier.invalidations,
      evictions: {
        size: this.evictions.size - earlier.evictions.size,
        weight: this.evictions.weight - earlier.evictions.weight,
        memory: this.evictions.memory - earlier.evictions.memory,
      },
      expirations: this.expirations - earlier.expirations,
      tiers: { memory: { hits, misses, size: this.size } },
    });
  }
}

function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function deepFreeze(value: object): void {
  Object.freeze(value);
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
}
