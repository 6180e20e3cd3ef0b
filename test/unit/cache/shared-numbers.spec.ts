import { describe, expect, it } from '@jest/globals';
import { settled } from './deferred.js';
import { nodes } from './nodes.js';

describe('promise Numbers, of tiers and the bus', () => {
  it('every tier is there from the start, with ratios of 0 and a closed breaker', async () => {
    const { cache } = await nodes().join();
    const { memory, shared } = cache.stats().tiers;
    expect(memory).toEqual({ hits: 0, misses: 0, hitRate: 0, size: 0 });
    expect(shared).toMatchObject({ hits: 0, misses: 0, hitRate: 0, errors: 0, breaker: 'closed', recoveryQueue: 0 });
    expect(shared?.latency?.read.count).toBe(0);
  });

  it('a lookup that goes down is a miss of memory and a hit or miss of the tier', async () => {
    const { join } = nodes();
    const [one, other] = [await join(), await join()];
    await one.cache.put('a', 'x');
    await other.cache.get('a');
    await other.cache.get('a');
    await other.cache.get('absent');
    const { tiers, hits, misses } = other.cache.stats();
    expect({ hits, misses }).toEqual({ hits: 2, misses: 1 });
    expect(tiers.memory).toMatchObject({ hits: 1, misses: 2 });
    expect(tiers.shared).toMatchObject({ hits: 1, misses: 1, hitRate: 0.5 });
    expect(tiers.shared?.latency?.read.count).toBe(2);
    expect(other.cache.hotKeys()).toMatchObject([
      { key: 'a', hits: 2 },
      { key: 'absent', misses: 1 },
    ]);
  });

  it('a tier that fails shows by its errors, its breaker and what waits for it, and minus() tells what is new', async () => {
    const { join, clock } = nodes();
    const { cache, tier } = await join();
    await cache.put('a', 'x');
    const earlier = cache.stats();
    tier.inject({ kind: 'fail' });
    for (let i = 0; i < 6; i++) await cache.put(`k${i}`, 'x');
    const down = cache.stats().minus(earlier).tiers.shared;
    expect(down).toMatchObject({ breaker: 'open', recoveryQueue: 6, latency: { write: { count: 0 } } });
    expect(down?.errors).toBeGreaterThan(0);
    tier.heal();
    for (let step = 0; step < 200; step++) {
      await new Promise(setImmediate);
      await settled();
      clock.advance(50);
    }
    expect(cache.stats().tiers.shared).toMatchObject({ breaker: 'closed', recoveryQueue: 0 });
  });

  it('tells what is announced and heard, and how often memory was dropped', async () => {
    const { join, clock } = nodes();
    const [one, other] = [await join(), await join()];
    expect(one.cache.stats().bus).toMatchObject({
      name: expect.any(String),
      nodes: 1,
      sent: 0,
      received: 0,
      distrusts: 0,
    });
    await one.cache.put('a', 'x');
    await one.cache.invalidate('a');
    expect(one.cache.stats().bus).toMatchObject({ sent: 2, received: 0, waiting: 0 });
    const earlier = other.cache.stats();
    expect(earlier.bus).toMatchObject({ sent: 0, received: 2, trusted: true });
    other.bus.cut();
    clock.advance(60_000);
    const { bus } = other.cache.stats().minus(earlier);
    expect(bus).toMatchObject({ received: 0, trusted: false });
    expect(bus?.distrusts).toBeGreaterThan(0);
  });
});
