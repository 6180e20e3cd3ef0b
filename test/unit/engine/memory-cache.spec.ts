import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { from } from 'rxjs';
import { MemoryCache } from '../../../lib/engine/index.js';
import { assertStructure } from '../../../lib/engine/store/structure.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';

describe('MemoryCache', () => {
  let cache: MemoryCache<unknown, unknown>;
  beforeEach(() => {
    // The order in which entries leave is the textbook's.
    cache = new MemoryCache({ maxSize: 100, policy: 'lru', clock: new FakeClock() });
  });
  afterEach(() => assertStructure(cache));

  describe('when a lower bound evicts many', () => {
    it('lets go of some thousands at a time, and what is there never is more than the bound', () => {
      const many = new MemoryCache<number, number>({ maxSize: 20_000, policy: 'lru' });
      for (let key = 0; key < 20_000; key++) many.put(key, key);
      const sizes: number[] = [];
      many.events$.subscribe(({ type }) => {
        if (type !== 'evict') return;
        sizes.push(many.size);
        expect(many.size).toBeLessThanOrEqual(many.stats().maxSize);
      });
      many.resize(5);
      expect(sizes).toHaveLength(19_995);
      expect(sizes[0]).toBeGreaterThan(15_000);
      expect([...many.keys()]).toEqual([19_995, 19_996, 19_997, 19_998, 19_999]);
      assertStructure(many);
    });

    it('keeps to the new bound when a listener puts meanwhile', () => {
      const many = new MemoryCache<number, number>({ maxSize: 20_000, policy: 'lru' });
      for (let key = 0; key < 20_000; key++) many.put(key, key);
      many.events$.subscribe(({ type, key }) => {
        if (type === 'evict' && Number(key) % 100 === 0 && Number(key) >= 0) many.put(-1 - Number(key), 0);
      });
      many.resize(50);
      expect(many.size).toBe(50);
      expect(many.stats().maxSize).toBe(50);
      assertStructure(many);
    });
  });

  describe('promise Store: any key works', () => {
    const object = {};
    const keys = ['__proto__', 'constructor', 'hasOwnProperty', '', '🙂', 'a:b*', '1', 1, 1n, true, 'true', null, 'null', undefined,
      NaN, 0.1, -1, 2 ** 40, Infinity, object, {}, Symbol('s'), Symbol.iterator, () => 1, 'x'.repeat(10_240), [1]]; // prettier-ignore

    it('keeps each on its own', () => {
      for (const [value, key] of keys.entries()) cache.put(key, value);
      expect(cache.size).toBe(keys.length);
      expect(keys.map((key) => cache.get(key))).toEqual([...keys.keys()]);
      for (const [value, key] of keys.entries()) {
        expect([cache.invalidate(key), cache.has(key), cache.size]).toEqual([true, false, keys.length - value - 1]);
      }
    });

    it('compares them as a Map does', () => {
      cache.put(-0, 'zero');
      cache.put(NaN, 'nan');
      expect([cache.get(0), cache.get(Number('x')), [...cache.keys()]]).toEqual(['zero', 'nan', [0, NaN]]);
      expect(Object.is([...cache.keys()][0], 0)).toBe(true);
    });

    it('finds an object by identity, also when its content changes', () => {
      const key = { id: 1 };
      cache.put(key, 'value');
      key.id = 2;
      expect([cache.get(key), cache.get({ id: 2 })]).toEqual(['value', undefined]);
    });
  });

  describe('values', () => {
    it('of every kind but undefined are values', () => {
      for (const value of [0, '', false, NaN, null, 0n]) {
        cache.put('k', value);
        expect([cache.get('k'), cache.has('k'), cache.getOrCompute('k', () => 'computed')]).toEqual([
          value,
          true,
          value,
        ]);
      }
      expect(cache.stats()).toMatchObject({ hits: 12, misses: 0, loads: 0 });
    });

    it('undefined is refused with advice, and what was there stays', () => {
      cache.put('k', 1);
      expect(() => cache.put('k', undefined)).toThrow(/undefined means "no value".*store null, or invalidate/);
      expect(() => cache.put('k', undefined)).toThrow(expect.objectContaining({ code: 'CACHE_MISUSE' }));
      expect([cache.get('k'), cache.stats().puts]).toEqual([1, 1]);
    });
  });

  describe('putIfAbsent', () => {
    it('stores where nothing is and returns what was there', () => {
      expect([cache.putIfAbsent('k', 1), cache.putIfAbsent('k', 2), cache.get('k')]).toEqual([undefined, 1, 1]);
      expect(cache.stats().puts).toBe(1);
    });
  });

  describe('getOrCompute', () => {
    it('computes once and counts a miss, a load and then hits', () => {
      let runs = 0;
      const compute = (key: unknown): string => `${String(key)} ${++runs}`;
      expect([cache.getOrCompute('k', compute), cache.getOrCompute('k', compute)]).toEqual(['k 1', 'k 1']);
      expect(cache.stats()).toMatchObject({ gets: 2, hits: 1, misses: 1, loads: 1, puts: 0 });
    });

    it('emits miss, load and put', () => {
      const recorder = new EventRecorder(cache.events$);
      cache.getOrCompute('k', () => 1);
      expect(recorder.types()).toEqual(['miss', 'load', 'put']);
      expect(recorder.of('put')[0]).toMatchObject({ key: 'k', value: 1, cause: 'load' });
    });

    it('throws what the function throws, stores nothing and leaves nothing locked', () => {
      const failure = new Error('no');
      const fail = (): never => {
        throw failure;
      };
      expect(() => cache.getOrCompute('k', fail)).toThrow(failure);
      expect(cache.getOrCompute('k', () => 2)).toBe(2);
      expect(cache.stats()).toMatchObject({ loadErrors: 1, loads: 1 });
    });

    it('returns undefined without storing it', () => {
      expect([cache.getOrCompute('k', () => undefined), cache.has('k')]).toEqual([undefined, false]);
    });

    it('reports a function that asks for its own key, through any depth', () => {
      const compute = (): unknown => cache.getOrCompute('other', () => cache.getOrCompute('k', compute));
      expect(() => cache.getOrCompute('k', compute)).toThrow(expect.objectContaining({ code: 'CACHE_REENTRANCY' }));
      expect(cache.getOrCompute('k', () => 1)).toBe(1);
    });

    it('keeps no promise that rejects, and says so; whoever has it hears of it', async () => {
      const cache = new MemoryCache<string, Promise<number>>();
      const recorder = new EventRecorder(cache.events$);
      const failing = cache.getOrCompute('k', () => Promise.reject(new Error('down')));
      expect(cache.getOrCompute('k', () => Promise.resolve(1))).toBe(failing);
      await expect(failing).rejects.toThrow('down');
      expect(cache.has('k')).toBe(false);
      expect(recorder.types()).toEqual(['miss', 'load', 'put', 'hit', 'loadError']);
      expect(await cache.getOrCompute('k', () => Promise.resolve(2))).toBe(2);
    });

    it('leaves what took the place of a promise that rejects', async () => {
      const cache = new MemoryCache<string, Promise<number>>();
      const failing = cache.getOrCompute('k', () => Promise.reject(new Error('down')));
      cache.put('k', Promise.resolve(2));
      await expect(failing).rejects.toThrow('down');
      expect(await cache.get('k')).toBe(2);
    });

    it('may compute other keys inside', () => {
      const fibonacci = (n: number): number =>
        cache.getOrCompute(n, () => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2))) as number;
      expect(fibonacci(50)).toBe(12_586_269_025);
    });

    it('lets a put of the key in between win', () => {
      const computed = cache.getOrCompute('k', () => {
        cache.put('k', 'later');
        return 'older';
      });
      expect([computed, cache.get('k')]).toEqual(['older', 'later']);
    });

    for (const [name, change] of Object.entries({
      invalidate: () => cache.invalidate('k'),
      invalidateGroup: () => cache.invalidateGroup('g'),
      invalidateMatching: () => cache.invalidateMatching('*'),
      clear: () => cache.clear(),
    })) {
      it(`stores nothing after ${name} in between`, () => {
        const value = cache.getOrCompute('k', () => (change(), 1), { groups: ['g'] });
        expect([value, cache.has('k')]).toEqual([1, false]);
      });
    }

    it('stores after an invalidate of another key in between', () => {
      cache.getOrCompute('k', () => (cache.invalidate('other'), 1));
      expect(cache.has('k')).toBe(true);
    });
  });

  describe('invalidateMatching', () => {
    beforeEach(() => {
      cache.putAll(['user:1', 'user:2', 'user/1', 'users', 'x'.repeat(1_025), 12, 123].map((key) => [key, 1]));
      cache.put(Symbol('user:1'), 1);
      cache.put(true, 1);
    });

    it('takes a string for a glob over the whole text of strings and numbers', () => {
      expect([
        cache.invalidateMatching('user:*'),
        cache.invalidateMatching('user'),
        cache.invalidateMatching('12?'),
      ]).toEqual([2, 0, 1]);
      expect(cache.invalidateMatching('*')).toBe(4);
      expect(cache.size).toBe(2);
    });

    it('promise Safety: tries a RegExp on keys of at most 1,024 characters, wherever it stood before', () => {
      const pattern = /^(user|x)/g;
      pattern.lastIndex = 3;
      expect([cache.invalidateMatching(pattern), pattern.lastIndex]).toEqual([4, 3]);
      expect(cache.invalidateMatching(/^user/y)).toBe(0);
    });

    it('gives any key to a function', () => {
      expect(cache.invalidateMatching((key) => typeof key === 'symbol' || key === true)).toBe(2);
    });

    it('changes nothing when the function throws', () => {
      let calls = 0;
      const fail = (): boolean => {
        if (++calls === 5) throw new Error('no');
        return true;
      };
      expect(() => cache.invalidateMatching(fail)).toThrow('no');
      expect([cache.size, cache.stats().invalidations]).toEqual([9, 0]);
    });

    it('copes with a function that changes the cache', () => {
      const meddle = (key: unknown): boolean => {
        if (key === 'user:2') cache.clear();
        if (key === 'users') cache.put('new', 1);
        return true;
      };
      cache.invalidateMatching(meddle);
      assertStructure(cache);
    });

    it('refuses what is no pattern', () => {
      expect(() => cache.invalidateMatching(5 as unknown as string)).toThrow(
        expect.objectContaining({ code: 'CACHE_MISUSE' }),
      );
    });
  });

  describe('groups', () => {
    it('are invalidated as one, and an entry is in as many as it has', () => {
      cache.put('x', 1, { groups: ['t1', 't2'] });
      cache.put('y', 1, { groups: ['t2'] });
      cache.put('z', 1);
      expect([cache.invalidateGroup('t1'), cache.has('x'), cache.has('y'), cache.has('z')]).toEqual([
        1,
        false,
        true,
        true,
      ]);
      expect([cache.invalidateGroup('t1'), cache.invalidateGroup('t2'), cache.size]).toEqual([0, 1, 1]);
    });

    it('follow the last write of the entry', () => {
      cache.put('x', 1, { groups: ['old'] });
      cache.put('x', 2, { groups: ['new'] });
      expect([cache.invalidateGroup('old'), cache.get('x'), cache.invalidateGroup('new'), cache.get('x')]).toEqual([
        0,
        2,
        1,
        undefined,
      ]);
    });

    it('of the cache are joined with those of the call', () => {
      const grouped = new MemoryCache<string, { type: string }>({
        groups: (value, key) => [value.type, key.slice(0, 1)],
      });
      grouped.put('abc', { type: 't' }, { groups: ['more', 't'] });
      expect(grouped.entry('abc')?.groups).toEqual(['t', 'a', 'more']);
      const listed = new MemoryCache<string, number>({ groups: ['all'] });
      listed.put('a', 1);
      expect(listed.invalidateGroup('all')).toBe(1);
    });

    it('that are no texts are refused before anything changes', () => {
      cache.put('x', 1, { groups: ['g'] });
      expect(() => cache.put('x', 2, { groups: 'g' as unknown as string[] })).toThrow(/groups must be a list of texts/);
      expect([cache.get('x'), cache.entry('x')?.groups]).toEqual([1, ['g']]);
    });

    it('of 100,000 entries go in one call and leave nothing behind', () => {
      const large = new MemoryCache<number, number>({ maxSize: 100_000 });
      for (let key = 0; key < 100_000; key++) large.put(key, key, { groups: ['g'] });
      expect([large.invalidateGroup('g'), large.size, large.invalidateGroup('g')]).toEqual([100_000, 0, 0]);
      assertStructure(large);
    });
  });

  describe('iteration', () => {
    it('gives keys, values and entries, the next victim first', () => {
      cache.putAll([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]);
      cache.get('a');
      expect([[...cache.keys()], [...cache.values()]]).toEqual([
        ['b', 'c', 'a'],
        [2, 3, 1],
      ]);
      expect([...cache]).toEqual([...cache.entries()]);
      expect(new Map(cache as Iterable<[string, number]>)).toEqual(
        new Map([
          ['b', 2],
          ['c', 3],
          ['a', 1],
        ]),
      );
    });

    it('goes on while entries leave and come, and gives each at most once', () => {
      for (let key = 0; key < 10; key++) cache.put(key, key);
      const seen: unknown[] = [];
      for (const key of cache.keys()) {
        seen.push(key);
        if (key === 2) cache.invalidateAll([3, 4, 0]);
        if (key === 5) for (let other = 20; other < 40; other++) cache.put(other, other);
        if (key === 6) cache.put(7, 'new');
      }
      expect(seen).toEqual([0, 1, 2, 5, 6, 7, 8, 9]);
    });

    it('ends when the cache is cleared meanwhile', () => {
      cache.putAll([
        ['a', 1],
        ['b', 2],
      ]);
      const keys = cache.keys();
      keys.next();
      cache.clear();
      expect(keys.next().done).toBe(true);
    });
  });

  describe('events$', () => {
    it('tells what happened, in order, with causes', () => {
      const clock = new FakeClock();
      const small = new MemoryCache<string, number>({ name: 'small', maxSize: 1, clock });
      const recorder = new EventRecorder(small.events$);
      small.get('a');
      small.put('a', 1, { groups: ['g'] });
      small.get('a');
      small.put('b', 2);
      small.invalidate('b');
      small.invalidate('b');
      small.invalidateGroup('g');
      small.invalidateMatching(/x/);
      small.clear();
      expect(recorder.events.map(({ type, key, cause }) => [type, key, cause])).toEqual([
        ['miss', 'a', undefined],
        ['put', 'a', 'put'],
        ['hit', 'a', undefined],
        ['evict', 'a', 'size'],
        ['put', 'b', 'put'],
        ['invalidate', 'b', 'key'],
        ['invalidate', undefined, 'group'],
        ['invalidate', undefined, 'pattern'],
        ['clear', undefined, undefined],
      ]);
      expect(recorder.of('invalidate').map(({ group, pattern }) => group ?? pattern)).toEqual([undefined, 'g', '/x/']);
      expect(recorder.events[0]).toMatchObject({ cache: 'small', at: clock.epochMs() });
    });

    it('lets a listener call the cache', () => {
      const small = new MemoryCache<number, number>({ maxSize: 3 });
      small.events$.subscribe((event) => {
        if (event.type !== 'evict') return;
        assertStructure(small);
        if ((event.key ?? 0) < 50) small.put((event.key ?? 0) + 100, 0);
      });
      for (let key = 0; key < 100; key++) {
        small.put(key, key);
        assertStructure(small);
      }
      expect(small.size).toBe(3);
    });

    it('promise Numbers: a throwing observer harms nobody', () => {
      const recorder =
        (cache.events$.subscribe(() => {
          throw new Error('observer');
        }),
        new EventRecorder(cache.events$));
      cache.put('a', 1);
      expect([cache.get('a'), recorder.types()]).toEqual([1, ['put', 'hit']]);
    });

    it('is an observable for RxJS, and completes on dispose', () => {
      const types: string[] = [];
      from(cache.events$ as never).subscribe({
        next: (event) => types.push((event as { type: string }).type),
        complete: () => types.push('completed'),
      });
      cache.put('a', 1);
      cache.dispose();
      expect(types).toEqual(['put', 'completed']);
    });
  });

  describe('resize', () => {
    it('evicts at once what is too much, in the order of the policy', () => {
      cache.putAll([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]);
      cache.resize(2);
      expect([[...cache.keys()], cache.stats().evictions.size, cache.stats().maxSize]).toEqual([['b', 'c'], 1, 2]);
    });

    it('to more makes room', () => {
      cache.resize(200);
      for (let key = 0; key < 250; key++) cache.put(key, key);
      expect(cache.size).toBe(200);
    });

    it('refuses what is no bound', () => {
      for (const wrong of [0, -1, NaN, 1.5, '5' as unknown as number, undefined as unknown as number]) {
        expect(() => cache.resize(wrong)).toThrow(expect.objectContaining({ code: 'CACHE_OPTIONS' }));
      }
    });
  });

  describe('promise Numbers: statistics', () => {
    it('are all zero, ratios included, in a cache that nobody used', () => {
      expect(cache.stats()).toMatchObject({
        gets: 0,
        hits: 0,
        misses: 0,
        hitRate: 0,
        puts: 0,
        invalidations: 0,
        expirations: 0,
        size: 0,
      });
      expect(cache.stats().memory).toBeUndefined();
    });

    it('do not move when has, peek, entry or invalidate find nothing', () => {
      cache.has('a');
      cache.peek('a');
      cache.entry('a');
      cache.invalidate('a');
      expect(cache.stats().minus(new MemoryCache({ maxSize: 100 }).stats())).toMatchObject({
        gets: 0,
        invalidations: 0,
      });
    });

    it('count hits + misses as gets, and each value of a putAll', () => {
      cache.putAll([
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ]);
      for (const key of ['a', 'b', 'c', 'd']) cache.get(key);
      cache.invalidateAll(['a', 'a', 'x']);
      expect(cache.stats()).toMatchObject({
        gets: 4,
        hits: 2,
        misses: 2,
        hitRate: 0.5,
        puts: 3,
        invalidations: 1,
        size: 1,
      });
    });

    it('are snapshots that cannot be changed, and differ by minus()', () => {
      cache.put('a', 1);
      cache.get('a');
      const before = cache.stats();
      cache.get('a');
      cache.get('b');
      expect(before.hits).toBe(1);
      expect(cache.stats().minus(before)).toMatchObject({
        gets: 2,
        hits: 1,
        misses: 1,
        hitRate: 0.5,
        puts: 0,
        size: 1,
        maxSize: 100,
      });
      expect(Object.isFrozen(before) && Object.isFrozen(before.evictions)).toBe(true);
    });
  });

  describe('after dispose', () => {
    it('finds nothing, and refuses to store', () => {
      cache.put('a', 1);
      cache.dispose();
      cache.dispose();
      expect([cache.get('a'), cache.size]).toEqual([undefined, 0]);
      expect(() => cache.put('a', 1)).toThrow(expect.objectContaining({ code: 'CACHE_CLOSED' }));
    });
  });
});
