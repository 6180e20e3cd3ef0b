import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import CircuitBreaker from 'opossum';
import { redisTier } from '../../../lib/backends/redis/index.js';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { memoryTier, type CallPolicy } from '../../../lib/tiers/index.js';
import { startRedis, type RedisServer } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(30_000);

const REOPEN_AFTER_MS = 100;
const Users = defineCache<string, string>('users');

interface Breaker {
  readonly policy: CallPolicy;
  readonly isOpen: () => boolean;
  readonly end: () => void;
}

/** As docs/tiers.md has them. */
const breakers: Record<string, () => Breaker> = {
  cockatiel: () => {
    const policy = circuitBreaker(handleAll, {
      halfOpenAfter: REOPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(3),
    });
    return { policy, isOpen: () => policy.state === CircuitState.Open, end: () => {} };
  },
  opossum: () => {
    const breaker = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
      resetTimeout: REOPEN_AFTER_MS,
      volumeThreshold: 3,
      timeout: false,
    });
    const policy = { execute: <T>(call: () => Promise<T>) => breaker.fire(call) as Promise<T> };
    return { policy, isOpen: () => breaker.opened, end: () => breaker.shutdown() };
  },
};

describe.each(Object.entries(breakers))('the policy of a tier, by %s', (_, breakerOf) => {
  let server: RedisServer;
  let breaker: Breaker;
  let caches: ClosableCache<string, string>[];

  function cacheWith(policy?: CallPolicy): ClosableCache<string, string> {
    // Its own breaker would open at the same time, and hide the other.
    const own = { breaker: { minCalls: 100_000 }, timeout: '2s' } as const;
    const tier = redisTier({ url: server.url, ...own, ...(policy && { policy }) });
    const cache = createCache(Users, { tiers: [memoryTier(), tier] });
    caches.push(cache);
    return cache;
  }

  beforeEach(async () => {
    server = await startRedis();
    breaker = breakerOf();
    caches = [];
  });

  afterEach(async () => {
    for (const cache of caches) await cache.close();
    breaker.end();
    await server.stop();
  });

  it('runs every call, opens when they fail, and closes when they succeed again; callers see nothing of it', async () => {
    const [cache, other] = [cacheWith(breaker.policy), cacheWith()];
    await cache.put('before', 'stored');
    expect(await other.get('before')).toBe('stored');

    await server.kill();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => cache.getOrLoad(`k${at}`, () => 'loaded')));
    expect(new Set(answers)).toEqual(new Set(['loaded']));
    await until(async () => (await cache.getOrLoad(`${performance.now()}`, () => 'loaded')) && breaker.isOpen());

    await server.restart();
    await until(async () => {
      await cache.put('after', 'stored');
      return (await other.get('after')) === 'stored' && !breaker.isOpen();
    });
  });
});
