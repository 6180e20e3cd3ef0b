/* The drop-in for @nestjs/cache-manager and cache-manager, in an app that has neither of them, nor Keyv. */
import { Controller, Get, Inject, Injectable, Module, UseInterceptors, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Cache,
  CACHE_KEY_METADATA,
  CACHE_MANAGER,
  CACHE_MODULE_OPTIONS,
  CACHE_TTL_METADATA,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  CacheTTL,
  createCache,
  KeyvAdapter,
  memoryStore,
  type AnyStore,
  type CacheKeyFactory,
  type CacheManagerOptions,
  type CacheManagerStore,
  type CacheMethods,
  type CacheModuleAsyncOptions,
  type CacheModuleOptions,
  type CacheOptions,
  type CacheOptionsFactory,
  type CacheTTLFactory,
  type CreateCacheOptions,
  type Events,
  type MemoryStore,
  type MemoryStoreOptions,
  type StoredDataRaw,
  type StoreLike,
  type WrapOptions,
  type WrapOptionsRaw,
} from 'nestjs-strata/cache-manager';

const bounded: MemoryStoreOptions = { max: 10 };
const first: MemoryStore = memoryStore(bounded);
const stores: AnyStore[] = [first, memoryStore()];
const managed: CacheManagerOptions = { stores, ttl: 60_000 };

@Injectable()
class Options implements CacheOptionsFactory {
  createCacheOptions(): CacheOptions {
    return managed;
  }
}

const byClass: CacheModuleAsyncOptions = { useClass: Options, isGlobal: true };
const byHand: CacheModuleOptions = { max: 5 };
const key: CacheKeyFactory = (context) => context.getHandler().name;
const ttl: CacheTTLFactory = () => 1_000;

@Injectable()
class Mine extends CacheInterceptor {
  protected override isRequestCacheable(context: ExecutionContext): boolean {
    return super.isRequestCacheable(context);
  }
}

@Controller()
@UseInterceptors(Mine)
class Handlers {
  constructor(
    private readonly cache: Cache,
    @Inject(CACHE_MANAGER) private readonly manager: CacheMethods,
  ) {}

  @Get()
  @CacheKey(key)
  @CacheTTL(ttl)
  async same(): Promise<boolean> {
    return (this.cache as CacheMethods) === this.manager;
  }
}

@Module({ imports: [CacheModule.registerAsync(byClass)], controllers: [Handlers] })
class AppModule {}

export async function useCacheManager(): Promise<Record<string, unknown>> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const handlers = app.get(Handlers);
  const seen: unknown[] = [await handlers.same()];
  const metadata = [CACHE_KEY_METADATA, CACHE_TTL_METADATA].map(
    (name) => typeof Reflect.getMetadata(name, Handlers.prototype.same),
  );
  await app.close();

  const given: CreateCacheOptions = { stores: [first], ttl: 1_000 };
  const cache = createCache(given);
  const events: string[] = [];
  const listener: Events['set'] = (data) => events.push(data.key);
  cache.on('set', listener);
  const options: WrapOptions<string> = { ttl: (value) => value.length * 1_000 };
  const raw: WrapOptionsRaw<string> = { ...options, raw: true };
  seen.push(await cache.wrap('k', () => 'value', options));
  const kept: StoredDataRaw<string> = await cache.wrap('k', () => 'other', raw);
  const found: StoredDataRaw<unknown> | undefined = await first.getRaw('k');
  const store: StoreLike = first;
  seen.push(kept.value, found?.value, store.ttl);

  const legacy: Partial<CacheManagerStore> = { name: 'legacy', get: async (name) => `of ${name}` };
  seen.push(await new KeyvAdapter(legacy as CacheManagerStore).get('k'));
  const wrong = await NestFactory.createApplicationContext(CacheModule.register({ ...byHand, stores: new Map() }), {
    logger: false,
    abortOnError: false,
  }).catch((error: Error) => error.message);
  return { cacheManager: { seen, metadata, events, wrong, options: typeof CACHE_MODULE_OPTIONS } };
}

export const EXPECTED_OF_CACHE_MANAGER = {
  cacheManager: {
    seen: [true, 'value', 'value', 'value', undefined, 'of k'],
    metadata: ['function', 'function'],
    events: ['k', 'k'],
    wrong: 'CacheModule.register() needs the package keyv, which cannot be loaded; run: npm install keyv',
    options: 'string',
  },
};
