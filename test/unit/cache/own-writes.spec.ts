import { describe, expect, it, jest } from '@jest/globals';
import { CacheTierError } from '../../../lib/core/index.js';
import { ChaosTier, InProcessTier, type FakeClock } from '../../../lib/testing/index.js';
import { settled } from './deferred.js';
import { nodes } from './nodes.js';

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  await settled();
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    await turns();
  }
}

/** Says when it has settled. */
function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; readonly isSettled: () => boolean } {
  let isSettled = false;
  const settle = (): void => void (isSettled = true);
  promise.then(settle, settle);
  return { promise, isSettled: () => isSettled };
}

describe('promise Tiers: puts of one key that come faster than the tier answers', () => {
  it('are each answered when two of them have been written, however many follow', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const write = jest.spyOn(a.tier, 'write');
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'] });
    const puts: ReturnType<typeof watched<void>>[] = [];
    for (let at = 0; at < 60; at++) {
      puts.push(watched(a.cache.put('k', `v${at}`)));
      await pass(clock, 10);
      // 210 ms: one that is on its way, and its own.
      expect(puts.slice(0, Math.max(0, at - 21)).every(({ isSettled }) => isSettled())).toBe(true);
    }
    await pass(clock, 210);
    await Promise.all(puts.map(({ promise }) => promise));
    expect(write.mock.calls.length).toBeLessThan(10);
    for (const node of [a, await join()]) expect(await node.cache.get('k')).toBe('v59');
  });

  it('are each counted, and reach the tier in their order though it keeps none', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'delay', ms: 200 }, { on: ['write'], times: 1 });
    const puts = [a.cache.put('k', '1')];
    await turns();
    for (const value of ['2', '3', '4']) puts.push(a.cache.put('k', value));
    await pass(clock, 300);
    await Promise.all(puts);
    expect(a.cache.stats().puts).toBe(4);
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBe('4');
  });

  it('are rejected with the one that answers for them, where trouble is thrown', async () => {
    const { join, clock } = nodes({ onTierError: 'throw' });
    const a = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const first = a.cache.put('k', '1');
    await turns();
    const others = Promise.allSettled([a.cache.put('k', '2'), a.cache.put('k', '3')]);
    a.tier.inject({ kind: 'fail' }, { on: ['write'] });
    await pass(clock, 200);
    await first;
    for (const { status, ...settledAs } of await others) {
      expect(status).toBe('rejected');
      expect('reason' in settledAs && settledAs.reason).toBeInstanceOf(CacheTierError);
    }
    a.tier.heal();
    for (const node of [a, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });

  it('keep the value that they were called with', async () => {
    const { join, clock } = nodes({ clone: 'structured', groups: (value) => [value] });
    const a = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const puts = [a.cache.put('k', 'one')];
    await turns();
    puts.push(a.cache.put('k', 'two', { ttl: '1s' }));
    await pass(clock, 200);
    await Promise.all(puts);
    expect(await a.cache.entry('k')).toMatchObject({ value: 'two', groups: ['two'], ageMs: 200, ttlLeftMs: 800 });
    await pass(clock, 800);
    for (const node of [a, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });
});

describe('promise Fence: what waits behind a put', () => {
  const changes = {
    invalidate: (cache: Awaited<ReturnType<ReturnType<typeof nodes>['join']>>['cache']) => cache.invalidate('k'),
    invalidateGroup: (cache) => cache.invalidateGroup('g'),
    invalidateMatching: (cache) => cache.invalidateMatching('k*'),
    clear: (cache) => cache.clear(),
  } satisfies Record<
    string,
    (cache: Awaited<ReturnType<ReturnType<typeof nodes>['join']>>['cache']) => Promise<unknown>
  >;

  it.each(Object.entries(changes))('is dropped by %s of any node', async (_, change) => {
    for (const who of [0, 1]) {
      const { join, clock } = nodes();
      const a = await join();
      const b = await join();
      a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
      const puts = [a.cache.put('k', '1', { groups: ['g'] })];
      await turns();
      puts.push(a.cache.put('k', '2', { groups: ['g'] }));
      await change([a, b][who]?.cache ?? a.cache);
      await pass(clock, 300);
      await Promise.all(puts);
      for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
    }
  });

  it('is stored though the put before it has ended', async () => {
    const { join, clock } = nodes();
    const a = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'] });
    const puts = [a.cache.put('k', '1')];
    await turns();
    puts.push(a.cache.put('k', '2'));
    await pass(clock, 100);
    await puts[0];
    expect(await a.cache.entry('k')).toMatchObject({ value: '1' });
    await pass(clock, 110);
    await puts[1];
    expect(await a.cache.entry('k')).toMatchObject({ value: '2' });
  });

  it.each(Object.entries(changes))('nor does the tier keep one that it carries out after %s', async (_, change) => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const put = a.cache.put('k', 'old', { groups: ['g'] });
    await turns();
    await change(a.cache);
    await pass(clock, 200);
    await put;
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });

  it('is not outdated by a put of another node: the tier keeps what comes last', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const put = a.cache.put('k', 'of a');
    await turns();
    await b.cache.put('k', 'of b');
    await pass(clock, 200);
    await put;
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBe('of a');
  });

  it('is not stored in a tier of its own node when another node has put the key', async () => {
    const { join, clock } = nodes();
    const shared = new InProcessTier({ name: 'far', clock });
    const near = new ChaosTier(new InProcessTier({ name: 'near', clock }), { clock });
    const a = await join({ tiers: [near, shared.anotherNode()] });
    const b = await join({ tiers: [shared.anotherNode()] });
    near.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const put = a.cache.put('k', 'of a');
    await turns();
    await b.cache.put('k', 'of b');
    await pass(clock, 200);
    await put;
    for (const node of [a, b]) expect(await node.cache.get('k')).toBe('of b');
  });
});

describe('promise Fence: touch', () => {
  it('does not bring back what another node has invalidated, though its message is late', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    a.bus.inject({ kind: 'delay', ms: 100 });
    const invalidated = b.cache.invalidate('k');
    await turns();
    expect(await a.cache.touch('k')).toBe(true);
    await pass(clock, 200);
    await invalidated;
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });

  it('restarts the lifetime of what another node has put, and takes it over', async () => {
    const { join, clock } = nodes({ ttl: '1s' });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    a.bus.inject({ kind: 'delay', ms: 100 });
    const put = b.cache.put('k', 'new');
    await turns();
    clock.advance(50);
    expect(await a.cache.touch('k', '5s')).toBe(true);
    await pass(clock, 200);
    await put;
    clock.advance(2_000);
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBe('new');
  });

  it('by nodes in turn keeps an entry for all of them', async () => {
    const { join, clock } = nodes({ ttl: '1s' });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'v');
    expect(await b.cache.get('k')).toBe('v');
    for (let round = 0; round < 4; round++) {
      clock.advance(600);
      expect(await (round % 2 === 0 ? a : b).cache.touch('k')).toBe(true);
      expect(await (round % 2 === 0 ? b : a).cache.get('k')).toBe('v');
    }
    clock.advance(900);
    expect(await (await join()).cache.get('k')).toBe('v');
    clock.advance(200);
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });

  it.each(['fence', 'read', 'write'] as const)('that hangs in %s is outdated by a pattern', async (on) => {
    for (const who of [0, 1]) {
      const { join, clock } = nodes();
      const a = await join();
      const b = await join();
      await a.cache.put('k', 'old');
      a.tier.inject({ kind: 'delay', ms: 100 }, { on: [on], times: 1 });
      const touched = a.cache.touch('k');
      await turns();
      await ([a, b][who] ?? a).cache.invalidateMatching('k*');
      await pass(clock, 300);
      await touched;
      for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
    }
  });

  it('finds an entry that only a tier has', async () => {
    const { join, clock } = nodes({ ttl: '1s' });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'v');
    clock.advance(900);
    expect(await b.cache.touch('k')).toBe(true);
    expect(await b.cache.touch('nothing')).toBe(false);
    clock.advance(900);
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBe('v');
    clock.advance(200);
    expect(await a.cache.touch('k')).toBe(false);
  });

  it('with a lifetime of nothing ends the entry everywhere', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'v');
    expect(await b.cache.get('k')).toBe('v');
    expect(await a.cache.touch('k', 0)).toBe(true);
    await settled();
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });

  it('says that nothing is there when what it has waited for left nothing', async () => {
    const { join, clock } = nodes();
    const a = await join();
    await a.cache.put('k', 'old');
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const put = a.cache.put('k', 'new');
    await turns();
    const touched = a.cache.touch('k');
    await a.cache.invalidate('k');
    await pass(clock, 300);
    await put;
    expect(await touched).toBe(false);
  });

  it('is done with the put that follows it, and the put with the one after that', async () => {
    const { join, clock } = nodes();
    const a = await join();
    await a.cache.put('k', '0');
    const write = jest.spyOn(a.tier, 'write');
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'] });
    const first = a.cache.put('k', '1');
    await turns();
    const all = [a.cache.touch('k'), a.cache.put('k', '2'), a.cache.touch('k', '1h'), a.cache.put('k', '3'), first];
    const touched = a.cache.touch('k', '2h');
    await pass(clock, 500);
    expect(await Promise.all([...all, touched])).toEqual([true, undefined, true, undefined, undefined, true]);
    expect(write).toHaveBeenCalledTimes(3);
    expect(await (await join()).cache.entry('k')).toBeUndefined();
    expect(await (await join()).cache.get('k')).toBe('3');
    expect((await a.cache.entry('k'))?.ttlLeftMs).toBeGreaterThan(7_000_000);
  });
});

describe('promise Fence: putIfAbsent', () => {
  it('waits for a put of its key, and finds it in every tier', async () => {
    const { join, clock } = nodes();
    const near = new InProcessTier({ name: 'near', clock });
    const shared = new InProcessTier({ name: 'far', clock });
    const far = new ChaosTier(shared.anotherNode(), { clock });
    const a = await join({ tiers: [near.anotherNode(), far] });
    far.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const put = a.cache.put('k', 'put');
    await turns();
    const absent = a.cache.putIfAbsent('k', 'if absent');
    await pass(clock, 300);
    await put;
    expect(await absent).toBe('put');
    for (const tiers of [[near], [shared]]) expect(await (await join({ tiers })).cache.get('k')).toBe('put');
  });

  it('gives the value that another node puts while it is on its way', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const absent = a.cache.putIfAbsent('k', 'of a');
    await turns();
    await b.cache.put('k', 'of b');
    await pass(clock, 300);
    expect(await absent).toBe('of b');
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBe('of b');
  });

  it('of many callers at once stores the value of one, and gives it to the others', async () => {
    const { join } = nodes();
    const a = await join();
    const found = await Promise.all(Array.from({ length: 5 }, (_, at) => a.cache.putIfAbsent('k', `v${at}`)));
    expect(found).toEqual([undefined, 'v0', 'v0', 'v0', 'v0']);
    for (const node of [a, await join()]) expect(await node.cache.get('k')).toBe('v0');
  });

  it('of several nodes at once leaves the same value on all', async () => {
    const { join } = nodes();
    const all = [await join(), await join(), await join()];
    await Promise.all(all.map(({ cache }, at) => cache.putIfAbsent('k', `v${at}`)));
    await settled();
    const standing = await (await join()).cache.get('k');
    expect(['v0', 'v1', 'v2']).toContain(standing);
    for (const node of all) expect(await node.cache.get('k')).toBe(standing);
  });

  it('lets a loader that puts its own key end, and joins it', async () => {
    const { join } = nodes();
    const a = await join();
    const loading = a.cache.getOrLoad('k', async () => {
      await a.cache.put('k', 'put by the loader');
      return 'loaded';
    });
    await turns();
    const absent = await a.cache.putIfAbsent('k', 'if absent');
    expect(await loading).toBe('loaded');
    expect(['put by the loader', 'loaded']).toContain(absent);
  });
});
