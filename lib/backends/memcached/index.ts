export { MemcachedError } from './memcached-error.js';
export type { MemcachedTierOptions } from './memcached-tier.options.js';
export { memcachedTier } from './memcached.tier.js';
