import { describe, expect, it } from '@jest/globals';
import { CacheTierError } from '../../../lib/core/index.js';
import { nodes } from './nodes.js';

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

describe("tiering: 'exclusive'", () => {
  const options = { tiering: 'exclusive', maxSize: 2, policy: 'lru', ttl: 10_000 } as const;

  it('hands down what memory evicts, with the lifetime that is left and its groups, and takes it back on a hit', async () => {
    const { join, clock, tier } = nodes(options);
    const a = await join();
    await a.cache.getOrLoad('k', async (_, load) => {
      load.groups('g');
      return 'v';
    });
    const below = async () => (await tier.read('strata:texts', ['k'], [])).entries[0];
    expect(await below()).toBeUndefined();
    clock.advance(4_000);
    await a.cache.put('x', '1');
    await a.cache.put('y', '2');
    await turns();
    expect(a.events.of('demote').map(({ key }) => key)).toEqual(['k']);
    expect((await below())?.ttlLeftMs).toBe(6_000);
    expect(await a.cache.get('k')).toBe('v');
    expect(await a.cache.entry('k')).toMatchObject({ ttlLeftMs: 6_000, groups: ['g'] });
    expect(await below()).toBeUndefined();
  });

  it.each([
    ['invalidate', (cache: import('../../../lib/cache/index.js').Cache<string, string>) => cache.invalidate('k')],
    ['put', (cache: import('../../../lib/cache/index.js').Cache<string, string>) => cache.put('k', 'newer')],
    [
      'invalidateGroup',
      (cache: import('../../../lib/cache/index.js').Cache<string, string>) => cache.invalidateGroup('g'),
    ],
    ['clear', (cache: import('../../../lib/cache/index.js').Cache<string, string>) => cache.clear()],
  ])(
    'does not hand down what another node changed by %s, whether or not this one has heard of it',
    async (_, change) => {
      for (const bus of [{}, { bus: false }] as const) {
        const { join, tier } = nodes({ ...options, groups: ['g'], ...bus });
        const a = await join();
        const b = await join();
        await a.cache.getOrLoad('k', async () => 'old');
        await change(b.cache);
        await a.cache.put('x', '1');
        await a.cache.put('y', '2');
        await turns();
        expect(await a.cache.get('k')).toBeUndefined();
        expect(
          (await tier.read('strata:texts', ['k'], [])).entries[0]?.bytes === undefined ||
            (await b.cache.get('k')) !== 'old',
        ).toBe(true);
      }
    },
  );

  it('forgets what a put would have replaced, where the trouble of that put is thrown', async () => {
    const { join } = nodes({ ...options, onTierError: 'throw' });
    const a = await join();
    await a.cache.put('k', 'old');
    a.tier.inject({ kind: 'fail' }, { on: ['remove'] });
    await expect(a.cache.put('k', 'new')).rejects.toThrow(CacheTierError);
    a.tier.heal();
    expect(await a.cache.get('k')).toBeUndefined();
  });

  it('demotes nothing that was invalidated or has expired', async () => {
    const { join, clock } = nodes(options);
    const a = await join();
    await a.cache.put('k', 'v');
    await a.cache.invalidate('k');
    await a.cache.put('l', 'v', { ttl: 1_000 });
    clock.advance(1_000);
    await a.cache.put('x', '1');
    await a.cache.put('y', '2');
    await turns();
    expect(a.events.of('demote')).toEqual([]);
    expect(await a.cache.get('k')).toBeUndefined();
    expect(await a.cache.get('l')).toBeUndefined();
  });

  it('keeps a promoted entry for another demotion', async () => {
    const { join } = nodes(options);
    const a = await join();
    for (const key of ['a', 'b', 'c']) await a.cache.put(key, key);
    await turns();
    expect(await a.cache.get('a')).toBe('a');
    await turns();
    for (const key of ['d', 'e']) await a.cache.put(key, key);
    await turns();
    expect(await a.cache.getAll(['a', 'b', 'c', 'd', 'e'])).toEqual(
      new Map(['a', 'b', 'c', 'd', 'e'].map((key) => [key, key])),
    );
  });
});
