import { describe, expect, it, jest } from '@jest/globals';
import { createCache, defineCache } from '../../../lib/cache/index.js';
import { seededRandom } from '../../../lib/core/index.js';
import { FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { nodes } from './nodes.js';

describe('a cache with a tier below memory', () => {
  it('serves another node what one has loaded, as a hit of that tier', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    const loader = jest.fn(async () => 'loaded');
    expect(await a.cache.getOrLoad('k', loader)).toBe('loaded');
    expect(await b.cache.getOrLoad('k', loader)).toBe('loaded');
    expect(loader).toHaveBeenCalledTimes(1);
    expect(b.events.types()).toEqual(['promote', 'hit']);
    expect(b.cache.stats()).toMatchObject({
      hits: 1,
      misses: 0,
      loads: 0,
      tiers: { memory: { hits: 0, misses: 1 }, shared: { hits: 1, misses: 0 } },
    });
    expect(await b.cache.entry('k')).toMatchObject({ value: 'loaded', tier: 'memory' });
  });

  it('emits miss, load and put where no tier has the value', async () => {
    const { join } = nodes();
    const a = await join();
    await a.cache.getOrLoad('k', async () => 'v');
    expect(a.events.types()).toEqual(['miss', 'load', 'put']);
    expect(a.cache.stats()).toMatchObject({ hits: 0, misses: 1, loads: 1 });
  });

  it('promise Tiers: promotes with the lifetime that is left', async () => {
    const { join, clock } = nodes({ ttl: 1_000 });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'v');
    clock.advance(700);
    expect(await b.cache.get('k')).toBe('v');
    expect(await b.cache.entry('k')).toMatchObject({ ageMs: 700, ttlLeftMs: 300 });
    clock.advance(300);
    expect(await b.cache.get('k')).toBeUndefined();
  });

  it('has what only the tier has, as long as that is fresh, and counts nothing', async () => {
    const { join, clock } = nodes({ ttl: '1s', staleIfError: '1h' });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'v');
    expect([await b.cache.has('k'), await b.cache.has('other')]).toEqual([true, false]);
    expect(b.cache.stats()).toMatchObject({ hits: 0, misses: 0 });
    expect(await b.cache.entry('k')).toBeUndefined();
    clock.advance(1_500);
    expect([await a.cache.has('k'), await b.cache.has('k')]).toEqual([false, false]);
  });

  it('reads many keys in one batch, and loads only what no tier has', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.putAll([
      ['a', '1'],
      ['b', '2'],
    ]);
    const read = jest.spyOn(b.tier, 'read');
    const bulkLoader = jest.fn(async (keys: readonly string[]) => new Map(keys.map((key) => [key, `loaded ${key}`])));
    const values = await b.cache.getOrLoadAll(['c', 'a', 'b', 'a'], bulkLoader);
    expect([...values]).toEqual([
      ['c', 'loaded c'],
      ['a', '1'],
      ['b', '2'],
    ]);
    const batches = (): number => read.mock.calls.filter((call) => (call[1] as string[]).length > 0).length;
    expect(batches()).toBe(1);
    expect(bulkLoader.mock.calls.map(([keys]) => keys)).toEqual([['c']]);
    await b.cache.getAll([]);
    expect(batches()).toBe(1);
  });

  it('reads single keys of one tick in one batch', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.putAll([
      ['a', '1'],
      ['b', '2'],
    ]);
    const read = jest.spyOn(b.tier, 'read');
    expect(await Promise.all([b.cache.get('a'), b.cache.get('b'), b.cache.get('x')])).toEqual(['1', '2', undefined]);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('gives one key to all who ask for it at the same time, in one tick or several', async () => {
    const { join } = nodes({ staleIfError: '1m' });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'v');
    const { cache } = b;
    const loader = jest.fn(async () => 'loaded');
    const asked = [cache.get('k'), cache.get('k'), cache.getOrLoad('k', loader), cache.getAll(['k'])];
    await Promise.resolve();
    asked.push(cache.get('k'));
    expect(await Promise.all(asked)).toEqual(['v', 'v', 'v', new Map([['k', 'v']]), 'v']);
    expect(loader).not.toHaveBeenCalled();
    expect(cache.stats()).toMatchObject({ hits: 5, misses: 0, size: 1 });
  });

  it('gives each of them a copy where values are copied', async () => {
    const ports = { clock: new FakeClock(), random: seededRandom(7) };
    const first = new InProcessTier({ name: 'shared', ...ports });
    const options = { clone: 'structured' } as const;
    const [a, b] = [first.anotherNode(), first.anotherNode()].map((tier) =>
      createCache(defineCache<string, { readonly list: number[] }>('lists', { ...options, tiers: [tier] }), ports),
    );
    await a?.put('k', { list: [1] });
    const [one, other] = await Promise.all([b?.get('k'), b?.get('k')]);
    one?.list.push(2);
    expect(other).toEqual({ list: [1] });
    expect(await b?.get('k')).toEqual({ list: [1] });
  });
});

type Change = readonly [
  string,
  (cache: import('../../../lib/cache/index.js').Cache<string, string>) => Promise<unknown>,
];

const CHANGES: readonly Change[] = [
  ['put', (cache) => cache.put('k', 'newer')],
  ['invalidate', (cache) => cache.invalidate('k')],
  ['invalidateAll', (cache) => cache.invalidateAll(['x', 'k'])],
  ['invalidateGroup', (cache) => cache.invalidateGroup('g')],
  ['invalidateMatching by a glob', (cache) => cache.invalidateMatching('k*')],
  ['invalidateMatching by a regular expression', (cache) => cache.invalidateMatching(/^k$/)],
  ['invalidateMatching by a predicate', (cache) => cache.invalidateMatching((key) => key === 'k')],
  ['clear', (cache) => cache.clear()],
];

describe('promise Fence: across nodes', () => {
  describe.each(CHANGES)('%s on one node', (name, change) => {
    const expected = name === 'put' ? 'newer' : undefined;

    it.each([{ bus: true }, { bus: false }])(
      'keeps the result of a load on another out of the shared tier and of memory (bus: $bus)',
      async ({ bus }) => {
        const { join } = nodes({ groups: ['g'], ...(bus ? {} : { bus: false }) });
        const a = await join();
        const b = await join();
        let finish: (value: string) => void = () => {};
        const loading = b.cache.getOrLoad('k', () => new Promise<string>((resolve) => (finish = resolve)));
        await new Promise(setImmediate);
        await change(a.cache);
        finish('old');
        expect(await loading).toBe('old');
        expect(await b.cache.get('k')).toBe(expected);
        expect(await a.cache.get('k')).toBe(expected);
      },
    );

    it('removes what another node has in memory', async () => {
      const { join } = nodes({ groups: ['g'] });
      const a = await join();
      const b = await join();
      await b.cache.put('k', 'old');
      await change(a.cache);
      expect(await b.cache.get('k')).toBe(expected);
    });
  });

  it('keeps a result out whose group is named by its loader and was invalidated elsewhere meanwhile', async () => {
    const { join } = nodes({ bus: false });
    const a = await join();
    const b = await join();
    let finish: (value: string) => void = () => {};
    const loading = b.cache.getOrLoad('k', async (_, load) => {
      const value = await new Promise<string>((resolve) => (finish = resolve));
      load.groups('late');
      return value;
    });
    await new Promise(setImmediate);
    await a.cache.invalidateGroup('late');
    finish('old');
    expect(await loading).toBe('old');
    expect(await b.cache.get('k')).toBeUndefined();
  });

  it('stores a result whose group is named by its loader when no group was invalidated', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await b.cache.getOrLoad('k', async (_, load) => {
      load.groups('late');
      return 'v';
    });
    expect(await a.cache.get('k')).toBe('v');
    expect(await a.cache.entry('k')).toMatchObject({ groups: ['late'] });
    await b.cache.invalidateGroup('late');
    expect(await a.cache.get('k')).toBeUndefined();
  });
});
