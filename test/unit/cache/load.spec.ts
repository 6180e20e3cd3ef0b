import { AsyncResource } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import process from 'node:process';
import { describe, expect, it, jest } from '@jest/globals';
import { createCache, currentLoad, defineCache, type CacheOptions, type Loader } from '../../../lib/cache/index.js';
import { CacheError } from '../../../lib/core/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from './deferred.js';

function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  const cache = createCache(defineCache<string, number>('numbers', options), { clock, random: () => 0.5 });
  return { clock, cache };
}

/** A loader that counts its runs and ends when the test says so. */
function controlled() {
  const runs: (ReturnType<typeof deferred<number>> & { readonly key: string })[] = [];
  const loader: Loader<string, number> = (key) => {
    const run = { ...deferred<number>(), key };
    runs.push(run);
    return run.promise;
  };
  return { runs, loader };
}

describe('promise Load: one load per key and node at a time', () => {
  it('gives all callers the result of one load', async () => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    const callers = Array.from({ length: 500 }, () => cache.getOrLoad('a', loader));
    expect(runs).toHaveLength(1);

    runs[0]?.resolve(7);
    expect(new Set(await Promise.all(callers))).toEqual(new Set([7]));
    expect(cache.stats()).toMatchObject({ gets: 1, misses: 1, hits: 0, loads: 1, joins: 499 });
    expect(cache.stats().latency.load.count).toBe(1);
  });

  it('loads different keys beside each other', async () => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    const both = [cache.getOrLoad('a', loader), cache.getOrLoad('b', loader)];
    expect(runs.map((run) => run.key)).toEqual(['a', 'b']);
    runs.forEach((run, i) => run.resolve(i));
    expect(await Promise.all(both)).toEqual([0, 1]);
  });

  it('gives all callers the same error, stores nothing, and lets the next caller start anew', async () => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    const callers = [cache.getOrLoad('a', loader), cache.getOrLoad('a', loader)];
    const failure = new Error('no database');
    runs[0]?.reject(failure);
    for (const outcome of await Promise.allSettled(callers))
      expect(outcome).toEqual({ status: 'rejected', reason: failure });

    const next = cache.getOrLoad('a', loader);
    expect(runs).toHaveLength(2);
    runs[1]?.resolve(1);
    expect(await next).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 1 });
  });

  it('lets no second load run beside the one that a follower of a failed load started', async () => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    const retrying = [0, 1, 2].map(() => cache.getOrLoad('a', loader).catch(() => cache.getOrLoad('a', loader)));
    runs[0]?.reject(new Error('once'));
    await settled();
    expect(runs).toHaveLength(2);
    runs[1]?.resolve(2);
    expect(await Promise.all(retrying)).toEqual([2, 2, 2]);
  });

  it.each([undefined, null, 0, '', false])('rejects followers with a falsy reason as it is: %p', async (reason) => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    const callers = [cache.getOrLoad('a', loader), cache.getOrLoad('a', loader)];
    runs[0]?.reject(reason);
    for (const outcome of await Promise.allSettled(callers)) expect(outcome).toEqual({ status: 'rejected', reason });
  });

  describe('leaves nothing locked', () => {
    it('when the loader throws synchronously', async () => {
      const { cache, clock } = setUp();
      const thrown = new Error('at once');
      await expect(
        cache.getOrLoad('a', () => {
          throw thrown;
        }),
      ).rejects.toBe(thrown);
      expect(await cache.getOrLoad('a', () => 1)).toBe(1);
      await cache.close();
      expect(clock.pendingTimers).toBe(0);
    });

    it('when the loader never settles: after loadTimeout.hold the next caller loads anew, and the late result is not stored', async () => {
      const { cache, clock } = setUp({ loadTimeout: { hold: '10s' } });
      const { runs, loader } = controlled();
      const first = cache.getOrLoad('a', loader);
      clock.advance(9_999);
      void cache.getOrLoad('a', loader);
      expect(runs).toHaveLength(1);

      clock.advance(1);
      const second = cache.getOrLoad('a', loader);
      expect(runs).toHaveLength(2);
      runs[1]?.resolve(2);
      expect(await second).toBe(2);
      runs[0]?.resolve(1);
      expect(await first).toBe(1);
      expect(await cache.get('a')).toBe(2);
    });

    it('when the loader never settles and its key is not asked for again: no flight, no timer', async () => {
      const { cache, clock } = setUp({ ttl: Infinity });
      void cache.getOrLoad('a', () => new Promise<number>(() => {}));
      clock.advance(60_000);
      expect(clock.pendingTimers).toBe(0);
    });

    it('when the loader asks for its own key, which is reported', async () => {
      const { cache } = setUp();
      const outcome = cache.getOrLoad('a', async () => {
        await Promise.resolve();
        return cache.getOrLoad('a', () => 1);
      });
      await expect(outcome).rejects.toMatchObject({ code: 'CACHE_REENTRANCY', cache: 'numbers', key: 'a' });
      expect(await cache.getOrLoad('a', () => 3)).toBe(3);
    });

    it('when the loader asks for its own key through other keys and caches', async () => {
      const { cache } = setUp();
      const other = createCache(defineCache<string, number>('other'));
      const outcome = cache.getOrLoad('a', () =>
        cache.getOrLoad('b', () => other.getOrLoad('c', async () => (await cache.getOrLoad('a', () => 1)) + 1)),
      );
      await expect(outcome).rejects.toMatchObject({ code: 'CACHE_REENTRANCY' });
    });

    it('when two loads wait for each other', async () => {
      const { cache } = setUp();
      const gate = deferred<void>();
      const a = cache.getOrLoad('a', async () => {
        await gate.promise;
        return cache.getOrLoad('b', () => 1);
      });
      const b = cache.getOrLoad('b', async () => {
        await gate.promise;
        return cache.getOrLoad('a', () => 1);
      });
      gate.resolve();
      const outcomes = await Promise.allSettled([a, b]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    });
  });

  it('lets a loader ask for another key, also one that is being loaded', async () => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    const b = cache.getOrLoad('b', loader);
    const a = cache.getOrLoad('a', async () => (await cache.getOrLoad('b', loader)) + 1);
    runs[0]?.resolve(1);
    expect(await Promise.all([a, b])).toEqual([2, 1]);
  });
});

describe('promise Load: a loader that returns a thenable of its own making leaves nothing locked', () => {
  it.each<[string, () => unknown, unknown]>([
    [
      'its then throws',
      () => ({
        then() {
          throw new Error('then');
        },
      }),
      'then',
    ],
    [
      'its then cannot be read',
      () =>
        Object.defineProperty({}, 'then', {
          get() {
            throw new Error('getter');
          },
        }),
      'getter',
    ],
    [
      'it resolves with a rejection',
      () => ({ then: (resolve: (value: unknown) => void) => resolve(Promise.reject(new Error('late'))) }),
      'late',
    ],
  ])('%s', async (_, thenable, message) => {
    const { cache, clock } = setUp({ ttl: Infinity });
    await expect(cache.getOrLoad('a', thenable as () => number)).rejects.toThrow(message as string);
    expect(await cache.has('a')).toBe(false);
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 1 });
    expect(await cache.getOrLoad('a', () => 5)).toBe(5);
    expect(clock.pendingTimers).toBe(0);
    expect(currentLoad()).toBeUndefined();
  });

  it('it settles twice: only the first counts', async () => {
    const { cache } = setUp();
    const twice = {
      then(resolve: (value: number) => void) {
        resolve(1);
        resolve(2);
      },
    };
    expect(await cache.getOrLoad('a', () => twice as unknown as number)).toBe(1);
    expect(await cache.get('a')).toBe(1);
    expect(cache.stats().latency.load.count).toBe(1);
  });
});

describe('a caller with a signal', () => {
  it('may be one of many with the same signal: no warning, and no listener left', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { cache } = setUp();
    const { signal } = new AbortController();
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    await cache.getOrLoadAll(keys, async (asked) => new Map(asked.map((key) => [key, 1])), { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('rejects alone when it aborts; the load goes on for the others', async () => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    const leaving = new AbortController();
    const one = cache.getOrLoad('a', loader, { signal: leaving.signal });
    const others = [cache.getOrLoad('a', loader), cache.getOrLoad('a', loader), cache.getOrLoad('a', loader)];
    const reason = new Error('client went away');
    leaving.abort(reason);
    await expect(one).rejects.toBe(reason);

    runs[0]?.resolve(5);
    expect(await Promise.all(others)).toEqual([5, 5, 5]);
    expect(await cache.get('a')).toBe(5);
  });

  it('starts no load when it was aborted before', async () => {
    const { cache } = setUp();
    const { runs, loader } = controlled();
    await expect(cache.getOrLoad('a', loader, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(runs).toHaveLength(0);
  });
});

describe('what a loader may say', () => {
  it('promise Store: stores null, which is a value', async () => {
    const cache = createCache(defineCache<string, number | null>('n'));
    let loads = 0;
    const loader = () => (loads++, null);
    expect([await cache.getOrLoad('a', loader), await cache.getOrLoad('a', loader)]).toEqual([null, null]);
    expect(loads).toBe(1);
    expect(await cache.has('a')).toBe(true);
  });

  it('promise Store: does not store undefined, which is absence', async () => {
    const cache = createCache(defineCache<string, number | undefined>('n'));
    let loads = 0;
    const loader = () => (loads++, undefined);
    expect([await cache.getOrLoad('a', loader), await cache.getOrLoad('a', loader)]).toEqual([undefined, undefined]);
    expect(loads).toBe(2);
  });

  it.each([0, '', false, Number.NaN])('stores the falsy value %p', async (value) => {
    const cache = createCache(defineCache<string, unknown>('n'));
    let loads = 0;
    const loader = () => (loads++, value);
    expect([await cache.getOrLoad('a', loader), await cache.getOrLoad('a', loader)]).toEqual([value, value]);
    expect(loads).toBe(1);
  });

  it('gives the value its ttl; 0 returns it without storing it', async () => {
    const { cache, clock } = setUp();
    await cache.getOrLoad('short', (_, load) => (load.ttl('1s'), 1));
    await cache.getOrLoad('never', (_, load) => (load.ttl(0), 2));
    expect(await cache.get('never')).toBeUndefined();
    clock.advance(999);
    expect(await cache.get('short')).toBe(1);
    clock.advance(1);
    expect(await cache.get('short')).toBeUndefined();
  });

  it('refuses a ttl that is none, naming it', async () => {
    const { cache } = setUp();
    const outcome = cache.getOrLoad('a', (_, load) => (load.ttl('5 minutes' as '5m'), 1));
    await expect(outcome).rejects.toThrow(/load\.ttl\(\) in the loader of cache "numbers".*'5m'/);
  });

  it('refuses groups that are none, naming where they come from', async () => {
    const { cache } = setUp();
    const outcome = cache.getOrLoad('a', (_, load) => (load.groups('ok', undefined as never), 1));
    await expect(outcome).rejects.toThrow(
      /load\.groups\(\) in the loader of cache "numbers" gave an array of 2 as groups/,
    );

    const { cache: computed } = setUp({ groups: () => 'not a list' as never });
    await expect(computed.put('a', 1)).rejects.toThrow(
      /the groups function of cache "numbers" gave "not a list" as groups/,
    );
    expect(await computed.has('a')).toBe(false);
  });

  it('adds groups, and skips storing', async () => {
    const { cache } = setUp({ groups: ['all'] });
    await cache.getOrLoad('a', (_, load) => (load.groups('odd'), 1), { groups: ['asked'] });
    expect((await cache.entry('a'))?.groups).toEqual(['all', 'asked', 'odd']);
    await cache.getOrLoad('b', (_, load) => (load.skip(), 2));
    expect(await cache.has('b')).toBe(false);
  });

  it('finds its load through any depth of awaits', async () => {
    const { cache } = setUp();
    const deep = async (): Promise<void> => {
      await Promise.resolve();
      currentLoad()?.ttl('2s');
    };
    await cache.getOrLoad('a', async () => {
      await deep();
      return 1;
    });
    expect((await cache.entry('a'))?.ttlLeftMs).toBe(2_000);
    expect(currentLoad()).toBeUndefined();
  });

  it('is nothing\u2019s current load once it has ended: following it would slow every promise of the process', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hold: '1s' } });
    let askLater = (): unknown => 'not set';
    const remember = (): number => {
      askLater = AsyncResource.bind(() => currentLoad());
      return 1;
    };
    await cache.getOrLoad('a', remember);
    expect(askLater()).toBeUndefined();
    await cache.getOrLoad('b', () => (remember(), Promise.reject(new Error('down')))).catch(() => {});
    expect(askLater()).toBeUndefined();
    const whileOther = askLater;
    void cache.getOrLoad('c', () => (remember(), new Promise<number>(() => {})));
    expect(askLater()).toBeDefined();
    expect(whileOther()).toBeUndefined();
    clock.advance(1_000);
    expect(askLater()).toBeUndefined();
    const disabled = createCache(defineCache<string, number>('n', { enabled: false }));
    await disabled.getOrLoad('a', remember);
    expect(askLater()).toBeUndefined();
  });

  it('hears that its load was given up', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hold: '1s' } });
    let signal: AbortSignal | undefined;
    void cache.getOrLoad('a', (_, load) => {
      signal = load.signal;
      return new Promise<number>(() => {});
    });
    expect(signal?.aborted).toBe(false);
    clock.advance(1_000);
    expect(signal?.aborted).toBe(true);
  });
});

describe('a loader of the definition', () => {
  it('serves where the call gives none', async () => {
    const { cache } = setUp({ loader: (key) => key.length });
    expect(await cache.getOrLoad('four')).toBe(4);
  });

  it('is missing: the error says where to give one', async () => {
    const { cache } = setUp();
    await expect(cache.getOrLoad('a')).rejects.toMatchObject({
      code: 'CACHE_NO_LOADER',
      message: expect.stringContaining("defineCache('numbers', { loader })"),
    });
    await expect(cache.refresh('a')).rejects.toBeInstanceOf(CacheError);
  });
});

describe('refresh', () => {
  it('replaces the value that is there, and joins a load that runs', async () => {
    let version = 0;
    const { cache } = setUp({ loader: () => ++version });
    expect(await cache.getOrLoad('a')).toBe(1);
    expect(await cache.refresh('a')).toBe(2);
    expect(await cache.get('a')).toBe(2);
    expect(cache.stats()).toMatchObject({ loads: 2, refreshes: 1, misses: 1 });

    const { cache: slow } = setUp({});
    const { runs, loader } = controlled();
    const loading = slow.getOrLoad('a', loader);
    const refreshing = slow.refresh('a');
    runs[0]?.resolve(9);
    expect(await Promise.all([loading, refreshing])).toEqual([9, 9]);
  });

  it('that fails keeps the value, and its event says it was a refresh', async () => {
    let fail = false;
    const failure = new Error('down');
    const { cache } = setUp({
      loader: () => {
        if (fail) throw failure;
        return 1;
      },
    });
    await cache.getOrLoad('a');
    fail = true;
    const recorder = new EventRecorder(cache.events$);
    await expect(cache.refresh('a')).rejects.toBe(failure);
    expect(await cache.get('a')).toBe(1);
    expect(recorder.of('loadError')).toMatchObject([{ key: 'a', cause: 'refresh', error: failure }]);
  });
});

describe('what the user hands in and that throws', () => {
  it('costs the storing, never the loaded value', async () => {
    const broken = new Error('weigher');
    const cache = createCache(
      defineCache<string, number>('n', {
        maxWeight: 10,
        weigher: () => {
          throw broken;
        },
      }),
    );
    const recorder = new EventRecorder(cache.events$);
    expect(await cache.getOrLoad('a', () => 1)).toBe(1);
    expect(await cache.has('a')).toBe(false);
    expect(recorder.of('tierError')).toMatchObject([{ key: 'a', tier: 'memory', error: broken }]);
  });
});
