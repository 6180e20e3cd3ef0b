/* The Memcached tier as its user makes it: every name of `nestjs-strata/memcached`. No server is there to answer. */
import { MemcachedError, memcachedTier, type MemcachedTierOptions } from 'nestjs-strata/memcached';

export async function useMemcached(): Promise<Record<string, unknown>> {
  const options: MemcachedTierOptions = { servers: '127.0.0.1:1', silence: '1s', ttl: '1h' };
  const tier = memcachedTier(options);
  let rejection: unknown;
  try {
    await tier.read('strata:users', ['1'], []);
  } catch (error) {
    rejection = error;
  }
  await tier.close();
  return { memcached: [tier.name, rejection instanceof MemcachedError && rejection.code] };
}

export const EXPECTED_OF_MEMCACHED = { memcached: ['memcached', 'CACHE_TIER'] };
