import process from 'node:process';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { filter, map, take } from 'rxjs';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';

function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<string, number>('numbers', options), { clock }) };
}

describe('events$', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('tells a read that loads as miss, load, put, and the next as hit', async () => {
    const { cache, clock } = setUp();
    const recorder = new EventRecorder(cache.events$);
    await cache.getOrLoad('a', () => 1);
    await cache.getOrLoad('a', () => 1);
    expect(recorder.events).toEqual([
      { type: 'miss', cache: 'numbers', at: clock.epochMs(), key: 'a' },
      { type: 'load', cache: 'numbers', at: clock.epochMs(), key: 'a', durationMs: 0 },
      { type: 'put', cache: 'numbers', at: clock.epochMs(), key: 'a', value: 1, cause: 'load' },
      { type: 'hit', cache: 'numbers', at: clock.epochMs(), key: 'a', tier: 'memory' },
    ]);
  });

  it('delivers before the promise of the call resolves', async () => {
    const { cache } = setUp();
    const order: string[] = [];
    cache.events$.subscribe((event) => order.push(event.type));
    await cache.put('a', 1).then(() => order.push('resolved'));
    expect(order).toEqual(['put', 'resolved']);
  });

  it('names the cause of each put', async () => {
    const { cache } = setUp({ loader: () => 1 });
    const recorder = new EventRecorder(cache.events$);
    await cache.put('a', 1);
    await cache.getOrLoad('b');
    await cache.refresh('b');
    expect(recorder.of('put').map(({ cause }) => cause)).toEqual(['put', 'load', 'refresh']);
    expect(recorder.of('refresh')).toHaveLength(1);
  });

  it('tells evictions with their cause, expiry as expire, and refused entries', async () => {
    const { cache, clock } = setUp({ maxWeight: 10, weigher: (value) => value, ttl: 1_000 });
    const recorder = new EventRecorder(cache.events$);
    await cache.put('a', 6);
    await cache.put('b', 6);
    await cache.put('b', 11);
    await cache.put('c', 1);
    clock.advance(10_000);
    expect(recorder.events.filter(({ type }) => type !== 'put')).toMatchObject([
      { type: 'evict', key: 'a', value: 6, cause: 'weight' },
      { type: 'evict', key: 'b', value: 11, cause: 'too-heavy' },
      { type: 'expire', key: 'c', value: 1 },
    ]);
    expect(cache.stats().size).toBe(0);
  });

  it('tells invalidations by key, group and pattern, and clear', async () => {
    const { cache } = setUp({ groups: ['g'] });
    const recorder = new EventRecorder(cache.events$);
    await cache.put('a', 1);
    recorder.events.length = 0;
    await cache.invalidate('a');
    await cache.invalidate('absent');
    await cache.invalidateGroup('g');
    await cache.invalidateMatching('user:*');
    await cache.invalidateMatching(/x/i);
    await cache.invalidateMatching(() => false);
    await cache.clear();
    expect(recorder.events).toMatchObject([
      { type: 'invalidate', key: 'a', cause: 'key' },
      { type: 'invalidate', group: 'g', cause: 'group' },
      { type: 'invalidate', pattern: 'user:*', cause: 'pattern' },
      { type: 'invalidate', pattern: '/x/i', cause: 'pattern' },
      { type: 'invalidate', pattern: '(predicate)', cause: 'pattern' },
      { type: 'clear' },
    ]);
  });

  it('survives a handler that throws: the call succeeds, the others hear, and one warning says so', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { cache } = setUp({ maxSize: 1 });
    cache.events$.subscribe(() => {
      throw new Error('handler');
    });
    const recorder = new EventRecorder(cache.events$);
    await cache.put('a', 1);
    await cache.put('b', 2);
    expect(recorder.types()).toEqual(['put', 'evict', 'put']);
    expect(await cache.get('b')).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining('an event handler of cache "numbers" failed: Error: handler'),
    ]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('handler'))],
    [
      'throws',
      () => {
        throw new Error('handler');
      },
    ],
  ])('survives a handler behind operators that %s', async (_, handler: () => unknown) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { cache } = setUp();
    cache.events$.pipe(filter(({ type }) => type === 'put')).subscribe(handler as () => void);
    cache.events$.subscribe(handler as () => void);
    await cache.put('a', 1);
    await cache.put('b', 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('survives a handler that calls the cache', async () => {
    const { cache } = setUp({ maxSize: 2 });
    cache.events$.subscribe((event) => {
      if (event.type === 'evict') void cache.put('kept', 0);
    });
    for (let i = 0; i < 10; i++) await cache.put(`k${i}`, i);
    expect(cache.stats().size).toBe(2);
  });

  it('stops a handler that puts on every evict and so causes the next, and warns of it once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { cache } = setUp({ maxSize: 2 });
    let puts = 0;
    cache.events$.subscribe(({ type }) => {
      if (type === 'evict') void cache.put(`again ${puts++}`, 0);
    });
    for (const key of ['a', 'b', 'c', 'd']) await cache.put(key, 1);
    expect(cache.stats().size).toBe(2);
    // Ten thousand for each of the two puts that were one too many, and what they left for the next.
    expect(puts).toBeGreaterThan(20_000);
    expect(cache.stats().evictions.size).toBe(puts);
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining('an event handler of cache "numbers" causes the events that it handles without end'),
    ]);
  });

  it('works with operators, and they let go of the cache when they are done', async () => {
    const { cache } = setUp();
    const keys: unknown[] = [];
    cache.events$
      .pipe(
        filter((event) => event.type === 'put'),
        map((event) => event.key),
        take(2),
      )
      .subscribe((key) => keys.push(key));
    for (const key of ['a', 'b', 'c']) await cache.put(key, 1);
    expect(keys).toEqual(['a', 'b']);
    expect((cache as unknown as { events: { observed: boolean } }).events.observed).toBe(false);
  });

  it('completes when the cache is closed', async () => {
    const { cache } = setUp();
    let completed = false;
    cache.events$.subscribe({ complete: () => (completed = true) });
    await cache.close();
    expect(completed).toBe(true);
  });
});
