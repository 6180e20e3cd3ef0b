/* Compile-time proofs that our types fit those of cache-manager 7 and of Keyv: compiled by `npm run types`, never run. */
import type * as theirs from 'cache-manager';
import type * as theirNest from '@nestjs/cache-manager';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import {
  CacheModule,
  createCache,
  memoryStore,
  type Cache,
  type CacheKeyFactory,
  type CacheMethods,
  type CacheOptionsFactory,
  type CacheTTLFactory,
  type Events,
} from '../../lib/compat/cache-manager/index.js';

type Fits<Wide, _Narrow extends Wide> = true;

/** Ours goes where theirs is asked for, and theirs where ours is. */
export type Proofs = [
  Fits<theirs.Cache, Cache>,
  Fits<theirs.Cache, CacheMethods>,
  Fits<Cache, theirs.Cache>,
  Fits<theirNest.Cache, Cache>,
  Fits<theirs.Events, Events>,
  Fits<keyof Events, keyof theirs.Events>,
  Fits<keyof theirs.Events, keyof Events>,
  Fits<keyof Cache, keyof theirs.Cache>,
  Fits<keyof theirs.Cache, keyof Cache>,
  Fits<theirNest.CacheKeyFactory, CacheKeyFactory>,
  Fits<CacheKeyFactory, theirNest.CacheKeyFactory>,
  Fits<theirNest.CacheTTLFactory, CacheTTLFactory>,
  Fits<CacheTTLFactory, theirNest.CacheTTLFactory>,
];

/** A function that somebody wrote for theirs takes ours. */
declare function useTheirs(cache: theirs.Cache): void;
useTheirs(createCache({ stores: [new Keyv(), new Keyv6(), memoryStore()] }));
useTheirs({} as Cache);

/** All that may be a store of a module. */
CacheModule.register({ stores: new Keyv() });
CacheModule.register({
  stores: [new Keyv(), new KeyvRedis('redis://localhost'), new Map(), new Keyv6(), memoryStore()],
});
CacheModule.register<{ url: string }>({ url: 'redis://localhost', ttl: 1_000, isGlobal: true });
CacheModule.register({ max: 100, whatever: 'a store of one’s own takes' });
CacheModule.registerAsync({
  isGlobal: true,
  extraProviders: [],
  inject: ['URL'],
  useFactory: async (url: string) => ({ stores: [new KeyvRedis(url)], ttl: 5_000, namespace: 'app' }),
});

export class Config implements CacheOptionsFactory {
  createCacheOptions() {
    return { stores: [new Keyv()], refreshThreshold: 100, nonBlocking: true };
  }
}
CacheModule.registerAsync({ useClass: Config });
CacheModule.registerAsync({ useExisting: Config });

export async function use(cache: Cache): Promise<void> {
  const wrapped: number = await cache.wrap(
    'k',
    async () => 1,
    (value) => value * 2,
    100,
  );
  const raw: { value?: string; expires?: number | undefined } = await cache.wrap('k', () => 'v', { raw: true, ttl: 5 });
  const got: string | undefined = await cache.get<string>('k');
  cache.on('refresh', ({ key, value, error }) => [key, value, error]);
  // @ts-expect-error: there is no such event
  cache.on('refreshed', () => {});
  // @ts-expect-error: a ttl is a number
  await cache.set('k', 'v', '5m');
  // @ts-expect-error: a value that was stored may be missing
  const missing: string = await cache.get<string>('k');
  void [wrapped, raw, got, missing];
}

// @ts-expect-error: what is in no way a store
CacheModule.register({ stores: [{ url: 'redis://localhost' }] });
