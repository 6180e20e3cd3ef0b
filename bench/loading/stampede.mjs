/*
 * Each library as a function that asks for one key, with a source that answers when it is told to: what 10,000 callers of
 * a cold key meet. `ask` may load more than once where the library does not put the callers together.
 */
const TTL_MS = 300_000;

export const STAMPEDES = {
  /** By hand: a Map of what is being loaded, and a Map of what was. */
  async map(load) {
    const values = new Map();
    const loading = new Map();
    return (key) => {
      if (values.has(key)) return Promise.resolve(values.get(key));
      let promise = loading.get(key);
      if (promise === undefined) {
        promise = load(key).then(
          (value) => {
            loading.delete(key);
            values.set(key, value);
            return value;
          },
          (error) => {
            loading.delete(key);
            throw error;
          },
        );
        loading.set(key, promise);
      }
      return promise;
    };
  },

  async strata(load) {
    const { createCache, defineCache } = await import('nestjs-strata');
    const cache = createCache(defineCache('users', { ttl: TTL_MS, loader: load }));
    return (key) => cache.getOrLoad(key);
  },

  async 'strata-limited'(load) {
    const { createCache, defineCache } = await import('nestjs-strata');
    const cache = createCache(defineCache('users', { ttl: TTL_MS, loader: load, loadTimeout: { hard: '30s' } }));
    return (key) => cache.getOrLoad(key);
  },

  async 'lru-cache'(load) {
    const { LRUCache } = await import('lru-cache');
    const cache = new LRUCache({ max: 10_000, ttl: TTL_MS, fetchMethod: load });
    return (key) => cache.fetch(key);
  },

  async 'layered-loader'(load) {
    const { Loader } = await import('layered-loader');
    const loader = new Loader({
      inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: TTL_MS, maxItems: 10_000 },
      dataSourceGetOneFn: load,
    });
    return (key) => loader.get(key);
  },

  async 'cache-manager'(load) {
    const { createCache } = await import('cache-manager');
    const cache = createCache({ ttl: TTL_MS });
    return (key) => cache.wrap(key, () => load(key));
  },

  async bentocache(load) {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const cache = new BentoCache({
      default: 'users',
      stores: { users: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) },
    });
    return (key) => cache.getOrSet({ key, ttl: '5m', factory: () => load(key) });
  },

  async 'type-cacheable'(load) {
    const { Cacheable } = await import('@type-cacheable/core');
    const { useAdapter } = await import('@type-cacheable/lru-cache-adapter');
    const { LRUCache } = await import('lru-cache');
    useAdapter(new LRUCache({ max: 10_000, ttl: TTL_MS }));
    class Users {
      find(key) {
        return load(key);
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Users.prototype, 'find');
    Cacheable({ cacheKey: ([key]) => key, ttlSeconds: 300 })(Users.prototype, 'find', descriptor);
    Object.defineProperty(Users.prototype, 'find', descriptor);
    const users = new Users();
    return (key) => users.find(key);
  },
};
