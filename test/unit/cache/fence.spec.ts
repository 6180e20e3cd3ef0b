import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type Cache, type CacheOptions } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from './deferred.js';

function setUp(options: CacheOptions<string, string> = {}) {
  return createCache(defineCache<string, string>('texts', options), { clock: new FakeClock() });
}

type Change = readonly [string, (cache: Cache<string, string>) => Promise<unknown>];

const CHANGES: readonly Change[] = [
  ['invalidate', (cache) => cache.invalidate('a')],
  ['invalidateAll', (cache) => cache.invalidateAll(['b', 'a'])],
  ['invalidateGroup', (cache) => cache.invalidateGroup('g')],
  ['invalidateMatching with a glob', (cache) => cache.invalidateMatching('?')],
  ['invalidateMatching with a regular expression', (cache) => cache.invalidateMatching(/^a$/)],
  ['invalidateMatching with a predicate', (cache) => cache.invalidateMatching((key) => key === 'a')],
  ['clear', (cache) => cache.clear()],
];

describe('promise Fence: a value whose load began before a change of it never becomes visible after that call', () => {
  describe.each(CHANGES)('%s during a load', (_, change) => {
    it('keeps the result out; the callers who waited receive it', async () => {
      const cache = setUp({ groups: ['g'] });
      const load = deferred<string>();
      const waiting = cache.getOrLoad('a', () => load.promise);
      await change(cache);
      load.resolve('old');
      expect(await waiting).toBe('old');
      expect(await cache.get('a')).toBeUndefined();
      expect(await cache.has('a')).toBe(false);
    });

    it('makes a later caller load anew, and never hands it the older result', async () => {
      const cache = setUp({ groups: ['g'] });
      const older = deferred<string>();
      const newer = deferred<string>();
      const before = cache.getOrLoad('a', () => older.promise);
      await change(cache);
      const after = cache.getOrLoad('a', () => newer.promise);
      newer.resolve('new');
      expect(await after).toBe('new');
      older.resolve('old');
      expect(await before).toBe('old');
      expect(await cache.get('a')).toBe('new');
    });

    it('keeps the result out also when it follows in the same tick as the load', async () => {
      const cache = setUp({ groups: ['g'] });
      const waiting = cache.getOrLoad('a', async () => 'old');
      const changed = change(cache);
      await Promise.all([waiting, changed]);
      expect(await cache.get('a')).toBeUndefined();
    });

    it('keeps a bulk result out', async () => {
      const cache = setUp({ groups: ['g'] });
      const load = deferred<ReadonlyMap<string, string>>();
      const waiting = cache.getOrLoadAll(['a', 'z9'], () => load.promise);
      await change(cache);
      load.resolve(new Map([['a', 'old']]));
      expect(await waiting).toEqual(new Map([['a', 'old']]));
      expect(await cache.get('a')).toBeUndefined();
    });

    it('keeps out what a bulk loader returned unasked', async () => {
      const cache = setUp({ groups: ['g'] });
      const load = deferred<ReadonlyMap<string, string>>();
      const waiting = cache.getOrLoadAll(['zz'], () => load.promise);
      await change(cache);
      load.resolve(
        new Map([
          ['zz', 'asked'],
          ['a', 'old'],
        ]),
      );
      await waiting;
      expect(await cache.get('a')).toBeUndefined();
    });

    it('keeps the result of a refresh out', async () => {
      const load = deferred<string>();
      const cache = setUp({ groups: ['g'], loader: () => load.promise });
      await cache.put('a', 'first');
      const refreshing = cache.refresh('a');
      await change(cache);
      load.resolve('old');
      await refreshing;
      expect(await cache.get('a')).toBeUndefined();
    });
  });

  it('a put during a load stays', async () => {
    const cache = setUp();
    const load = deferred<string>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    await cache.put('a', 'put');
    load.resolve('old');
    expect(await waiting).toBe('old');
    expect(await cache.get('a')).toBe('put');
  });

  it('a putIfAbsent during a load stays', async () => {
    const cache = setUp();
    const load = deferred<string>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    expect(await cache.putIfAbsent('a', 'put')).toBeUndefined();
    load.resolve('old');
    await waiting;
    expect(await cache.get('a')).toBe('put');
  });

  it('a predicate is asked when it is given, not when a load ends', async () => {
    const cache = setUp();
    const load = deferred<string>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    const deleted = new Set(['a']);
    await cache.invalidateMatching((key) => deleted.has(key));
    deleted.clear();
    load.resolve('old');
    await waiting;
    expect(await cache.get('a')).toBeUndefined();
  });

  it('an object key that changes during its load is matched by what it was', async () => {
    const cache = createCache(defineCache<{ id: number }, string>('objects'), { clock: new FakeClock() });
    const load = deferred<string>();
    const key = { id: 1 };
    const waiting = cache.getOrLoad(key, () => load.promise);
    key.id = 99;
    await cache.invalidateMatching('\\{"id":1}');
    load.resolve('old');
    await waiting;
    expect(await cache.get({ id: 1 })).toBeUndefined();
  });

  it('a put of another key, group or pattern during a load changes nothing', async () => {
    const cache = setUp({ groups: ['g'] });
    const load = deferred<string>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    await cache.put('b', 'other');
    await cache.invalidateGroup('h');
    await cache.invalidateMatching('other*');
    load.resolve('loaded');
    await waiting;
    expect(await cache.get('a')).toBe('loaded');
  });

  describe('a group that the loader names only at its end', () => {
    it('was invalidated during the load: the result is kept out', async () => {
      const cache = setUp();
      const load = deferred<void>();
      const waiting = cache.getOrLoad('a', async (_, context) => {
        await load.promise;
        context.groups('late');
        return 'old';
      });
      await cache.invalidateGroup('late');
      load.resolve();
      expect(await waiting).toBe('old');
      expect(await cache.get('a')).toBeUndefined();
    });

    it('was invalidated before a caller joined: that caller never gets the older result', async () => {
      const cache = setUp();
      const load = deferred<void>();
      const older = cache.getOrLoad('a', async (_, context) => {
        await load.promise;
        context.groups('late');
        return 'old';
      });
      await cache.invalidateGroup('late');
      const newer = cache.getOrLoad('a', async () => 'new');
      load.resolve();
      expect(await older).toBe('old');
      expect(await newer).toBe('new');
      expect(await cache.get('a')).toBe('new');
    });

    it.each(['is given up', 'is not to be stored'])(
      'was invalidated before a caller joined a load that %s: that caller never gets the older result',
      async (how) => {
        const clock = new FakeClock();
        const cache = createCache(defineCache<string, string>('texts', { loadTimeout: { hold: 1_000 } }), { clock });
        const load = deferred<void>();
        const older = cache.getOrLoad('a', async (_, context) => {
          await load.promise;
          if (how === 'is not to be stored') context.skip();
          return 'old';
        });
        await cache.invalidateGroup('late');
        const newer = cache.getOrLoad('a', async () => 'new');
        if (how === 'is given up') clock.advance(1_000);
        load.resolve();
        expect(await older).toBe('old');
        expect(await newer).toBe('new');
      },
    );

    it('computed from the value, was invalidated during the load: the result is kept out', async () => {
      const cache = setUp({ groups: (value) => [`author:${value}`] });
      const load = deferred<string>();
      const waiting = cache.getOrLoad('a', () => load.promise);
      await cache.invalidateGroup('author:ann');
      load.resolve('ann');
      await waiting;
      expect(await cache.get('a')).toBeUndefined();
    });
  });

  it('promise Groups: a put right after a group invalidation, in the same millisecond, is never lost', async () => {
    const cache = setUp({ groups: ['g'] });
    for (let i = 0; i < 200; i++) {
      await cache.invalidateGroup('g');
      await cache.put(`k${i}`, 'v');
      expect(await cache.get(`k${i}`)).toBe('v');
    }
  });

  it('a clear during the loads of ten keys lets none of them re-appear', async () => {
    const cache = setUp();
    const gate = deferred<void>();
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
    const waiting = keys.map((key) => cache.getOrLoad(key, () => gate.promise.then(() => key)));
    await cache.clear();
    gate.resolve();
    await Promise.all(waiting);
    expect((await cache.getAll(keys)).size).toBe(0);
  });

  it('an abandoned load does not overwrite what was put meanwhile', async () => {
    const clock = new FakeClock();
    const cache = createCache(defineCache<string, string>('texts', { loadTimeout: { hold: 1_000 } }), { clock });
    const load = deferred<string>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    clock.advance(1_000);
    await cache.put('a', 'put');
    load.resolve('late');
    await waiting;
    await settled();
    expect(await cache.get('a')).toBe('put');
  });

  it('an abandoned load stores nothing, although nothing changed', async () => {
    const clock = new FakeClock();
    const cache = createCache(defineCache<string, string>('texts', { loadTimeout: { hold: 1_000 } }), { clock });
    const load = deferred<string>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    clock.advance(1_000);
    load.resolve('late');
    await waiting;
    expect(await cache.has('a')).toBe(false);
  });
});
