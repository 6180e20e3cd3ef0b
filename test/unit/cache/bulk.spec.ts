import { describe, expect, it } from '@jest/globals';
import {
  CacheRegistry,
  createCache,
  defineCache,
  type BulkLoader,
  type CacheOptions,
} from '../../../lib/cache/index.js';
import { ChaosTier, EventRecorder, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { deferred, settled } from './deferred.js';
import { turns } from './passing.js';

function setUp(options: CacheOptions<string, number> = {}) {
  return createCache(defineCache<string, number>('numbers', options), { clock: new FakeClock() });
}

function recording(answer: (keys: readonly string[]) => ReadonlyMap<string, number>) {
  const asked: (readonly string[])[] = [];
  const loader: BulkLoader<string, number> = async (keys) => {
    asked.push(keys);
    return answer(keys);
  };
  return { asked, loader };
}

const lengths = (keys: readonly string[]) => new Map(keys.map((key) => [key, key.length]));

describe('getOrLoadAll', () => {
  it('asks the loader once, for what is neither there nor being loaded, and keeps the order asked', async () => {
    const cache = setUp();
    await cache.put('there', 100);
    const running = deferred<number>();
    const single = cache.getOrLoad('running', () => running.promise);
    const { asked, loader } = recording(lengths);
    const all = cache.getOrLoadAll(['xx', 'there', 'y', 'running', 'xx'], loader);
    running.resolve(7);
    expect([...(await all)]).toEqual([
      ['xx', 2],
      ['there', 100],
      ['y', 1],
      ['running', 7],
    ]);
    expect(asked).toEqual([['xx', 'y']]);
    expect(await single).toBe(7);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 3, joins: 1, loads: 2 });
  });

  it('asks nobody for nothing', async () => {
    const { asked, loader } = recording(lengths);
    expect(await setUp().getOrLoadAll([], loader)).toEqual(new Map());
    expect(asked).toEqual([]);
  });

  it('lets single callers join its keys', async () => {
    const cache = setUp();
    const load = deferred<ReadonlyMap<string, number>>();
    const all = cache.getOrLoadAll(['a', 'b'], () => load.promise);
    const single = cache.getOrLoad('a', () => -1);
    load.resolve(new Map([['a', 1]]));
    expect(await single).toBe(1);
    expect(await all).toEqual(new Map([['a', 1]]));
  });

  it('stores what was returned unasked, and not what was left out', async () => {
    const cache = setUp();
    const values = await cache.getOrLoadAll(
      ['a', 'b'],
      () =>
        new Map([
          ['a', 1],
          ['extra', 2],
        ]),
    );
    expect(values).toEqual(new Map([['a', 1]]));
    expect(await cache.get('extra')).toBe(2);
    expect(await cache.has('b')).toBe(false);
  });

  it('does not replace what is there by what was returned unasked', async () => {
    const cache = setUp();
    await cache.put('extra', 1);
    await cache.getOrLoadAll(['a'], () => new Map([['extra', 2]]));
    expect(await cache.get('extra')).toBe(1);
  });

  it('rejects with the error of the loader, stores nothing, and leaves nothing locked', async () => {
    const cache = setUp();
    const failure = new Error('down');
    await expect(cache.getOrLoadAll(['a', 'b'], () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await cache.getOrLoadAll(['a', 'b'], lengths)).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    );
  });

  it('rejects when the loader returns something else than a Map, and leaves nothing locked', async () => {
    const cache = setUp();
    const events = new EventRecorder(cache.events$);
    await expect(cache.getOrLoadAll(['a'], () => 5 as never)).rejects.toThrow('must return a Map');
    expect(events.types()).toEqual(['miss', 'loadError']);
    expect(await cache.getOrLoad('a', () => 1)).toBe(1);
  });

  it('rejects when the loader returns a key that has no canonical text, and tells a failed load only', async () => {
    const cache = setUp();
    const events = new EventRecorder(cache.events$);
    const loader = async () => new Map([[(() => 1) as never, 1]]);
    await expect(cache.getOrLoadAll(['a'], loader)).rejects.toMatchObject({ code: 'CACHE_MISUSE' });
    expect(events.types()).toEqual(['miss', 'loadError']);
  });

  it('uses the single loader where there is no other, and says so when there is none at all', async () => {
    const cache = setUp({ loader: (key) => key.length });
    expect(await cache.getOrLoadAll(['aa', 'b'])).toEqual(
      new Map([
        ['aa', 2],
        ['b', 1],
      ]),
    );
    await expect(setUp().getOrLoadAll(['a'])).rejects.toMatchObject({ code: 'CACHE_NO_LOADER' });
  });

  it('uses the bulk loader of the definition', async () => {
    const { asked, loader } = recording(lengths);
    const cache = setUp({ bulkLoader: loader });
    await cache.getOrLoadAll(['aa', 'b']);
    expect(asked).toEqual([['aa', 'b']]);
  });

  it('emits a miss, a load and a put for each key', async () => {
    const cache = setUp();
    const recorder = new EventRecorder(cache.events$);
    await cache.getOrLoadAll(['a', 'b'], lengths);
    expect(recorder.events.map(({ type, key }) => `${type} ${key}`)).toEqual([
      'miss a',
      'miss b',
      'load a',
      'load b',
      'put a',
      'put b',
    ]);
  });

  it('ends this caller’s wait when its signal aborts', async () => {
    const cache = setUp();
    const load = deferred<ReadonlyMap<string, number>>();
    const leaving = new AbortController();
    const all = cache.getOrLoadAll(['a'], () => load.promise, { signal: leaving.signal });
    leaving.abort('gone');
    await expect(all).rejects.toBe('gone');
    load.resolve(new Map([['a', 1]]));
    await load.promise;
    expect(await cache.get('a')).toBe(1);
  });
});

describe('a bulk loader', () => {
  it('says lifetime, groups and skip() of one value by load.of(key), over what it says of all', async () => {
    const cache = setUp({ ttl: 1_000 });
    await cache.getOrLoadAll(['a', 'b', 'c', 'd'], (keys, load) => {
      load.of('a').ttl(10);
      load.of('b').groups('of b');
      load.of('c').skip();
      load.of('unasked').ttl(20);
      load.groups('of all');
      load.ttl(100);
      return lengths([...keys, 'unasked']);
    });
    expect(await cache.entry('a')).toMatchObject({ ttlLeftMs: 10, groups: ['of all'] });
    expect(await cache.entry('b')).toMatchObject({ ttlLeftMs: 100, groups: ['of all', 'of b'] });
    expect(await cache.has('c')).toBe(false);
    expect(await cache.entry('d')).toMatchObject({ ttlLeftMs: 100, groups: ['of all'] });
    expect(await cache.entry('unasked')).toMatchObject({ ttlLeftMs: 20 });
  });

  it('is told of one value by load.of() where it loads that alone', async () => {
    const cache = setUp({ bulkLoader: (keys, load) => (load.of(keys[0]).ttl(10), lengths(keys)), batch: true });
    await cache.getOrLoad('a');
    expect((await cache.entry('a'))?.ttlLeftMs).toBe(10);
    await cache.getOrLoad('b', (key, load) => (load.of('whatever').ttl(20), key.length));
    expect((await cache.entry('b'))?.ttlLeftMs).toBe(20);
  });

  it('promise Stale: loads all that is stale anew in one run behind', async () => {
    const clock = new FakeClock();
    const { asked, loader } = recording(lengths);
    const definition = defineCache<string, number>('numbers', { ttl: 1_000, staleWhileRevalidate: '1m' });
    const cache = createCache(definition, { clock });
    const recorder = new EventRecorder(cache.events$);
    await cache.putAll([
      ['a', 10],
      ['b', 20],
    ]);
    clock.advance(2_000);
    const leaving = new AbortController();
    const all = cache.getOrLoadAll(['a', 'b', 'c'], loader, { signal: leaving.signal, abortWhenAbandoned: true });
    expect([...(await all)]).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 1],
    ]);
    await settled();
    expect(asked).toEqual([['c'], ['a', 'b']]);
    expect(recorder.of('refresh').map(({ key }) => key)).toEqual(['a', 'b']);
    expect([...(await cache.getAll(['a', 'b'])).values()]).toEqual([1, 1]);
  });
});

describe('report', () => {
  it('is a loadError event, and counts nothing', () => {
    const registry = new CacheRegistry();
    registry.define(defineCache<string, number>('numbers'));
    const cache = registry.core<string, number>('numbers', 'a test');
    const recorder = new EventRecorder(cache.events$);
    cache.report('broken', 'a');
    expect(recorder.events).toMatchObject([{ type: 'loadError', cache: 'numbers', key: 'a', error: 'broken' }]);
    expect(cache.stats()).toMatchObject({ loadErrors: 0, loads: 0 });
  });
});

describe('getAll', () => {
  it('returns what is there, in the order first asked, counting each key once', async () => {
    const cache = setUp();
    await cache.putAll([
      ['a', 1],
      ['b', 2],
    ]);
    expect([...(await cache.getAll(['b', 'absent', 'a', 'b']))]).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
    expect(cache.stats()).toMatchObject({ gets: 3, hits: 2, misses: 1 });
  });
});

describe('promise Load: who joins a load after a group was invalidated, and finds its result refused', () => {
  it('joins it once, and then loads anew', async () => {
    const tier = new ChaosTier(new InProcessTier());
    const cache = createCache(defineCache<string, number>('numbers', { tiers: [tier], bus: false }));
    const value = deferred<number>();
    const first = cache.getOrLoad('k', () => value.promise, { groups: ['g'] });
    await turns();
    await cache.invalidateGroup('another');
    const joined = cache.getOrLoad('k', async () => 2);
    // The tier has lost the fence: the result is refused.
    await tier.remove('strata:numbers', ['k']);
    value.resolve(1);
    expect([await first, await joined]).toEqual([1, 2]);
    expect(cache.stats()).toMatchObject({ joins: 1, loads: 2 });
  });

  it('does not wait for the other keys of its batch', async () => {
    const clock = new FakeClock();
    const tier = new ChaosTier(new InProcessTier({ clock }), { clock });
    const cache = createCache(defineCache<string, number>('numbers', { tiers: [tier], bus: false }), { clock });
    const values = deferred<ReadonlyMap<string, number>>();
    const all = cache.getOrLoadAll(['k', 'slow'], (_, load) => {
      load.of('k').skip();
      return values.promise;
    });
    await turns();
    await cache.invalidateGroup('another');
    const joined = cache.getOrLoad('k', async () => 2);
    tier.inject({ kind: 'delay', ms: 50 }, { on: ['write'], times: 1 });
    values.resolve(lengths(['k', 'slow']));
    // Were the flight that has ended still there to be joined, nothing but that would ever run again.
    expect(await joined).toBe(2);
    clock.advance(50);
    expect((await all).get('slow')).toBe(4);
    expect(cache.stats()).toMatchObject({ joins: 1, loads: 2 });
  });
});
