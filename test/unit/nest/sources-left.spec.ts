import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { BehaviorSubject, firstValueFrom, Observable, Subject } from 'rxjs';
import { Cacheable, CacheRegistry, defineCache } from '../../../lib/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import { settled } from '../cache/deferred.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words', { loadTimeout: { hold: '60s' } });
const Aging = defineCache<string, string>('aging', { ttl: 1_000, staleWhileRevalidate: '1h' });

/** A source that never completes by itself, and knows who is subscribed to it. */
class Endless {
  subscribed = 0;
  left = 0;
  readonly values: Subject<string>;

  constructor(initial?: string) {
    this.values = initial === undefined ? new Subject() : new BehaviorSubject(initial);
  }

  get observable(): Observable<string> {
    return new Observable((subscriber) => {
      this.subscribed++;
      const subscription = this.values.subscribe(subscriber);
      return () => {
        this.left++;
        subscription.unsubscribe();
      };
    });
  }
}

async function start(source: Endless) {
  @Injectable()
  class Feed {
    @Cacheable(Words)
    latest(_id: string): Observable<string> {
      return source.observable;
    }

    @Cacheable(Aging)
    aging(_id: string): Observable<string> {
      return source.observable;
    }
  }
  const clock = new FakeClock();
  const app = await appOf({ providers: [Feed] }, { clock, caches: [Words, Aging] });
  const words = app.get(CacheRegistry).get(Words);
  return { app, clock, feed: app.get(Feed), words, aging: app.get(CacheRegistry).get(Aging) };
}

describe('a source that does not complete', () => {
  it('is kept for the load when its last subscriber leaves, and left when the load is given up', async () => {
    const source = new Endless('now');
    const { feed, clock, words } = await start(source);
    const events = new EventRecorder(words.events$);
    expect(await firstValueFrom(feed.latest('1'))).toBe('now');
    clock.advance(59_999);
    expect(source).toMatchObject({ subscribed: 1, left: 0 });
    clock.advance(1);
    expect(source).toMatchObject({ subscribed: 1, left: 1 });
    await settled();
    expect(String(events.of('loadError')[0]?.error)).toMatch('did not settle within 60000 ms');
    expect(words.stats().size).toBe(0);
    expect(await firstValueFrom(feed.latest('1'))).toBe('now');
    clock.advance(60_000);
    expect(source).toMatchObject({ subscribed: 2, left: 2 });
  });

  it('goes on for those who listen when the load is given up, and is left with the last of them', async () => {
    const source = new Endless();
    const { feed, clock } = await start(source);
    const seen: string[] = [];
    const one = feed.latest('1').subscribe();
    const other = feed.latest('1').subscribe((value) => seen.push(value));
    clock.advance(60_000);
    source.values.next('late');
    one.unsubscribe();
    expect({ seen, left: source.left }).toEqual({ seen: ['late'], left: 0 });
    other.unsubscribe();
    expect(source.left).toBe(1);
  });

  it('is left when it has emitted more than can be stored and nobody listens', async () => {
    const source = new Endless('now');
    const { feed } = await start(source);
    const staying = feed.latest('1').subscribe();
    await firstValueFrom(feed.latest('1'));
    source.values.next('second');
    expect(source.left).toBe(0);
    staying.unsubscribe();
    expect(source.left).toBe(1);
    await firstValueFrom(feed.latest('2'));
    source.values.next('third');
    expect(source).toMatchObject({ subscribed: 2, left: 2 });
  });

  it('is left when the app shuts down', async () => {
    const source = new Endless('now');
    const { app, feed, clock } = await start(source);
    await firstValueFrom(feed.latest('1'));
    const closed = app.close();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5_000);
    await closed;
    expect(source).toMatchObject({ subscribed: 1, left: 1 });
  });

  it('is left when it was subscribed to behind a stale value and its load is given up', async () => {
    const source = new Endless();
    const { feed, clock } = await start(source);
    const first = firstValueFrom(feed.aging('1'));
    source.values.next('old');
    source.values.complete();
    expect(await first).toBe('old');
    await settled();
    const behind = new Endless();
    Object.assign(source, { values: behind.values });
    clock.advance(2_000);
    expect(await firstValueFrom(feed.aging('1'))).toBe('old');
    expect(source).toMatchObject({ subscribed: 2, left: 1 });
    clock.advance(60_000);
    expect(source).toMatchObject({ subscribed: 2, left: 2 });
  });

  it('is left at once when it emits too much while it is subscribed to behind', async () => {
    const source = new Endless();
    const { feed, clock } = await start(source);
    const first = firstValueFrom(feed.aging('1'));
    source.values.next('old');
    source.values.complete();
    await first;
    await settled();
    const behind = new Subject<string>();
    Object.assign(source, { values: behind });
    clock.advance(2_000);
    expect(await firstValueFrom(feed.aging('1'))).toBe('old');
    for (const value of ['a', 'b']) behind.next(value);
    expect(source).toMatchObject({ subscribed: 2, left: 2 });
  });
});

/** An AsyncIterable that is no generator: it gives texts for ever, and may be closed in its own way. */
function iterableOf(close: Pick<AsyncIterator<string>, 'return'>): AsyncIterable<string> {
  return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 'page' }), ...close }) };
}

describe('an AsyncIterable that its readers leave', () => {
  let closings = 0;
  const ways: [string, Pick<AsyncIterator<string>, 'return'>, number][] = [
    ['cannot be closed', {}, 0],
    [
      'closes synchronously',
      // A type cannot keep plain JavaScript from doing this.
      {
        return: (() => ({ done: true, value: String(++closings) })) as unknown as () => Promise<IteratorResult<string>>,
      },
      1,
    ],
    [
      'throws when it is closed',
      {
        return: () => {
          closings++;
          throw new Error('will not close');
        },
      },
      1,
    ],
    [
      'rejects when it is closed',
      {
        return: async () => {
          closings++;
          throw new Error('will not close');
        },
      },
      1,
    ],
  ];

  it.each(ways)('ends its load, and the next call runs anew, when it %s', async (_, close, closed) => {
    closings = 0;
    @Injectable()
    class Pages {
      calls = 0;

      @Cacheable()
      all(): AsyncIterable<string> {
        this.calls++;
        return iterableOf(close);
      }
    }
    const app = await appOf({ providers: [Pages] });
    const pages = app.get(Pages);
    const readOne = async (): Promise<string | undefined> => {
      for await (const page of pages.all()) return page;
      return undefined;
    };
    expect(await readOne()).toBe('page');
    expect(await readOne()).toBe('page');
    expect({ calls: pages.calls, closings }).toEqual({ calls: 2, closings: 2 * closed });
  });

  it('is not closed when it has ended by itself', async () => {
    let returned = 0;
    @Injectable()
    class Pages {
      @Cacheable(Words)
      none(_id: string): AsyncIterable<string> {
        const source = { next: async () => ({ done: true, value: undefined }) as const };
        const close = async () => ({ done: true, value: ++returned }) as const;
        return { [Symbol.asyncIterator]: () => ({ ...source, return: close }) };
      }
    }
    const pages = (await appOf({ providers: [Pages] })).get(Pages);
    for await (const page of pages.none('1')) throw new Error(page);
    await settled();
    expect(returned).toBe(0);
  });

  it('is closed when only its load reads it and that is given up', async () => {
    let returned = 0;
    const never = new Promise<never>(() => {});
    @Injectable()
    class Pages {
      @Cacheable(Words)
      pending(_id: string): AsyncIterable<string> {
        const answers = [Promise.resolve({ done: false, value: 'first' } as const)];
        const close = async () => ({ done: true, value: ++returned }) as const;
        return { [Symbol.asyncIterator]: () => ({ next: () => answers.pop() ?? never, return: close }) };
      }
    }
    const clock = new FakeClock();
    const pages = (await appOf({ providers: [Pages] }, { clock })).get(Pages);
    for await (const page of pages.pending('1')) {
      expect(page).toBe('first');
      break;
    }
    clock.advance(59_999);
    expect(returned).toBe(0);
    clock.advance(1);
    expect(returned).toBe(1);
  });
});
