import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type Cache, type CacheOptions } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from './deferred.js';

function setUp<K = string, V = unknown>(options: CacheOptions<K, V> = {}, random = () => 0.5) {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<K, V>('things', options), { clock, random }) };
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}

describe('Cache', () => {
  describe('promise Store: any key works, and one logical key is one entry', () => {
    it.each([
      '__proto__',
      'constructor',
      '',
      '🐘',
      'a:b*?[]{}\\',
      'x'.repeat(10_000),
      '\0',
      '\0o{}',
      0,
      -1,
      1.5,
      Number.NaN,
      Infinity,
      10n,
      true,
      null,
      Symbol.for('s'),
    ])('%p', async (key) => {
      const { cache } = setUp<unknown>();
      await cache.put('other', 'other');
      await cache.put(key, 'value');
      expect(await cache.get(key)).toBe('value');
      expect(await all(cache.keys())).toEqual(['other', key]);
      expect(await cache.invalidate(key)).toBe(true);
      expect(await cache.get(key)).toBeUndefined();
      expect(await cache.get('other')).toBe('other');
    });

    it('1, "1", 1n and true are four keys', async () => {
      const { cache } = setUp<unknown>();
      const keys = [1, '1', 1n, true];
      for (const key of keys) await cache.put(key, typeof key);
      expect([...(await cache.getAll(keys)).values()]).toEqual(['number', 'string', 'bigint', 'boolean']);
    });

    it('objects are compared by their structure', async () => {
      const { cache } = setUp<unknown>();
      await cache.put({ a: 1, b: [new Date(5)] }, 'found');
      expect(await cache.get({ b: [new Date(5)], a: 1 })).toBe('found');
      expect(await cache.get({ a: 1, b: [new Date(6)] })).toBeUndefined();
      expect(await cache.get('{"a":1}')).toBeUndefined();
      expect(await all(cache.keys())).toEqual([{ a: 1, b: [new Date(5)] }]);
    });

    it('a keyCodec of the user’s own decides for objects', async () => {
      const { cache } = setUp<{ id: number; seen: Date }>({ keyCodec: ({ id }) => String(id) });
      await cache.put({ id: 1, seen: new Date(1) }, 'one');
      expect(await cache.get({ id: 1, seen: new Date(2) })).toBe('one');
    });

    it('a key that has no canonical text rejects the call, saying what to do', async () => {
      const { cache } = setUp<unknown>();
      await expect(cache.get(() => 1)).rejects.toMatchObject({ code: 'CACHE_MISUSE' });
    });
  });

  describe('lifetimes', () => {
    it('the ttl of the call wins over the definition’s, and that over five minutes', async () => {
      const { cache, clock } = setUp({ ttl: '10s' });
      const { cache: plain, clock: plainClock } = setUp();
      await cache.put('a', 1);
      await cache.put('b', 1, { ttl: '20s' });
      await plain.put('a', 1);
      clock.advance(10_000);
      expect([await cache.has('a'), await cache.has('b')]).toEqual([false, true]);
      plainClock.advance(299_999);
      expect(await plain.has('a')).toBe(true);
      plainClock.advance(1);
      expect(await plain.has('a')).toBe(false);
    });

    it('tti restarts with each read, and ttl caps it', async () => {
      const { cache, clock } = setUp({ ttl: 1_000, tti: 300 });
      await cache.put('read', 1);
      await cache.put('idle', 1);
      for (let elapsed = 250; elapsed < 1_000; elapsed += 250) {
        clock.advance(250);
        expect(await cache.get('read')).toBe(1);
      }
      expect(await cache.has('idle')).toBe(false);
      clock.advance(250);
      expect(await cache.get('read')).toBeUndefined();
    });

    it('touch restarts the lifetime, and resurrects nothing', async () => {
      const { cache, clock } = setUp({ ttl: 1_000 });
      await cache.put('a', 1);
      clock.advance(900);
      expect(await cache.touch('a')).toBe(true);
      clock.advance(900);
      expect(await cache.touch('a', '5s')).toBe(true);
      clock.advance(4_999);
      expect(await cache.has('a')).toBe(true);
      clock.advance(1);
      expect(await cache.touch('a')).toBe(false);
      expect(await cache.has('a')).toBe(false);
    });

    it('ttlJitter only ever shortens, by at most its fraction', async () => {
      for (const [chance, left] of [
        [0, 1_000],
        [0.5, 950],
        [0.999_999, 900.000_1],
      ] as const) {
        const { cache } = setUp({ ttl: 1_000, ttlJitter: 0.1 }, () => chance);
        await cache.put('a', 1);
        expect((await cache.entry('a'))?.ttlLeftMs).toBeCloseTo(left, 3);
      }
    });

    it('ttl 0 stores nothing, and what was there is gone', async () => {
      const { cache } = setUp();
      await cache.put('a', 1);
      await cache.put('a', 2, { ttl: 0 });
      expect(await cache.get('a')).toBeUndefined();
    });

    it('lasts for months and for ever', async () => {
      const { cache, clock } = setUp();
      await cache.put('month', 1, { ttl: '60d' });
      await cache.put('ever', 1, { ttl: Infinity });
      clock.advance(59 * 86_400_000);
      expect(await cache.has('month')).toBe(true);
      clock.advance(86_400_000);
      expect([await cache.has('month'), await cache.has('ever')]).toEqual([false, true]);
      expect((await cache.entry('ever'))?.ttlLeftMs).toBe(Infinity);
    });

    it('entry() tells age, ttl left, groups and tier', async () => {
      const { cache, clock } = setUp({ groups: ['g'], ttl: 1_000 });
      await cache.put('a', 'v', { groups: ['h', 'g'] });
      clock.advance(300);
      expect(await cache.entry('a')).toEqual({
        value: 'v',
        ageMs: 300,
        ttlLeftMs: 700,
        groups: ['g', 'h'],
        tier: 'memory',
        weight: 1,
        stale: false,
      });
      expect(await cache.entry('b')).toBeUndefined();
    });
  });

  describe('groups and patterns', () => {
    it('a group takes its entries and no others', async () => {
      const { cache } = setUp();
      await cache.put('x', 1, { groups: ['t1', 't2'] });
      await cache.put('y', 1, { groups: ['t2'] });
      await cache.put('z', 1);
      expect(await cache.invalidateGroup('t1')).toBe(1);
      expect(await all(cache.keys())).toEqual(['y', 'z']);
      expect(await all(cache.keys({ group: 't2' }))).toEqual(['y']);
    });

    it('a replaced entry is in its new groups only', async () => {
      const { cache } = setUp();
      await cache.put('x', 1, { groups: ['old'] });
      await cache.put('x', 2, { groups: ['new'] });
      expect(await cache.invalidateGroup('old')).toBe(0);
      expect(await cache.get('x')).toBe(2);
      expect(await cache.invalidateGroup('new')).toBe(1);
    });

    it('globs are over the whole key text and their characters in keys are literal', async () => {
      const { cache } = setUp<unknown>();
      for (const key of ['users:1', 'users:2/x', 'users2:1', 'a*b', 'axb', 7, { id: 7 }]) await cache.put(key, 1);
      expect(await cache.invalidateMatching('users:*')).toBe(2);
      expect(await cache.invalidateMatching('a\\*b')).toBe(1);
      expect(await cache.invalidateMatching('7')).toBe(1);
      await expect(cache.invalidateMatching('{"id":*')).rejects.toThrow(/never closed/);
      expect(await cache.invalidateMatching('\\{"id":*')).toBe(1);
      expect(await all(cache.keys())).toEqual(['users2:1', 'axb']);
    });

    it('promise Safety: a regular expression keeps no state between keys, and is not tried on very long ones', async () => {
      const { cache } = setUp();
      for (const key of ['a1', 'a2', 'a3', `a${'1'.repeat(1_024)}`]) await cache.put(key, 1);
      expect(await cache.invalidateMatching(/a/g)).toBe(3);
      expect(await cache.invalidateMatching((key) => key.startsWith('a'))).toBe(1);
    });

    it('a predicate that throws rejects the call and loses nothing', async () => {
      const { cache } = setUp();
      await cache.put('a', 1);
      await cache.put('b', 1);
      const outcome = cache.invalidateMatching((key) => {
        if (key === 'b') throw new Error('predicate');
        return true;
      });
      await expect(outcome).rejects.toThrow('predicate');
      expect(await all(cache.keys())).toEqual(['a', 'b']);
    });

    it('something else than a pattern is refused', async () => {
      await expect(setUp().cache.invalidateMatching(5 as never)).rejects.toThrow(/needs a glob such as 'user:\*'/);
    });
  });

  it('put refuses undefined, saying what to do; putAll is all or nothing', async () => {
    const { cache } = setUp();
    await expect(cache.put('a', undefined)).rejects.toThrow(/store null .* or invalidate/);
    await expect(
      cache.putAll([
        ['a', 1],
        ['b', undefined],
      ]),
    ).rejects.toThrow('putAll');
    expect(await cache.has('a')).toBe(false);
  });

  it('bad options of a call are refused, all in one error', async () => {
    const { cache } = setUp();
    await expect(
      cache.put('a', 1, { ttl: -1, weight: Number.NaN, groups: [''], time: 5 } as never),
    ).rejects.toMatchObject({
      code: 'CACHE_OPTIONS',
      message: expect.stringMatching(/things\.put\(\)(?=.*time)(?=.*ttl)(?=.*groups)(?=.*weight)/s),
    });
  });

  it.each<[string, (cache: Cache<string, unknown>) => Promise<unknown>, RegExp]>([
    [
      'options in the place of the loader',
      (cache) => cache.getOrLoad('a', { ttl: 1 } as never),
      /as a loader; it comes second/,
    ],
    ['options that are no object', (cache) => cache.getOrLoad('a', () => 1, 5 as never), /options must be an object/],
    ['options that are null', (cache) => cache.put('a', 1, null as never), /options must be an object/],
    ['no name of a group', (cache) => cache.invalidateGroup(undefined as never), /needs the name of a group/],
    [
      'an asynchronous predicate',
      (cache) => cache.invalidateMatching((async () => false) as never),
      /asynchronous function/,
    ],
    [
      'a soft limit that is not below the hard one',
      (cache) => cache.getOrLoad('a', () => 1, { loadTimeout: { soft: 100, hard: 50 } }),
      /soft must be below loadTimeout\.hard \(50 ms\)/,
    ],
  ])('%s is refused, and nothing happens', async (_, misuse, message) => {
    const { cache } = setUp();
    await cache.put('there', 1);
    await expect(misuse(cache)).rejects.toThrow(message);
    expect(cache.stats()).toMatchObject({ size: 1, loads: 0, loadErrors: 0, invalidations: 0 });
  });

  it('a keyCodec that returns no text, and a definition that is none, are refused', async () => {
    const { cache } = setUp<{ id: number }>({ keyCodec: () => undefined as never });
    await expect(cache.get({ id: 1 })).rejects.toThrow(/keyCodec must return a text/);
    expect(() => createCache('users' as never)).toThrow(/needs what defineCache\(\) returns \(received "users"\)/);
  });

  describe('clone', () => {
    it('none: every reader gets the stored value itself, and a hit the very same promise', async () => {
      const { cache } = setUp();
      const value = { n: 1 };
      await cache.put('a', value);
      expect(await cache.get('a')).toBe(value);
      const load = (): never => {
        throw new Error('not asked');
      };
      expect(cache.getOrLoad('a', load)).toBe(cache.getOrLoad('a', load));
    });

    it('structured: nobody can change what the others read', async () => {
      const { cache } = setUp<string, { n: number }>({ clone: 'structured' });
      const loaded = deferred<{ n: number }>();
      const readers = [0, 1].map(() => cache.getOrLoad('a', () => loaded.promise));
      const original = { n: 1 };
      loaded.resolve(original);
      for (const value of await Promise.all(readers)) value.n++;
      original.n = 50;
      for (let read = 0; read < 3; read++) {
        const value = await cache.getOrLoad('a', () => ({ n: -1 }));
        expect(value).toEqual({ n: 1 });
        value.n = 9;
      }
      for (const value of (await cache.getAll(['a'])).values()) value.n = 9;
      expect(await cache.get('a')).toEqual({ n: 1 });
    });
  });

  describe('what cannot be stored', () => {
    it('a load whose value cannot be copied gives it to its caller all the same', async () => {
      const { cache } = setUp({ clone: 'structured' });
      const value = { f: () => 1 };
      expect(await cache.getOrLoad('a', () => value)).toBe(value);
      expect(await cache.has('a')).toBe(false);
    });

    it.each<[string, CacheOptions<string, unknown>, unknown]>([
      ['cannot be copied', { clone: 'structured' }, () => 1],
      [
        'has a weigher that throws',
        {
          maxWeight: 10,
          weigher: (value) => {
            if (value === 'heavy') throw new Error('weigher');
            return 1;
          },
        },
        'heavy',
      ],
      [
        'has a groups function that throws',
        {
          groups: (value) => {
            if (value === 'odd') throw new Error('groups');
            return [];
          },
        },
        'odd',
      ],
    ])('a put of a value that %s rejects and changes nothing', async (_, options, value) => {
      const { cache } = setUp(options);
      await cache.put('a', 'before');
      await expect(cache.put('a', value)).rejects.toThrow();
      expect(await cache.get('a')).toBe('before');
      expect(cache.stats().puts).toBe(1);
    });

    it('a load that ends after the cache was closed stores nothing', async () => {
      const { cache, clock } = setUp();
      const load = deferred<number>();
      const waiting = cache.getOrLoad('a', () => load.promise);
      const closing = cache.close();
      await settled();
      clock.advance(5_000);
      await closing;
      load.resolve(1);
      expect(await waiting).toBe(1);
      expect(cache.stats().size).toBe(0);
    });
  });

  describe('enabled: false', () => {
    it('runs every load, finds and stores nothing', async () => {
      const { cache } = setUp<string, number>({ enabled: false, loader: (key) => key.length });
      let loads = 0;
      await cache.put('a', 1);
      expect(await cache.get('a')).toBeUndefined();
      await Promise.all([0, 1].map(() => cache.getOrLoad('a', async () => ++loads)));
      expect(loads).toBe(2);
      expect(await cache.getOrLoadAll(['aa', 'b'])).toEqual(
        new Map([
          ['aa', 2],
          ['b', 1],
        ]),
      );
      expect(await all(cache.keys())).toEqual([]);
      expect(cache.stats()).toMatchObject({ gets: 0, size: 0 });
    });
  });

  describe('promise Life: close', () => {
    it('waits for running loads, then rejects later calls, and leaves no timer', async () => {
      const { cache, clock } = setUp();
      await cache.put('a', 1);
      const load = deferred<number>();
      const waiting = cache.getOrLoad('b', () => load.promise);
      let closed = false;
      const closing = cache.close().then(() => (closed = true));
      await settled();
      expect(closed).toBe(false);
      load.resolve(2);
      expect(await waiting).toBe(2);
      await closing;
      await expect(cache.get('a')).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
      await expect(cache.getOrLoad('a', () => 1)).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
      await expect(cache.put('a', 1)).rejects.toThrow(/closed: its application has shut down/);
      await cache.close();
      expect(clock.pendingTimers).toBe(0);
    });

    it('waits at most five seconds for a load that never settles, and aborts its signal', async () => {
      const { cache, clock } = setUp();
      let signal: AbortSignal | undefined;
      void cache.getOrLoad('a', (_, load) => {
        signal = load.signal;
        return new Promise(() => {});
      });
      const closing = cache.close();
      await settled();
      clock.advance(5_000);
      await closing;
      expect(signal?.aborted).toBe(true);
    });
  });
});
