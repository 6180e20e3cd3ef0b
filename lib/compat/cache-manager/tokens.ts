/** The token of the cache, as in `@Inject(CACHE_MANAGER)`; the class `Cache` is another name of it. */
export const CACHE_MANAGER = 'CACHE_MANAGER';
/** Where `@CacheKey` leaves its key or its function. */
export const CACHE_KEY_METADATA = 'cache_module:cache_key';
/** Where `@CacheTTL` leaves its milliseconds or its function. */
export const CACHE_TTL_METADATA = 'cache_module:cache_ttl';
