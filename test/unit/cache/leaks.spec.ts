import process from 'node:process';
import v8 from 'node:v8';
import vm from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { CacheParts } from '../../../lib/cache/parts/cache-parts.js';
import { createCache, defineCache, type CacheOptions, type ClosableCache } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** How many distinct keys each path sees. `.ci/run`: 100,000, more than a million in all; `npm run test:soak`: a million each. */
const isLong = process.env['npm_lifecycle_event'] === 'test:soak';
const KEYS = Number(process.env['STRATA_LEAK_KEYS'] ?? (isLong ? 1_000_000 : 20_000));
const ROUNDS = 3;
const AT_ONCE = 100;
/** What one key may leave behind in the heap, on average; the smallest object takes more. */
const BYTES_PER_KEY = 16;

interface Subject {
  readonly cache: ClosableCache<string, number>;
  readonly clock: FakeClock;
}

interface Path {
  readonly options?: CacheOptions<string, number>;
  /** Takes keys that nobody has seen before all the way. */
  readonly take: (subject: Subject, keys: readonly string[]) => Promise<unknown>;
}

const down = () => Promise.reject(new Error('down'));
const never = () => new Promise<never>(() => {});
const all = (keys: readonly string[], call: (key: string) => Promise<unknown>) => Promise.allSettled(keys.map(call));
const aTick = () => new Promise((resolve) => setImmediate(resolve));

const PATHS: Record<string, Path> = {
  'a hit': {
    // What was just put is there: no policy that doubts newcomers.
    options: { policy: 'lru' },
    take: async ({ cache }, keys) => {
      await cache.putAll(keys.map((key) => [key, 1]));
      await all(keys, (key) => cache.getOrLoad(key, never));
    },
  },
  'a load': {
    take: async ({ cache }, keys) => {
      await all([...keys, ...keys], (key) => cache.getOrLoad(key, async () => 1));
      await all(keys, (key) => cache.invalidate(key));
    },
  },
  'a load that fails': { take: ({ cache }, keys) => all([...keys, ...keys], (key) => cache.getOrLoad(key, down)) },
  'a load that throws': {
    take: ({ cache }, keys) =>
      all(keys, (key) =>
        cache.getOrLoad(key, () => {
          throw new Error('down');
        }),
      ),
  },
  'a load beyond loadTimeout.hard, whose result comes late': {
    options: { loadTimeout: { hard: 10 } },
    take: async ({ cache, clock }, keys) => {
      const source = deferred<number>();
      const waiting = all(keys, (key) => cache.getOrLoad(key, () => source.promise));
      clock.advance(10);
      await waiting;
      source.resolve(1);
    },
  },
  'a load that never settles, beyond loadTimeout.hold': {
    options: { loadTimeout: { hard: 10, hold: 20 } },
    take: async ({ cache, clock }, keys) => {
      const waiting = all(keys, (key) => cache.getOrLoad(key, never));
      clock.advance(20);
      await waiting;
    },
  },
  'callers that abort, and a load that is aborted with them': {
    options: { abortWhenAbandoned: true, loadTimeout: { hard: 10 } },
    take: async ({ cache }, keys) => {
      const request = new AbortController();
      const { signal } = request;
      const waiting = all(keys, (key) => cache.getOrLoad(key, (_, load) => (load.signal.aborted, never()), { signal }));
      request.abort();
      await waiting;
    },
  },
  'callers that abort, and a load that goes on': {
    take: async ({ cache }, keys) => {
      const source = deferred<number>();
      const request = new AbortController();
      const waiting = all(keys, (key) => cache.getOrLoad(key, () => source.promise, { signal: request.signal }));
      request.abort();
      await waiting;
      source.resolve(1);
    },
  },
  'an invalidation and a put during a load': {
    take: async ({ cache }, keys) => {
      const source = deferred<number>();
      const waiting = all(keys, (key) => cache.getOrLoad(key, () => source.promise));
      await all(keys, (key) => cache.invalidate(key));
      await all(keys, (key) => cache.put(key, 2));
      const again = all(keys, (key) => cache.refresh(key));
      source.resolve(1);
      await Promise.all([waiting, again]);
    },
    options: { loader: async () => 3 },
  },
  'a refresh, ahead and by call, that fails for every other key': {
    options: { loader: (key) => (key.endsWith('0') ? down() : Promise.resolve(2)), ttl: 1_000, refreshAhead: 0.5 },
    take: async ({ cache, clock }, keys) => {
      await cache.putAll(keys.map((key) => [key, 1]));
      clock.advance(600);
      await all(keys, (key) => cache.getOrLoad(key));
      await all(keys, (key) => cache.refresh(key));
      clock.advance(1_000);
    },
  },
  'stale values, served at once and in the place of a failure': {
    options: { ttl: 10, staleWhileRevalidate: 100, staleIfError: 200, loadTimeout: { soft: 10, hard: 20, hold: 30 } },
    take: async ({ cache, clock }, keys) => {
      await cache.putAll(keys.map((key) => [key, 1]));
      clock.advance(50);
      await all(keys, (key) => cache.getOrLoad(key, down));
      clock.advance(70);
      const late = all(keys, (key) => cache.getOrLoad(key, never));
      clock.advance(30);
      await late;
      await all(keys, (key) => cache.expire(key));
      clock.advance(300);
    },
  },
  'a bulk load, of which half the keys are absent, and one that fails': {
    take: async ({ cache }, keys) => {
      await cache.getOrLoadAll(keys, async (asked) => new Map(asked.slice(50).map((key) => [key, 1])));
      await Promise.allSettled([cache.getOrLoadAll(keys, down)]);
    },
  },
  'a batch, and one that every caller has left': {
    options: {
      bulkLoader: async (keys) => new Map(keys.map((key) => [key, 1])),
      batch: true,
      abortWhenAbandoned: true,
    },
    take: async ({ cache }, keys) => {
      const request = new AbortController();
      const leaving = all(keys.slice(0, 50), (key) => cache.getOrLoad(key, undefined, { signal: request.signal }));
      const staying = all(keys.slice(50), (key) => cache.getOrLoad(key));
      request.abort();
      await Promise.all([leaving, staying, aTick()]);
    },
  },
  'groups of their own, invalidated during the load, after it, and evicted': {
    take: async ({ cache }, keys) => {
      const waiting = all(keys, (key) => cache.getOrLoad(key, async () => 1, { groups: [`of ${key}`, 'all'] }));
      for (const key of keys.slice(0, 30)) await cache.invalidateGroup(`of ${key}`);
      await waiting;
      for (const key of keys.slice(30, 60)) await cache.invalidateGroup(`of ${key}`);
      await cache.invalidateMatching(`${keys[70]}*`);
    },
  },
  'what is known to be absent': {
    options: { negativeTtl: 100 },
    take: ({ cache }, keys) => all([...keys, ...keys], (key) => cache.getOrLoad(key, async () => undefined as never)),
  },
  'what is known to fail': {
    options: { errorTtl: 100 },
    take: ({ cache }, keys) => all([...keys, ...keys], (key) => cache.getOrLoad(key, down)),
  },
  'putIfAbsent, touch, entry and keys': {
    take: async ({ cache }, keys) => {
      await all(keys, (key) => cache.putIfAbsent(key, 1));
      await all(keys, (key) => cache.touch(key, '1h'));
      await all(keys, (key) => cache.entry(key));
      for await (const key of cache.keys()) if (key === keys[0]) break;
    },
  },
};

/** What nobody but the cache itself can see. */
function insideOf(cache: ClosableCache<string, number>) {
  const parts = Reflect.get(cache, 'parts') as CacheParts<string, number>;
  const { running } = Reflect.get(cache, 'runs') as { running: ReadonlyMap<unknown, unknown> };
  parts.changes.changeKey('a change that only an open fence would have remembered');
  return {
    flights: parts.flights.size,
    running: running.size,
    remembered: parts.changes.remembered,
    groups: parts.store.groups.size,
    entries: parts.store.size,
  };
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe(`promise Load: ${KEYS.toLocaleString('en')} distinct keys leave no timer, flight, fence or group behind, and the heap as it was`, () => {
  it.each(Object.entries(PATHS))(
    '%s',
    async (_, { options, take }) => {
      const clock = new FakeClock();
      const cache = createCache(defineCache<string, number>('numbers', { maxSize: 500, ...options }), { clock });
      let next = 0;
      const run = async (count: number): Promise<void> => {
        for (let taken = 0; taken < count; taken += AT_ONCE) {
          await take(
            { cache, clock },
            Array.from({ length: AT_ONCE }, () => `key ${next++}`),
          );
        }
        await aTick();
      };

      await run(2_000);
      const growths: number[] = [];
      // What else the process has allocated meanwhile is measured too, so one measurement too high says nothing yet.
      do {
        const before = heapBytes();
        await run(KEYS);
        growths.push((heapBytes() - before) / KEYS);
      } while (growths.length < ROUNDS && Math.min(...growths) >= BYTES_PER_KEY);
      expect(Math.min(...growths)).toBeLessThan(BYTES_PER_KEY);

      await cache.clear();
      expect(insideOf(cache)).toEqual({ flights: 0, running: 0, remembered: 0, groups: 0, entries: 0 });
      await cache.close();
      expect(clock.pendingTimers).toBe(0);
    },
    60_000 + KEYS,
  );
});
