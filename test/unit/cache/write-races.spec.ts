import process from 'node:process';
import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache } from '../../../lib/cache/index.js';
import { ChaosTier, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';
import { nodes, type Node } from './nodes.js';
import { pass, turns, watched } from './passing.js';

async function everywhere(all: readonly Node[], key = 'k'): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for (const { cache } of all) found.push(await cache.get(key));
  return found;
}

describe('promise Fence: of several who computed a value at the same time', () => {
  it('the first to write wins: a load on another node does not replace what was put where none was', async () => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    b.bus.inject({ kind: 'delay', ms: 100 });
    const loader = deferred<string>();
    const loading = b.cache.getOrLoad('k', () => loader.promise);
    await turns();
    expect(await a.cache.putIfAbsent('k', 'put')).toBeUndefined();
    loader.resolve('loaded before');
    await loading;
    await pass(clock, 300);
    expect(await everywhere([a, b, await join()])).toEqual(['put', 'put', 'put']);
  });

  it('nor one whose write is on its way', async () => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    b.tier.inject({ kind: 'delay', ms: 50 }, { on: ['write'], times: 1 });
    const loading = b.cache.getOrLoad('k', async () => 'loaded before');
    await turns();
    expect(await a.cache.putIfAbsent('k', 'put')).toBeUndefined();
    await pass(clock, 300);
    await loading;
    expect(await everywhere([a, b, await join()])).toEqual(['put', 'put', 'put']);
  });

  it('two nodes that put where none was are told which one stands', async () => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    b.tier.inject({ kind: 'delay', ms: 50 }, { on: ['write'], times: 1 });
    const ofB = b.cache.putIfAbsent('k', 'of b');
    await turns();
    expect(await a.cache.putIfAbsent('k', 'of a')).toBeUndefined();
    await pass(clock, 300);
    expect(await ofB).toBe('of a');
    expect(await everywhere([a, b, await join()])).toEqual(['of a', 'of a', 'of a']);
  });

  it('a touch does not replace what another node has loaded anew', async () => {
    let value = 'old';
    const { join, clock } = nodes({ loader: async () => value });
    const [a, b] = [await join(), await join()];
    expect(await a.cache.getOrLoad('k')).toBe('old');
    expect(await b.cache.get('k')).toBe('old');
    b.tier.inject({ kind: 'delay', ms: 50 }, { on: ['write'], times: 1 });
    const touched = b.cache.touch('k');
    await turns();
    value = 'new';
    expect(await a.cache.refresh('k')).toBe('new');
    await pass(clock, 200);
    await touched;
    expect(await everywhere([await join()])).toEqual(['new']);
  });

  it('nor what its own node has', async () => {
    let value = 'old';
    const { join, clock } = nodes({ loader: async () => value });
    const a = await join();
    expect(await a.cache.getOrLoad('k')).toBe('old');
    a.tier.inject({ kind: 'delay', ms: 50 }, { on: ['write'], times: 1 });
    const touched = a.cache.touch('k');
    await turns();
    value = 'new';
    expect(await a.cache.refresh('k')).toBe('new');
    await pass(clock, 200);
    await touched;
    expect(await a.cache.get('k')).toBe('new');
    expect(await everywhere([await join()])).not.toContain('old');
  });

  it('a slow look below does not replace what was loaded anew meanwhile, in memory or in a tier between', async () => {
    let value = 'old';
    const { join, clock } = nodes({ loader: async () => value });
    const shared = new InProcessTier({ name: 'far', clock });
    const near = new InProcessTier({ name: 'near', clock, capabilities: { scope: 'process' } });
    const b = await join({ tiers: [shared.anotherNode()] });
    expect(await b.cache.getOrLoad('k')).toBe('old');
    const far = new ChaosTier(shared.anotherNode(), { clock });
    const a = await join({ tiers: [near.anotherNode(), far] });
    far.inject({ kind: 'applyThenHang' }, { on: ['read'], times: 1 });
    const slow = a.cache.get('k');
    await turns();
    value = 'new';
    expect(await a.cache.refresh('k')).toBe('new');
    far.proceed();
    await slow;
    await pass(clock, 100);
    const others = [await join({ tiers: [near.anotherNode()] }), await join({ tiers: [shared.anotherNode()] })];
    expect(await everywhere([a, ...others])).toEqual(['new', 'new', 'new']);
  });
});

describe('promise Fence: a put that waits for its tier', () => {
  it.each(['invalidate', 'expire'] as const)('is not written behind %s, whose answer is late', async (how) => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    a.tier.inject({ kind: 'fail' }, { on: ['write'] });
    await a.cache.put('k', 'old');
    a.tier.heal();
    expect(a.cache.stats().tiers['shared']).toMatchObject({ recoveryQueue: 1 });
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['remove'], times: 1 });
    const invalidated = a.cache[how]('k');
    await turns();
    await pass(clock, 150);
    expect(a.cache.stats().tiers['shared']).toMatchObject({ recoveryQueue: 0 });
    a.tier.proceed();
    await invalidated;
    await pass(clock, 5_000, 50);
    expect(await everywhere([a, b, await join()])).toEqual([undefined, undefined, undefined]);
  });

  it.each(['invalidateGroup', 'clear'] as const)('nor behind %s', async (how) => {
    const { join, clock } = nodes({ groups: ['g'] });
    const [a, b] = [await join(), await join()];
    a.tier.inject({ kind: 'fail' }, { on: ['write'] });
    await a.cache.put('k', 'old');
    a.tier.heal();
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['renew'] });
    const invalidated = watched<unknown>(a.cache[how]('g'));
    await turns();
    await pass(clock, 150);
    expect(invalidated.isSettled()).toBe(false);
    a.tier.proceed();
    await pass(clock, 150);
    a.tier.heal();
    await invalidated.promise;
    await pass(clock, 5_000, 50);
    expect(await everywhere([a, b, await join()])).toEqual([undefined, undefined, undefined]);
  });
});

describe("promise Bus: an invalidation that is rejected under onTierError: 'throw'", () => {
  it.each(['invalidate', 'invalidateGroup', 'clear'] as const)(
    'reaches the other nodes when it reaches the tier: %s',
    async (how) => {
      const { join, clock } = nodes({ onTierError: 'throw', groups: ['k'] });
      const [a, b] = [await join(), await join()];
      await a.cache.put('k', 'old');
      expect(await b.cache.get('k')).toBe('old');
      a.tier.inject({ kind: 'fail' }, { on: ['remove', 'renew'] });
      await expect(a.cache[how]('k')).rejects.toThrow();
      a.tier.heal();
      await pass(clock, 10_000, 50);
      expect(a.cache.stats().tiers['shared']).toMatchObject({ recoveryQueue: 0 });
      expect(await everywhere([a, b, await join()])).toEqual([undefined, undefined, undefined]);
    },
  );

  it('by the tier of one node only reaches them too', async () => {
    const { join, clock } = nodes({ onTierError: 'throw' });
    const ofOwn = new InProcessTier({ name: 'near', clock, capabilities: { scope: 'process' } });
    const near = new ChaosTier(ofOwn, { clock });
    const shared = new InProcessTier({ name: 'far', clock });
    const a = await join({ tiers: [near, shared.anotherNode()] });
    const b = await join({ tiers: [shared.anotherNode()] });
    await a.cache.put('k', 'old');
    expect(await b.cache.get('k')).toBe('old');
    near.inject({ kind: 'fail' }, { on: ['remove'], times: 1 });
    await expect(a.cache.invalidate('k')).rejects.toThrow();
    await pass(clock, 10_000, 50);
    expect(await everywhere([a, b])).toEqual([undefined, undefined]);
  });
});

describe('promise Bus: an entry that is touched', () => {
  it('is served no longer than others while its node is cut off', async () => {
    const { join, clock } = nodes({ ttl: '1h' });
    const [a, b] = [await join(), await join()];
    await a.cache.put('k', 'old');
    a.bus.cut();
    await pass(clock, 10_000, 100);
    expect(await a.cache.get('k')).toBe('old');
    await b.cache.invalidate('k');
    await a.cache.touch('k', '1h');
    await pass(clock, 20_000, 100);
    expect(await a.cache.get('k')).toBeUndefined();
  });

  it("is not handed down against new fences, with tiering: 'exclusive'", async () => {
    const { join, clock } = nodes({ tiering: 'exclusive', maxSize: 2, policy: 'lru', ttl: 100_000, bus: false });
    const [a, b] = [await join(), await join()];
    await a.cache.getOrLoad('k', async () => 'old');
    await b.cache.invalidate('k');
    await a.cache.touch('k');
    await a.cache.put('x', '1');
    await a.cache.put('y', '2');
    await pass(clock, 100);
    expect(await everywhere([a, b, await join()])).toEqual([undefined, undefined, undefined]);
  });
});

describe('promise Loads: nobody waits for ever', () => {
  it('for a loader that puts its own key where none is', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const loading = watched(
      a.cache.getOrLoad('k', async () => {
        await a.cache.putIfAbsent('k', 'mine');
        return 'loaded';
      }),
    );
    await pass(clock, 100);
    expect(loading.isSettled()).toBe(true);
  });

  it('for two loaders that put each the key of the other', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const load = (own: string, other: string) =>
      watched(
        a.cache.getOrLoad(own, async () => {
          await turns();
          await a.cache.putIfAbsent(other, 'x');
          return 'loaded';
        }),
      );
    const loads = [load('1', '2'), load('2', '1')];
    await pass(clock, 100);
    expect(loads.map(({ isSettled }) => isSettled())).toEqual([true, true]);
  });

  it.each([{ staleIfError: 60_000 }, { staleWhileRevalidate: 60_000 }])(
    'for a key whose stale entry is too heavy for memory (%j)',
    async (stale) => {
      const { join, clock } = nodes({ ttl: 1_000, maxWeight: 10, weigher: () => 100, ...stale });
      const a = await join();
      await a.cache.put('k', 'old');
      clock.advance(2_000);
      expect(await a.cache.getOrLoad('k', async () => 'new')).toBe('new');
    },
  );

  it('for puts and conditional puts that take turns', async () => {
    const { join, clock } = nodes();
    const a = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'] });
    const all: ReturnType<typeof watched>[] = [];
    for (let at = 0; at < 40; at++) {
      all.push(watched(a.cache.put('k', `v${at}`)), watched(a.cache.putIfAbsent('k', `w${at}`)));
      await pass(clock, 10);
    }
    await pass(clock, 300);
    expect(all.every(({ isSettled }) => isSettled())).toBe(true);
  });
});

describe('promise Tiers: what cannot be stored', () => {
  const picky = {
    maxWeight: 100,
    weigher: (value: string) => {
      if (value === 'bad') throw new Error('no weight');
      return 1;
    },
  };

  it('costs neither the value before it nor is seen by others, when a weigher throws', async () => {
    const { join } = nodes(picky);
    const [a, b] = [await join(), await join()];
    await a.cache.put('k', 'old');
    await expect(a.cache.put('k', 'bad')).rejects.toThrow('no weight');
    expect(await everywhere([a, b, await join()])).toEqual(['old', 'old', 'old']);
  });

  it('does not reject the put before it', async () => {
    const { join, clock } = nodes(picky);
    const a = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const first = a.cache.put('k', '1');
    await turns();
    const others = Promise.allSettled([a.cache.put('k', 'good'), a.cache.put('k', 'bad')]);
    await pass(clock, 300);
    await first;
    expect((await others).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await a.cache.get('k')).toBe('good');
  });

  it('leaves no rejection to nobody, and stores nothing of putAll', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const { join } = nodes({ onTierError: 'throw' });
      const a = await join();
      a.tier.inject({ kind: 'fail' });
      // Nothing that can be a key.
      const key = (() => {}) as unknown as string;
      await expect(
        a.cache.putAll([
          ['good', 'v'],
          [key, 'w'],
        ]),
      ).rejects.toThrow();
      await turns();
      a.tier.heal();
      expect(await a.cache.get('good')).toBeUndefined();
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).toEqual([]);
  });
});

describe("clone: 'structured' with tiers", () => {
  it('gives each caller of putIfAbsent a copy', async () => {
    const clock = new FakeClock();
    const tier = new InProcessTier({ name: 'shared', clock });
    const join = () => {
      const definition = defineCache<string, { n: number }>('numbers', {
        clone: 'structured',
        tiers: [tier.anotherNode()],
        bus: false,
      });
      return createCache(definition, { clock });
    };
    const [a, b] = [join(), join()];
    const mine = { n: 1 };
    const [none, other] = await Promise.all([a.putIfAbsent('k', mine), a.putIfAbsent('k', { n: 2 })]);
    expect([none, other]).toEqual([undefined, { n: 1 }]);
    expect(other).not.toBe(mine);
    const found = await Promise.all([b.putIfAbsent('k', { n: 3 }), b.putIfAbsent('k', { n: 4 })]);
    expect(found).toEqual([{ n: 1 }, { n: 1 }]);
    Object.assign(found[0] ?? {}, { n: 99 });
    expect([found[1], await b.get('k')]).toEqual([{ n: 1 }, { n: 1 }]);
  });
});
