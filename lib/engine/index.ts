export { MemoryCache } from './memory-cache.js';
export type { MemoryCacheOptions, MemoryEntryOptions } from './memory-cache.options.js';
export {
  memoryCacheStats,
  type MemoryCacheCounts,
  type MemoryCacheGauges,
  type MemoryCacheStats,
} from './memory-cache.stats.js';
export { compilePattern, type KeyPattern } from './key-pattern.js';
export { BoundedStore } from './bounded-store.js';
export { GovernedStore, type StoreGovernance, type StoreGovernor } from './governed-store.js';
export { StoreWalk } from './store-walk.js';
export { StoreRestore } from './store-restore.js';
export type { SavedEntry } from './saved-entry.js';
export { KeyPlace } from './key-place.js';
export type { StoredEntry } from './stored-entry.js';
export { resolveStoreOptions, type Bound, type BoundOptions, type ResolvedStoreOptions } from './store.options.js';
export type { RemovalCause, RemovalListener } from './removal-queue.js';
export { approximateBytes } from './byte-weigher.js';
export type { Weigher } from './weigher.js';
export type { EvictionPolicy, PolicyFactory, PolicyHost } from './policy/eviction-policy.js';
export type { PolicyName } from './policy/policies.js';
