import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { CacheLoadTimeoutError } from '../../../lib/core/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from './deferred.js';

function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<string, number>('numbers', { ttl: 1_000, ...options }), { clock }) };
}

/** Whether a promise is still pending, without waiting for it. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  promise.then(
    () => (pending = false),
    () => (pending = false),
  );
  await settled();
  return pending;
}

describe('loadTimeout.soft', () => {
  it('gives the stale value, and the late result is there for the next reader', async () => {
    const { cache, clock } = setUp({ staleIfError: '1h', loadTimeout: { soft: 50 } });
    await cache.put('a', 1);
    clock.advance(2_000);
    const load = deferred<number>();
    const reader = cache.getOrLoad('a', () => load.promise);
    clock.advance(49);
    expect(await isPending(reader)).toBe(true);
    clock.advance(1);
    expect(await reader).toBe(1);
    clock.advance(150);
    load.resolve(2);
    await settled();
    expect(await cache.get('a')).toBe(2);
    expect(clock.pendingTimers).toBeLessThanOrEqual(1);
  });

  it('says nothing where there is nothing stale', async () => {
    const { cache, clock } = setUp({ staleIfError: '1h', loadTimeout: { soft: 50 } });
    const load = deferred<number>();
    const reader = cache.getOrLoad('a', () => load.promise);
    clock.advance(10_000);
    expect(await isPending(reader)).toBe(true);
    load.resolve(1);
    expect(await reader).toBe(1);
  });
});

describe('loadTimeout.hard', () => {
  it('takes one timer for all callers of a millisecond, and ends each wait at its own limit', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hard: 100, hold: Infinity } });
    const load = deferred<number>();
    const before = clock.pendingTimers;
    const ask = (count: number, hard?: number): Promise<number>[] =>
      Array.from({ length: count }, () =>
        cache.getOrLoad('a', () => load.promise, hard === undefined ? {} : { loadTimeout: { hard } }),
      );
    const first = ask(1_000);
    expect(clock.pendingTimers - before).toBe(1);
    clock.advance(30);
    const second = ask(1_000);
    const patient = ask(1_000, 200);
    expect(clock.pendingTimers - before).toBe(3);
    const failed = (calls: readonly Promise<number>[]): Promise<boolean[]> =>
      Promise.all(
        calls.map((call) =>
          call.then(
            () => false,
            (error) => error instanceof CacheLoadTimeoutError,
          ),
        ),
      );
    clock.advance(69);
    expect(await isPending(Promise.race(first))).toBe(true);
    clock.advance(1);
    expect(await failed(first)).not.toContain(false);
    clock.advance(29);
    expect(await isPending(Promise.race(second))).toBe(true);
    clock.advance(1);
    expect(await failed(second)).not.toContain(false);
    expect(await isPending(Promise.race(patient))).toBe(true);
    load.resolve(7);
    expect(new Set(await Promise.all(patient))).toEqual(new Set([7]));
    expect(cache.stats()).toMatchObject({ misses: 1, loads: 1, joins: 2_999 });
  });

  it('leaves no timer behind when the load ends, well or not', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hard: 100 } });
    const before = clock.pendingTimers;
    const load = deferred<number>();
    const callers = [1, 2, 3].map(() => cache.getOrLoad('a', () => load.promise));
    load.reject(new Error('down'));
    for (const caller of callers) await expect(caller).rejects.toThrow('down');
    expect(clock.pendingTimers).toBe(before);
  });

  it('lets callers who shared a timer leave one by one, so that the last ends what nobody waits for', async () => {
    const { cache, clock } = setUp({ abortWhenAbandoned: true, loadTimeout: { hard: 100 } });
    let signal: AbortSignal | undefined;
    const ask = (): Promise<number> =>
      cache.getOrLoad('a', (_, load) => {
        signal = load.signal;
        return new Promise<number>(() => {});
      });
    const early = [ask(), ask()];
    clock.advance(50);
    const late = [ask(), ask()];
    clock.advance(50);
    for (const caller of early) await expect(caller).rejects.toThrow(CacheLoadTimeoutError);
    expect(signal?.aborted).toBe(false);
    clock.advance(50);
    for (const caller of late) await expect(caller).rejects.toThrow(CacheLoadTimeoutError);
    expect(signal?.aborted).toBe(true);
  });

  it('rejects the caller with key, limit and advice; the load goes on and its result is stored', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hard: 100 } });
    const load = deferred<number>();
    const reader = cache.getOrLoad('a', () => load.promise);
    clock.advance(100);
    await expect(reader).rejects.toMatchObject({
      code: 'CACHE_LOAD_TIMEOUT',
      key: 'a',
      timeoutMs: 100,
      message: expect.stringMatching(/"a" in cache "numbers" did not end within 100 ms; .* raise loadTimeout\.hard/),
    });
    load.resolve(1);
    await settled();
    expect(await cache.get('a')).toBe(1);
  });

  it('counts for each caller from its own call, and a later one joins the same load', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hard: 100 } });
    const load = deferred<number>();
    let loads = 0;
    const loader = () => (loads++, load.promise);
    const first = cache.getOrLoad('a', loader);
    clock.advance(60);
    const second = cache.getOrLoad('a', loader);
    clock.advance(40);
    await expect(first).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' });
    expect(await isPending(second)).toBe(true);
    load.resolve(1);
    expect(await second).toBe(1);
    expect(loads).toBe(1);
  });

  it('serves the stale value instead, where there is one', async () => {
    const { cache, clock } = setUp({ staleIfError: '1h', loadTimeout: { hard: 100 } });
    await cache.put('a', 1);
    clock.advance(2_000);
    const reader = cache.getOrLoad('a', () => new Promise<number>(() => {}));
    clock.advance(100);
    expect(await reader).toBe(1);
  });

  it('remains when the stale value is invalidated before the soft limit', async () => {
    const { cache, clock } = setUp({ staleIfError: '1h', loadTimeout: { soft: 50, hard: 100 } });
    await cache.put('a', 1);
    clock.advance(2_000);
    const reader = cache.getOrLoad('a', () => new Promise<number>(() => {}));
    await cache.invalidate('a');
    clock.advance(50);
    expect(await isPending(reader)).toBe(true);
    clock.advance(50);
    await expect(reader).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' });
  });

  it('a late result never overwrites what was put meanwhile', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hard: 100 } });
    const load = deferred<number>();
    const reader = cache.getOrLoad('a', () => load.promise);
    clock.advance(100);
    await expect(reader).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' });
    await cache.put('a', 9);
    load.resolve(1);
    await settled();
    expect(await cache.get('a')).toBe(9);
  });

  it('of the call wins over the definition’s', async () => {
    const { cache, clock } = setUp({ loadTimeout: { hard: 100 } });
    const reader = cache.getOrLoad('a', () => new Promise<number>(() => {}), { loadTimeout: { hard: 10 } });
    clock.advance(10);
    await expect(reader).rejects.toMatchObject({ timeoutMs: 10 });
  });

  it('leaves no timer behind when the load is in time', async () => {
    const { cache, clock } = setUp({ ttl: Infinity, loadTimeout: { soft: 50, hard: 100 } });
    expect(await cache.getOrLoad('a', async () => 1)).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('abortWhenAbandoned', () => {
  it('aborts the load when the last caller has gone, and the next caller loads anew', async () => {
    const { cache } = setUp({ abortWhenAbandoned: true });
    const [one, two] = [new AbortController(), new AbortController()];
    let signal: AbortSignal | undefined;
    const load = deferred<number>();
    const loader = (_: string, context: { signal: AbortSignal }) => {
      signal = context.signal;
      return load.promise;
    };
    const readers = [one, two].map(({ signal: own }) => cache.getOrLoad('a', loader, { signal: own }));
    const outcomes = Promise.allSettled(readers);
    one.abort('gone');
    expect(signal?.aborted).toBe(false);
    two.abort('gone too');
    expect(signal?.aborted).toBe(true);
    expect(await outcomes).toMatchObject([{ reason: 'gone' }, { reason: 'gone too' }]);
    expect(await cache.getOrLoad('a', () => 2)).toBe(2);
    load.resolve(1);
    await settled();
    expect(await cache.get('a')).toBe(2);
  });

  it('does not abort while somebody without a signal waits, nor when it is not asked for', async () => {
    for (const abortWhenAbandoned of [true, false]) {
      const { cache } = setUp({ abortWhenAbandoned });
      const leaving = new AbortController();
      let signal: AbortSignal | undefined;
      const load = deferred<number>();
      const reader = cache.getOrLoad(
        'a',
        (_, context) => {
          signal = context.signal;
          return load.promise;
        },
        { signal: leaving.signal },
      );
      const patient = abortWhenAbandoned ? cache.getOrLoad('a') : undefined;
      leaving.abort('gone');
      await expect(reader).rejects.toBe('gone');
      expect(signal?.aborted).toBe(false);
      load.resolve(1);
      if (patient !== undefined) expect(await patient).toBe(1);
    }
  });

  it('counts a caller whom loadTimeout.hard rejected as gone', async () => {
    const { cache, clock } = setUp({ abortWhenAbandoned: true, loadTimeout: { hard: 100 } });
    let signal: AbortSignal | undefined;
    const load = deferred<number>();
    const loader = (_: string, context: { signal: AbortSignal }) => {
      signal = context.signal;
      return load.promise;
    };
    const first = cache.getOrLoad('a', loader);
    clock.advance(60);
    const second = cache.getOrLoad('a', loader);
    clock.advance(40);
    await expect(first).rejects.toThrow(CacheLoadTimeoutError);
    expect(signal?.aborted).toBe(false);
    clock.advance(60);
    await expect(second).rejects.toThrow(CacheLoadTimeoutError);
    expect(signal?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    expect(await cache.getOrLoad('a', () => 2)).toBe(2);
  });

  it('keeps the load that a stale value stands in for, since that is to be replaced', async () => {
    const { cache, clock } = setUp({
      abortWhenAbandoned: true,
      staleIfError: '1h',
      loadTimeout: { soft: 50, hard: 100 },
    });
    await cache.put('a', 1, { ttl: 10 });
    clock.advance(10);
    let signal: AbortSignal | undefined;
    const load = deferred<number>();
    const reader = cache.getOrLoad('a', (_, context) => {
      signal = context.signal;
      return load.promise;
    });
    clock.advance(50);
    expect(await reader).toBe(1);
    clock.advance(100);
    expect(signal?.aborted).toBe(false);
    load.resolve(2);
    await settled();
    expect(await cache.get('a')).toBe(2);
  });
});

describe('a cache that is switched off', () => {
  const never = () => new Promise<number>(() => {});

  it('rejects its callers at loadTimeout.hard, of single and of bulk loads', async () => {
    const { cache, clock } = setUp({ enabled: false, loadTimeout: { hard: 100, hold: 200 } });
    const waits = [
      cache.getOrLoad('a', never),
      cache.getOrLoadAll(['a', 'b'], () => new Promise<Map<string, number>>(() => {})),
    ];
    const outcomes = Promise.allSettled(waits);
    clock.advance(100);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: expect.any(CacheLoadTimeoutError) });
    }
    clock.advance(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends the wait of a caller whose signal aborts, and tells the loader after hold', async () => {
    const { cache, clock } = setUp({ enabled: false, loadTimeout: { hold: 200 } });
    let given: AbortSignal | undefined;
    const own = new AbortController();
    const reader = cache.getOrLoad('a', (_, { signal }) => ((given = signal), never()), { signal: own.signal });
    own.abort('gone');
    await expect(reader).rejects.toBe('gone');
    expect(given?.aborted).toBe(false);
    clock.advance(200);
    expect(given?.aborted).toBe(true);
  });

  it('tells the loader at once with abortWhenAbandoned', async () => {
    const { cache, clock } = setUp({ enabled: false, abortWhenAbandoned: true, loadTimeout: { hard: 100 } });
    let given: AbortSignal | undefined;
    const reader = cache.getOrLoad('a', (_, { signal }) => ((given = signal), never()));
    const outcome = Promise.allSettled([reader]);
    clock.advance(100);
    await outcome;
    expect(given?.aborted).toBe(true);
  });

  it('leaves no timer when its load is in time, or fails', async () => {
    const { cache, clock } = setUp({ enabled: false, loadTimeout: { hard: 100 } });
    expect(await cache.getOrLoad('a', async () => 1)).toBe(1);
    await expect(cache.getOrLoad('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(clock.pendingTimers).toBe(0);
  });
});
