import { describe, expect, it, jest } from '@jest/globals';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';
import { nodes } from './nodes.js';
import { turns } from './passing.js';

describe('puts that leave together', () => {
  it('leave without one that the toJSON of another has invalidated', async () => {
    const { join } = nodes();
    const [one, other] = [await join(), await join()];
    const write = jest.spyOn(one.tier, 'write');
    let invalidated: Promise<boolean> | undefined;
    const value = {
      toJSON: () => {
        invalidated ??= one.cache.invalidate('first');
        return 'text';
      },
    };
    await Promise.all([one.cache.put('first', 'x'), one.cache.put('second', value as never)]);
    await invalidated;
    expect(write.mock.calls.flatMap(([, writes]) => writes.map(({ key }) => key))).toEqual(['second']);
    expect(await other.cache.get('first')).toBeUndefined();
  });

  it('leave without one whose time has passed while their generations were asked for', async () => {
    const { join, clock } = nodes();
    const { tier, cache } = await join();
    const asked = deferred<void>();
    const fence = tier.fence.bind(tier);
    jest.spyOn(tier, 'fence').mockImplementation(async (...args) => {
      await asked.promise;
      return fence(...args);
    });
    const write = jest.spyOn(tier, 'write');
    const puts = [cache.put('short', 'x', { ttl: 50 }), cache.put('long', 'y')];
    await turns();
    clock.advance(100);
    asked.resolve();
    await Promise.all(puts);
    expect(write.mock.calls.flatMap(([, writes]) => writes.map(({ key }) => key))).toEqual(['long']);
  });

  it('are all waited for where one of a list fails: closing loses none of the others', async () => {
    const clock = new FakeClock();
    const tier = new InProcessTier({ clock });
    const groups = (value: string): string[] => {
      if (value === 'bad') throw new Error('no groups');
      return [];
    };
    const open = (): ClosableCache<string, string> =>
      createCache(defineCache<string, string>('texts', { tiers: [tier.anotherNode()], groups }), { clock });
    const cache = open();
    const putting = cache.putAll([
      ['a', '1'],
      ['b', 'bad'],
      ['c', '3'],
    ]);
    await expect(putting).rejects.toThrow('no groups');
    await cache.close();
    expect([...(await open().getAll(['a', 'b', 'c']))]).toEqual([
      ['a', '1'],
      ['c', '3'],
    ]);
  });
});

describe('a value that is nothing in bytes', () => {
  it('is a miss for another node', async () => {
    const { join } = nodes();
    const [one, other] = [await join(), await join()];
    await one.cache.put('k', { toJSON: () => undefined } as never);
    expect(await other.cache.getOrLoad('k', () => 'loaded')).toBe('loaded');
  });
});
