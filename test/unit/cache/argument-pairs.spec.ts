import { describe, expect, it } from '@jest/globals';
import { ArgumentPairs } from '../../../lib/cache/argument-pairs.js';
import { CacheRegistry } from '../../../lib/cache/index.js';
import { deferred } from './deferred.js';

const EMPTY = { entries: () => 0, loading: () => [] };

describe('ArgumentPairs', () => {
  it('gives the same object for the same two arguments, compared as in a Map', () => {
    const pairs = new ArgumentPairs(EMPTY);
    expect(pairs.get('a', 1)).toBe(pairs.get('a', 1));
    expect(pairs.get(Number.NaN, 0)).toBe(pairs.get(Number.NaN, -0));
    expect(pairs.get(10n, null)).toBe(pairs.get(10n, null));
  });

  it('tells apart what differs in order or type', () => {
    const pairs = new ArgumentPairs(EMPTY);
    const all = [
      pairs.get('a', 'b'),
      pairs.get('b', 'a'),
      pairs.get(1, 2),
      pairs.get('1', 2),
      pairs.get(1, '2'),
      pairs.get(1, true),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('keeps at most twice as many as the cache has entries, and at least the last 1,024', () => {
    const pairs = new ArgumentPairs({ ...EMPTY, entries: () => 2_000 });
    const last: unknown[] = [];
    for (let i = 0; i < 50_000; i++) last[i] = pairs.get('key', i);
    expect(pairs.size).toBeLessThanOrEqual(4_000);
    for (let i = 48_000; i < 50_000; i++) expect(pairs.get('key', i)).toBe(last[i]);
  });

  it('keeps the pairs that are being loaded, however many others come', () => {
    const loading: unknown[] = [];
    const pairs = new ArgumentPairs({ ...EMPTY, loading: () => loading });
    const held = pairs.get('slow', 'load');
    loading.push(held);
    for (let i = 0; i < 50_000; i++) pairs.get('key', i);
    expect(pairs.get('slow', 'load')).toBe(held);
  });
});

describe('a method’s own cache with two arguments', () => {
  function setUp() {
    const registry = new CacheRegistry();
    const { cache, keys } = registry.defineMethodCache('Cities.near', {}, 'test');
    const options = cache.prepare('test', undefined);
    const call = (args: readonly unknown[], load: () => unknown) => {
      const index = keys.indexOf(args);
      return cache.hitAt(index) ?? cache.loadAt(index, undefined, load as () => Promise<unknown>, options);
    };
    return { cache, call };
  }

  it('finds its entries by the arguments and by the text', async () => {
    const { cache, call } = setUp();
    for (const args of [
      ['a', 1],
      ['a,"b"', 'x\\"'],
      [true, null],
      [1n, -0],
      ['\0', 2],
    ]) {
      await call(args, () => 'first');
      expect(await call([...args], () => 'again')).toBe('first');
    }
    const texts: string[] = [];
    for await (const key of cache.keys()) texts.push(key);
    expect(texts[0]).toBe('Cities.near("a",1)');
    for (const text of texts) expect(await cache.get(text)).toBe('first');
    expect(await cache.invalidateMatching('Cities.near("a",*)')).toBe(1);
    for (const text of texts.slice(1)) expect(await cache.invalidate(text)).toBe(true);
    expect(cache.stats().size).toBe(0);
  });

  it('has one load for the same two arguments, which an invalidation by text fences', async () => {
    const { cache, call } = setUp();
    const load = deferred<string>();
    const first = call(['a', 1], () => load.promise);
    const second = call(['a', 1], () => 'not run');
    await cache.invalidate('Cities.near("a",1)');
    load.resolve('old');
    expect(await Promise.all([first, second])).toEqual(['old', 'old']);
    expect(await cache.get('Cities.near("a",1)')).toBeUndefined();
  });

  it('takes an undefined second argument as a call with one', async () => {
    const { call } = setUp();
    await call(['a', undefined], () => 'one');
    expect(await call(['a'], () => 'again')).toBe('one');
  });
});
