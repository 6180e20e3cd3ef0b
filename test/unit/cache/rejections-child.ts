import 'reflect-metadata';
import process from 'node:process';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Observable, throwError } from 'rxjs';
import {
  Cacheable,
  CacheableAll,
  CacheEvict,
  CacheModule,
  CachePut,
  createCache,
  CacheRegistry,
  defineCache,
  MemoryCache,
  OnCacheEvent,
  type CacheOptions,
  type ClosableCache,
} from '../../../lib/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

/*
 * Every path with a loader that fails, under event handlers that fail too. Tells what reached the process: a line for each
 * path, then `seen N`, which must be 0.
 */
let seen = 0;
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (error: unknown) => {
    seen++;
    process.stdout.write(`${event} ${String(error)}\n`);
  });
}
process.on('warning', () => {});

const handlers: Record<string, () => unknown> = {
  'throws an error': () => {
    throw new Error('handler');
  },
  'returns a promise that rejects': () => Promise.reject(new Error('handler')),
};

interface Subject {
  readonly cache: ClosableCache<string, number>;
  readonly clock: FakeClock;
}
type Path = readonly [options: CacheOptions<string, number>, take: (subject: Subject) => unknown];

const down = () => Promise.reject(new Error('down'));
const thrown = (): never => {
  throw new Error('down');
};
/** Fails when it is told that nobody waits any more. */
const untilAborted = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
const settle = (...calls: Promise<unknown>[]) => Promise.allSettled(calls);

/** A load that fails when it is told to. */
function late(): { readonly load: () => Promise<never>; readonly fail: () => void } {
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<never>((_, given) => (reject = given));
  return { load: () => promise, fail: () => reject(new Error('late')) };
}

async function staleValue({ cache, clock }: Subject): Promise<void> {
  await cache.put('a', 1, { ttl: 10 });
  clock.advance(10);
}

const paths: Record<string, Path> = {
  'a load that rejects': [{}, ({ cache }) => settle(...[1, 2, 3].map(() => cache.getOrLoad('a', down)))],
  'a load that throws': [{}, ({ cache }) => settle(cache.getOrLoad('a', thrown), cache.getOrLoad('a', thrown))],
  'a load that rejects with undefined': [{}, ({ cache }) => settle(cache.getOrLoad('a', () => Promise.reject()))],
  'no loader at all': [
    {},
    ({ cache }) => settle(cache.getOrLoad('a'), cache.getOrLoadAll(['a', 'b']), cache.refresh('a')),
  ],
  'a key that is none': [{}, ({ cache }) => settle(cache.getOrLoad((() => 1) as never, down))],
  'a load that fails after loadTimeout.hard': [
    { loadTimeout: { hard: 10 } },
    async ({ cache, clock }) => {
      const { load, fail } = late();
      const waiting = settle(cache.getOrLoad('a', load));
      clock.advance(10);
      await waiting;
      fail();
    },
  ],
  'a load that fails after loadTimeout.hold': [
    { loadTimeout: { hold: 10 } },
    ({ cache, clock }) => {
      const { load, fail } = late();
      const waiting = settle(cache.getOrLoad('a', load));
      clock.advance(10);
      fail();
      return waiting;
    },
  ],
  'a load that its only caller left': [
    {},
    async ({ cache }) => {
      const { load, fail } = late();
      const request = new AbortController();
      const waiting = settle(cache.getOrLoad('a', load, { signal: request.signal }));
      request.abort();
      await waiting;
      fail();
    },
  ],
  'a load that fails because it was aborted': [
    { abortWhenAbandoned: true, loadTimeout: { hard: 10 } },
    ({ cache, clock }) => {
      const request = new AbortController();
      const waiting = settle(
        cache.getOrLoad('a', untilAborted, { signal: request.signal }),
        cache.getOrLoad('b', untilAborted),
      );
      request.abort();
      clock.advance(10);
      return waiting;
    },
  ],
  'a load behind a stale value': [
    { staleWhileRevalidate: '1h', loader: down },
    async (subject) => {
      await staleValue(subject);
      await subject.cache.getOrLoad('a');
      await subject.cache.getOrLoadAll(['a']);
    },
  ],
  'a bulk load behind stale values': [
    { staleWhileRevalidate: '1h', bulkLoader: down },
    async (subject) => {
      await staleValue(subject);
      await subject.cache.getOrLoadAll(['a']);
    },
  ],
  'a load that a stale value stands in for': [
    { staleIfError: '1h', loader: down, loadTimeout: { soft: 10 } },
    async (subject) => {
      await staleValue(subject);
      await subject.cache.getOrLoad('a');
      const { load, fail } = late();
      subject.clock.advance(60_000);
      const waiting = settle(subject.cache.getOrLoad('a', load));
      subject.clock.advance(10);
      await waiting;
      fail();
    },
  ],
  'a refresh ahead': [
    { ttl: 100, refreshAhead: 0.5, loader: down },
    async ({ cache, clock }) => {
      await cache.put('a', 1);
      clock.advance(60);
      await cache.getOrLoad('a');
      await settle(cache.refresh('a'));
    },
  ],
  'what is known to fail': [
    { errorTtl: '1m' },
    async ({ cache }) => {
      await settle(cache.getOrLoad('a', down));
      await settle(cache.getOrLoad('a', down), cache.getOrLoadAll(['a']), cache.get('a'));
    },
  ],
  'a bulk load': [
    {},
    ({ cache }) =>
      settle(cache.getOrLoadAll(['a', 'b'], down), cache.getOrLoad('a', down), cache.getOrLoadAll(['c'], thrown)),
  ],
  'a bulk load that returns no Map': [{}, ({ cache }) => settle(cache.getOrLoadAll(['a', 'b'], (() => 5) as never))],
  'single loads for many keys, of which two fail': [
    { loader: (key) => (key === 'c' ? 1 : down()) },
    ({ cache }) => settle(cache.getOrLoadAll(['a', 'b', 'c'])),
  ],
  'a batch': [
    { batch: true, bulkLoader: down },
    ({ cache }) => settle(cache.getOrLoad('a'), cache.getOrLoad('b'), cache.getOrLoad('b')),
  ],
  'a batch that every caller has left': [
    { batch: true, bulkLoader: down, abortWhenAbandoned: true },
    ({ cache }) => {
      const request = new AbortController();
      const waiting = settle(cache.getOrLoad('a', undefined, { signal: request.signal }));
      request.abort();
      return waiting;
    },
  ],
  'a load whose value cannot be stored': [
    {
      groups: () => {
        throw new Error('groups');
      },
    },
    ({ cache }) =>
      settle(
        cache.getOrLoad('a', () => 1),
        cache.put('b', 1),
      ),
  ],
  'a load that asks for its own key': [
    {},
    ({ cache }) => settle(cache.getOrLoad('a', () => cache.getOrLoad('a', () => 1))),
  ],
  'a load that was outdated': [
    {},
    async ({ cache }) => {
      const { load, fail } = late();
      const waiting = settle(cache.getOrLoad('a', load), cache.getOrLoad('a', load));
      await cache.invalidate('a');
      await cache.invalidateGroup('g');
      const again = settle(cache.getOrLoad('a', load));
      fail();
      await Promise.all([waiting, again]);
    },
  ],
  'a predicate that throws': [{}, ({ cache }) => settle(cache.put('a', 1), cache.invalidateMatching(thrown))],
  'a cache that is switched off': [
    { enabled: false, loadTimeout: { hard: 10, hold: 20 } },
    async ({ cache, clock }) => {
      const { load, fail } = late();
      const waiting = settle(cache.getOrLoad('a', load), cache.getOrLoad('b', down), cache.getOrLoadAll(['c'], down));
      clock.advance(30);
      await waiting;
      fail();
    },
  ],
  'a cache that is closed during a load': [
    {},
    ({ cache }) => {
      const { load, fail } = late();
      const waiting = settle(cache.getOrLoad('a', load), cache.close(), cache.getOrLoad('b', down));
      fail();
      return waiting;
    },
  ],
};

const aTurn = () => new Promise((resolve) => setImmediate(resolve));

for (const [handler, fail] of Object.entries(handlers)) {
  for (const [name, [options, take]] of Object.entries(paths)) {
    const clock = new FakeClock();
    const cache = createCache(defineCache<string, number>('numbers', { maxSize: 1, ...options }), { clock });
    cache.events$.subscribe(fail as () => void);
    await take({ cache, clock });
    for (let turn = 0; turn < 3; turn++) await aTurn();
    await cache.close();
    await aTurn();
    process.stdout.write(`path ${name}, under a handler that ${handler}\n`);
  }
}

const memory = new MemoryCache<string, Promise<number>>();
memory.events$.subscribe(() => Promise.reject(new Error('handler')) as unknown as void);
await settle(memory.getOrCompute('a', down));
process.stdout.write('path MemoryCache.getOrCompute() of a promise\n');

const Numbers = defineCache<string, number>('numbers', { staleWhileRevalidate: '1h', ttl: 1 });

@Injectable()
class Service {
  @Cacheable(Numbers, { key: (id: string) => id })
  async promise(id: string): Promise<number> {
    throw new Error(id);
  }
  @Cacheable(Numbers, { key: (id: string) => id })
  unknown(id: string) {
    return Promise.reject<number>(new Error(id));
  }
  @Cacheable({ ttl: '1m' })
  observable(id: string): Observable<number> {
    return throwError(() => new Error(id));
  }
  @Cacheable({ ttl: '1m' })
  async *iterable(id: string): AsyncIterable<number> {
    yield 1;
    throw new Error(id);
  }
  @CacheableAll(Numbers, { key: (id: string) => id })
  async all(ids: string[]): Promise<number[]> {
    throw new Error(ids.join());
  }
  @CachePut(Numbers, { key: () => 'put', unless: thrown })
  async put(): Promise<number> {
    return 1;
  }
  @CacheEvict(Numbers, { matching: '*', before: true })
  async evict(): Promise<void> {
    throw new Error('evict');
  }
  @OnCacheEvent(Numbers)
  onEvent(): void {
    throw new Error('handler');
  }
  @OnCacheEvent(Numbers)
  async onEventLater(): Promise<void> {
    throw new Error('handler');
  }
}

@Module({ imports: [CacheModule.forRoot({ caches: [Numbers] })], providers: [Service] })
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const service = app.get(Service);
const numbers = app.get(CacheRegistry).get(Numbers);
await numbers.put('stale', 1);
await new Promise((resolve) => setTimeout(resolve, 20));
const observed = (source: Observable<number>) =>
  new Promise<void>((resolve) => source.subscribe({ error: () => resolve(), complete: () => resolve() }));
await settle(
  service.promise('a'),
  service.promise('a'),
  service.promise('stale'),
  service.unknown('b'),
  observed(service.observable('c')),
  service.all(['d', 'e']),
  service.all(['stale']),
  service.put(),
  service.evict(),
  (async () => {
    for await (const _ of service.iterable('f')) continue;
  })(),
);
// Asked for and never listened to or iterated.
service.observable('g');
service.iterable('h');
await aTurn();
await app.close();
await aTurn();
process.stdout.write('path decorated methods\n');
process.stdout.write(`seen ${seen}\n`);
