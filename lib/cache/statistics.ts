import type { Observable } from 'rxjs';
import type { Duration } from '../core/index.js';
import type { BusLink } from '../resilience/index.js';
import type { CacheParts } from './parts/cache-parts.js';
import type { CacheStats } from './statistics/cache.stats.js';
import type { HotKey } from './statistics/hot-keys.js';
import { STATS_INTERVAL, StatsStream } from './statistics/stats-stream.js';

/** What a cache tells of itself in numbers: what it has counted, and how things are. */
export class Statistics<K, V> {
  private readonly stream: StatsStream<CacheStats>;

  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly bus: BusLink | undefined,
  ) {
    this.stream = new StatsStream(parts.name, () => this.snapshot(), parts.clock);
  }

  snapshot(): CacheStats {
    const { settings, store, numbers, flights, lower, clock } = this.parts;
    const { size, maxSize, weight, maxWeight, overheadBytes } = store;
    const byBytes = settings.store.bound.kind === 'memory';
    const gauges = {
      size,
      maxSize,
      weight,
      maxWeight,
      memory: byBytes ? { usedBytes: weight, maxBytes: maxWeight, entries: size, overheadBytes } : undefined,
      flights: flights.size,
      tiers: lower?.tiers.map((tier) => tier.gauges) ?? [],
      bus: this.bus?.gauges,
    };
    return numbers.snapshot(gauges, clock.now());
  }

  every(interval: Duration = STATS_INTERVAL): Observable<CacheStats> {
    return this.stream.every(interval);
  }

  hotKeys(k = 10): HotKey<K>[] {
    return this.parts.hotKeys.top(k, this.parts);
  }

  end(): void {
    this.stream.end();
  }
}
