import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { bufferedEvents, createCache, defineCache, eventBatches, type CacheOptions } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

function setUp(options: CacheOptions<string, number> = {}) {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<string, number>('numbers', options), { clock }) };
}

describe('eventBatches()', () => {
  it('gives what came since the last batch, at most the limit, the newest, and how many it had to drop', async () => {
    const { cache } = setUp();
    const batches = eventBatches(cache.events$, { limit: 3 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) await cache.put(key, 1);
    const first = await batches.next();
    expect(first.value).toMatchObject({ missed: 2, events: [{ key: 'c' }, { key: 'd' }, { key: 'e' }] });
    await cache.put('f', 1);
    expect((await batches.next()).value).toMatchObject({ missed: 0, events: [{ key: 'f' }] });
  });

  it('waits until something happens, and gives what happened in one step together', async () => {
    const { cache } = setUp();
    const batches = eventBatches(cache.events$);
    const next = batches.next();
    await cache.getOrLoad('a', () => 1);
    const types = (await next).value.events.map(({ type }: { readonly type: string }) => type);
    expect(types.slice(0, 2)).toEqual(['miss', 'load']);
  });

  it('gives calls that do not wait for each other one batch each, in their order', async () => {
    const source = new Subject<number>();
    const batches = eventBatches(source);
    const both = [batches.next(), batches.next()];
    source.next(1);
    await both[0];
    source.next(2);
    expect(await Promise.all(both)).toEqual([
      { done: false, value: { events: [1], missed: 0 } },
      { done: false, value: { events: [2], missed: 0 } },
    ]);
  });

  it('listens no more when the loop is left', async () => {
    const { cache } = setUp();
    const batches = eventBatches(cache.events$);
    await cache.put('a', 1);
    for await (const { events } of batches) {
      expect(events).toHaveLength(1);
      break;
    }
    expect((cache as unknown as { events: { observed: boolean } }).events.observed).toBe(false);
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with the cache, after what had come before', async () => {
    const { cache } = setUp();
    const batches = eventBatches(cache.events$);
    await cache.put('a', 1);
    await cache.close();
    const seen: string[] = [];
    for await (const { events } of batches) seen.push(...events.map(({ type }) => type));
    expect(seen).toContain('put');
  });

  it('throws what a chain of operators threw, once', async () => {
    const source = new Subject<number>();
    const batches = eventBatches(source);
    source.next(1);
    source.error(new Error('operator'));
    expect((await batches.next()).value.events).toEqual([1]);
    await expect(batches.next()).rejects.toThrow('operator');
    expect((await batches.next()).done).toBe(true);
  });

  it('refuses options that it does not have, and limits that are none', () => {
    expect(() => eventBatches(new Subject(), { limit: 0 })).toThrow(/eventBatches\(\).*limit must be/s);
    expect(() => eventBatches(new Subject(), { limits: 1 } as object)).toThrow(/did you mean limit/);
  });
});

describe('bufferedEvents()', () => {
  it('tells batches at intervals while something happens, and nothing else', async () => {
    const { cache, clock } = setUp();
    const batches: { count: number; missed: number }[] = [];
    cache.events$
      .pipe(bufferedEvents({ limit: 2, every: 100, clock }))
      .subscribe(({ events, missed }) => batches.push({ count: events.length, missed }));
    clock.advance(1_000);
    expect(batches).toEqual([]);
    for (const key of ['a', 'b', 'c']) await cache.put(key, 1);
    clock.advance(99);
    expect(batches).toEqual([]);
    clock.advance(1);
    expect(batches).toEqual([{ count: 2, missed: 1 }]);
    await cache.put('d', 1);
    clock.advance(100);
    expect(batches).toEqual([
      { count: 2, missed: 1 },
      { count: 1, missed: 0 },
    ]);
  });

  it('tells the rest when the source completes, and passes its error on', () => {
    const clock = new FakeClock();
    const seen: unknown[] = [];
    const listen = (source: Subject<number>): void =>
      void source.pipe(bufferedEvents({ clock })).subscribe({
        next: ({ events }) => seen.push(...events),
        error: (error) => seen.push(error),
        complete: () => seen.push('complete'),
      });
    const completing = new Subject<number>();
    listen(completing);
    completing.next(1);
    completing.complete();
    const failing = new Subject<number>();
    listen(failing);
    failing.error('failed');
    expect(seen).toEqual([1, 'complete', 'failed']);
  });

  it('leaves no timer behind when nobody listens any more', () => {
    const clock = new FakeClock();
    const source = new Subject<number>();
    let told = 0;
    const subscription = source.pipe(bufferedEvents({ clock })).subscribe(() => told++);
    source.next(1);
    subscription.unsubscribe();
    clock.advance(10_000);
    expect(told).toBe(0);
    expect(source.observed).toBe(false);
  });

  it('refuses options that it does not have, and intervals without end', () => {
    expect(() => bufferedEvents({ limt: 1 } as object)).toThrow(/did you mean limit/);
    expect(() => bufferedEvents({ every: Infinity })).toThrow(/every must be finite/);
  });
});
