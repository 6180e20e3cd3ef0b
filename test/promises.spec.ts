import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createCache, defineCache } from '../lib/cache/index.js';
import { MemoryCache } from '../lib/engine/index.js';
import { Cacheable, CacheModule } from '../lib/nest/index.js';
import { FakeClock } from '../lib/testing/index.js';
import { deferred } from './unit/cache/deferred.js';

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
