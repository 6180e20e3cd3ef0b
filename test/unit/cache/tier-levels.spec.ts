import { describe, expect, it, jest } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { EventRecorder, FakeClock, inProcessHub, InProcessTier } from '../../../lib/testing/index.js';
import { memoryTier } from '../../../lib/tiers/index.js';
import { settled } from './deferred.js';
import { nodes } from './nodes.js';

function threeLevels(options: CacheOptions<string, string> = {}) {
  const clock = new FakeClock();
  const disk = new InProcessTier({ name: 'disk', clock, capabilities: { scope: 'host' } });
  const server = new InProcessTier({ name: 'server', clock, ttl: '1h' });
  const hub = inProcessHub({ scope: 'shared' });
  const node = async (ownDisk = disk.anotherNode()) => {
    const tiers = [memoryTier({ ttl: '1s' }), ownDisk, server.anotherNode()];
    const cache = createCache(defineCache<string, string>('texts', { ...options, tiers }), { clock, bus: hub.bus() });
    const events = new EventRecorder(cache.events$);
    await settled();
    return { cache, events };
  };
  return { clock, disk, server, node };
}

describe('a cache of three levels', () => {
  it('promise Tiers: fills the levels above the one that had the value, with the lifetime that is left', async () => {
    const { clock, disk, node } = threeLevels({ ttl: 10_000 });
    const a = await node();
    await a.cache.put('k', 'v');
    disk.lose();
    clock.advance(4_000);
    expect(await a.cache.get('k')).toBe('v');
    expect(a.events.of('hit').map(({ tier }) => tier)).toEqual(['server']);
    clock.advance(1_500);
    expect(await a.cache.get('k')).toBe('v');
    expect(a.events.of('hit').map(({ tier }) => tier)).toEqual(['server', 'disk']);
    clock.advance(4_500);
    expect(await a.cache.get('k')).toBeUndefined();
  });

  it('keeps an entry in memory no longer than memory is told to, and less when less is left', async () => {
    const { clock, node } = threeLevels({ ttl: 1_300 });
    const a = await node();
    await a.cache.put('k', 'v');
    expect(await a.cache.entry('k')).toMatchObject({ ttlLeftMs: 1_000 });
    clock.advance(1_000);
    expect(await a.cache.entry('k')).toBeUndefined();
    expect(await a.cache.get('k')).toBe('v');
    expect(await a.cache.entry('k')).toMatchObject({ ttlLeftMs: 300 });
  });

  it('removes what a host has of its own when another host changes it', async () => {
    const { disk, node } = threeLevels();
    const a = await node();
    const otherDisk = new InProcessTier({ name: 'disk', clock: new FakeClock(), capabilities: { scope: 'host' } });
    const b = await node(otherDisk);
    await a.cache.put('k', 'old');
    await b.cache.invalidate('k');
    await new Promise(setImmediate);
    expect((await disk.read('strata:texts', ['k'], [])).entries).toEqual([undefined]);
    expect(await a.cache.get('k')).toBeUndefined();
  });

  it('lists the keys of one tier, and refuses the name of none', async () => {
    const { clock, node } = threeLevels();
    const a = await node();
    await a.cache.put('k1', 'v', { groups: ['g'] });
    await a.cache.put('k2', 'v');
    clock.advance(2_000);
    const keysOf = async (options: { tier?: string; group?: string }) => {
      const keys: string[] = [];
      for await (const key of a.cache.keys(options)) keys.push(key);
      return keys.toSorted();
    };
    expect(await keysOf({})).toEqual([]);
    expect(await keysOf({ tier: 'server' })).toEqual(['k1', 'k2']);
    expect(await keysOf({ tier: 'disk', group: 'g' })).toEqual(['k1']);
    await expect(keysOf({ tier: 'cloud' })).rejects.toThrow('has no tier "cloud"; its tiers: memory, disk, server');
  });
});

describe('promise Stale: across nodes', () => {
  it('brings a stale entry up as what it is, and serves it while it is loaded anew', async () => {
    const { join, clock } = nodes({ ttl: 1_000, staleWhileRevalidate: 5_000 });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    clock.advance(2_000);
    const loader = jest.fn(async () => 'new');
    expect(await b.cache.getOrLoad('k', loader)).toBe('old');
    expect(b.events.of('stale')).toHaveLength(1);
    await new Promise(setImmediate);
    expect(loader).toHaveBeenCalledTimes(1);
    expect(await b.cache.get('k')).toBe('new');
    expect(await a.cache.get('k')).toBe('new');
  });

  it('lets a stale entry of the tier stand in for a failed load, no longer than its limit from the write', async () => {
    const { join, clock } = nodes({ ttl: 1_000, staleIfError: 5_000 });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    clock.advance(3_000);
    const failing = async (): Promise<string> => Promise.reject(new Error('down'));
    expect(await b.cache.getOrLoad('k', failing)).toBe('old');
    clock.advance(3_000);
    await expect(b.cache.getOrLoad('k', failing)).rejects.toThrow('down');
  });

  it('takes what another node has refreshed already, without a load', async () => {
    const { join, clock } = nodes({ ttl: 1_000, refreshAhead: 0.5 });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'first');
    expect(await b.cache.get('k')).toBe('first');
    clock.advance(600);
    await a.cache.getOrLoad('k', async () => 'second');
    await new Promise(setImmediate);
    const loader = jest.fn(async () => 'third');
    expect(await b.cache.getOrLoad('k', loader)).toBe('first');
    await new Promise(setImmediate);
    expect(await b.cache.get('k')).toBe('second');
    expect(loader).not.toHaveBeenCalled();
  });

  it('promise Bus: announces nothing that a miss filled', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    for (let n = 0; n < 50; n++) await a.cache.getOrLoad(`k${n}`, async () => 'v');
    expect(b.events.of('bus')).toEqual([]);
  });
});

describe('promise Load: one load for all nodes, with lock', () => {
  it('lets one node load and the others take what it stores', async () => {
    const { join, clock } = nodes({ lock: true });
    const all = [await join(), await join(), await join()];
    const loader = jest.fn(() => new Promise<string>((resolve) => clock.after(300, () => resolve('v'))));
    const values = all.flatMap(({ cache }) => [cache.getOrLoad('k', loader), cache.getOrLoad('k', loader)]);
    for (let step = 0; step < 20; step++) {
      await new Promise(setImmediate);
      clock.advance(50);
    }
    expect(await Promise.all(values)).toEqual(Array(6).fill('v'));
    expect(loader).toHaveBeenCalledTimes(1);
  });

  it('loads again after the lease when its holder has died', async () => {
    const { join, clock, tier } = nodes({ lock: true });
    const a = await join();
    await tier.lease('strata:texts', 'k', 'a node that died', 5_000);
    let value: string | undefined;
    void a.cache.getOrLoad('k', async () => 'v').then((loaded) => (value = loaded));
    for (let step = 0; step < 49; step++) {
      await new Promise(setImmediate);
      clock.advance(100);
    }
    expect(value).toBeUndefined();
    for (let step = 0; step < 5; step++) {
      await new Promise(setImmediate);
      clock.advance(100);
    }
    await new Promise(setImmediate);
    expect(value).toBe('v');
  });

  it('stores what it loads in its turn, also when it distrusted its memory while it waited', async () => {
    const { join, clock, tier } = nodes({ lock: true });
    const [a, b, dying] = [await join(), await join(), await join()];
    await tier.lease('strata:texts', 'k', 'a node that died', 5_000);
    dying.bus.cut();
    const loader = jest.fn(() => new Promise<string>((resolve) => clock.after(300, () => resolve('v'))));
    const values = [a.cache.getOrLoad('k', loader), b.cache.getOrLoad('k', loader)];
    for (let step = 0; step < 70; step++) {
      await new Promise(setImmediate);
      clock.advance(100);
    }
    expect(a.events.of('bus').some(({ cause }) => cause === 'distrust')).toBe(true);
    expect(await Promise.all(values)).toEqual(['v', 'v']);
    expect(loader).toHaveBeenCalledTimes(1);
  });

  it('gives the lease back when the load fails, so that the next caller loads at once', async () => {
    const { join } = nodes({ lock: true });
    const a = await join();
    const b = await join();
    await expect(a.cache.getOrLoad('k', async () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    await new Promise(setImmediate);
    expect(await b.cache.getOrLoad('k', async () => 'v')).toBe('v');
  });

  it('loads on each node when no tier can be asked for a lease', async () => {
    const { join } = nodes({ lock: true });
    const a = await join();
    a.tier.inject({ kind: 'fail' });
    expect(await a.cache.getOrLoad('k', async () => 'v')).toBe('v');
  });
});

describe('options of tiers', () => {
  it.each([
    [{ tiers: 'redis' }, 'tiers must be a list, fastest first'],
    [{ tiers: [{}] }, 'tiers must be made by memoryTier(), redisTier(), …'],
    [{ tiers: [new InProcessTier(), memoryTier()] }, 'tiers can have memoryTier() only once, and first'],
    [{ tiers: [new InProcessTier(), new InProcessTier()] }, 'tiers have the same name twice'],
    [{ bus: {} }, 'bus must be false, or made by redisBus()'],
    [{ onTierError: 'ignore' }, 'onTierError must be one of recover, throw'],
    [{ codec: 'xml' }, "codec must be 'tagged', 'json' or a serializer"],
    [{ lock: 'yes' }, 'lock must be one of true, false'],
  ])('refuses %p', (options, message) => {
    const definition = defineCache<string, string>('texts', options as CacheOptions<string, string>);
    expect(() => createCache(definition)).toThrow(message);
  });

  it('refuses a namespace that is none', () => {
    const definition = defineCache<string, string>('texts');
    expect(() => createCache(definition, { namespace: 'a b' })).toThrow('namespace must be a text');
  });

  it('takes the tiers of the application where the cache names none, and memory alone for an empty list', async () => {
    const tier = new InProcessTier();
    const shared = createCache(defineCache<string, string>('shared'), { tiers: [tier] });
    const alone = createCache(defineCache<string, string>('alone', { tiers: [] }), { tiers: [tier.anotherNode()] });
    await shared.put('k', 'v');
    await alone.put('k', 'v');
    expect((await tier.read('strata:shared', ['k'], [])).entries[0]).toBeDefined();
    expect((await tier.read('strata:alone', ['k'], [])).entries[0]).toBeUndefined();
    await shared.close();
  });
});
