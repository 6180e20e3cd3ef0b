import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CacheRegistry } from 'nestjs-strata';
import { Settings } from '../settings/settings.js';

/** Counts, for each request, which tier of the caches had what it asked for. Where memory is all there is, it listens to nothing. */
@Injectable()
export class TierHits implements OnModuleInit {
  readonly isCounting: boolean;
  private readonly requests = new AsyncLocalStorage<Map<string, number>>();

  constructor(
    settings: Settings,
    private readonly registry: CacheRegistry,
  ) {
    this.isCounting = settings.levels.tiers.length > 0;
  }

  onModuleInit(): void {
    if (!this.isCounting) return;
    this.registry.events$.subscribe(({ type, tier }) => {
      const hits = type === 'hit' && tier !== undefined ? this.requests.getStore() : undefined;
      if (hits !== undefined && tier !== undefined) hits.set(tier, (hits.get(tier) ?? 0) + 1);
    });
  }

  /** Calls `work`, and counts into `hits` what it finds, now and later. */
  during<Result>(hits: Map<string, number>, work: () => Result): Result {
    return this.requests.run(hits, work);
  }
}
