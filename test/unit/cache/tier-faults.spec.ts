import { describe, expect, it, jest } from '@jest/globals';
import type { Cache } from '../../../lib/cache/index.js';
import { ChaosTier, InProcessTier, type FakeClock } from '../../../lib/testing/index.js';
import { settled } from './deferred.js';
import { nodes } from './nodes.js';

/** Lets everything run that is due now, and what falls due within `ms`. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await turns();
    clock.advance(50);
  }
  await turns();
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  await settled();
}

describe('promise Tiers: a tier that fails is a miss and an event', () => {
  it.each(['fail', 'corrupt', 'lie'] as const)('loads, stores in memory and answers when reads %s', async (kind) => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await b.cache.put('k', 'below');
    a.tier.inject({ kind });
    expect(await a.cache.getOrLoad('k', async () => 'loaded')).toBe('loaded');
    expect(await a.cache.get('k')).toBe('loaded');
    expect(a.events.of('tierError').length).toBeGreaterThan(0);
    expect(a.cache.stats().tiers.shared).toMatchObject({ hits: 0 });
  });

  it('waits no longer for a tier that hangs than its deadline', async () => {
    const { join, clock } = nodes();
    const a = await join();
    a.tier.inject({ kind: 'hang' });
    let answer: string | undefined;
    void a.cache.getOrLoad('k', async () => 'loaded').then((value) => (answer = value));
    // A read, a fence and nothing more: without a fence nothing is written there.
    await pass(clock, 2_000);
    expect(answer).toBe('loaded');
    expect(a.events.of('tierError').map(({ cause }) => cause)).toEqual(['read', 'fence']);
  });

  it('leaves nobody waiting when it is closed, whatever the deadline of a tier that hangs', async () => {
    const { join, clock } = nodes();
    const tier = new ChaosTier(new InProcessTier({ clock, timeout: '20s' }), { clock });
    const { cache } = await join({ tiers: [tier] });
    // A read and a fence; what is asked later the closed tier refuses.
    tier.inject({ kind: 'hang' }, { times: 2 });
    const waiting = [cache.getOrLoad('k', async () => 'loaded'), cache.put('other', 'v'), cache.get('third')];
    const answers = Promise.all(waiting);
    await turns();
    const closed = cache.close();
    await pass(clock, 15_000);
    await closed;
    expect(await answers).toEqual(['loaded', undefined, undefined]);
  });

  it('does not ask a tier that failed too often, and asks again when it is back', async () => {
    const { join, clock } = nodes();
    const a = await join();
    a.tier.inject({ kind: 'fail' });
    for (let n = 0; n < 5; n++) await a.cache.getOrLoad(`k${n}`, async () => 'v');
    expect(a.events.of('breaker').map(({ cause }) => cause)).toEqual(['open']);
    const read = jest.spyOn(a.tier, 'read');
    expect(await a.cache.getOrLoad('other', async () => 'v')).toBe('v');
    expect(read).not.toHaveBeenCalled();
    a.tier.heal();
    await pass(clock, 1_000);
    await a.cache.get('again');
    expect(a.events.of('breaker').map(({ cause }) => cause)).toEqual(['open', 'half-open', 'closed']);
  });

  it('rejects instead where the cache was told to', async () => {
    const { join } = nodes({ onTierError: 'throw' });
    const a = await join();
    a.tier.inject({ kind: 'fail' });
    await expect(a.cache.get('k')).rejects.toMatchObject({ code: 'CACHE_TIER', tier: 'shared', operation: 'read' });
    await expect(a.cache.getOrLoad('k', async () => 'v')).rejects.toMatchObject({ code: 'CACHE_TIER' });
    await expect(a.cache.put('k', 'v')).rejects.toMatchObject({ code: 'CACHE_TIER' });
    await expect(a.cache.invalidate('k')).rejects.toMatchObject({ code: 'CACHE_TIER', operation: 'remove' });
  });
});

describe('promise Tiers: what a tier could not take is replayed', () => {
  it('does not serve what it could not remove, and removes it when the tier is back; then the others hear of it', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    expect(await b.cache.get('k')).toBe('old');
    a.tier.inject({ kind: 'fail' }, { on: ['remove'] });
    await a.cache.invalidate('k');
    expect(await a.cache.get('k')).toBeUndefined();
    expect(await b.cache.get('k')).toBe('old');
    a.tier.heal();
    await pass(clock, 1_000);
    expect(a.events.of('recovered')).toHaveLength(1);
    expect(await b.cache.get('k')).toBeUndefined();
    expect(await a.cache.get('k')).toBeUndefined();
  });

  it('writes the newest of several puts, with the lifetime that is left', async () => {
    const { join, clock } = nodes({ ttl: 10_000 });
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'fail' }, { on: ['write'] });
    await a.cache.put('k', 'first');
    await a.cache.put('k', 'second');
    expect(await a.cache.get('k')).toBe('second');
    expect(await b.cache.get('k')).toBeUndefined();
    a.tier.heal();
    await pass(clock, 1_000);
    expect(await b.cache.get('k')).toBe('second');
    const found = await b.cache.entry('k');
    expect(found?.ttlLeftMs).toBeLessThanOrEqual(9_000);
  });

  it('renews a group that it could not, and serves nothing of it meanwhile', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    await b.cache.put('k', 'old', { groups: ['g'] });
    a.tier.inject({ kind: 'fail' }, { on: ['renew'] });
    await a.cache.invalidateGroup('g');
    expect(await a.cache.get('k')).toBeUndefined();
    a.tier.heal();
    await pass(clock, 1_000);
    expect(await a.cache.get('k')).toBeUndefined();
    expect(await b.cache.get('k')).toBeUndefined();
  });

  it.each([
    ['its group', (cache: Cache<string, string>) => cache.invalidateGroup('g')],
    ['a pattern', (cache: Cache<string, string>) => cache.invalidateMatching('k*')],
    ['everything', (cache: Cache<string, string>) => cache.clear()],
  ])('does not write a put again when this node has invalidated %s meanwhile', async (_, invalidate) => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'fail' }, { on: ['write'] });
    await a.cache.put('k', 'old', { groups: ['g'] });
    a.tier.heal();
    await invalidate(a.cache);
    await pass(clock, 1_000);
    expect(await a.cache.get('k')).toBeUndefined();
    expect(await b.cache.get('k')).toBeUndefined();
  });

  it('does not believe a read that the tier answered before it was told of a removal', async () => {
    const { join, clock } = nodes();
    const a = await join();
    await a.cache.put('k', 'old');
    a.tier.inject({ kind: 'fail' }, { on: ['remove'] });
    await a.cache.invalidate('k');
    a.tier.heal();
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['read'], times: 1 });
    const read = a.cache.get('k');
    await pass(clock, 200);
    expect(a.events.of('recovered')).toHaveLength(1);
    a.tier.proceed();
    expect(await read).toBeUndefined();
  });

  it('keeps a put that took effect and yet failed from coming back after an invalidation', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'applyThenFail' }, { on: ['write'] });
    await a.cache.put('k', 'old');
    a.tier.heal();
    await a.cache.invalidate('k');
    await pass(clock, 1_000);
    expect(await a.cache.get('k')).toBeUndefined();
    expect(await b.cache.get('k')).toBeUndefined();
  });
});

describe('promise Bus: a node that lost its connection drops what it can no longer trust', () => {
  it('serves nothing from memory after the detection time that was there before, and little while it lasts', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    await b.cache.put('k', 'old');
    b.bus.cut();
    b.tier.inject({ kind: 'fail' });
    await a.cache.invalidate('k');
    await pass(clock, 4_500);
    expect(b.events.of('bus').map(({ cause }) => cause)).toContain('distrust');
    expect(await b.cache.get('k')).toBeUndefined();
    expect(await b.cache.getOrLoad('k', async () => 'newer')).toBe('newer');
    expect(await b.cache.entry('k')).toMatchObject({ ttlLeftMs: 3_000 });
  });

  it.each([
    { continuity: 'complete', kept: 'v' },
    { continuity: 'unknown', kept: undefined },
  ] as const)(
    'after a short cut: what it had is $kept when the bus delivers $continuity',
    async ({ continuity, kept }) => {
      const { join, clock, tier } = nodes();
      const a = await join();
      const b = await join();
      await b.cache.put('k', 'v');
      b.bus.cut();
      await pass(clock, 500);
      b.bus.mend(continuity);
      await pass(clock, 100);
      tier.lose();
      expect(await b.cache.get('k')).toBe(kept);
      expect(await a.cache.get('k')).toBeUndefined();
    },
  );

  it('drops everything when a message is missing, and nothing when one comes twice or is none', async () => {
    const { join, clock, tier } = nodes();
    const a = await join();
    const b = await join();
    await b.cache.put('other', 'v');
    tier.lose();
    b.bus.inject({ kind: 'duplicate' }, { on: ['deliver'] });
    await a.cache.invalidate('k1');
    b.bus.heal();
    b.bus.inject({ kind: 'garble' }, { on: ['deliver'], times: 1 });
    await pass(clock, 1_000);
    expect(await b.cache.get('other')).toBe('v');
    b.bus.heal();
    b.bus.inject({ kind: 'drop' }, { on: ['deliver'], times: 1 });
    await a.cache.invalidate('k2');
    await a.cache.invalidate('k3');
    expect(await b.cache.get('other')).toBeUndefined();
  });
});
