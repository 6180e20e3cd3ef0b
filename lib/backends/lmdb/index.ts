/* The entry `nestjs-strata/lmdb`: a tier on the disk of this host. */
export { lmdbTier } from './lmdb.tier.js';
export type { LmdbTierOptions } from './lmdb.tier.options.js';
