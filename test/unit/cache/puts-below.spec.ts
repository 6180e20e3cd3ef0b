import { describe, expect, it, jest } from '@jest/globals';
import { CacheTierError } from '../../../lib/core/index.js';
import { ChaosTier, InProcessTier, type FakeClock } from '../../../lib/testing/index.js';
import { settled } from './deferred.js';
import { nodes, type Node } from './nodes.js';

/** What a node asks its tier, in order. */
function callsOf({ tier }: Node): string[] {
  const calls: string[] = [];
  for (const name of ['read', 'fence', 'write'] as const) {
    const original = tier[name].bind(tier) as (...args: unknown[]) => Promise<never>;
    jest.spyOn(tier, name).mockImplementation((...args: unknown[]) => {
      calls.push(name);
      return original(...args);
    });
  }
  return calls;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  await settled();
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    clock.advance(50);
    await turns();
  }
}

describe('promise Tiers: puts of one tick', () => {
  it('ask for their generations together, and are written together', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    const calls = callsOf(a);
    const write = jest.spyOn(a.tier, 'write');
    const entries = Array.from({ length: 100 }, (_, at): [string, string] => [`k${at}`, `v${at}`]);
    await a.cache.putAll(entries);
    expect(calls).toEqual(['fence', 'write']);
    expect(write.mock.calls.map(([, { length }]) => length)).toEqual([100]);
    expect([...(await b.cache.getAll(entries.map(([key]) => key)))]).toEqual(entries);
  });

  it('are one message to the other nodes', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.putAll([
      ['1', 'old'],
      ['2', 'old'],
    ]);
    expect([...(await b.cache.getAll(['1', '2'])).values()]).toEqual(['old', 'old']);
    const before = a.cache.stats().bus?.sent ?? 0;
    await a.cache.putAll([
      ['1', 'new'],
      ['2', 'new'],
    ]);
    await settled();
    expect((a.cache.stats().bus?.sent ?? 0) - before).toBe(1);
    expect([...(await b.cache.getAll(['1', '2'])).values()]).toEqual(['new', 'new']);
  });
});

describe('promise Fence: a put whose tier hangs', () => {
  const changes: Record<string, (cache: Node['cache']) => Promise<unknown>> = {
    invalidate: (cache) => cache.invalidate('k'),
    invalidateGroup: (cache) => cache.invalidateGroup('g'),
    invalidateMatching: (cache) => cache.invalidateMatching('k*'),
    clear: (cache) => cache.clear(),
  };

  for (const hanging of ['fence', 'write'] as const) {
    it.each(Object.entries(changes))(
      `in ${hanging} does not come back late after %s was acknowledged meanwhile`,
      async (_, change) => {
        const { join, clock } = nodes();
        const a = await join();
        await a.cache.put('before', 'x', { groups: ['g'] });
        a.tier.inject({ kind: 'hang' }, { on: [hanging], times: 1 });
        const put = a.cache.put('k', 'old', { groups: ['g'] });
        await turns();
        await change(a.cache);
        await pass(clock, 10_000);
        await put;
        for (const node of [a, await join()]) expect(await node.cache.get('k')).toBeUndefined();
      },
    );
  }

  it('is replaced by the newer one that waits for it', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['fence'], times: 1 });
    const older = a.cache.put('k', 'older');
    await turns();
    const newer = a.cache.put('k', 'newer');
    await turns();
    a.tier.proceed();
    await Promise.all([older, newer]);
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBe('newer');
  });

  it('is nowhere served after a newer one was acknowledged, when it fails then', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['write'], times: 1 });
    const puts = [a.cache.put('k', 'older')];
    await turns();
    puts.push(a.cache.put('k', 'newer'));
    await pass(clock, 10_000);
    await Promise.all(puts);
    expect(await a.cache.get('k')).toBe('newer');
    // Whether the older one is still to come nobody knows, so that the tier has neither.
    for (const node of [b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });

  it('is waited for by a touch, which would write what it replaces', async () => {
    const { join, clock } = nodes();
    const near = new ChaosTier(new InProcessTier({ name: 'near', clock }), { clock });
    const far = new InProcessTier({ name: 'far', clock });
    const a = await join({ tiers: [near, far] });
    await a.cache.put('k', 'old');
    near.inject({ kind: 'delay', ms: 100 }, { on: ['write'], times: 1 });
    const put = a.cache.put('k', 'new');
    await turns();
    const touched = a.cache.touch('k');
    await pass(clock, 100);
    expect(await touched).toBe(true);
    await put;
    const b = await join({ tiers: [far.anotherNode()] });
    for (const node of [a, b]) expect(await node.cache.get('k')).toBe('new');
  });

  it('does not replace a newer one that waits for the tier', async () => {
    const { join, clock } = nodes();
    const a = await join();
    a.tier.inject({ kind: 'fail' }, { on: ['fence'], times: 1 });
    await Promise.all([a.cache.put('k', 'older'), a.cache.put('k', 'newer')]);
    expect(a.cache.stats().tiers['shared']).toMatchObject({ recoveryQueue: 1 });
    await pass(clock, 10_000);
    expect(a.cache.stats().tiers['shared']).toMatchObject({ recoveryQueue: 0 });
    expect(await (await join()).cache.get('k')).toBe('newer');
  });

  it('leaves a newer one when nothing of it was sent', async () => {
    const { join, clock } = nodes();
    const a = await join();
    a.tier.inject({ kind: 'hang' }, { on: ['fence'], times: 1 });
    const puts = [a.cache.put('k', 'older')];
    await turns();
    puts.push(a.cache.put('k', 'newer'));
    await pass(clock, 10_000);
    await Promise.all(puts);
    for (const node of [a, await join()]) expect(await node.cache.get('k')).toBe('newer');
  });

  it('is in no tier where its trouble is thrown', async () => {
    const { join, clock } = nodes({ onTierError: 'throw' });
    const near = new InProcessTier({ name: 'near', clock });
    const shared = new InProcessTier({ name: 'far', clock });
    const far = new ChaosTier(shared.anotherNode(), { clock });
    const a = await join({ tiers: [near.anotherNode(), far] });
    await a.cache.put('k', 'old');
    far.inject({ kind: 'applyThenFail' }, { on: ['write'], times: 1 });
    await expect(a.cache.put('k', 'new')).rejects.toBeInstanceOf(CacheTierError);
    await settled();
    for (const tiers of [[near], [shared]]) expect(await (await join({ tiers })).cache.get('k')).toBeUndefined();
    expect(await a.cache.get('k')).toBeUndefined();
  });
});
