import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache } from '../../../lib/cache/index.js';
import { memoryTier } from '../../../lib/tiers/index.js';
import { FakeClock, inProcessHub, InProcessTier } from '../../../lib/testing/index.js';
import { nodes } from './nodes.js';
import { pass, turns } from './passing.js';

describe('an entry that is touched, with a tier below', () => {
  it('keeps the weight that it was given', async () => {
    const { join } = nodes({ maxWeight: 100, weigher: () => 1 });
    const a = await join();
    await a.cache.put('k', 'v', { weight: 60 });
    expect(await a.cache.touch('k')).toBe(true);
    expect(await a.cache.entry('k')).toMatchObject({ weight: 60 });
  });

  it('keeps its time to idle', async () => {
    const { join, clock } = nodes({ ttl: '1h' });
    const a = await join();
    await a.cache.put('k', 'v', { tti: '1s' });
    expect(await a.cache.touch('k')).toBe(true);
    await pass(clock, 2_000, 100);
    expect(await a.cache.entry('k')).toBeUndefined();
  });

  it('keeps the stages that its load gave it', async () => {
    const { join, clock } = nodes({ ttl: '1s' });
    const a = await join();
    await a.cache.getOrLoad('k', async () => 'v', { staleIfError: '1h' });
    expect(await a.cache.touch('k')).toBe(true);
    await pass(clock, 2_000, 100);
    const failing = async (): Promise<string> => Promise.reject(new Error('down'));
    expect(await a.cache.getOrLoad('k', failing, { staleIfError: '1h' })).toBe('v');
  });

  it('lives on where memory keeps it for a while only, and no tier is shared by all', async () => {
    const clock = new FakeClock();
    const host = new InProcessTier({ name: 'host', clock, capabilities: { scope: 'host' } });
    const bus = inProcessHub({ scope: 'shared' }).bus();
    const tiers = [memoryTier({ ttl: '10s' }), host];
    const cache = createCache(defineCache<string, string>('texts', { ttl: '20s', tiers, bus }), { clock });
    await pass(clock, 100);
    await cache.put('k', 'v');
    for (let touched = 0; touched < 10; touched++) {
      await pass(clock, 5_000, 500);
      expect(await cache.touch('k')).toBe(true);
    }
    expect(await cache.get('k')).toBe('v');
  });
});

it.each([undefined, '1h'] as const)(
  "with tiering: 'exclusive' it is handed down with the lifetime that a touch gave it (%s)",
  async (ttl) => {
    const { join, clock } = nodes({ tiering: 'exclusive', maxSize: 1, policy: 'lru', ttl: '30s' });
    const a = await join();
    await a.cache.put('k', 'v', { groups: ['g'] });
    await pass(clock, 25_000, 500);
    expect(await a.cache.touch('k', ttl)).toBe(true);
    await pass(clock, 20_000, 500);
    await a.cache.put('other', 'x');
    await turns();
    // What the put was given has passed.
    expect(await a.cache.get('k')).toBe('v');
    expect(await a.cache.entry('k')).toMatchObject({ groups: ['g'] });
    await pass(clock, 15_000, 500);
    expect(await a.cache.get('k')).toBe(ttl && 'v');
  },
);

it("with tiering: 'exclusive' a touch makes nothing current again that another node has changed", async () => {
  const { join, clock } = nodes({ tiering: 'exclusive', bus: false, maxSize: 1, policy: 'lru', ttl: '1h' });
  const [a, b] = [await join(), await join()];
  await a.cache.put('k', 'old');
  await b.cache.invalidate('k');
  expect(await a.cache.touch('k')).toBe(true);
  await a.cache.put('other', 'x');
  await pass(clock, 100);
  expect(await b.cache.get('k')).toBeUndefined();
});

it('promise Bus: an entry that is touched to end at once ends on the other nodes too, also without a tier', async () => {
  const { join } = nodes({ tiers: [] });
  const [a, b] = [await join(), await join()];
  await a.cache.getOrLoad('k', async () => 'v');
  await b.cache.getOrLoad('k', async () => 'v');
  await a.cache.touch('k', 0);
  await turns();
  expect([await a.cache.get('k'), await b.cache.get('k')]).toEqual([undefined, undefined]);
});
