/* The entry `nestjs-strata/keyv`: any Keyv as a tier, and a cache as the store of a Keyv. */
export { keyvTier } from './keyv.tier.js';
export type { KeyvAdapter, KeyvInstance, KeyvTierOptions } from './keyv.tier.options.js';
export { keyvStore, type KeyvStore } from './keyv-store.js';
export { openKeyv, type OpenKeyvOptions } from './open-keyv.js';
export type { CachePort } from '../../core/index.js';
