import { Controller, Get } from '@nestjs/common';
import { CacheRegistry } from 'nestjs-strata';

@Controller('stats')
export class StatsController {
  constructor(private readonly registry: CacheRegistry) {}

  /** What each cache has done since the start. */
  @Get()
  stats(): { caches: ReturnType<CacheRegistry['stats']> } {
    return { caches: this.registry.stats() };
  }
}
