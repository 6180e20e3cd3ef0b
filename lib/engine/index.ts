export { MemoryCache } from './memory-cache.js';
export type { MemoryCacheOptions, MemoryEntryOptions } from './memory-cache.options.js';
export {
  memoryCacheStats,
  type MemoryCacheCounts,
  type MemoryCacheGauges,
  type MemoryCacheStats,
} from './memory-cache.stats.js';
export { compilePattern, type KeyPattern } from './keys/key-pattern.js';
export { BoundedStore } from './store/bounded-store.js';
export { GovernedStore } from './store/governed-store.js';
export type { StoreGovernance, StoreGovernor } from './store/governance.js';
export { StoreWalk } from './snapshot/store-walk.js';
export { StoreRestore } from './snapshot/store-restore.js';
export type { SavedEntry } from './snapshot/saved-entry.js';
export { KeyPlace } from './keys/key-place.js';
export type { StoredEntry } from './store/stored-entry.js';
export type { Bound } from './store/bound.js';
export { resolveStoreOptions, type BoundOptions, type ResolvedStoreOptions } from './store/store.options.js';
export type { RemovalCause, RemovalListener } from './store/removal-queue.js';
export { approximateBytes } from './weight/byte-weigher.js';
export type { Weigher } from './weight/weigher.js';
export type { EvictionPolicy, PolicyFactory, PolicyHost } from './policy/eviction-policy.js';
export type { PolicyName } from './policy/policies.js';
