import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions, type ClosableCache } from '../../../lib/cache/index.js';
import { ChaosTier, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { nodes } from './nodes.js';
import { pass, turns } from './passing.js';

/** Nodes over one far tier, each with a near one of its own unless it is to have none. */
function nearAndFar(options: CacheOptions<string, string> = {}) {
  const clock = new FakeClock();
  const far = new InProcessTier({ name: 'far', clock });
  const fars: ChaosTier[] = [];
  return {
    clock,
    fars,
    join: (near?: InProcessTier): ClosableCache<string, string> => {
      const ofNode = new ChaosTier(far.anotherNode(), { clock });
      fars.push(ofNode);
      const tiers = near === undefined ? [ofNode] : [near.anotherNode(), ofNode];
      return createCache(defineCache<string, string>('texts', { tiers, bus: false, ...options }), { clock });
    },
    near: () => new InProcessTier({ name: 'near', clock, capabilities: { scope: 'process' } }),
  };
}

describe('promise Tiers: a slow look below does not replace what was loaded anew meanwhile', () => {
  it("with tiering: 'exclusive'", async () => {
    let value = 'old';
    const { join, clock } = nodes({ tiering: 'exclusive', maxSize: 1, policy: 'lru', loader: async () => value });
    const a = await join();
    await a.cache.getOrLoad('k');
    await a.cache.put('other', 'x');
    await pass(clock, 50);
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['read'], times: 1 });
    const slow = a.cache.get('k');
    await turns();
    value = 'new';
    expect(await a.cache.refresh('k')).toBe('new');
    a.tier.proceed();
    expect(await slow).toBe('old');
    expect(await a.cache.get('k')).toBe('new');
  });

  it("with tiering: 'exclusive', nor while it takes the old one out of its tier", async () => {
    let value = 'old';
    const { join, clock } = nodes({ tiering: 'exclusive', maxSize: 1, policy: 'lru', loader: async () => value });
    const a = await join();
    await a.cache.getOrLoad('k');
    await a.cache.put('other', 'x');
    await pass(clock, 50);
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['remove'], times: 1 });
    const slow = a.cache.get('k');
    await turns();
    value = 'new';
    expect(await a.cache.refresh('k')).toBe('new');
    a.tier.proceed();
    expect(await slow).toBe('old');
    expect(await a.cache.get('k')).toBe('new');
  });

  it('and the tier gave no fence for it', async () => {
    let value = 'old';
    const { join } = nodes({ loader: async () => value });
    const [a, b] = [await join(), await join()];
    await b.cache.getOrLoad('k');
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['read'], times: 1 });
    a.tier.inject({ kind: 'fail' }, { on: ['fence'], times: 1 });
    const slow = a.cache.get('k');
    await turns();
    value = 'new';
    expect(await a.cache.refresh('k')).toBe('new');
    a.tier.proceed();
    expect(await slow).toBe('old');
    expect(await a.cache.get('k')).toBe('new');
  });
});

describe('promise Tiers: an entry that is stale in one tier', () => {
  const stale = { ttl: 1_000, staleWhileRevalidate: 100_000, staleIfError: 100_000 };

  it.each(['get', 'has', 'getOrLoad'] as const)('does not hide a fresh one further down: %s', async (how) => {
    let value = 'old';
    const loaded: string[] = [];
    const loader = async (): Promise<string> => {
      loaded.push(value);
      return value;
    };
    const { join, near, clock } = nearAndFar({ ...stale, loader });
    const own = near();
    await join(own).getOrLoad('k');
    await pass(clock, 2_000, 100);
    value = 'new';
    await join().refresh('k');
    const restarted = join(own);
    expect(await restarted[how]('k')).toBe(how === 'has' ? true : 'new');
    expect(await restarted.get('k')).toBe('new');
    expect(loaded).toEqual(['old', 'new']);
  });

  it('is loaded anew once by all nodes, with lock', async () => {
    let value = 'old';
    const loaded: string[] = [];
    const { join, near, clock } = nearAndFar({
      ...stale,
      lock: true,
      loader: async () => {
        loaded.push(value);
        await new Promise<void>((resolve) => void clock.after(100, resolve));
        return value;
      },
    });
    const all = [join(near()), join(near()), join(near())];
    for (const cache of all) {
      const got = cache.getOrLoad('k');
      await pass(clock, 300);
      expect(await got).toBe('old');
    }
    await pass(clock, 2_000, 100);
    value = 'new';
    expect(await Promise.all(all.map((cache) => cache.getOrLoad('k')))).toEqual(['old', 'old', 'old']);
    await pass(clock, 800);
    expect(loaded).toEqual(['old', 'new']);
    expect(await Promise.all(all.map((cache) => cache.get('k')))).toEqual(['new', 'new', 'new']);
  });

  it('stands in where no other can be read, also where that trouble is thrown', async () => {
    const { join, near, clock, fars } = nearAndFar({ ...stale, onTierError: 'throw' });
    const own = near();
    await join(own).put('k', 'old');
    await pass(clock, 2_000, 100);
    const restarted = join(own);
    fars.at(-1)?.inject({ kind: 'fail' }, { on: ['read'] });
    const failing = async (): Promise<string> => Promise.reject(new Error('down'));
    expect(await restarted.getOrLoad('k', failing)).toBe('old');
  });

  it('stands in for all who look for it at the same time', async () => {
    const { join, near, clock } = nearAndFar({ ...stale, staleWhileRevalidate: 0 });
    await join().put('k', 'old');
    await pass(clock, 2_000, 100);
    const cache = join(near());
    const got = cache.get('k');
    const failing = async (): Promise<string> => Promise.reject(new Error('down'));
    expect(await cache.getOrLoad('k', failing)).toBe('old');
    expect(await got).toBeUndefined();
  });
});
