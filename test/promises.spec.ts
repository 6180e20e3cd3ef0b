import 'reflect-metadata';
import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createCache, defineCache } from '../lib/cache/index.js';
import { MemoryCache } from '../lib/engine/index.js';
import { Cacheable, CacheModule } from '../lib/nest/index.js';
import { FakeClock, inProcessHub, InProcessTier } from '../lib/testing/index.js';
import { readSources } from './architecture/sources.js';
import { deferred, settled } from './unit/cache/deferred.js';
import { nodes } from './unit/cache/nodes.js';

describe('promise Store: size <= maxSize and weight <= maxWeight at every instant', () => {
  it('also as seen by a listener in the middle of a put', () => {
    const cache = new MemoryCache<string, number>({ maxSize: 3, maxWeight: 10, weigher: (value) => value });
    const seen: (readonly [number, number])[] = [];
    cache.events$.subscribe(() => seen.push([cache.size, cache.weight]));
    for (let i = 0; i < 50; i++) cache.put(`k${i % 7}`, (i * 3) % 11);
    expect(seen.length).toBeGreaterThan(50);
    for (const [size, weight] of seen) {
      expect(size).toBeLessThanOrEqual(3);
      expect(weight).toBeLessThanOrEqual(10);
    }
  });
});

describe('promise Groups: no clock decides', () => {
  it('a group that a node invalidates whose clock is ten minutes behind is gone, and what it puts in the same millisecond is not', async () => {
    const shared = new InProcessTier({ name: 'shared', clock: new FakeClock() });
    const hub = inProcessHub();
    const Texts = defineCache<string, string>('texts', { ttl: '1h', groups: ['g'] });
    const node = (clock: FakeClock) => createCache(Texts, { clock, tiers: [shared.anotherNode()], bus: hub.bus() });
    const now = Date.UTC(2026, 0, 1);
    const ahead = node(new FakeClock(0, now));
    const behind = node(new FakeClock(0, now - 600_000));
    await settled();
    await ahead.put('a', 'old');
    await ahead.put('b', 'old');
    const load = deferred<string>();
    const loading = ahead.getOrLoad('c', () => load.promise);
    await behind.invalidateGroup('g');
    await behind.put('a', 'new');
    load.resolve('old');
    await loading;
    for (const cache of [ahead, behind]) {
      expect([...(await cache.getAll(['a', 'b', 'c']))]).toEqual([['a', 'new']]);
    }
  });
});

describe('promise Groups: a generation that is missing', () => {
  it('makes entries miss, also those that had been invalidated, and is made anew by the next load', async () => {
    const { join, tier } = nodes();
    const a = await join();
    await a.cache.put('k', 'invalidated', { groups: ['g'] });
    await a.cache.invalidateGroup('g');
    await a.cache.put('l', 'old', { groups: ['g'] });
    const { spaces } = Reflect.get(tier, 'shared') as { spaces: Map<string, { generations: Map<string, string> }> };
    for (const { generations } of spaces.values()) generations.clear();
    const b = await join();
    expect(await b.cache.getAll(['k', 'l'])).toEqual(new Map());
    await b.cache.getOrLoad('k', async () => 'new', { groups: ['g'] });
    const c = await join();
    expect([...(await c.cache.getAll(['k', 'l']))]).toEqual([['k', 'new']]);
  });
});

describe('promise Groups: ungrouped entries pay nothing', () => {
  it('no call of the tier names the generation of a group', async () => {
    const { join } = nodes();
    const { cache, tier } = await join();
    const read = jest.spyOn(tier, 'read');
    const fence = jest.spyOn(tier, 'fence');
    await cache.getOrLoad('a', async () => 'v');
    await cache.put('b', 'v');
    const other = await join();
    await other.cache.get('a');
    const named = () => [...read.mock.calls, ...fence.mock.calls].flatMap(([, , generations]) => generations);
    const ofGroups = () => named().filter((generation) => generation.startsWith(':'));
    expect(named().length).toBeGreaterThan(0);
    expect(ofGroups()).toEqual([]);
    await cache.put('c', 'v', { groups: ['g'] });
    expect(ofGroups()).toEqual([':g']);
  });
});

describe('promise Stale: stale values', () => {
  it('are never written to a tier nor announced on the bus', async () => {
    const { join, clock } = nodes({ ttl: 1_000, staleWhileRevalidate: 5_000, staleIfError: 5_000 });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    clock.advance(2_000);
    const writes = [a, b].map(({ tier }) => jest.spyOn(tier, 'write'));
    const heard = () => [a, b].flatMap(({ events }) => events.of('bus'));
    const before = heard();
    const failing = async (): Promise<string> => Promise.reject(new Error('down'));
    for (const { cache } of [a, b]) expect(await cache.getOrLoad('k', failing)).toBe('old');
    await settled();
    expect(b.events.of('stale')).toHaveLength(1);
    for (const write of writes) expect(write).not.toHaveBeenCalled();
    expect(heard()).toEqual(before);
  });
});

describe('promise Safety: no eval', () => {
  it('no source makes code of text', () => {
    const files = [...readSources('lib')];
    expect(files.length).toBeGreaterThan(300);
    const makers = files.filter(([, text]) => /\beval\s*\(|\bnew Function\b|[^.\w]Function\s*\(|node:vm/.test(text));
    expect(makers.map(([file]) => file)).toEqual([]);
  });
});

describe('promise Numbers: observers cost one branch when absent', () => {
  it('nothing of an event is made while nobody listens, not even its time', async () => {
    class CountingClock extends FakeClock {
      asked = 0;
      override epochMs(): number {
        this.asked++;
        return super.epochMs();
      }
    }
    const clock = new CountingClock();
    const cache = createCache(defineCache<string, number>('numbers', { maxSize: 2, groups: ['g'] }), { clock });
    const use = async (): Promise<void> => {
      for (const key of ['a', 'b', 'c']) await cache.getOrLoad(key, () => 1);
      await cache.put('c', 2);
      await cache.get('c');
      await cache.invalidateGroup('g');
      await cache.clear();
    };
    await use();
    expect(clock.asked).toBe(0);
    const subscription = cache.events$.subscribe(() => {});
    await use();
    const asked = clock.asked;
    expect(asked).toBeGreaterThan(10);
    subscription.unsubscribe();
    await use();
    expect(clock.asked).toBe(asked);
  });
});

describe('promise Numbers: histograms carry p50, p90, p99 and p999', () => {
  it('of loads of known lengths, within the stated error', async () => {
    const clock = new FakeClock();
    const cache = createCache(defineCache<number, number>('numbers', { maxSize: 2_000 }), { clock });
    for (let ms = 1; ms <= 1_000; ms++) {
      const load = deferred<number>();
      const waiting = cache.getOrLoad(ms, () => load.promise);
      clock.advance(ms);
      load.resolve(ms);
      await waiting;
    }
    const { load, miss } = cache.stats().latency;
    expect(miss.count).toBe(1_000);
    for (const [measured, exact] of [
      [load.p50, 500],
      [load.p90, 900],
      [load.p99, 990],
      [load.p999, 999],
      [load.max, 1_000],
    ] as const) {
      expect(Math.abs(measured - exact) / exact).toBeLessThan(0.032);
    }
  });
});

describe('promise Decorators', () => {
  it('the key is computed once, before the call, and the method runs exactly once whatever the cache does', async () => {
    const order: string[] = [];
    const Values = defineCache<string, { f: () => number }>('values', { clone: 'structured' });

    @Injectable()
    class Service {
      @Cacheable(Values, { key: (argument: { id: string }) => (order.push('key'), argument.id) })
      async find(argument: { id: string }): Promise<{ f: () => number }> {
        order.push('method');
        argument.id = 'changed by the method';
        return { f: () => 1 };
      }
    }
    @Module({ imports: [CacheModule.forRoot({ caches: [Values] })], providers: [Service] })
    class AppModule {}

    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
    const { f } = await app.get(Service).find({ id: 'a' });
    expect(f()).toBe(1);
    expect(order).toEqual(['key', 'method']);
    await app.close();
  });
});
