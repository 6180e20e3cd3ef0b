export { FaultProxy, type FaultProxyTarget } from './fault-proxy.js';
export { startMemcached, type MemcachedOptions, type MemcachedServer } from './memcached.js';
export { startRedis, startRedisCluster, type RedisCluster, type RedisOptions, type RedisServer } from './redis.js';
export { MASTER_NAME, startSentinel } from './sentinel.js';
export { freePort } from './server-process.js';
