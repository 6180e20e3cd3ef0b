export { CacheModule } from './module/cache.module.js';
export type {
  CacheModuleAsyncOptions,
  CacheModuleOptions,
  CacheOptionsFactory,
} from './module/cache.module-options.js';
export { Cacheable } from './decorators/cacheable.decorator.js';
export { CacheableAll } from './decorators/cacheable-all.decorator.js';
export { CachePut } from './decorators/cache-put.decorator.js';
export { CacheEvict } from './decorators/cache-evict.decorator.js';
export { CacheGroup } from './decorators/cache-group.decorator.js';
export { CacheWarm, type ArgumentLists } from './decorators/cache-warm.decorator.js';
export { CacheDefaults } from './decorators/cache-defaults.decorator.js';
export { InjectCache } from './decorators/inject-cache.decorator.js';
export { OnCacheEvent } from './decorators/on-cache-event.decorator.js';
export { CacheOperationInterceptor } from './module/cache-operation.interceptor.js';
export { HttpCache } from './http/http-cache.decorator.js';
export { HttpCacheInterceptor } from './http/http-cache.interceptor.js';
export type { HttpCacheOptions } from './http/http-cache.options.js';
export type { StoredResponse } from './http/http-message.js';
export { getCacheToken } from './operations/tokens.js';
export type {
  AgeOptions,
  ClassDefaultOptions,
  EvictOptions,
  MethodLoadOptions,
  OwnCacheOptions,
  StoreOptions,
} from './operations/decorator.options.js';
