import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cacheable, CacheEvict, CacheRegistry, defineCache } from '../../../lib/index.js';
import { EventRecorder } from '../../../lib/testing/index.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words');

@Injectable()
class Pages {
  calls = 0;
  pulls = 0;
  closed = 0;

  @Cacheable({ maxItems: 4 })
  async *own(count: number): AsyncGenerator<number> {
    this.calls++;
    try {
      for (let page = 1; page <= count; page++) {
        this.pulls++;
        yield page;
      }
    } finally {
      this.closed++;
    }
  }

  @Cacheable(Words, { key: (...words: string[]) => words.join(' ') })
  async *named(...words: string[]): AsyncGenerator<string> {
    this.calls++;
    yield* words;
  }

  @Cacheable()
  async *failing(): AsyncGenerator<number> {
    yield ++this.calls;
    throw new Error('broken');
  }

  @CacheEvict(Words, { key: () => 'old' })
  async *evicting(fails: boolean): AsyncGenerator<string> {
    yield 'a';
    if (fails) throw new Error('broken');
    yield 'b';
  }

  @Cacheable()
  iterable(): AsyncIterable<number> {
    const calls = ++this.calls;
    return {
      async *[Symbol.asyncIterator]() {
        yield calls;
      },
    };
  }
}

async function collect<T>(values: AsyncIterable<T>, upTo = Infinity): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) {
    collected.push(value);
    if (collected.length === upTo) break;
  }
  return collected;
}

async function start() {
  const app = await appOf({ providers: [Pages] }, { caches: [Words] });
  const registry = app.get(CacheRegistry);
  return { pages: app.get(Pages), registry, words: registry.get(Words) };
}

describe('a method that is an async generator', () => {
  it('is not run before the first value is asked for, and replayed afterwards', async () => {
    const { pages } = await start();
    const cold = pages.own(3);
    expect(pages.calls).toBe(0);
    expect(await collect(cold)).toEqual([1, 2, 3]);
    expect(await collect(pages.own(3))).toEqual([1, 2, 3]);
    expect({ calls: pages.calls, pulls: pages.pulls }).toEqual({ calls: 1, pulls: 3 });
  });

  it('runs once for readers of different pace', async () => {
    const { pages } = await start();
    const fast = pages.own(3)[Symbol.asyncIterator]();
    const slow = pages.own(3)[Symbol.asyncIterator]();
    expect([(await fast.next()).value, (await fast.next()).value]).toEqual([1, 2]);
    expect((await slow.next()).value).toBe(1);
    expect(pages.pulls).toBe(2);
    expect((await fast.next()).value).toBe(3);
    expect(await collect({ [Symbol.asyncIterator]: () => slow })).toEqual([2, 3]);
    expect(pages.calls).toBe(1);
  });

  it('goes on for the others when a reader leaves, and is closed and not stored when the last one does', async () => {
    const { pages, registry } = await start();
    const [early, all] = await Promise.all([collect(pages.own(3), 1), collect(pages.own(3))]);
    expect([early, all]).toEqual([[1], [1, 2, 3]]);
    expect(registry.stats()['Pages.own']?.size).toBe(1);
    expect(await collect(pages.own(4), 2)).toEqual([1, 2]);
    await collect(pages.own(4), 1);
    expect({ calls: pages.calls, closed: pages.closed }).toEqual({ calls: 3, closed: 3 });
    expect(registry.stats()['Pages.own']?.size).toBe(1);
  });

  it('passes everything through and stores nothing beyond maxItems', async () => {
    const { pages, registry } = await start();
    expect(await collect(pages.own(6))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(registry.stats()['Pages.own']?.size).toBe(0);
  });

  it('stores its only value in a named cache, also when the reader leaves with it', async () => {
    const { pages, words } = await start();
    expect(await collect(pages.named('one'), 1)).toEqual(['one']);
    expect(await collect(pages.named('one'))).toEqual(['one']);
    expect(pages.calls).toBe(1);
    expect(await words.get('one')).toBe('one');
  });

  it('stores nothing in a named cache when it has no value, or a second one', async () => {
    const { pages, words } = await start();
    const events = new EventRecorder(words.events$);
    expect(await collect(pages.named())).toEqual([]);
    expect(await collect(pages.named('one', 'two', 'three'))).toEqual(['one', 'two', 'three']);
    expect(words.stats().size).toBe(0);
    expect(String(events.of('loadError')[0]?.error)).toMatch('@Cacheable of Pages.named emitted a second value');
  });

  it('gives its error to all readers, and runs anew for the next', async () => {
    const { pages } = await start();
    const readers = [collect(pages.failing()), collect(pages.failing())];
    for (const result of await Promise.allSettled(readers)) expect(result.status).toBe('rejected');
    expect(pages.calls).toBe(1);
    await expect(collect(pages.failing())).rejects.toThrow('broken');
    expect(pages.calls).toBe(2);
  });

  it('evicts after its end or when its reader leaves with a value, and not when it fails', async () => {
    const { pages, words } = await start();
    await words.put('old', 'x');
    await expect(collect(pages.evicting(true))).rejects.toThrow('broken');
    expect(await words.has('old')).toBe(true);
    expect(await collect(pages.evicting(false))).toEqual(['a', 'b']);
    expect(await words.has('old')).toBe(false);
    await words.put('old', 'x');
    await collect(pages.evicting(false), 1);
    expect(await words.has('old')).toBe(false);
  });
});

describe('a method that returns another AsyncIterable', () => {
  it('is recognised by its result', async () => {
    const { pages } = await start();
    expect(await collect(pages.iterable())).toEqual([1]);
    expect(await collect(pages.iterable())).toEqual([1]);
    expect(pages.calls).toBe(1);
  });
});
