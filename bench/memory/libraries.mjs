/*
 * The stores, each behind the same four calls. A process opens one of them only, so the calls are inlined into the loop
 * of the workload and cost nothing. `find` answers undefined for what is absent; `drop` tells whether something was there.
 */
const TTL_MS = 3_600_000;

export const LIBRARIES = {
  strata: ({ capacity, ttl }) => openStrata({ maxSize: capacity, policy: 'lru', ...(ttl && { ttl: TTL_MS }) }),

  /** With the policy that a user gets who names none. */
  'strata-default': ({ capacity, ttl }) => openStrata({ maxSize: capacity, ...(ttl && { ttl: TTL_MS }) }),

  async 'lru-cache'({ capacity, ttl }) {
    const { LRUCache } = await import('lru-cache');
    const cache = new LRUCache({ max: capacity, ...(ttl && { ttl: TTL_MS }) });
    return {
      find: (key) => cache.get(key),
      store: (key, value) => cache.set(key, value),
      drop: (key) => cache.delete(key),
      size: () => cache.size,
    };
  },

  // Its faster class cannot delete; it knows no ttl.
  async mnemonist({ capacity, mix }) {
    const { LRUMap, LRUMapWithDelete } = await import('mnemonist');
    const cache = new (mix === 'delete' ? LRUMapWithDelete : LRUMap)(capacity);
    return {
      find: (key) => cache.get(key),
      store: (key, value) => cache.set(key, value),
      drop: (key) => cache.delete(key),
      size: () => cache.size,
    };
  },

  /** The floor: no order of use. A ring of keys makes it first in, first out; the mix that deletes never evicts. */
  async map({ capacity, mix, ttl }) {
    const { BoundedMap, BoundedMapWithTtl } = await import('./bounded-map.mjs');
    const cache = new (ttl ? BoundedMapWithTtl : BoundedMap)(mix === 'delete' ? Infinity : capacity, TTL_MS);
    return {
      find: (key) => cache.get(key),
      store: (key, value) => cache.set(key, value),
      drop: (key) => cache.delete(key),
      size: () => cache.size,
    };
  },
};

async function openStrata(options) {
  const { MemoryCache } = await import('nestjs-strata/engine');
  const cache = new MemoryCache(options);
  return {
    find: (key) => cache.get(key),
    store: (key, value) => cache.put(key, value),
    drop: (key) => cache.invalidate(key),
    size: () => cache.size,
    check: (hits) => {
      if (hits > 0 && cache.stats().hits < hits)
        throw new Error(`stats() counts ${cache.stats().hits} of ${hits} hits`);
    },
  };
}
