import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions, type LoadContext } from '../../../lib/cache/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from './deferred.js';

type Answer = () => number | Promise<number>;

/** A cache over a source whose next answers a test sets. */
function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  const source = { loads: 0, answer: (() => 1) as Answer };
  const loader = (_key: string, load: LoadContext<number>): number | Promise<number> => {
    source.loads++;
    contexts.push(load);
    return source.answer();
  };
  const contexts: LoadContext<number>[] = [];
  const cache = createCache(defineCache<string, number>('numbers', { ttl: 1_000, loader, ...options }), {
    clock,
    random: () => 0.5,
  });
  return { clock, cache, source, contexts, recorder: new EventRecorder(cache.events$) };
}

const down: Answer = () => Promise.reject(new Error('down'));

describe('promise Stale: staleWhileRevalidate', () => {
  it('serves at once past the ttl and loads behind; later waits for the load', async () => {
    const { cache, clock, source, recorder } = setUp({ staleWhileRevalidate: '30s' });
    await cache.getOrLoad('a');
    clock.advance(11_000);
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    recorder.events.length = 0;
    expect(await cache.getOrLoad('a')).toBe(1);
    expect(await cache.getOrLoad('a')).toBe(1);
    expect(source.loads).toBe(2);
    expect(recorder.types()).toEqual(['hit', 'stale', 'hit', 'stale']);
    answer.resolve(2);
    await settled();
    expect(recorder.types().slice(4)).toEqual(['refresh', 'put']);
    expect(await cache.getOrLoad('a')).toBe(2);
    expect(cache.stats()).toMatchObject({ staleHits: 2, refreshes: 1, misses: 1, hits: 3 });

    clock.advance(31_000);
    source.answer = () => 3;
    expect(await cache.getOrLoad('a')).toBe(3);
    expect(cache.stats().misses).toBe(2);
  });

  it('never serves beyond its limit counted from the write, however often loads fail', async () => {
    const { cache, clock, source } = setUp({ staleWhileRevalidate: 5_000, staleBackoff: 0 });
    await cache.getOrLoad('a');
    source.answer = down;
    for (let ms = 1_500; ms < 6_000; ms += 500) {
      clock.advance(ms === 1_500 ? 1_500 : 500);
      expect(await cache.getOrLoad('a')).toBe(1);
      await settled();
    }
    clock.advance(500);
    await expect(cache.getOrLoad('a')).rejects.toThrow('down');
    expect(await cache.entry('a')).toBeUndefined();
  });

  it('past its own limit the value is no longer served at once, though it still stands in for a failed load', async () => {
    const { cache, clock, source } = setUp({ staleWhileRevalidate: 500, staleIfError: 5_000, staleBackoff: 0 });
    await cache.getOrLoad('a');
    clock.advance(1_500);
    source.answer = () => 2;
    expect(await cache.getOrLoad('a')).toBe(2);
    clock.advance(1_600);
    source.answer = down;
    expect(await cache.getOrLoad('a')).toBe(2);
    expect(cache.stats()).toMatchObject({ misses: 3, hits: 0, staleHits: 1 });
  });

  it('a stale value is no value for get, has and putIfAbsent, and entry() marks it', async () => {
    const { cache, clock } = setUp({ staleWhileRevalidate: '30s' });
    await cache.getOrLoad('a');
    clock.advance(1_000);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.has('a')).toBe(false);
    expect(await cache.entry('a')).toMatchObject({ value: 1, stale: true, ttlLeftMs: 0, ageMs: 1_000 });
    expect(await cache.touch('a')).toBe(false);
    expect(await cache.putIfAbsent('a', 5)).toBeUndefined();
    expect(await cache.get('a')).toBe(5);
  });

  it('an invalidation during the load behind wins', async () => {
    const { cache, clock, source } = setUp({ staleWhileRevalidate: '30s' });
    await cache.getOrLoad('a');
    clock.advance(2_000);
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    await cache.getOrLoad('a');
    await cache.invalidate('a');
    answer.resolve(2);
    await settled();
    expect(await cache.get('a')).toBeUndefined();
  });

  it('serves many keys stale, and loads them behind', async () => {
    const { cache, clock, source } = setUp({ staleWhileRevalidate: '30s' });
    await cache.getOrLoadAll(['a', 'b']);
    clock.advance(2_000);
    source.answer = () => 2;
    expect([...(await cache.getOrLoadAll(['a', 'b', 'c'])).values()]).toEqual([1, 1, 2]);
    await settled();
    expect([...(await cache.getAll(['a', 'b'])).values()]).toEqual([2, 2]);
  });
});

describe('promise Stale: staleIfError', () => {
  it('serves the stale value when the load fails, marked as such, and rethrows past its limit', async () => {
    const { cache, clock, source, recorder } = setUp({ staleIfError: '10s', staleBackoff: 0 });
    await cache.getOrLoad('a');
    clock.advance(2_000);
    source.answer = down;
    recorder.events.length = 0;
    expect(await cache.getOrLoad('a')).toBe(1);
    expect(recorder.types()).toEqual(['miss', 'loadError', 'stale']);
    expect(recorder.of('stale')[0]?.error).toMatchObject({ message: 'down' });
    expect(cache.stats()).toMatchObject({ staleHits: 1, misses: 2, hits: 0 });
    clock.advance(9_000);
    await expect(cache.getOrLoad('a')).rejects.toThrow('down');
  });

  it('lets the loader rest for staleBackoff, counted from the failure', async () => {
    const { cache, clock, source } = setUp({ staleIfError: '1h', staleBackoff: '30s' });
    await cache.getOrLoad('a');
    clock.advance(1_800_000);
    source.answer = down;
    for (let call = 0; call < 3; call++) expect(await cache.getOrLoad('a')).toBe(1);
    expect(source.loads).toBe(2);
    clock.advance(29_999);
    expect(await cache.getOrLoad('a')).toBe(1);
    expect(source.loads).toBe(2);
    clock.advance(1);
    source.answer = () => 2;
    expect(await cache.getOrLoad('a')).toBe(2);
    expect(source.loads).toBe(3);
  });

  it('a load that was outdated does not put the newer value to rest when it fails', async () => {
    const { cache, clock, source } = setUp({ staleIfError: '1h', staleBackoff: '10m' });
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    const waiting = cache.getOrLoad('a');
    await cache.put('a', 7);
    answer.reject(new Error('down'));
    await expect(waiting).rejects.toThrow('down');
    clock.advance(2_000);
    source.answer = () => 8;
    expect(await cache.getOrLoad('a')).toBe(8);
  });

  it('is not renewed by each failure', async () => {
    const { cache, clock, source } = setUp({ staleIfError: 5_000, staleBackoff: 1_000 });
    await cache.getOrLoad('a');
    source.answer = down;
    clock.advance(1_000);
    for (let second = 1; second < 6; second++) {
      expect(await cache.getOrLoad('a')).toBe(1);
      clock.advance(1_000);
    }
    await expect(cache.getOrLoad('a')).rejects.toThrow('down');
  });

  it('does not stand in when it was invalidated while the load ran', async () => {
    const { cache, clock, source } = setUp({ staleIfError: '1h' });
    await cache.getOrLoad('a');
    clock.advance(2_000);
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    const waiting = cache.getOrLoad('a');
    await cache.invalidate('a');
    answer.reject(new Error('down'));
    await expect(waiting).rejects.toThrow('down');
  });

  it('stands in for a loader that says load.fail()', async () => {
    const { cache, clock } = setUp({ staleIfError: '1h' });
    await cache.getOrLoad('a');
    clock.advance(2_000);
    expect(await cache.getOrLoad('a', (_, load) => load.fail('quota used up'))).toBe(1);
    await expect(cache.getOrLoad('b', (_, load) => load.fail('quota used up'))).rejects.toMatchObject({
      code: 'CACHE_LOAD_FAILED',
      message: 'quota used up',
    });
  });

  it('stands in for each of many keys when the bulk loader fails', async () => {
    const { cache, clock } = setUp({ staleIfError: '1h', staleBackoff: 0 });
    await cache.getOrLoadAll(['a', 'b']);
    clock.advance(2_000);
    const values = await cache.getOrLoadAll(['a', 'b'], () => Promise.reject(new Error('down')));
    expect([...values.values()]).toEqual([1, 1]);
  });
});

describe('expire', () => {
  it('makes a value stale: loaded anew, and standing in only if that fails', async () => {
    const { cache, source, recorder } = setUp({ staleIfError: '1h', staleWhileRevalidate: '1h', staleBackoff: 0 });
    await cache.getOrLoad('a');
    expect(await cache.expire('a')).toBe(true);
    expect(await cache.expire('a')).toBe(false);
    expect(recorder.of('expire')).toMatchObject([{ key: 'a' }]);
    expect(await cache.get('a')).toBeUndefined();
    source.answer = down;
    expect(await cache.getOrLoad('a')).toBe(1);
    source.answer = () => 2;
    expect(await cache.getOrLoad('a')).toBe(2);
  });

  it('removes what could not stand in, and outdates a load that runs', async () => {
    const { cache, source } = setUp();
    await cache.getOrLoad('a');
    expect(await cache.expire('a')).toBe(true);
    expect(await cache.entry('a')).toBeUndefined();
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    const waiting = cache.getOrLoad('a');
    expect(await cache.expire('a')).toBe(false);
    answer.resolve(2);
    await waiting;
    expect(await cache.get('a')).toBeUndefined();
  });
});

describe('expire without staleIfError', () => {
  it.each([{ refreshAhead: 0.5 }, { staleWhileRevalidate: '30s' }] as const)(
    'leaves nothing that stands in for a failed load: %j',
    async (options) => {
      const { cache, source } = setUp(options);
      await cache.getOrLoad('a');
      expect(await cache.expire('a')).toBe(true);
      source.answer = down;
      await expect(cache.getOrLoad('a')).rejects.toThrow('down');
      expect(await cache.entry('a')).toBeUndefined();
    },
  );
});

describe('refreshAhead', () => {
  it('lets 100 readers in the window have the old value at once, and loads once behind', async () => {
    const { cache, clock, source } = setUp({ refreshAhead: 0.8 });
    await cache.getOrLoad('a');
    clock.advance(799);
    await cache.getOrLoad('a');
    expect(source.loads).toBe(1);
    clock.advance(51);
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    const read = await Promise.all(Array.from({ length: 100 }, () => cache.getOrLoad('a')));
    expect(new Set(read)).toEqual(new Set([1]));
    expect(source.loads).toBe(2);
    answer.resolve(2);
    await settled();
    expect(await cache.getOrLoad('a')).toBe(2);
    expect(cache.stats()).toMatchObject({ refreshes: 1, staleHits: 0, misses: 1, hits: 102 });
  });

  it('that fails keeps the value until its end, with one event', async () => {
    const { cache, clock, source, recorder } = setUp({ refreshAhead: 0.8 });
    await cache.getOrLoad('a');
    clock.advance(850);
    source.answer = down;
    for (let call = 0; call < 5; call++) expect(await cache.getOrLoad('a')).toBe(1);
    await settled();
    expect(recorder.of('loadError')).toMatchObject([{ cause: 'refresh', key: 'a' }]);
    clock.advance(150);
    await expect(cache.getOrLoad('a')).rejects.toThrow('down');
  });

  it('is joined by a reader who comes after the value has expired', async () => {
    const { cache, clock, source } = setUp({ refreshAhead: 0.8 });
    await cache.getOrLoad('a');
    clock.advance(850);
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    await cache.getOrLoad('a');
    clock.advance(1_000);
    const reader = cache.getOrLoad('a');
    answer.resolve(2);
    expect(await reader).toBe(2);
    expect(source.loads).toBe(2);
  });

  it('by chance: the earlier, the longer the load took', async () => {
    for (const [loadMs, askedAtMs, expected] of [
      [100, 900, 1],
      [100, 940, 2],
      [300, 700, 1],
      [300, 800, 2],
    ] as const) {
      const { cache, clock, source } = setUp({ refreshAhead: { beta: 1 } });
      const answer = deferred<number>();
      source.answer = () => answer.promise;
      const first = cache.getOrLoad('a');
      clock.advance(loadMs);
      answer.resolve(1);
      await first;
      // -ln(0.5) = 0.69: due at 1,000 - 0.69 * loadMs.
      clock.advance(askedAtMs);
      source.answer = () => 2;
      await cache.getOrLoad('a');
      expect(source.loads).toBe(expected);
    }
  });

  it('drains at shutdown, and leaves no timer', async () => {
    const { cache, clock, source } = setUp({ refreshAhead: 0.5 });
    await cache.getOrLoad('a');
    clock.advance(600);
    const answer = deferred<number>();
    source.answer = () => answer.promise;
    await cache.getOrLoad('a');
    let closed = false;
    const closing = cache.close().then(() => (closed = true));
    await settled();
    expect(closed).toBe(false);
    answer.resolve(2);
    await closing;
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('conditional refresh', () => {
  it('keeps the value itself and its groups, with a new lifetime', async () => {
    const clock = new FakeClock();
    const cache = createCache(defineCache<string, { n: number }>('objects', { ttl: 1_000, staleIfError: '1h' }), {
      clock,
    });
    const value = { n: 1 };
    await cache.put('a', value, { groups: ['g'] });
    clock.advance(1_500);
    const seen: unknown[] = [];
    const loaded = await cache.getOrLoad('a', (_, load) => {
      seen.push(load.stale);
      return load.notModified();
    });
    expect(seen).toEqual([value]);
    expect(loaded).toBe(value);
    expect(await cache.entry('a')).toMatchObject({ stale: false, ttlLeftMs: 1_000, groups: ['g'] });
    expect(await cache.get('a')).toBe(value);
  });

  it('without an earlier value is an error that says what to check', async () => {
    const { cache } = setUp();
    const outcome = cache.getOrLoad('a', (_, load) => load.notModified());
    await expect(outcome).rejects.toThrow(/check load\.stale first/);
  });
});
