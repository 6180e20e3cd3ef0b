/* The entry `nestjs-strata/cache-manager`: what `@nestjs/cache-manager` and cache-manager export, over our own caches. */
export { Cache } from './cache.js';
export type { CacheMethods, Events, StoredDataRaw, WrapOptions, WrapOptionsRaw } from './cache.js';
export { CacheModule, CACHE_MODULE_OPTIONS } from './cache.module.js';
export type {
  AnyStore,
  CacheManagerOptions,
  CacheModuleAsyncOptions,
  CacheModuleOptions,
  CacheOptions,
  CacheOptionsFactory,
} from './cache.module-options.js';
export { CacheInterceptor } from './cache.interceptor.js';
export { CacheKey, type CacheKeyFactory } from './cache-key.decorator.js';
export { CacheTTL, type CacheTTLFactory } from './cache-ttl.decorator.js';
export { CACHE_KEY_METADATA, CACHE_MANAGER, CACHE_TTL_METADATA } from './tokens.js';
export { createCache } from './manager.js';
export type { CreateCacheOptions, MemoryStoreOptions } from './cache-manager.options.js';
export { KeyvAdapter, type CacheManagerStore } from './keyv-adapter.js';
export { memoryStore, type MemoryStore } from './memory-store.js';
export type { StoreLike } from './store-values.js';
