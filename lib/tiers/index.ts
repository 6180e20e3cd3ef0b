export type { Bus, BusListener } from './bus.js';
export type {
  BreakerSettings,
  CallPolicy,
  Tier,
  TierCapabilities,
  TierEntry,
  TierFences,
  TierGuard,
  TierRead,
  TierWrite,
} from './tier.js';
export { resolveTierOptions, type BreakerOptions, type TierOptions, type TierSettings } from './tier.options.js';
export { isMemoryTier, memoryTier, type MemoryTier, type MemoryTierOptions } from './memory.tier.js';
