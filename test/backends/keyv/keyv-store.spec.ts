import { beforeEach, describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import { keyvStore, type CachePort } from '../../../lib/backends/keyv/index.js';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

let clock: FakeClock;
let cache: ClosableCache<string, unknown>;

beforeEach(() => {
  clock = new FakeClock();
  cache = createCache(defineCache<string, unknown>('keyv', { maxSize: 100, ttl: '1m' }), { clock });
});

describe('keyvStore', () => {
  it('is a store of Keyv, whose values are entries of the cache', async () => {
    const keyv = new Keyv({ store: keyvStore(cache), namespace: 'app' });
    expect(await keyv.set('user', { name: 'Ada' })).toBe(true);
    expect(await keyv.get('user')).toEqual({ name: 'Ada' });
    expect([await cache.has('app:user'), cache.stats().puts]).toEqual([true, 1]);
    expect([await keyv.has('user'), await keyv.has('nobody')]).toEqual([true, false]);
    expect([await keyv.delete('user'), await keyv.delete('user')]).toEqual([true, false]);
    expect(await cache.has('app:user')).toBe(false);
  });

  it('gives many in the order asked, and deletes many', async () => {
    const store = keyvStore(cache);
    await store.setMany([
      { key: 'a', value: '1' },
      { key: 'b', value: '2', ttl: 1_000 },
    ]);
    expect(await store.getMany(['b', 'x', 'a'])).toEqual(['2', undefined, '1']);
    expect(await store.hasMany(['b', 'x'])).toEqual([true, false]);
    clock.advance(1_000);
    expect(await store.getMany(['a', 'b'])).toEqual(['1', undefined]);
    expect([await store.deleteMany(['a', 'x']), await store.deleteMany(['a', 'x'])]).toEqual([true, false]);
  });

  it('takes the ttl of a call, and without one the ttl of the cache', async () => {
    const store = keyvStore(cache);
    await store.set('short', '1', 5_000);
    await store.set('long', '2');
    clock.advance(5_000);
    expect(await store.getMany(['short', 'long'])).toEqual([undefined, '2']);
    clock.advance(55_000);
    expect(await store.get('long')).toBeUndefined();
  });

  it('clears its namespace alone, whatever characters that has, and everything without one', async () => {
    const [one, two] = ['a*', 'ab'].map((namespace) => new Keyv({ store: keyvStore(cache), namespace }));
    await one?.set('k', 1);
    await two?.set('k', 2);
    await one?.clear();
    expect([await one?.get('k'), await two?.get('k')]).toEqual([undefined, 2]);
    await keyvStore(cache).clear();
    expect(await two?.get('k')).toBeUndefined();
  });

  it('is iterated over by namespace', async () => {
    const [one, two] = ['one', 'two'].map((namespace) => new Keyv({ store: keyvStore(cache), namespace }));
    await one?.set('k', 1);
    await two?.set('k', 2);
    const pairs: unknown[] = [];
    for await (const pair of one?.iterator?.(undefined) ?? []) pairs.push(pair);
    expect(pairs).toEqual([['k', 1]]);
  });

  describe('over a cache that fails', () => {
    const failing = {
      ...Object.fromEntries(
        ['get', 'getAll', 'has', 'put', 'invalidate', 'invalidateMatching', 'clear'].map((name) => [
          name,
          async () => {
            throw new Error(`no ${name}`);
          },
        ]),
      ),
    } as unknown as CachePort<string, unknown>;

    it('tells who listens, and misses', async () => {
      const store = keyvStore(failing);
      const told: unknown[] = [];
      const listener = (error: unknown): void => void told.push((error as Error).message);
      store.on('error', listener);
      const seen = [await store.get('k'), await store.getMany(['k']), await store.set('k', 1), await store.delete('k')];
      expect(seen).toEqual([undefined, [undefined], false, false]);
      expect(told).toEqual(['no get', 'no getAll', 'no put', 'no has']);
      store.off('error', listener);
      await expect(store.get('k')).rejects.toThrow('no get');
    });
  });

  it('refuses what is no cache', () => {
    expect(() => keyvStore({} as CachePort<string, unknown>)).toThrow('takes a cache with string keys');
  });
});
