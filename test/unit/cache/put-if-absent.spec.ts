import { describe, expect, it } from '@jest/globals';
import { ChaosTier, InProcessTier } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';
import { nodes } from './nodes.js';
import { pass, turns, watched } from './passing.js';

/** Never settles. */
const hanging = (): Promise<string> => new Promise(() => {});

describe('promise Load: a load that putIfAbsent waits for', () => {
  it('keeps it no longer than loads are held', async () => {
    const { join, clock } = nodes({ loadTimeout: { hold: '10s' } });
    const a = await join();
    void a.cache.getOrLoad('k', hanging);
    await turns();
    const put = watched(a.cache.putIfAbsent('k', 'put'));
    await pass(clock, 9_000, 500);
    expect(put.isSettled()).toBe(false);
    await pass(clock, 2_000, 500);
    expect(await put.promise).toBeUndefined();
    expect(await a.cache.get('k')).toBe('put');
  });

  it('however many that hang come one after another', async () => {
    const { join, clock } = nodes({ loadTimeout: { hold: '10s' } });
    const a = await join();
    void a.cache.getOrLoad('k', hanging);
    await turns();
    const put = watched(a.cache.putIfAbsent('k', 'put'));
    for (let passed = 0; passed < 12; passed++) {
      await pass(clock, 1_000, 500);
      void a.cache.getOrLoad('k', hanging);
    }
    await turns();
    expect(put.isSettled()).toBe(true);
    expect(await a.cache.get('k')).toBe('put');
  });

  it('nor than loadTimeout.hard; what it loads late does not replace what was put', async () => {
    const { join, clock } = nodes({ loadTimeout: { hard: '1s' } });
    const a = await join();
    a.tier.inject({ kind: 'fail' }, { on: ['fence'], times: 1 });
    const late = deferred<string>();
    const load = expect(a.cache.getOrLoad('k', () => late.promise)).rejects.toThrow();
    await turns();
    const put = a.cache.putIfAbsent('k', 'put');
    await pass(clock, 2_000, 100);
    expect(await put).toBeUndefined();
    late.resolve('late');
    await turns();
    await load;
    expect(await a.cache.get('k')).toBe('put');
  });

  it('counts only if it stores something', async () => {
    const { join } = nodes();
    const a = await join();
    const value = deferred<string>();
    const loaded = a.cache.getOrLoad('k', (_, load) => {
      load.skip();
      return value.promise;
    });
    await turns();
    const put = a.cache.putIfAbsent('k', 'put');
    await turns();
    value.resolve('not to be stored');
    expect(await loaded).toBe('not to be stored');
    expect(await put).toBeUndefined();
    expect(await a.cache.get('k')).toBe('put');
  });
});

it.each(['read', 'fence', 'write'] as const)(
  'promise Fence: what stands in a tier that cannot be asked (%s) does not outlive what was put where none was',
  async (call) => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    await b.cache.put('k', 'old');
    a.tier.inject({ kind: 'fail' }, { on: ['read'], times: 1 });
    if (call !== 'read') a.tier.inject({ kind: 'fail' }, { on: [call], times: 1 });
    expect(await a.cache.putIfAbsent('k', 'new')).toBeUndefined();
    await pass(clock, 5_000, 50);
    const found = [await a.cache.get('k'), await b.cache.get('k'), await (await join()).cache.get('k')];
    expect(found).not.toContain('old');
    expect(found[0]).toBe('new');
  },
);

it.each(['read', 'fence', 'remove'] as const)(
  "promise Fence: nor with tiering: 'exclusive', when memory has it no more (%s)",
  async (call) => {
    const { join, clock } = nodes({ tiering: 'exclusive', maxSize: 1, policy: 'lru', ttl: '1h' });
    const a = await join();
    await a.cache.put('k', 'old');
    // Hands it down.
    await a.cache.put('other', 'v');
    await pass(clock, 100);
    a.tier.inject({ kind: 'fail' }, { on: ['read'], times: 1 });
    if (call !== 'read') a.tier.inject({ kind: 'fail' }, { on: [call], times: 1 });
    expect(await a.cache.putIfAbsent('k', 'new', { ttl: '1m' })).toBeUndefined();
    expect(await a.cache.get('k')).toBe('new');
    await pass(clock, 70_000, 500);
    expect(await a.cache.get('k')).toBeUndefined();
  },
);

describe('promise Fence: what was put where none was found', () => {
  it('replaces what a faster tier got meanwhile, once the tier behind has it', async () => {
    const { join, clock } = nodes();
    const shared = new InProcessTier({ name: 'far', clock });
    const far = new ChaosTier(shared.anotherNode(), { clock });
    const near = new InProcessTier({ name: 'near', clock, capabilities: { scope: 'process' } });
    const [a, b] = [await join({ tiers: [near, far] }), await join({ tiers: [shared.anotherNode()] })];
    await b.cache.put('k', 'old');
    far.inject({ kind: 'fail' }, { on: ['read'], times: 1 });
    far.inject({ kind: 'delay', ms: 50 }, { on: ['write'], times: 1 });
    const put = a.cache.putIfAbsent('k', 'new');
    await turns();
    // Up into memory and the tier between.
    expect(await a.cache.get('k')).toBe('old');
    await pass(clock, 500);
    expect(await put).toBeUndefined();
    expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual(['new', 'new']);
    expect(await (await join({ tiers: [near.anotherNode(), shared.anotherNode()] })).cache.get('k')).toBe('new');
  });

  it('and was refused, nobody can say for what, does not leave that in its place', async () => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    const value = deferred<string>();
    const loading = b.cache.getOrLoad('k', () => value.promise);
    await turns();
    a.tier.inject({ kind: 'delay', ms: 50 }, { on: ['write'], times: 1 });
    const put = a.cache.putIfAbsent('k', 'new');
    await turns();
    value.resolve('old');
    expect(await loading).toBe('old');
    // Which a reads, and has in memory; and then looks in vain for what was stored in the place of its own.
    expect(await a.cache.get('k')).toBe('old');
    a.tier.inject({ kind: 'fail' }, { on: ['read'], times: 1 });
    await pass(clock, 500);
    expect(await put).toBeUndefined();
    expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([undefined, undefined]);
  });
});

it.each([
  ['stale', { ttl: 1_000, staleIfError: '1h' }],
  ['known to fail', { errorTtl: '1h' }],
  ['known to be absent', { negativeTtl: '1h' }],
] as const)('promise Numbers: putIfAbsent where the entry is %s is one miss', async (what, options) => {
  const { join, clock } = nodes(options);
  const a = await join();
  if (what === 'stale') await a.cache.put('k', 'v');
  if (what === 'known to fail')
    await a.cache.getOrLoad('k', async () => Promise.reject(new Error('no'))).catch(() => {});
  if (what === 'known to be absent') await a.cache.getOrLoad('k', async () => undefined as never);
  await pass(clock, 2_000, 100);
  const before = a.cache.stats();
  expect(await a.cache.putIfAbsent('k', 'w')).toBeUndefined();
  expect(a.cache.stats().minus(before)).toMatchObject({ hits: 0, misses: 1 });
});

it("with tiering: 'exclusive' what was put where none was is handed down, however late", async () => {
  const { join, clock } = nodes({ tiering: 'exclusive', maxSize: 1, policy: 'lru', ttl: '1h' });
  const a = await join();
  await a.cache.putIfAbsent('k', 'v');
  await pass(clock, 20_000, 500);
  await a.cache.put('other', 'x');
  await pass(clock, 100);
  expect(await a.cache.get('k')).toBe('v');
});

it('promise Tiers: what has expired on its way to a tier is not sent there', async () => {
  const { join, clock } = nodes({ ttl: 20, bus: false });
  const a = await join();
  a.tier.inject({ kind: 'delay', ms: 30 }, { on: ['fence'] });
  let sent = 0;
  const { tier } = a;
  const write = tier.write.bind(tier);
  tier.write = (space, writes) => {
    sent += writes.length;
    return write(space, writes);
  };
  // The tokens of a group that is named late are asked for when the value is there.
  const loaded = a.cache.getOrLoad('k', async (_, load) => {
    load.groups('late');
    return 'v';
  });
  await pass(clock, 500);
  expect(await loaded).toBe('v');
  expect(sent).toBe(0);
});
