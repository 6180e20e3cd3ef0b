import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from './deferred.js';

/*
 * What was seen to go wrong in caching libraries for Node and elsewhere, each as a test of its own. Where several tests
 * elsewhere prove a promise, this is the one that a user of such a library would write.
 */

function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<string, number>('numbers', { ttl: 1_000, ...options }), { clock }) };
}

const down = () => Promise.reject(new Error('down'));

describe('a defect of others is none of ours', () => {
  it('an invalidate during a load: the older value comes back when the load ends', async () => {
    const { cache } = setUp();
    const load = deferred<number>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    await cache.invalidate('a');
    load.resolve(1);
    expect(await waiting).toBe(1);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.getOrLoad('a', () => 2)).toBe(2);
  });

  it.each([
    ['that the call names', { groups: ['g'] }, () => {}],
    ['that the loader names', {}, (load: { groups(group: string): void }) => load.groups('g')],
  ])('a group invalidation during a load is lost, of a group %s', async (_, options, name) => {
    const { cache } = setUp();
    const source = deferred<number>();
    const waiting = cache.getOrLoad(
      'a',
      async (_key, load) => {
        const value = await source.promise;
        name(load);
        return value;
      },
      options,
    );
    await cache.invalidateGroup('g');
    source.resolve(1);
    await waiting;
    expect(await cache.get('a')).toBeUndefined();
  });

  it('a put right after a group invalidation in the same millisecond is taken for older: none of 200 is lost', async () => {
    const { cache } = setUp();
    for (let round = 0; round < 200; round++) {
      await cache.put(`k${round}`, -1, { groups: ['g'] });
      await cache.invalidateGroup('g');
      await cache.put(`k${round}`, round, { groups: ['g'] });
      expect(await cache.get(`k${round}`)).toBe(round);
    }
  });

  it.each([
    ['after loadTimeout.hard', { hard: 100 }],
    ['after loadTimeout.hold', { hard: 100, hold: 200 }],
  ])('a late load overwrites a newer put, %s', async (_, loadTimeout) => {
    const { cache, clock } = setUp({ loadTimeout });
    const load = deferred<number>();
    const waiting = cache.getOrLoad('a', () => load.promise);
    clock.advance(200);
    await expect(waiting).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' });
    await cache.put('a', 2);
    load.resolve(1);
    await settled();
    expect(await cache.get('a')).toBe(2);
  });

  it('back-off is counted from the old expiry, so a value that is long expired is loaded on every call', async () => {
    const { cache, clock } = setUp({ staleIfError: '1h', staleBackoff: 500 });
    await cache.put('a', 1);
    clock.advance(60_000);
    let loads = 0;
    const failing = () => (loads++, down());
    for (let call = 0; call < 3; call++) expect(await cache.getOrLoad('a', failing)).toBe(1);
    expect(loads).toBe(1);
    clock.advance(500);
    expect(await cache.getOrLoad('a', failing)).toBe(1);
    expect(loads).toBe(2);
  });

  it('the stale limit is renewed by each failure, so a source that stays down is hidden for ever', async () => {
    const { cache, clock } = setUp({ staleIfError: 300, staleBackoff: 10 });
    await cache.put('a', 1);
    clock.advance(1_000);
    for (let ms = 0; ms < 300; ms += 20) {
      expect(await cache.getOrLoad('a', down)).toBe(1);
      clock.advance(20);
    }
    await expect(cache.getOrLoad('a', down)).rejects.toThrow('down');
  });

  it.each([
    ['rejects', down],
    [
      'throws before it returns a promise',
      (): Promise<number> => {
        throw new Error('down');
      },
    ],
  ])('a lock leaks after a failure: the next caller waits for ever, when the loader %s', async (_, failing) => {
    const { cache } = setUp();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => cache.getOrLoad('a', failing)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await cache.getOrLoad('a', () => 1)).toBe(1);
  });

  it('a lock is dropped while others wait: after a failure two loads run at once', async () => {
    const { cache } = setUp();
    let running = 0;
    let most = 0;
    const load = async (): Promise<number> => {
      most = Math.max(most, ++running);
      await settled();
      running--;
      throw new Error('down');
    };
    const persistent = async (): Promise<void> => {
      for (let attempt = 0; attempt < 5; attempt++) await cache.getOrLoad('a', load).catch(() => {});
    };
    await Promise.all([1, 2, 3, 4].map(persistent));
    expect(most).toBe(1);
  });

  it.each([undefined, null, 0, '', false, NaN])(
    'a falsy rejection (%p) resolves the callers who joined',
    async (reason) => {
      for (const options of [{}, { loadTimeout: { hard: 100 } }, { staleIfError: 100 }, { errorTtl: 100 }]) {
        const { cache } = setUp(options);
        const outcomes = Promise.allSettled([1, 2, 3].map(() => cache.getOrLoad('a', () => Promise.reject(reason))));
        for (const outcome of await outcomes) expect(outcome).toEqual({ status: 'rejected', reason });
      }
    },
  );

  it.each([0, '', false, null, NaN])('a falsy value (%p) is taken for a miss and loaded again', async (value) => {
    const cache = createCache(defineCache<string, unknown>('values'), { clock: new FakeClock() });
    let loads = 0;
    const load = () => (loads++, value);
    expect(await cache.getOrLoad('a', load)).toBe(value);
    expect(await cache.getOrLoad('a', load)).toBe(value);
    expect(await cache.getOrLoadAll(['a'])).toEqual(new Map([['a', value]]));
    expect(loads).toBe(1);
  });

  it('a refresh that ends after an invalidation brings the value back', async () => {
    const { cache, clock } = setUp({ refreshAhead: 0.5 });
    await cache.put('a', 1);
    clock.advance(600);
    const load = deferred<number>();
    expect(await cache.getOrLoad('a', () => load.promise)).toBe(1);
    await cache.invalidateGroup('other');
    await cache.invalidate('a');
    load.resolve(2);
    await settled();
    expect(await cache.get('a')).toBeUndefined();
  });

  it('promoting or refreshing restarts the lifetime of what it did not load', async () => {
    const { cache, clock } = setUp({ refreshAhead: 0.5 });
    await cache.put('a', 1);
    clock.advance(600);
    expect(await cache.getOrLoad('a', down)).toBe(1);
    await settled();
    clock.advance(400);
    expect(await cache.get('a')).toBeUndefined();
  });
});

describe('promise Safety: names that begin alike', () => {
  it('users and usersAbc do not touch: clearing, patterns and groups of one leave the other', async () => {
    const clock = new FakeClock();
    const [users, others] = ['users', 'usersAbc'].map((name) =>
      createCache(defineCache<string, number>(name, { groups: ['g'] }), { clock }),
    ) as [Users, Users];
    for (const empty of [
      (cache: Users) => cache.clear(),
      (cache: Users) => cache.invalidateMatching('*'),
      (cache: Users) => cache.invalidateMatching('users*'),
      (cache: Users) => cache.invalidateMatching(/^/),
      (cache: Users) => cache.invalidateGroup('g'),
      (cache: Users) => cache.close(),
    ]) {
      await others.put('users:1', 1);
      await empty(users);
      expect(await others.get('users:1')).toBe(1);
    }
  });
});

type Users = ReturnType<typeof createCache<string, number>>;
