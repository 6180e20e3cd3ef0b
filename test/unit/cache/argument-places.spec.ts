import { describe, expect, it } from '@jest/globals';
import { ArgumentPlaces } from '../../../lib/cache/keys/argument-places.js';
import { CacheRegistry } from '../../../lib/cache/index.js';
import { canonicalArguments } from '../../../lib/core/index.js';
import { deferred } from './deferred.js';

const placesOf = (entries = 0) =>
  new ArgumentPlaces(
    (first, second) => canonicalArguments([first, second]),
    () => entries,
  );

describe('ArgumentPlaces', () => {
  it('gives the same place for the same two arguments, compared as in a Map', () => {
    const places = placesOf();
    expect(places.get('a', 1)).toBe(places.get('a', 1));
    expect(places.get(Number.NaN, 0)).toBe(places.get(Number.NaN, -0));
    expect(places.get(10n, null)).toBe(places.get(10n, null));
  });

  it('gives the same place again and again, however many there are', () => {
    const places = placesOf(3_000);
    const pairs = Array.from({ length: 3_000 }, (_, at): [unknown, unknown] => [
      [`tenant:${at % 7}`, at % 3, '', 'x', -0][at % 5],
      [at, `user:${at}`, BigInt(at), at / 8, `${at}`][at % 5],
    ]);
    const first = pairs.map(([one, other]) => places.get(one, other));
    expect(new Set(first.map((place) => place?.key)).size).toBe(pairs.length);
    for (let again = 0; again < 3; again++) {
      expect(pairs.every(([one, other], at) => places.get(one, other) === first[at])).toBe(true);
    }
    expect(places.size).toBe(pairs.length);
  });

  it('tells apart what differs in order or type', () => {
    const places = placesOf();
    const pairs = [
      ['a', 'b'],
      ['b', 'a'],
      [1, 2],
      ['1', 2],
      [1, '2'],
      [1, true],
      [1, 'true'],
      ['a,"b"', 'c'],
      ['a', '"b","c'],
    ];
    for (let again = 0; again < 3; again++) {
      const all = pairs.map(([first, second]) => places.get(first, second)?.key);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it('has none for what is not primitive or means nothing', () => {
    const places = placesOf();
    for (const other of [undefined, {}, [], () => {}, Symbol('s')]) {
      expect(places.get('a', other)).toBeUndefined();
      expect(places.get(other, 'a')).toBeUndefined();
    }
    expect(places.size).toBe(0);
  });

  it('keeps at most twice as many as the cache has entries, the last ones among them, and at least 1,024', () => {
    const places = placesOf(2_000);
    const last: unknown[] = [];
    for (let i = 0; i < 50_000; i++) last[i] = places.get('key', i);
    expect(places.size).toBeLessThanOrEqual(4_000);
    for (let i = 48_000; i < 50_000; i++) expect(places.get('key', i)).toBe(last[i]);
    const few = placesOf();
    const first = few.get('key', 0);
    for (let i = 1; i < 1_024; i++) few.get('key', i);
    expect(few.get('key', 0)).toBe(first);
  });
});

describe('a method’s own cache with two arguments', () => {
  function setUp() {
    const registry = new CacheRegistry();
    const { cache, keys } = registry.defineMethodCache('Cities.near', {}, 'test');
    const options = cache.prepare('test', undefined);
    const call = (args: readonly unknown[], load: () => unknown) => {
      const place = keys.placeOf(args[0], args[1]);
      const index = place === undefined ? keys.indexOf(args) : place.key;
      const hit = place === undefined ? cache.hitAt(index) : cache.hitBy(place);
      return hit ?? cache.loadAt(index, undefined, load as () => Promise<unknown>, options);
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

  it('finds an entry after any number of other calls that stored nothing', async () => {
    const { cache, call } = setUp();
    await call(['a', 1], () => 'kept');
    for (let i = 0; i < 5_000; i++) await call(['other', i], () => undefined);
    expect(cache.stats().size).toBe(1);
    expect(await call(['a', 1], () => 'again')).toBe('kept');
  });

  it('joins a load after any number of other calls', async () => {
    const { cache, call } = setUp();
    const load = deferred<string>();
    const first = call(['a', 1], () => load.promise);
    for (let i = 0; i < 5_000; i++) await call(['other', i], () => undefined);
    const second = call(['a', 1], () => 'not run');
    load.resolve('one');
    expect(await Promise.all([first, second])).toEqual(['one', 'one']);
    expect(cache.stats().loads).toBe(5_001);
  });
});
