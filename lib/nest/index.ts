export { CacheModule } from './cache.module.js';
export type { CacheModuleAsyncOptions, CacheModuleOptions, CacheOptionsFactory } from './cache.module-options.js';
export { Cacheable } from './cacheable.decorator.js';
export { CacheableAll } from './cacheable-all.decorator.js';
export { CachePut } from './cache-put.decorator.js';
export { CacheEvict } from './cache-evict.decorator.js';
export { CacheGroup } from './cache-group.decorator.js';
export { CacheWarm, type ArgumentLists } from './cache-warm.decorator.js';
export { CacheDefaults } from './cache-defaults.decorator.js';
export { InjectCache } from './inject-cache.decorator.js';
export { OnCacheEvent } from './on-cache-event.decorator.js';
export { CacheOperationInterceptor } from './cache-operation.interceptor.js';
export { HttpCache } from './http/http-cache.decorator.js';
export { HttpCacheInterceptor } from './http/http-cache.interceptor.js';
export type { HttpCacheOptions } from './http/http-cache.options.js';
export type { StoredResponse } from './http/http-message.js';
export { getCacheToken } from './tokens.js';
export type {
  AgeOptions,
  ClassDefaultOptions,
  EvictOptions,
  MethodLoadOptions,
  OwnCacheOptions,
  StoreOptions,
} from './decorator.options.js';
