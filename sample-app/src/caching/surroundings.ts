import { memoryTier, type CacheModuleOptions } from 'nestjs-strata';
import { lmdbTier } from 'nestjs-strata/lmdb';
import { redisBus, redisTier } from 'nestjs-strata/redis';
import type { Settings } from '../settings/settings.js';

/** What all caches of this app have beside their memory. A package is loaded only when its tier is used. */
export function surroundingsOf(settings: Settings): Pick<CacheModuleOptions, 'namespace' | 'tiers' | 'bus'> {
  const { levels, cacheFolder: path } = settings;
  const { redisUrl: url } = levels;
  if (levels.tiers.length === 0) return {};
  return {
    namespace: 'city-guide',
    tiers: [
      memoryTier(),
      ...(path === undefined ? [] : [lmdbTier({ path, maxBytes: '256mb' })]),
      ...(url === undefined ? [] : [redisTier({ url })]),
    ],
    ...(url !== undefined && { bus: redisBus({ url }) }),
  };
}
