import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createCache, defineCache, type CacheOptions, type ClosableCache } from '../../../lib/cache/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import type { WarmOptions } from '../../../lib/index.js';
import { deferred } from './deferred.js';
import { nodes } from './nodes.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'strata-warm-'))));
afterEach(() => rm(folder, { recursive: true }));

/** Lets everything run that is due without time passing. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Started {
  readonly cache: ClosableCache<string, string>;
  readonly clock: FakeClock;
  readonly events: EventRecorder;
}

function start(warm: WarmOptions<string>, more: CacheOptions<string, string> = {}, clock = new FakeClock()): Started {
  const options = { loader: (key: string) => `loaded ${key}`, ...more, warm };
  const cache = createCache(defineCache<string, string>('texts', options), { clock, random: () => 0.5 });
  return { cache, clock, events: new EventRecorder(cache.events$) };
}

/** What was told of warming, without the times. */
function told(events: EventRecorder): unknown[][] {
  return events.of('warm').map(({ cause, progress }) => [cause, progress?.done, progress?.failed, progress?.total]);
}

async function listed(cache: ClosableCache<string, string>): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  return keys.toSorted();
}

describe('a cache whose definition has warm', () => {
  it.each<[string, WarmOptions<string>['keys']]>([
    ['a list', ['a', 'b']],
    ['a set', new Set(['a', 'b'])],
    ['a function', () => ['a', 'b']],
    ['an asynchronous function', async () => ['a', 'b']],
    [
      'an asynchronous generator',
      async function* () {
        yield* ['a', 'b'];
      },
    ],
  ])('loads the keys of %s before anybody asks', async (_what, keys) => {
    const { cache, events } = start({ wait: true, ...(keys !== undefined && { keys }) });
    await cache.ready();

    expect(await listed(cache)).toEqual(['a', 'b']);
    expect(told(events)[0]).toEqual(['begin', undefined, undefined, undefined]);
    expect(told(events).at(-1)?.slice(0, 3)).toEqual(['end', 2, 0]);
    expect(cache.stats()).toMatchObject({ loads: 2, misses: 2 });
  });

  it('leaves alone what is there and fresh', async () => {
    const { cache } = start({ keys: ['a', 'b'], wait: true });
    await cache.put('a', 'mine');
    await cache.ready();

    expect(await cache.getAll(['a', 'b'])).toEqual(
      new Map([
        ['a', 'mine'],
        ['b', 'loaded b'],
      ]),
    );
  });

  it('asks a bulk loader for many keys at once', async () => {
    const bulkLoader = jest.fn((keys: readonly string[]) => new Map(keys.map((key) => [key, key])));
    const keys = Array.from({ length: 250 }, (_, at) => `k${at}`);
    const { cache, events } = start({ keys, wait: true, concurrency: 1 }, { bulkLoader });
    await cache.ready();

    expect(bulkLoader.mock.calls.map(([asked]) => asked.length)).toEqual([100, 100, 50]);
    expect(told(events).at(-1)).toEqual(['end', 250, 0, 250]);
  });

  it('does not take the keys of its own bulk loads for live traffic', async () => {
    const waiting = deferred<void>();
    const asked: number[] = [];
    const bulkLoader = async (keys: readonly string[]): Promise<Map<string, string>> => {
      asked.push(keys.length);
      await waiting.promise;
      return new Map(keys.map((key) => [key, key]));
    };
    const keys = Array.from({ length: 300 }, (_, at) => `k${at}`);
    const { cache } = start({ keys, concurrency: 3 }, { bulkLoader });
    await cache.ready();
    await settled();

    expect(asked).toEqual([100, 100, 100]);
    waiting.resolve();
    await settled();
    await cache.close();
  });

  it('is ready at once unless it is told to wait', async () => {
    const load = deferred<string>();
    const { cache, events } = start({ keys: ['a'] }, { loader: () => load.promise });
    await cache.ready();

    expect(told(events)).toEqual([['begin', undefined, undefined, undefined]]);
    load.resolve('late');
    await settled();
    expect(told(events).at(-1)).toEqual(['end', 1, 0, 1]);
  });

  it('loads no more at a time than it may', async () => {
    let running = 0;
    let most = 0;
    const loader = async (key: string): Promise<string> => {
      most = Math.max(most, ++running);
      await settled();
      running--;
      return key;
    };
    const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
    const { cache } = start({ keys, wait: true, concurrency: 3 }, { loader });
    await cache.ready();

    expect(most).toBe(3);
  });

  it('begins no more in a second than it may', async () => {
    const { cache, clock } = start({ keys: ['a', 'b', 'c', 'd'], rate: 2 });
    await cache.ready();
    await settled();
    expect(await listed(cache)).toEqual(['a']);
    clock.advance(499);
    await settled();
    expect(await listed(cache)).toEqual(['a']);
    clock.advance(1);
    await settled();
    expect(await listed(cache)).toEqual(['a', 'b']);
    clock.advance(1_000);
    await settled();
    expect(await listed(cache)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('lets the loads of live traffic end first, though not for ever', async () => {
    const { cache, clock } = start({ keys: ['a', 'b'], concurrency: 1 });
    const live = deferred<string>();
    const first = cache.getOrLoad('live', () => live.promise);
    await cache.ready();
    await settled();
    expect(cache.stats().loads).toBe(1);
    live.resolve('v');
    await first;
    clock.advance(20);
    await settled();
    expect(await listed(cache)).toEqual(['a', 'b', 'live']);

    const again = start({ keys: ['a'] });
    void again.cache.getOrLoad('live', () => deferred<string>().promise);
    await again.cache.ready();
    for (let step = 0; step < 50; step++) {
      await settled();
      again.clock.advance(20);
    }
    await settled();
    expect(await listed(again.cache)).toEqual(['a']);
  });

  it('joins the load of a caller who is faster', async () => {
    const loader = jest.fn(async (key: string) => key);
    const { cache } = start({ keys: ['a'], wait: true }, { loader });
    const asked = cache.getOrLoad('a');
    await Promise.all([asked, cache.ready()]);

    expect(loader).toHaveBeenCalledTimes(1);
  });

  it('tries what fails again, twice as late each time, then tells it and goes on', async () => {
    const attempts: string[] = [];
    const loader = (key: string): string => {
      attempts.push(key);
      if (key === 'bad') throw new Error('no such key');
      return key;
    };
    const { cache, clock, events } = start({ keys: ['bad', 'good'], concurrency: 1, backoff: 1_000 }, { loader });
    await cache.ready();
    // Half of the time and half of that by chance, which is 0.5 here.
    for (const waitMs of [749, 1, 1_499, 1]) {
      await settled();
      clock.advance(waitMs);
    }
    await settled();

    expect(attempts).toEqual(['bad', 'bad', 'bad', 'good']);
    expect(told(events)).toEqual([
      ['begin', undefined, undefined, undefined],
      ['progress', 0, 1, 2],
      ['progress', 1, 1, 2],
      ['end', 1, 1, 2],
    ]);
    expect(events.of('warm').at(-1)?.error).toMatchObject({ message: 'no such key' });
  });

  it('tells how long the rest will take', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const { cache, clock, events } = start(
      { keys, concurrency: 1 },
      {
        loader: async (key) => {
          await new Promise<void>((resolve) => void clock.after(100, resolve));
          return key;
        },
      },
    );
    await cache.ready();
    for (let step = 0; step < 4; step++) {
      await settled();
      clock.advance(100);
    }
    await settled();

    const etas = events.of('warm').flatMap(({ cause, progress }) => (cause === 'progress' ? [progress?.etaMs] : []));
    expect(etas).toEqual([300, 200, 100, 0]);
    expect(events.of('warm').at(-1)).toMatchObject({ cause: 'end', durationMs: 400 });
  });

  it('tells that its list failed, and closes one that it does not read to the end', async () => {
    const failing = start({
      wait: true,
      keys: () => {
        throw new Error('the list is not there');
      },
    });
    await failing.cache.ready();
    expect(failing.events.of('warm').at(-1)).toMatchObject({
      cause: 'failure',
      error: { message: 'the list is not there' },
    });

    let isClosed = false;
    const open = async function* (): AsyncGenerator<string> {
      try {
        for (let at = 0; ; at++) yield `k${at}`;
      } finally {
        isClosed = true;
      }
    };
    const endless = start({ keys: open, concurrency: 1 });
    await endless.cache.ready();
    await settled();
    await endless.cache.close();
    await settled();
    expect(isClosed).toBe(true);
  });

  it('warms again after each interval, and leaves no timer behind when it is closed', async () => {
    const loader = jest.fn((key: string) => key);
    const { cache, clock } = start({ keys: ['a'], every: '10m', on: 'schedule' }, { loader, ttl: '5m' });
    await cache.ready();
    await settled();
    expect(loader).not.toHaveBeenCalled();
    for (let round = 1; round <= 3; round++) {
      clock.advance(600_000);
      await settled();
      expect(loader).toHaveBeenCalledTimes(round);
    }
    await cache.close();

    expect(clock.pendingTimers).toBe(0);
  });

  it('stops when it is closed: begins nothing, and waits for no pause', async () => {
    const loader = jest.fn((_key: string): string => {
      throw new Error('down');
    });
    const { cache, clock } = start({ keys: ['a', 'b'], concurrency: 1, backoff: '1h' }, { loader });
    await cache.ready();
    await settled();
    await cache.close();
    await settled();

    expect(loader).toHaveBeenCalledTimes(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('begins with the hottest keys of the last run', async () => {
    const path = join(folder, 'hot');
    const first = start({ hotKeys: path });
    await first.cache.ready();
    for (const [key, times] of [
      ['cold', 1],
      ['hot', 9],
      ['warm', 4],
    ] as const) {
      for (let time = 0; time < times; time++) await first.cache.getOrLoad(key);
    }
    await first.cache.close();
    const order: string[] = [];
    const loader = (key: string): string => {
      order.push(key);
      return key;
    };
    const second = start({ hotKeys: path, wait: true, concurrency: 1 }, { loader });
    await second.cache.ready();

    expect(order).toEqual(['hot', 'warm', 'cold']);
    expect(told(second.events).at(-1)).toEqual(['end', 3, 0, 3]);
  });

  it('keeps how hot they were over restarts, and lets it fade', async () => {
    const path = join(folder, 'hot');
    const clock = new FakeClock();
    const run = async (asked: Record<string, number>): Promise<string[]> => {
      const order: string[] = [];
      const loader = (key: string): string => {
        order.push(key);
        return key;
      };
      const { cache } = start({ hotKeys: path, wait: true, concurrency: 1 }, { loader, ttl: '1d' }, clock);
      await cache.ready();
      const warmed = [...order];
      for (const [key, times] of Object.entries(asked)) {
        for (let time = 0; time < times; time++) await cache.getOrLoad(key);
      }
      clock.advance(100_000);
      await cache.close();
      return warmed;
    };
    await run({ cold: 5, hot: 40 });
    expect(await run({ seldom: 3 })).toEqual(['hot', 'cold']);
    expect(await run({})).toEqual(['hot', 'seldom', 'cold']);
    expect(await run({ new: 9 })).toEqual(['hot', 'seldom', 'cold']);
    for (let time = 0; time < 3; time++) await run({ new: 9 });

    expect((await run({}))[0]).toBe('new');
  });

  it('begins without them where their file is damaged, and tells it', async () => {
    const path = join(folder, 'hot');
    await writeFile(path, 'this is something else entirely');
    const { cache, events } = start({ hotKeys: path, keys: ['a'], wait: true });
    await cache.ready();

    expect(await listed(cache)).toEqual(['a']);
    expect(events.of('restore').at(-1)).toMatchObject({ cause: 'failure', error: { failure: 'foreign' } });
  });

  it('loads nothing back that is invalidated while it warms, by whatever source', async () => {
    const path = join(folder, 'snapshot');
    const other = start({ keys: ['a', 'b'], wait: true });
    await other.cache.ready();
    await other.cache.snapshot(path);
    const load = deferred<string>();
    const loader = jest.fn(() => load.promise);
    const { cache } = start({ snapshot: path, keys: ['c'], concurrency: 1 }, { loader });
    cache.events$.subscribe(({ type, cause }) => {
      if (type === 'restore' && cause === 'begin') void cache.invalidate('a');
    });
    while (loader.mock.calls.length === 0) await settled();
    await cache.invalidateMatching('c');
    load.resolve('old');
    await settled();
    await settled();

    expect(await listed(cache)).toEqual(['b']);
    expect(loader).toHaveBeenCalledTimes(1);
    await cache.close();
  });

  it('takes a snapshot of another node', async () => {
    const path = join(folder, 'snapshot');
    const other = start({ keys: ['a', 'b'], wait: true });
    await other.cache.ready();
    await other.cache.snapshot(path);
    const { cache, events } = start({ snapshot: path, wait: true });
    await cache.ready();

    expect(await listed(cache)).toEqual(['a', 'b']);
    expect(cache.stats().loads).toBe(0);
    expect(told(events).at(-1)).toEqual(['end', 1, 0, 1]);
    const missing = start({ snapshot: join(folder, 'none'), wait: true, backoff: '1h' });
    await missing.cache.ready();
    expect(told(missing.events).at(-1)).toEqual(['end', 0, 1, 1]);
  });

  it('takes what a tier has that another node filled, as much as there is room for', async () => {
    const shared = nodes({ ttl: '1h' });
    const a = await shared.join();
    await a.cache.putAll(['a', 'b', 'c'].map((key) => [key, `of ${key}`] as const));
    const b = await shared.join({ warm: { tier: 'shared', wait: true } });
    await b.cache.ready();
    const small = await shared.join({ maxSize: 2, warm: { tier: 'shared', wait: true } });
    await small.cache.ready();

    expect(b.cache.stats()).toMatchObject({ size: 3, loads: 0 });
    expect(small.cache.stats()).toMatchObject({ size: 2, evictions: { size: 0 } });
  });

  it('is warmed by one node of many with lock, and by the next one when that has died', async () => {
    const shared = nodes({ ttl: '1h' });
    const loader = jest.fn(async (key: string) => key);
    const warm = { keys: ['a', 'b'], lock: true, wait: true } as const;
    const a = await shared.join({ loader, warm });
    const b = await shared.join({ loader, warm });
    await Promise.all([a.cache.ready(), b.cache.ready()]);
    expect(loader).toHaveBeenCalledTimes(2);
    expect([...a.events.of('warm'), ...b.events.of('warm')].filter(({ cause }) => cause === 'end')).toHaveLength(1);

    const stuck = await shared.join({
      loader: () => new Promise<string>(() => {}),
      warm: { ...warm, keys: ['x'], every: '1h' },
    });
    shared.clock.advance(60_000);
    const c = await shared.join({ loader, warm });
    await c.cache.ready();
    expect(c.events.of('warm').at(-1)).toMatchObject({ cause: 'end', progress: { done: 2 } });
    await stuck.cache.close();
  });

  it('stops when another node has taken the lease, which it could not renew in time, and tells that', async () => {
    const shared = nodes({ ttl: '1h' });
    const loads: ReturnType<typeof deferred<string>>[] = [];
    const slow = (): Promise<string> => {
      const load = deferred<string>();
      loads.push(load);
      return load.promise;
    };
    const warm = { keys: ['a', 'b', 'c'], lock: true, concurrency: 1 } as const;
    const cutOff = await shared.join({ loader: slow, warm, loadTimeout: { hold: '1h' } });
    await settled();
    cutOff.tier.inject({ kind: 'fail' });
    shared.clock.advance(10_000);
    await settled();
    shared.clock.advance(25_000);
    const other = await shared.join({ loader: slow, warm, loadTimeout: { hold: '1h' } });
    await settled();
    expect(loads).toHaveLength(2);
    cutOff.tier.heal();
    // Forty seconds after its beginning: when it renews the lease for the fourth time.
    shared.clock.advance(5_000);
    await settled();
    loads[0]?.resolve('loaded');
    for (let step = 0; step < 10; step++) await settled();

    expect(cutOff.events.of('warm').at(-1)).toMatchObject({
      cause: 'end',
      progress: { total: 3 },
      error: { message: expect.stringContaining('another node') },
    });
    expect(other.events.of('warm').some(({ cause }) => cause === 'end')).toBe(false);
    expect(loads).toHaveLength(2);
    await cutOff.cache.close();
  });

  it('leaves its lease to its end when it is closed while a list of it never goes on', async () => {
    const shared = nodes({ ttl: '1h' });
    const loader = jest.fn(async (key: string) => key);
    const stuck = async function* (): AsyncGenerator<string> {
      yield 'a';
      await new Promise(() => {});
    };
    const a = await shared.join({ loader, warm: { keys: stuck, lock: true } });
    await settled();
    await a.cache.close();
    for (let step = 0; step < 4; step++) {
      shared.clock.advance(10_000);
      await settled();
    }
    const b = await shared.join({ loader, warm: { keys: ['b'], lock: true, wait: true } });
    await b.cache.ready();

    expect(loader.mock.calls.map(([key]) => key)).toEqual(['a', 'b']);
  });

  it('asks for no list when it is closed while it takes the lease', async () => {
    const shared = nodes({ ttl: '1h' });
    const keys = jest.fn(() => ['a']);
    const warm = { keys, lock: true, on: 'schedule', every: '1m' } as const;
    const a = await shared.join({ loader: async (key) => key, warm });
    a.tier.inject({ kind: 'delay', ms: 50 });
    shared.clock.advance(60_000);
    const closed = a.cache.close();
    for (let step = 0; step < 5; step++) {
      await settled();
      shared.clock.advance(50);
    }
    await closed;

    expect(keys).not.toHaveBeenCalled();
    expect(a.events.of('warm')).toEqual([]);
  });

  it('is warmed by every node where the tier cannot be asked for the lease', async () => {
    const shared = nodes({ ttl: '1h' });
    const loader = jest.fn(async (key: string) => key);
    const node = await shared.join({ loader, warm: { keys: ['a'], lock: true, on: 'schedule', every: '1m' } });
    node.tier.inject({ kind: 'fail' });
    shared.clock.advance(60_000);
    await settled();
    await settled();

    expect(loader).toHaveBeenCalledTimes(1);
  });

  it.each<[WarmOptions<string>, string]>([
    [{}, 'warm must name what to load, by snapshot, hotKeys, tier, keys'],
    [{ keys: 7 as never }, 'warm.keys must be a list'],
    [{ keys: [], concurrency: 0 }, 'warm.concurrency must be a whole number from 1 to 1000'],
    [{ keys: [], rate: 0 }, 'warm.rate must be a number above 0'],
    [{ keys: [], retries: -1 }, 'warm.retries must be a whole number from 0 to 100'],
    [{ keys: [], every: 0 }, 'warm.every must be above 0'],
    [{ keys: [], on: 'start' as never }, 'warm.on must be one of bootstrap, schedule'],
    [{ keys: [], on: 'schedule' }, "'schedule' needs every or cron"],
    [{ keys: [], on: 'schedule', every: '1m', wait: true }, "warm.wait needs on: 'bootstrap'"],
    [{ tier: 'redis' }, 'warm.tier must be the name of a tier below memory: it has none'],
    [{ snapshot: '' }, 'warm.snapshot must be a text that is not empty'],
    [{ keys: [], cron: '0 6 * * *' }, 'warm.cron needs CacheModule'],
    [{ keys: [], evry: '1m' } as never, 'did you mean every?'],
  ])('refuses %j', (warm, message) => {
    expect(() => start(warm)).toThrow(message);
  });

  it('refuses a tier that the cache does not have, and names those that it has', async () => {
    await expect(nodes().join({ warm: { tier: 'redis' } })).rejects.toThrow(
      'warm.tier must be the name of a tier below memory: it has shared',
    );
  });

  it('refuses to keep the hottest keys in the file of the snapshot', () => {
    expect(() => start({ hotKeys: '/var/lib/app/users' }, { snapshot: { path: '/var/lib/app/./users' } })).toThrow(
      'warm.hotKeys must be another file than snapshot.path',
    );
  });

  it('needs a loader for keys', () => {
    const definition = defineCache<string, string>('texts', { warm: { keys: ['a'] } });

    expect(() => createCache(definition)).toThrow('warm with keys or hotKeys needs loader or bulkLoader');
  });
});
