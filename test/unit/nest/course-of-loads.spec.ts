import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { concatMap, defer, lastValueFrom, Observable, of, Subject, tap } from 'rxjs';
import { Cacheable, CacheRegistry, CacheReentrancyError, currentLoad, defineCache } from '../../../lib/index.js';
import { settled } from '../cache/deferred.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words');

async function read<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

describe('an async generator', () => {
  @Injectable()
  class Pages {
    readonly inLoad: boolean[] = [];

    @Cacheable()
    async *pages(count: number): AsyncGenerator<number> {
      for (let page = 1; page <= count; page++) {
        await Promise.resolve();
        this.inLoad.push(currentLoad() !== undefined);
        currentLoad()?.groups(`page ${page}`);
        yield page;
      }
    }

    @Cacheable()
    async *reading(): AsyncGenerator<number> {
      yield 1;
      yield* this.reading();
    }

    @Cacheable()
    async *closing(): AsyncGenerator<number> {
      try {
        yield 1;
        yield 2;
      } finally {
        this.inLoad.push(currentLoad() !== undefined);
      }
    }
  }

  async function start() {
    const app = await appOf({ providers: [Pages] });
    return { pages: app.get(Pages), registry: app.get(CacheRegistry) };
  }

  it('runs in the course of its load, whoever pulls', async () => {
    const { pages, registry } = await start();
    const [one, other] = [pages.pages(3), pages.pages(3)];
    await one.next();
    await other.next();
    await other.next();
    expect(currentLoad()).toBeUndefined();
    expect(await read(one)).toEqual([2, 3]);
    expect(await read(other)).toEqual([3]);
    expect(pages.inLoad).toEqual([true, true, true]);
    expect(await registry.invalidateGroup('page 2')).toBe(1);
  });

  it('is refused when it waits for itself', async () => {
    const { pages } = await start();
    await expect(read(pages.reading())).rejects.toThrow(CacheReentrancyError);
  });

  it('leaves its reader outside of the load', async () => {
    const { pages } = await start();
    for await (const _ of pages.pages(2)) expect(currentLoad()).toBeUndefined();
    expect(pages.inLoad).toEqual([true, true]);
  });
});

describe('a subscriber of an Observable', () => {
  @Injectable()
  class Feed {
    readonly inLoad: boolean[] = [];
    readonly values = new Subject<string>();

    @Cacheable(Words)
    immediate(id: string): Observable<string> {
      return defer(() => {
        this.inLoad.push(currentLoad() !== undefined);
        return of(id);
      });
    }

    @Cacheable(Words)
    later(_id: string): Observable<string> {
      return this.values;
    }

    @Cacheable(Words)
    async outer(id: string): Promise<string> {
      const within = currentLoad();
      let seen: unknown;
      await lastValueFrom(this.immediate(id).pipe(tap(() => (seen = currentLoad()))));
      return String(seen === within && within !== undefined);
    }
  }

  it.each(['immediate', 'later'] as const)(
    'may subscribe to the same call when it gets a value of %s',
    async (name) => {
      const feed = (await appOf({ providers: [Feed] })).get(Feed);
      const again = lastValueFrom(feed[name]('a').pipe(concatMap(() => feed[name]('a'))));
      feed.values.next('a');
      await settled();
      feed.values.complete();
      expect(await again).toBe('a');
    },
  );

  it('is outside of the load that it waits for, and the source inside', async () => {
    const feed = (await appOf({ providers: [Feed] })).get(Feed);
    const seen: unknown[] = [];
    await lastValueFrom(feed.immediate('a').pipe(tap({ next: () => seen.push(currentLoad() === undefined) })));
    expect({ seen, inLoad: feed.inLoad }).toEqual({ seen: [true], inLoad: [true] });
  });

  it('stays in the load in whose course it subscribed', async () => {
    const feed = (await appOf({ providers: [Feed] })).get(Feed);
    expect(await feed.outer('a')).toBe('true');
  });
});
