export { redisTier } from './redis-tier.js';
export type { RedisClient, RedisOptions, RedisTierOptions } from './redis.options.js';
export { redisBus } from './redis-bus.js';
export type { RedisBusOptions } from './redis-bus.options.js';
export { RedisError } from './redis-error.js';
