import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { filter, firstValueFrom } from 'rxjs';
import {
  CacheRegistry,
  createCache,
  defineCache,
  defineMemoryCache,
  type CacheOptions,
  type ClosableCache,
} from '../../../lib/cache/index.js';
import { MemoryCache } from '../../../lib/engine/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import type { SnapshotOptions } from '../../../lib/index.js';
import { deferred } from './deferred.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-schedule-'));
  path = join(folder, 'snapshot');
});
afterEach(() => rm(folder, { recursive: true }));

function start(
  snapshot: Partial<SnapshotOptions> = {},
  more: CacheOptions<string, string> = {},
): { readonly cache: ClosableCache<string, string>; readonly clock: FakeClock; readonly events: EventRecorder } {
  const clock = new FakeClock();
  const cache = createCache(defineCache<string, string>('texts', { snapshot: { path, ...snapshot }, ...more }), {
    clock,
  });
  return { cache, clock, events: new EventRecorder(cache.events$) };
}

/** The causes of what was told of snapshots, or of restores. */
function causes(events: EventRecorder, type: 'snapshot' | 'restore'): unknown[] {
  return events.of(type).map(({ cause }) => cause);
}

describe('a cache whose definition has a snapshot', () => {
  it('is saved when it is closed, and starts with that', async () => {
    const first = start();
    await first.cache.ready();
    await first.cache.put('k', 'v');
    await first.cache.close();
    const second = start();
    await second.cache.ready();

    expect(await second.cache.get('k')).toBe('v');
    expect(causes(first.events, 'restore')).toEqual(['begin', 'failure']);
    expect(first.events.of('restore').at(-1)?.error).toMatchObject({ failure: 'missing' });
    expect(causes(first.events, 'snapshot')).toEqual(['begin', 'end']);
    expect(causes(second.events, 'restore')).toEqual(['begin', 'end']);
    await second.cache.close();
    expect(await readdir(folder)).toEqual(['snapshot']);
  });

  it('waits for running loads before it is saved, and invalidates what is invalidated meanwhile', async () => {
    const first = start();
    await first.cache.ready();
    await first.cache.put('gone', 'v');
    const load = deferred<string>();
    const loaded = first.cache.getOrLoad('late', () => load.promise);
    const closed = first.cache.close();
    await expect(first.cache.get('gone')).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    // As a decorated method of a request that is still running does.
    const inside = first.cache as unknown as { invalidateAt(index: string): boolean };
    expect(inside.invalidateAt('gone')).toBe(true);
    load.resolve('loaded');
    await Promise.all([loaded, closed]);
    const second = start();
    await second.cache.ready();

    expect(await second.cache.get('late')).toBe('loaded');
    expect(await second.cache.has('gone')).toBe(false);
  });

  it('is saved after each interval, counted from the end of the last time', async () => {
    const { cache, clock, events } = start({ every: '10s', onShutdown: false });
    await cache.ready();
    await cache.put('k', 'v');
    const saved = (): Promise<unknown> =>
      firstValueFrom(cache.events$.pipe(filter(({ type, cause }) => type === 'snapshot' && cause === 'end')));
    for (let round = 1; round <= 2; round++) {
      const next = saved();
      clock.advance(9_999);
      expect(causes(events, 'snapshot')).toHaveLength((round - 1) * 2);
      clock.advance(1);
      await next;
      // The next time is planned when this one has been done entirely.
      await new Promise(setImmediate);
    }

    expect(causes(events, 'snapshot')).toEqual(['begin', 'end', 'begin', 'end']);
    await cache.close();
    expect(causes(events, 'snapshot')).toHaveLength(4);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts empty where the file is damaged, tells why, and writes a good one at its end', async () => {
    await writeFile(path, 'this is no snapshot');
    const first = start();
    await first.cache.ready();
    await first.cache.put('k', 'v');
    await first.cache.close();

    expect(first.events.of('restore').at(-1)?.error).toMatchObject({ code: 'CACHE_SNAPSHOT', failure: 'foreign' });
    const second = start();
    await second.cache.ready();
    expect(await second.cache.get('k')).toBe('v');
  });

  it('is not saved when it is closed before it was restored: that would lose what was not', async () => {
    const first = start();
    await first.cache.ready();
    for (let key = 0; key < 100; key++) await first.cache.put(`k${key}`, 'v'.repeat(9_000));
    await first.cache.close();
    const before = await readFile(path);
    const second = start();
    await second.cache.close();

    expect((await readFile(path)).equals(before)).toBe(true);
    await expect(second.cache.ready()).resolves.toBeUndefined();
  });

  it('neither is restored nor saved when it is told not to', async () => {
    const first = start();
    await first.cache.put('k', 'v');
    await first.cache.ready();
    await first.cache.close();
    const second = start({ onStart: 'never', onShutdown: false });
    await second.cache.ready();

    expect(await second.cache.has('k')).toBe(false);
    await second.cache.close();
    expect(second.events.types()).toEqual([]);
    const third = start({ onStart: 'background' });
    await third.cache.ready();
    await firstValueFrom(third.cache.events$.pipe(filter(({ type, cause }) => type === 'restore' && cause === 'end')));
    expect(await third.cache.has('k')).toBe(true);
  });

  it('goes on closing when the last snapshot cannot be written', async () => {
    const { cache, events, clock } = start({ path: join(folder, 'nowhere', 'snapshot') });
    await cache.ready();
    const closing = cache.close();

    expect(cache.close()).toBeInstanceOf(Promise);
    await closing;
    expect(causes(events, 'snapshot')).toEqual(['begin', 'failure']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps a file of its own: two caches of an app cannot have one', () => {
    const registry = new CacheRegistry();
    registry.define(defineCache('users', { snapshot: { path } }));
    const shares = defineCache('cities', { snapshot: { path: join(folder, '.', 'snapshot') } });

    expect(() => registry.define(shares)).toThrow(
      'cache "cities": snapshot.path must be a file of this cache alone, and cache "users" keeps it',
    );
    expect(() => registry.define(defineCache('users', { snapshot: { path } }))).not.toThrow();
  });

  it.each<[Partial<SnapshotOptions> | string, string]>([
    [{ path: '' }, 'snapshot.path must be the path of a file'],
    [{ every: 0 }, 'snapshot.every must be above 0'],
    [{ every: 'soon' as never }, 'snapshot.every must be milliseconds'],
    [{ onShutdown: 'yes' as never }, 'snapshot.onShutdown must be one of true, false'],
    [{ onStart: 'later' as never }, 'snapshot.onStart must be one of wait, background, never'],
    [{ onshutdown: true } as never, 'did you mean onShutdown?'],
  ])('refuses %j', (given, message) => {
    expect(() => start(given as never)).toThrow(message);
  });
});

describe('a MemoryCache whose definition has a snapshot', () => {
  const clock = new FakeClock();
  const define = (snapshot: Omit<SnapshotOptions, 'path'> = {}) =>
    defineMemoryCache<string, number>('sessions', { ttl: '1h', snapshot: { path, ...snapshot } });

  async function open(snapshot?: Omit<SnapshotOptions, 'path'>) {
    const registry = new CacheRegistry({ clock });
    const Sessions = define(snapshot);
    registry.define(Sessions);
    const news: unknown[] = [];
    for (const { news: of } of registry.backgrounds()) {
      of.told.subscribe(({ cache, type, cause }) => void news.push(`${cache} ${type} ${cause}`));
    }
    await registry.open();
    return { registry, sessions: registry.get(Sessions), news };
  }

  it('is saved when the app closes, also twice, and starts with that', async () => {
    const first = await open();
    first.sessions.put('a', 1);
    await Promise.all([first.registry.close(), first.registry.close()]);
    clock.advance(1_000);
    const second = await open();

    expect(second.sessions.get('a')).toBe(1);
    expect(second.sessions.entry('a')).toMatchObject({ ttlLeftMs: 3_599_000 });
    expect([...first.news, ...second.news]).toEqual([
      'sessions restore begin',
      'sessions restore failure',
      'sessions snapshot begin',
      'sessions snapshot end',
      'sessions restore begin',
      'sessions restore end',
    ]);
    await second.registry.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is saved after each interval, and not at the end where that is not wanted', async () => {
    const { registry, sessions, news } = await open({ every: '1m', onShutdown: false });
    sessions.put('a', 1);
    clock.advance(60_000);
    while (!news.includes('sessions snapshot end')) await new Promise((resolve) => setImmediate(resolve));
    sessions.put('b', 2);
    await registry.close();
    const again = await open();

    expect([...again.sessions.keys()]).toEqual(['a']);
    await again.registry.close();
  });

  it('goes on closing when the last snapshot cannot be written, and lets go of everything', async () => {
    const registry = new CacheRegistry({ clock });
    const Sessions = defineMemoryCache<string, number>('sessions', {
      snapshot: { path: join(folder, 'none', 'file') },
    });
    registry.define(Sessions);
    await registry.open();
    const sessions = registry.get(Sessions);
    sessions.put('a', 1);
    await registry.close();

    expect(sessions.size).toBe(0);
  });

  it('has options that are checked, and a file of its own', () => {
    const registry = new CacheRegistry({ clock });
    const wrong = defineMemoryCache('sessions', { snapshot: { path, every: 0 } });
    expect(() => registry.define(wrong)).toThrow('cache "sessions": snapshot.every must be above 0');
    registry.define(define());

    expect(() => registry.define(defineCache('users', { snapshot: { path } }))).toThrow(
      'cache "users": snapshot.path must be a file of this cache alone, and cache "sessions" keeps it',
    );
  });

  it('is one of an application: new MemoryCache() has nobody to save it', () => {
    expect(() => new MemoryCache({ snapshot: { path } } as object)).toThrow('snapshot');
  });
});
