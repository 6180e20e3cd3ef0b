import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { firstValueFrom, lastValueFrom, Observable, of, Subject, throwError, toArray } from 'rxjs';
import { Cacheable, CacheEvict, CacheMisuseError, CachePut, CacheRegistry, defineCache } from '../../../lib/index.js';
import { EventRecorder } from '../../../lib/testing/index.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words');

/** A source under the hand of the test, which counts who subscribes. */
class Source {
  subscriptions = 0;
  values = new Subject<string>();

  get observable(): Observable<string> {
    return new Observable((subscriber) => {
      this.subscriptions++;
      return this.values.subscribe(subscriber);
    });
  }
}

/** What a subscriber has got so far. */
function watch(observable: Observable<string>) {
  const seen: string[] = [];
  const subscription = observable.subscribe({
    next: (value) => seen.push(value),
    error: (error: unknown) => seen.push(`error ${String(error)}`),
    complete: () => seen.push('complete'),
  });
  return { seen, subscription };
}

/** Lets everything that is ready happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function serviceOf(source: Source) {
  @Injectable()
  class Feed {
    calls = 0;

    @Cacheable({ maxItems: 3 })
    own(_id: string): Observable<string> {
      this.calls++;
      return source.observable;
    }

    @Cacheable(Words)
    named(_id: string): Observable<string> {
      this.calls++;
      return source.observable;
    }

    @Cacheable(Words, { unless: () => false, groups: () => ['group'] })
    decided(_id: string): Observable<string> {
      return source.observable;
    }

    @CachePut(Words, { key: () => 'put' })
    @CacheEvict(Words, { key: () => 'evicted' })
    change(): Observable<string> {
      this.calls++;
      return source.observable;
    }

    @CacheEvict(Words, { key: () => 'before', before: true })
    evictsBefore(): Observable<string> {
      return of('done');
    }

    @Cacheable()
    undeclared(): Observable<string> | Promise<string> {
      this.calls++;
      return of('a', 'b');
    }

    @Cacheable({ key: (id: string | null) => id })
    failing(_id: string | null): Observable<string> {
      this.calls++;
      return throwError(() => new Error(`failure ${this.calls}`));
    }
  }
  const app = await appOf({ providers: [Feed] }, { caches: [Words] });
  return { feed: app.get(Feed), registry: app.get(CacheRegistry), words: app.get(CacheRegistry).get(Words) };
}

describe('a method that returns an Observable', () => {
  it('is not called before a subscription, and once for all subscribers of that moment', async () => {
    const source = new Source();
    const { feed } = await serviceOf(source);
    const cold = feed.own('1');
    expect(feed.calls).toBe(0);
    const first = watch(cold);
    const second = watch(feed.own('1'));
    expect({ calls: feed.calls, subscriptions: source.subscriptions }).toEqual({ calls: 1, subscriptions: 1 });
    source.values.next('a');
    const late = watch(feed.own('1'));
    source.values.next('b');
    source.values.complete();
    await settled();
    for (const { seen } of [first, second, late]) expect(seen).toEqual(['a', 'b', 'complete']);
    expect(source.subscriptions).toBe(1);
  });

  it('has its whole sequence replayed from a cache of its own', async () => {
    const source = new Source();
    const { feed, registry } = await serviceOf(source);
    watch(feed.own('1'));
    for (const value of ['a', 'b']) source.values.next(value);
    source.values.complete();
    await settled();
    expect(await lastValueFrom(feed.own('1').pipe(toArray()))).toEqual(['a', 'b']);
    expect(feed.calls).toBe(1);
    expect(registry.stats()['Feed.own']).toMatchObject({ hits: 1, misses: 1, loads: 1 });
  });

  it('goes on for the others, and for the cache, when a subscriber leaves', async () => {
    const source = new Source();
    const { feed } = await serviceOf(source);
    const leaving = watch(feed.own('1'));
    const staying = watch(feed.own('1'));
    source.values.next('a');
    leaving.subscription.unsubscribe();
    source.values.next('b');
    staying.subscription.unsubscribe();
    source.values.complete();
    await settled();
    expect(leaving.seen).toEqual(['a']);
    expect(staying.seen).toEqual(['a', 'b']);
    expect(await lastValueFrom(feed.own('1').pipe(toArray()))).toEqual(['a', 'b']);
    expect(feed.calls).toBe(1);
  });

  it('is stored although firstValueFrom() leaves before the source completes', async () => {
    const source = new Source();
    const { feed } = await serviceOf(source);
    const first = firstValueFrom(feed.named('1'));
    source.values.next('a');
    expect(await first).toBe('a');
    source.values.complete();
    await settled();
    expect(await firstValueFrom(feed.named('1'))).toBe('a');
    expect(feed.calls).toBe(1);
  });

  it('is subscribed to anew for who came after an invalidation of a group that its result turns out to have', async () => {
    const source = new Source();
    const { feed, words } = await serviceOf(source);
    const before = watch(feed.decided('1'));
    await words.invalidateGroup('group');
    const after = watch(feed.decided('1'));
    const outdated = source.values;
    source.values = new Subject();
    outdated.next('old');
    outdated.complete();
    await settled();
    expect(before.seen).toEqual(['old', 'complete']);
    source.values.next('new');
    source.values.complete();
    await settled();
    expect(after.seen).toEqual(['new', 'complete']);
    expect(source.subscriptions).toBe(2);
  });

  it('can be found in the cache as soon as a subscriber sees its end', async () => {
    const source = new Source();
    const { feed, words } = await serviceOf(source);
    const last = lastValueFrom(feed.decided('1'));
    source.values.next('a');
    source.values.complete();
    await last;
    expect(words.stats().size).toBe(1);
  });

  it('stores its only value in a named cache, and nothing when it has none', async () => {
    const source = new Source();
    const { feed, words } = await serviceOf(source);
    const empty = watch(feed.named('1'));
    source.values.complete();
    await settled();
    expect(empty.seen).toEqual(['complete']);
    expect(words.stats().size).toBe(0);
  });

  it('passes everything through and stores nothing when a named cache gets a second value', async () => {
    const source = new Source();
    const { feed, words } = await serviceOf(source);
    const events = new EventRecorder(words.events$);
    const first = watch(feed.named('1'));
    const second = watch(feed.named('1'));
    for (const value of ['a', 'b', 'c']) source.values.next(value);
    await settled();
    expect(events.of('loadError')).toHaveLength(1);
    expect(events.of('loadError')[0]?.error).toBeInstanceOf(CacheMisuseError);
    source.values.complete();
    await settled();
    for (const { seen } of [first, second]) expect(seen).toEqual(['a', 'b', 'c', 'complete']);
    expect(words.stats().size).toBe(0);
    watch(feed.named('1'));
    expect(feed.calls).toBe(2);
  });

  it('passes everything through and stores nothing beyond maxItems', async () => {
    const source = new Source();
    const { feed, registry } = await serviceOf(source);
    const { seen } = watch(feed.own('1'));
    for (const value of ['a', 'b', 'c', 'd', 'e']) source.values.next(value);
    source.values.complete();
    await settled();
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e', 'complete']);
    expect(registry.stats()['Feed.own']?.size).toBe(0);
  });

  it('gives its error to all subscribers, and starts anew for the next', async () => {
    const source = new Source();
    const { feed } = await serviceOf(source);
    const first = watch(feed.own('1'));
    const second = watch(feed.own('1'));
    source.values.error(new Error('broken'));
    await settled();
    for (const { seen } of [first, second]) expect(seen).toEqual(['error Error: broken']);
    await expect(lastValueFrom(feed.failing('1'))).rejects.toThrow('failure 2');
    await expect(lastValueFrom(feed.failing('1'))).rejects.toThrow('failure 3');
  });

  it('reports a key of null as an error notification, before it is called', async () => {
    const { feed } = await serviceOf(new Source());
    const { seen } = watch(feed.failing(null));
    expect(seen[0]).toMatch('@Cacheable of Feed.failing: the key is null');
    expect(feed.calls).toBe(0);
  });

  it('is recognised by its result where its type is not declared', async () => {
    const { feed } = await serviceOf(new Source());
    const observable = (): Observable<string> => feed.undeclared() as Observable<string>;
    expect(await lastValueFrom(observable().pipe(toArray()))).toEqual(['a', 'b']);
    expect(await lastValueFrom(observable().pipe(toArray()))).toEqual(['a', 'b']);
    expect(feed.calls).toBe(1);
  });
});

describe('@CachePut and @CacheEvict on a method that returns an Observable', () => {
  it('store and evict when it has completed, before the subscriber sees that', async () => {
    const source = new Source();
    const { feed, words } = await serviceOf(source);
    await words.put('evicted', 'x');
    const last = lastValueFrom(feed.change());
    source.values.next('new');
    expect(await words.has('evicted')).toBe(true);
    source.values.complete();
    await last;
    expect(await words.getAll(['put', 'evicted'])).toEqual(new Map([['put', 'new']]));
  });

  it('do so too when the subscriber leaves with its first value', async () => {
    const source = new Source();
    const { feed, words } = await serviceOf(source);
    await words.put('evicted', 'x');
    const first = firstValueFrom(feed.change());
    source.values.next('new');
    await first;
    await settled();
    expect(await words.getAll(['put', 'evicted'])).toEqual(new Map([['put', 'new']]));
  });

  it('do nothing when it fails, or when the subscriber leaves before any value', async () => {
    const source = new Source();
    const { feed, words } = await serviceOf(source);
    await words.put('evicted', 'x');
    watch(feed.change()).subscription.unsubscribe();
    const failing = lastValueFrom(feed.change());
    source.values.next('new');
    source.values.error(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await settled();
    expect(await words.getAll(['put', 'evicted'])).toEqual(new Map([['evicted', 'x']]));
  });

  it('evicts before the source is subscribed to', async () => {
    const { feed, words } = await serviceOf(new Source());
    await words.put('before', 'x');
    expect(await lastValueFrom(feed.evictsBefore())).toBe('done');
    expect(await words.has('before')).toBe(false);
  });
});
