import { Controller, Get } from '@nestjs/common';
import { CacheRegistry, type HotKey } from 'nestjs-strata';
import { Cities } from '../cities/cities.caches.js';

@Controller('hot')
export class HotKeysController {
  constructor(private readonly registry: CacheRegistry) {}

  /** The cities that are asked for most, of late. */
  @Get()
  hottest(): readonly HotKey<number>[] {
    return this.registry.get(Cities).hotKeys(10);
  }
}
