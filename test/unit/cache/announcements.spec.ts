import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { ChaosTier, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';
import { nodes, type Node } from './nodes.js';
import { pass, turns } from './passing.js';

/** A node with a tier of its own before the one that it shares with another node. */
async function nearAndFar(options: CacheOptions<string, string> = {}): Promise<{
  readonly a: Node;
  readonly b: Node;
  readonly near: ChaosTier;
  readonly far: ChaosTier;
  readonly clock: FakeClock;
}> {
  const { join, clock } = nodes(options);
  const own = new InProcessTier({ name: 'near', clock, capabilities: { scope: 'process' } });
  const shared = new InProcessTier({ name: 'far', clock });
  const near = new ChaosTier(own, { clock });
  const far = new ChaosTier(shared.anotherNode(), { clock });
  const a = await join({ tiers: [near, far] });
  const b = await join({ tiers: [shared.anotherNode()] });
  return { a, b, near, far, clock };
}

describe('promise Bus: an invalidation that a tier cannot take', () => {
  it.each(['invalidate', 'expire', 'invalidateGroup', 'invalidateMatching', 'clear'] as const)(
    'reaches the other nodes although a tier that is none of theirs stays out of order: %s',
    async (how) => {
      const { a, b, near, clock } = await nearAndFar({ groups: ['k'] });
      await a.cache.put('k', 'old');
      expect(await b.cache.get('k')).toBe('old');
      near.inject({ kind: 'fail' });
      await a.cache[how]('k');
      await pass(clock, 1_000, 50);
      expect(await b.cache.get('k')).toBeUndefined();
    },
  );

  it('reaches them again when the last of several tiers has it', async () => {
    const { a, b, near, far, clock } = await nearAndFar();
    await a.cache.put('k', 'old');
    near.inject({ kind: 'fail' }, { on: ['remove'], times: 1 });
    far.inject({ kind: 'fail' });
    await a.cache.invalidate('k');
    await pass(clock, 5_000, 50);
    // The tier that they share has not heard of it.
    expect(await b.cache.get('k')).toBe('old');
    far.heal();
    await pass(clock, 20_000, 50);
    expect(await b.cache.get('k')).toBeUndefined();
  });

  it('is made in memory again when all tiers have answered, also where the trouble of one is thrown', async () => {
    const { a, b, near, far, clock } = await nearAndFar({ onTierError: 'throw' });
    await b.cache.put('k', 'old');
    near.inject({ kind: 'fail' }, { on: ['remove'], times: 1 });
    far.inject({ kind: 'delay', ms: 50 }, { on: ['remove'], times: 1 });
    const invalidated = expect(a.cache.invalidate('k')).rejects.toThrow();
    await turns();
    // From the tier that has it still, and up into memory.
    expect(await a.cache.get('k')).toBe('old');
    await pass(clock, 200);
    await invalidated;
    expect(await a.cache.get('k')).toBeUndefined();
  });
});

it('an invalidation of many keys is made in memory again for each that has a name, however many have none', async () => {
  const clock = new FakeClock();
  const tier = new ChaosTier(new InProcessTier({ clock }), { clock });
  const cache = createCache(defineCache<string | symbol, string>('texts', { tiers: [tier], bus: false }), { clock });
  tier.inject({ kind: 'delay', ms: 50 }, { on: ['remove'] });
  await cache.put('k', 'old');
  const symbols = Array.from({ length: 600 }, () => Symbol('of this process'));
  const invalidated = cache.invalidateAll([...symbols, 'k']);
  await turns();
  expect(await cache.get('k')).toBe('old');
  await pass(clock, 200);
  await invalidated;
  expect(await cache.get('k')).toBeUndefined();
});

it('promise Bus: an invalidation reaches the other nodes although its predicate throws at a key that comes meanwhile', async () => {
  const { join, clock } = nodes();
  const [a, b] = [await join(), await join()];
  await a.cache.put('k', 'old');
  expect(await b.cache.get('k')).toBe('old');
  a.tier.inject({ kind: 'delay', ms: 50 }, { on: ['remove'], times: 1 });
  const invalidated = a.cache.invalidateMatching((key) => {
    if (key === 'strange') throw new Error('no such key');
    return key === 'k';
  });
  const settled = expect(invalidated).rejects.toThrow('no such key');
  await turns();
  await a.cache.put('strange', 'v');
  await pass(clock, 500);
  await settled;
  expect(await b.cache.get('k')).toBeUndefined();
});

it.each([0, 1, 2])(
  'promise Fence: an invalidated group that a load names late outdates it, although %i renewals fail in the tier',
  async (times) => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    const value = deferred<string>();
    const loading = b.cache.getOrLoad('k', async (_, load) => {
      load.groups('g');
      return value.promise;
    });
    await turns();
    // It hears of the change only when it has stored what it loaded.
    b.bus.inject({ kind: 'delay', ms: 1_000 });
    if (times > 0) a.tier.inject({ kind: 'fail' }, { on: ['renew'], times });
    await a.cache.invalidateGroup('g');
    value.resolve('old');
    expect(await loading).toBe('old');
    await pass(clock, 10_000, 100);
    expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([undefined, undefined]);
  },
);

describe('promise Tiers: an invalidation of more keys than go to a tier at once, of which some cannot be removed', () => {
  const keys = Array.from({ length: 1_100 }, (_, at) => `k${at}`);

  it.each(['recover', 'throw'] as const)("removes all the others that a pattern means: '%s'", async (onTierError) => {
    const { join, clock } = nodes({ onTierError });
    const [a, b] = [await join(), await join()];
    await a.cache.putAll(keys.map((key) => [key, 'old'] as const));
    await b.cache.getAll(keys);
    a.tier.inject({ kind: 'fail' }, { on: ['remove'], times: 1 });
    await a.cache.invalidateMatching('k*');
    await pass(clock, 10_000, 100);
    const [hereNow, thereNow] = [await a.cache.getAll(keys), await b.cache.getAll(keys)];
    expect([hereNow.size, thereNow.size]).toEqual([0, 0]);
  });

  it.each(['recover', 'throw'] as const)("and all the others that are named: '%s'", async (onTierError) => {
    const { join, clock } = nodes({ onTierError });
    const [a, b] = [await join(), await join()];
    await a.cache.putAll(keys.map((key) => [key, 'old'] as const));
    await b.cache.getAll(keys);
    a.tier.inject({ kind: 'fail' }, { on: ['remove'], times: 1 });
    const invalidated = a.cache.invalidateAll(keys);
    if (onTierError === 'throw') await expect(invalidated).rejects.toMatchObject({ code: 'CACHE_TIER' });
    else expect(await invalidated).toBe(keys.length);
    await pass(clock, 10_000, 100);
    const [hereNow, thereNow] = [await a.cache.getAll(keys), await b.cache.getAll(keys)];
    expect([hereNow.size, thereNow.size]).toEqual([0, 0]);
  });
});
