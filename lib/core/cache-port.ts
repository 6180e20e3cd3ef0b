/** What adapters of other libraries need of a cache: `Cache` and everything shaped like it. */
export interface CachePort<K = string, V = unknown> {
  get(key: K): Promise<V | undefined>;
  getAll(keys: Iterable<K>): Promise<ReadonlyMap<K, V>>;
  has(key: K): Promise<boolean>;
  /** `ttl` in milliseconds; without one the cache's own. */
  put(key: K, value: V, options?: { readonly ttl?: number }): Promise<void>;
  /** Whether an entry was there. */
  invalidate(key: K): Promise<boolean>;
  /** By a glob over the text of keys. */
  invalidateMatching(pattern: string): Promise<number>;
  clear(): Promise<void>;
  keys(): AsyncIterable<K>;
}
