import process from 'node:process';
import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, Scope } from '@nestjs/common';
import { ContextIdFactory } from '@nestjs/core';
import { defer, firstValueFrom, lastValueFrom, NEVER, Observable, of, throwError, toArray } from 'rxjs';
import {
  Cacheable,
  CacheableAll,
  CacheDefaults,
  CacheEvict,
  CacheLoadTimeoutError,
  CachePut,
  CacheRegistry,
  currentLoad,
  defineCache,
  type CacheModuleOptions,
} from '../../../lib/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from '../cache/deferred.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words', { ttl: 1_000 });
const key = (id: string): string => id;

/** Everything that an iterable gives. */
async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}

async function start<T extends object>(type: new () => T, options: CacheModuleOptions = {}) {
  const clock = new FakeClock();
  const app = await appOf({ providers: [type] }, { clock, random: () => 0.5, ...options });
  const registry = app.get(CacheRegistry);
  return { app, clock, registry, service: app.get(type), events: new EventRecorder(registry.events$) };
}

describe('the options of a definition, a class, a decorator and a load', () => {
  const Defined = defineCache<string, string>('defined', { ttl: 1_000, negativeTtl: 100, loadTimeout: { hard: 500 } });

  @Injectable()
  class Plain {
    @Cacheable(Defined, { key })
    async ofTheDefinition(_id: string): Promise<string | null> {
      return null;
    }

    @Cacheable(Defined, { key, negativeTtl: 300, ttl: () => undefined })
    async ofTheDecorator(_id: string): Promise<string | null> {
      return null;
    }

    @Cacheable(Defined, { key, negativeTtl: 300 })
    async ofTheLoad(_id: string): Promise<string | null> {
      currentLoad()?.ttl(400);
      return null;
    }
  }

  @CacheDefaults({ negativeTtl: 150, ttl: 700 })
  class Base {}

  @CacheDefaults({ negativeTtl: 200 })
  @Injectable()
  class WithDefaults extends Base {
    @Cacheable(Defined, { key })
    async ofTheClass(_id: string): Promise<string | null> {
      return null;
    }

    @Cacheable(Defined, { key, negativeTtl: 300 })
    async ofTheDecorator(_id: string): Promise<string | null> {
      return null;
    }

    @Cacheable(Defined, { key })
    async inherited(id: string): Promise<string> {
      return id;
    }

    @Cacheable(Defined, { key, ttl: (found: string) => (found === 'short' ? 50 : undefined) })
    async function(id: string): Promise<string> {
      return id;
    }

    @Cacheable({ errorTtl: 10 })
    async own(_id: string): Promise<string | null> {
      return null;
    }
  }

  it('are resolved in that order, the closest wins', async () => {
    const { service, registry } = await start(Plain);
    const ttlOf = async (id: string) => (await registry.get(Defined).entry(id))?.ttlLeftMs;
    await service.ofTheDefinition('1');
    await service.ofTheDecorator('2');
    await service.ofTheLoad('3');
    expect([await ttlOf('1'), await ttlOf('2'), await ttlOf('3')]).toEqual([100, 300, 400]);
  });

  it('come from the closest class before the definition', async () => {
    const { service, registry } = await start(WithDefaults);
    const ttlOf = async (id: string) => (await registry.get(Defined).entry(id))?.ttlLeftMs;
    await service.ofTheClass('1');
    await service.ofTheDecorator('2');
    await service.inherited('3');
    await service.function('short');
    await service.function('long');
    expect([await ttlOf('1'), await ttlOf('2'), await ttlOf('3')]).toEqual([200, 300, 700]);
    expect([await ttlOf('short'), await ttlOf('long')]).toEqual([50, 700]);
  });

  it("hold for a method's own cache, whoever writes to it", async () => {
    const { service, registry } = await start(WithDefaults, { defaults: { negativeTtl: 1, staleIfError: 10 } });
    const own = registry.get<string, string | null>('WithDefaults.own');
    await service.own('1');
    const [stored] = await all(own.keys());
    expect((await own.entry(stored ?? ''))?.ttlLeftMs).toBe(200);
    await own.getOrLoad('direct', () => null);
    expect((await own.entry('direct'))?.ttlLeftMs).toBe(200);
  });

  it('are merged field by field where an option has fields', async () => {
    const Slow = defineCache<string, string>('slow', { staleIfError: 60_000, loadTimeout: { hold: 5_000 } });
    let calls = 0;
    @CacheDefaults({ loadTimeout: { hard: 500 } })
    @Injectable()
    class Service {
      @Cacheable(Slow, { key, loadTimeout: { soft: 100 } })
      async find(_id: string): Promise<string> {
        calls++;
        return new Promise(() => {});
      }
    }
    const { service, registry, clock } = await start(Service);
    await registry.get(Slow).put('stale', 'old', { ttl: 10 });
    clock.advance(20);
    const [late, stale] = [service.find('new'), service.find('stale')];
    clock.advance(100);
    expect(await stale).toBe('old');
    clock.advance(400);
    await expect(late).rejects.toThrow(CacheLoadTimeoutError);
    // The load goes on until it is given up, and only then the next caller starts another.
    for (const [ms, expected] of [
      [4_400, 2],
      [200, 3],
    ] as const) {
      clock.advance(ms);
      void service.find('new').catch(() => {});
      expect(calls).toBe(expected);
    }
    clock.advance(60_000);
  });

  it('say how what @CachePut stores ages', async () => {
    @CacheDefaults({ staleIfError: 5_000 })
    @Injectable()
    class Service {
      @CachePut(Words, { key, staleWhileRevalidate: 500 })
      async save(id: string): Promise<string> {
        return id;
      }
      @Cacheable(Words, { key })
      async find(_id: string): Promise<string> {
        throw new Error('down');
      }
    }
    const { service, clock, registry } = await start(Service);
    await service.save('a');
    clock.advance(1_400);
    expect(await registry.get(Words).entry('a')).toMatchObject({ stale: true });
    expect(await service.find('a')).toBe('a');
    await settled();
    clock.advance(3_000);
    expect(await service.find('a')).toBe('a');
  });
});

describe('promise Stale: a decorated method', () => {
  @Injectable()
  class Weather {
    calls = 0;
    answer = async (id: string): Promise<string> => `${id} ${this.calls}`;
    readonly seen: unknown[] = [];

    @Cacheable(Words, { key, staleWhileRevalidate: '1m', staleIfError: '1h', staleBackoff: 5_000 })
    async stale(id: string): Promise<string> {
      this.calls++;
      this.seen.push(currentLoad()?.stale);
      return this.answer(id);
    }

    @Cacheable(Words, { key, refreshAhead: 0.5 })
    async ahead(id: string): Promise<string> {
      this.calls++;
      this.seen.push(currentLoad()?.stale);
      return this.answer(id);
    }

    @Cacheable(Words, { key, staleIfError: '1h' })
    async conditional(_id: string): Promise<string> {
      this.calls++;
      const load = currentLoad<string>();
      if (load?.stale !== undefined) return load.notModified();
      return 'first';
    }

    @Cacheable(Words, { key, staleIfError: '1h', staleBackoff: 0 })
    async failing(_id: string): Promise<string> {
      this.calls++;
      if (currentLoad()?.stale !== undefined) currentLoad()?.fail('no answer today');
      return 'first';
    }

    @Cacheable(Words, { key, loadTimeout: { hold: 100 } })
    async hanging(_id: string): Promise<string> {
      const signal = currentLoad()?.signal;
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    }
  }

  it('answers at once with the stale value, which its next run sees as currentLoad().stale', async () => {
    const { service, clock, events } = await start(Weather);
    await service.stale('a');
    clock.advance(2_000);
    expect(await service.stale('a')).toBe('a 1');
    await settled();
    expect(await service.stale('a')).toBe('a 2');
    expect(service.seen).toEqual([undefined, 'a 1']);
    expect(events.types()).toEqual(['miss', 'load', 'put', 'hit', 'stale', 'refresh', 'put', 'hit']);
  });

  it('is run again ahead of the end, and its callers keep the value meanwhile', async () => {
    const { service, clock } = await start(Weather);
    await service.ahead('a');
    clock.advance(600);
    expect([await service.ahead('a'), service.calls]).toEqual(['a 1', 2]);
    await settled();
    expect([await service.ahead('a'), service.calls]).toEqual(['a 2', 2]);
    expect(service.seen).toEqual([undefined, 'a 1']);
  });

  it('makes a failure behind an event, and rests for staleBackoff', async () => {
    const { service, clock, events } = await start(Weather);
    await service.stale('a');
    clock.advance(2_000);
    service.answer = () => Promise.reject(new Error('down'));
    expect(await service.stale('a')).toBe('a 1');
    await settled();
    expect(events.of('loadError')).toMatchObject([{ key: 'a', cause: 'refresh' }]);
    clock.advance(4_900);
    await service.stale('a');
    expect(service.calls).toBe(2);
    clock.advance(200);
    await service.stale('a');
    expect(service.calls).toBe(3);
    clock.advance(60_000);
    expect(await service.stale('a')).toBe('a 1');
  });

  it('keeps the value with a new lifetime when it returns notModified()', async () => {
    const { service, clock, registry } = await start(Weather);
    await service.conditional('a');
    clock.advance(1_500);
    expect(await service.conditional('a')).toBe('first');
    expect(service.calls).toBe(2);
    expect(await registry.get(Words).entry('a')).toMatchObject({ ttlLeftMs: 1_000, stale: false });
  });

  it('lets the stale value stand in when it says fail()', async () => {
    const { service, clock, events } = await start(Weather);
    await service.failing('a');
    clock.advance(1_500);
    expect(await service.failing('a')).toBe('first');
    expect(events.of('stale')).toMatchObject([{ key: 'a', error: { message: 'no answer today' } }]);
  });

  it('hears by the signal that it is given up', async () => {
    const { service, clock } = await start(Weather);
    const call = service.hanging('a');
    clock.advance(101);
    await expect(call).rejects.toThrow('aborted');
  });

  it('is run behind on the instance, and with the arguments, of the call that found it due', async () => {
    const runs: unknown[] = [];
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @Cacheable(Words, { key, refreshAhead: 0.5 })
      async find(id: string, ...more: unknown[]): Promise<string> {
        runs.push([this, id, ...more]);
        return id;
      }
    }
    const clock = new FakeClock();
    const app = await appOf({ providers: [PerRequest] }, { clock });
    const resolve = () => app.resolve(PerRequest, ContextIdFactory.create());
    const [first, second] = [await resolve(), await resolve()];
    await first.find('a', 1);
    clock.advance(600);
    await second.find('a', 2, 'x');
    expect(runs).toEqual([
      [first, 'a', 1],
      [second, 'a', 2, 'x'],
    ]);
    expect((runs[1] as unknown[])[0]).toBe(second);
  });

  it('promise Life: is waited for when the app shuts down while it runs behind', async () => {
    const { app, service, clock } = await start(Weather);
    await service.stale('a');
    clock.advance(2_000);
    const answer = deferred<string>();
    service.answer = () => answer.promise;
    await service.stale('a');
    let isClosed = false;
    const closing = app.close().then(() => (isClosed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    answer.resolve('late');
    await closing;
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps its steps in order around a stale value', async () => {
    @Injectable()
    class Service {
      @Cacheable(Words, { key, staleWhileRevalidate: '1m' })
      @CacheEvict(Words, { group: 'after' })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const { service, clock, registry } = await start(Service);
    await service.find('a');
    await registry.get(Words).put('b', 'b', { groups: ['after'], ttl: '1h' });
    clock.advance(2_000);
    expect(await service.find('a')).toBe('a');
    expect(await registry.get(Words).has('b')).toBe(false);
  });
});

describe('promise Stale: a method that returns an Observable or an AsyncIterable', () => {
  @Injectable()
  class Feed {
    calls = 0;
    answer: () => Observable<string> = () => of(`value ${this.calls}`);

    @Cacheable(Words, { key, staleWhileRevalidate: '1m' })
    named(_id: string): Observable<string> {
      return defer(() => {
        this.calls++;
        return this.answer();
      });
    }

    @Cacheable({ ttl: 1_000, staleIfError: '1m', loadTimeout: { soft: 100, hard: 500 } })
    own(): Observable<string> {
      return defer(() => {
        this.calls++;
        return this.answer();
      });
    }

    @Cacheable({ ttl: 1_000, staleWhileRevalidate: '1m' })
    async *pages(): AsyncGenerator<string> {
      this.calls++;
      yield `first ${this.calls}`;
      yield `second ${this.calls}`;
    }

    @Cacheable({ ttl: 1_000, staleIfError: '1m', loadTimeout: { hard: 500 } })
    async *flaky(): AsyncGenerator<string> {
      this.calls++;
      for (const value of await firstValueFrom(this.answer().pipe(toArray()))) yield value;
    }
  }

  it('serves the stale value without the source, and subscribes to it behind', async () => {
    const { service, clock, events } = await start(Feed);
    expect(await firstValueFrom(service.named('a'))).toBe('value 1');
    clock.advance(2_000);
    expect(await firstValueFrom(service.named('a'))).toBe('value 1');
    await settled();
    expect(await firstValueFrom(service.named('a'))).toBe('value 2');
    expect(service.calls).toBe(2);
    expect(events.of('stale')).toHaveLength(1);
  });

  it('lets the stale sequence stand in for a source that fails before its first value', async () => {
    const { service, clock } = await start(Feed);
    service.answer = () => of('1', '2');
    await lastValueFrom(service.own());
    clock.advance(2_000);
    service.answer = () => throwError(() => new Error('down'));
    expect(await firstValueFrom(service.own().pipe(toArray()))).toEqual(['1', '2']);
  });

  it('lets the stale sequence stand in for a source that is late, and passes on one that is not', async () => {
    const { service, clock } = await start(Feed);
    await lastValueFrom(service.own());
    clock.advance(2_000);
    service.answer = () => NEVER;
    const late = firstValueFrom(service.own().pipe(toArray()));
    clock.advance(101);
    expect(await late).toEqual(['value 1']);
    clock.advance(60_000);
  });

  it('ends with an error at loadTimeout.hard when no value has come', async () => {
    const { service, clock } = await start(Feed);
    service.answer = () => NEVER;
    const late = firstValueFrom(service.own());
    clock.advance(501);
    await expect(late).rejects.toThrow(CacheLoadTimeoutError);
    clock.advance(60_000);
  });

  it('goes on with the source once a value has come, though the limit passes', async () => {
    const { service, clock } = await start(Feed);
    const seen: unknown[] = [];
    service.answer = () => new Observable((subscriber) => subscriber.next('live'));
    service.own().subscribe({ next: (value) => seen.push(value), error: (error: unknown) => seen.push(error) });
    clock.advance(501);
    await settled();
    expect(seen).toEqual(['live']);
    clock.advance(60_000);
  });

  it('serves a stale sequence to iterate, and reads the source behind to its end', async () => {
    const { service, clock } = await start(Feed);
    await all(service.pages());
    clock.advance(2_000);
    expect(await all(service.pages())).toEqual(['first 1', 'second 1']);
    await settled();
    expect(await all(service.pages())).toEqual(['first 2', 'second 2']);
  });

  it('lets a stale sequence stand in where iterating fails, and ends at loadTimeout.hard without one', async () => {
    const { service, clock } = await start(Feed);
    service.answer = () => of('1', '2');
    await all(service.flaky());
    clock.advance(2_000);
    service.answer = () => throwError(() => new Error('down'));
    expect(await all(service.flaky())).toEqual(['1', '2']);
    clock.advance(100_000);
    service.answer = () => NEVER;
    const late = all(service.flaky());
    await settled();
    clock.advance(501);
    await expect(late).rejects.toThrow(CacheLoadTimeoutError);
    clock.advance(60_000);
  });
});

describe('a load behind that fails', () => {
  const down = (): Promise<never> => Promise.reject(new Error('down'));

  @Injectable()
  class Failing {
    isDown = false;

    @Cacheable({ ttl: 1_000, staleWhileRevalidate: '1m', staleBackoff: 0 })
    async promise(): Promise<string> {
      return this.isDown ? down() : 'stored';
    }

    @Cacheable({ ttl: 1_000, staleWhileRevalidate: '1m', staleBackoff: 0 })
    observable(): Observable<string> {
      return defer(() => (this.isDown ? down() : of('stored')));
    }

    @Cacheable({ ttl: 1_000, staleWhileRevalidate: '1m', staleBackoff: 0 })
    async *iterable(): AsyncGenerator<string> {
      yield this.isDown ? await down() : 'stored';
    }

    @Cacheable(Words, { key: () => 'second', staleWhileRevalidate: '1m', staleBackoff: 0 })
    second(): Observable<string> {
      return this.isDown ? of('1', '2') : of('stored');
    }

    @CacheableAll(Words, { key, staleWhileRevalidate: '1m', staleBackoff: 0 })
    async many(ids: string[]): Promise<string[]> {
      return this.isDown ? down() : ids.map(() => 'stored');
    }
  }

  it('is an event and no unhandled rejection, whatever the method returns', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const { service, clock, events } = await start(Failing);
      const callAll = async (): Promise<unknown[]> => [
        await service.promise(),
        await firstValueFrom(service.observable()),
        ...(await all(service.iterable())),
        await firstValueFrom(service.second()),
        ...(await service.many(['a', 'b'])),
      ];
      await callAll();
      clock.advance(2_000);
      service.isDown = true;
      expect(await callAll()).toEqual(Array.from({ length: 6 }, () => 'stored'));
      await new Promise((resolve) => setImmediate(resolve));
      expect(events.of('loadError').map(({ cause }) => cause)).toEqual(Array.from({ length: 6 }, () => 'refresh'));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('a result that is returned but not stored', () => {
  @Injectable()
  class Service {
    @Cacheable(Words, {
      key,
      unless: () => {
        throw new Error('unless is broken');
      },
    })
    async find(id: string): Promise<string> {
      return id;
    }

    @CachePut(Words, { key, groups: () => [''] })
    async save(id: string): Promise<string> {
      return id;
    }

    @CachePut(Words, { key })
    many(_id: string): Observable<string> {
      return of('one', 'two');
    }

    @CacheEvict(Words, {
      matching: () => {
        throw new Error('the pattern is broken');
      },
    })
    async evict(): Promise<void> {}
  }

  it('is an event with its key and error, beside the line in the log', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    try {
      const { service, events, registry } = await start(Service);
      expect([await service.find('a'), await service.save('b')]).toEqual(['a', 'b']);
      expect(await firstValueFrom(service.many('c').pipe(toArray()))).toEqual(['one', 'two']);
      expect(events.of('loadError')).toMatchObject([
        { key: 'a', error: { message: 'unless is broken' } },
        { key: 'b', error: { code: 'CACHE_OPTIONS' } },
        { key: 'c', error: { code: 'CACHE_MISUSE' } },
      ]);
      await registry.get(Words).put('d', 'd');
      await service.evict();
      expect(events.of('loadError')[3]).toMatchObject({ cache: 'words', error: { message: 'the pattern is broken' } });
      expect(log).toHaveBeenCalledTimes(4);
      expect(registry.get(Words).stats().loadErrors).toBe(0);
    } finally {
      log.mockRestore();
    }
  });
});
