export {
  CacheHealthIndicator,
  type BusHealth,
  type CacheHealth,
  type CacheHealthOptions,
  type TierHealth,
} from './cache-health.indicator.js';
export { CacheHealthModule } from './cache-health.module.js';
