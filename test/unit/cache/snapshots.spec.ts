import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions, type ClosableCache } from '../../../lib/cache/index.js';
import { ChaosTier, EventRecorder, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { seededRandom } from '../../../lib/core/index.js';
import { bytesOf, bytesWhile, restoreFrom } from '../../snapshots/bytes.js';
import { nodes } from './nodes.js';

const random = seededRandom(5);

function make<K = string, V = unknown>(
  options: CacheOptions<K, V> = {},
  clock = new FakeClock(),
): { readonly cache: ClosableCache<K, V>; readonly clock: FakeClock } {
  return { cache: createCache(defineCache<K, V>('texts', options), { clock, random }), clock };
}

/** The same cache in another process, which has been started `downMs` after the snapshot was taken. */
async function restarted<K, V>(
  old: ClosableCache<K, V>,
  options: CacheOptions<K, V>,
  clock: FakeClock,
  downMs = 0,
): Promise<{ readonly cache: ClosableCache<K, V>; readonly clock: FakeClock }> {
  const bytes = await bytesOf(old);
  const other = make(options, new FakeClock(5_000_000, clock.epochMs() + downMs - 5_000_000));
  await restoreFrom(other.cache, bytes);
  return other;
}

describe('promise Life: a snapshot restores remaining lifetimes, groups and staleness', () => {
  it('has each entry live as long as it would have, and not those that would have died', async () => {
    const { cache, clock } = make();
    await cache.put('short', 1, { ttl: 1_000 });
    await cache.put('long', 2, { ttl: 10_000, groups: ['g', 'h'] });
    await cache.put('for ever', 3, { ttl: Infinity });
    await cache.put('idle', 4, { ttl: 10_000, tti: 2_000 });
    clock.advance(400);
    const other = await restarted(cache, {}, clock, 600);

    expect(await other.cache.has('short')).toBe(false);
    expect(await other.cache.entry('long')).toEqual({
      value: 2,
      ageMs: 1_000,
      ttlLeftMs: 9_000,
      groups: ['g', 'h'],
      tier: 'memory',
      stale: false,
      weight: 1,
    });
    expect(await other.cache.entry('for ever')).toMatchObject({ value: 3, ageMs: 1_000, ttlLeftMs: Infinity });
    expect(await other.cache.entry('idle')).toMatchObject({ ttlLeftMs: 1_000 });
    // A read starts its idle time again, up to the end of its ttl.
    await other.cache.get('idle');
    other.clock.advance(1_999);
    expect(await other.cache.has('idle')).toBe(true);
    expect(await other.cache.invalidateGroup('h')).toBe(1);
  });

  it('has what was stale, or becomes it while the process is down, stand in as long as it would have', async () => {
    const options = { ttl: 1_000, staleIfError: 5_000, staleWhileRevalidate: 500 };
    const { cache, clock } = make<string, string>(options);
    await cache.put('k', 'old');
    clock.advance(800);
    const other = await restarted(cache, options, clock, 300);

    expect(await other.cache.entry('k')).toMatchObject({ ageMs: 1_100, ttlLeftMs: 0, stale: true });
    const failing = (): Promise<string> => Promise.reject(new Error('down'));
    other.clock.advance(4_899);
    expect(await other.cache.getOrLoad('k', failing)).toBe('old');
    other.clock.advance(10_000);
    await expect(other.cache.getOrLoad('k', failing)).rejects.toThrow('down');
  });

  it('keeps the rest of a loader that failed, and the fraction of the ttl from which a hit loads anew', async () => {
    const options = { ttl: 1_000, refreshAhead: 0.5, staleIfError: 5_000 };
    const { cache, clock } = make<string, string>(options);
    await cache.put('k', 'old');
    clock.advance(400);
    const other = await restarted(cache, options, clock);

    const loads: string[] = [];
    const load = (key: string): string => `${key}${loads.push(key)}`;
    expect(await other.cache.getOrLoad('k', load)).toBe('old');
    expect(loads).toEqual([]);
    other.clock.advance(100);
    expect(await other.cache.getOrLoad('k', load)).toBe('old');
    expect(loads).toEqual(['k']);
  });

  it('keeps that a key has no value, and forgets that its load failed', async () => {
    const options = { negativeTtl: 5_000, errorTtl: 5_000 };
    const { cache, clock } = make<string, string | undefined>(options);
    await cache.getOrLoad('absent', () => undefined);
    await cache.getOrLoad('null', () => null as never);
    await cache.getOrLoad('failed', () => Promise.reject(new Error('down'))).catch(() => {});
    const other = await restarted(cache, options, clock);

    const load = (): string => 'loaded';
    expect(await other.cache.getOrLoad('absent', load)).toBeUndefined();
    expect(await other.cache.getOrLoad('null', load)).toBeNull();
    expect(await other.cache.getOrLoad('failed', load)).toBe('loaded');
  });

  it('never lengthens a lifetime when the wall clock was set back', async () => {
    const { cache, clock } = make();
    await cache.put('k', 1, { ttl: 1_000 });
    const other = await restarted(cache, {}, clock, -3_600_000);

    expect(await other.cache.entry('k')).toMatchObject({ ageMs: 0, ttlLeftMs: 1_000 });
  });

  it('brings every kind of key back as what it was', async () => {
    const keys = [
      'a',
      '',
      '1',
      1,
      1n,
      NaN,
      0,
      true,
      null,
      '#x',
      '\0s',
      '__proto__',
      Symbol.for('s'),
      { a: [1] },
      'ü\ud800',
    ];
    const { cache, clock } = make<unknown, number>();
    await cache.putAll(keys.map((key, at) => [key, at]));
    const other = await restarted(cache, {}, clock);

    const found = await Promise.all(keys.map((key) => other.cache.get(key)));
    expect(found).toEqual(keys.map((_, at) => at));
    const listed: unknown[] = [];
    for await (const key of other.cache.keys()) listed.push(key);
    expect(new Set(listed)).toEqual(new Set(keys));
  });

  it('gives back values with Date, Map and the like, and says what it left out and why', async () => {
    const { cache } = make();
    const value = { at: new Date(5), map: new Map([['a', 1n]]), set: new Set([NaN]) };
    await cache.put('rich', value);
    await cache.put('function', () => {});
    const events = new EventRecorder(cache.events$);
    const bytes = await bytesOf(cache);
    const other = make();
    const report = await restoreFrom(other.cache, bytes);

    expect(await other.cache.get('rich')).toEqual(value);
    expect(events.events.at(-1)).toMatchObject({
      type: 'snapshot',
      cause: 'end',
      progress: { done: 1, failed: 1, total: 2 },
    });
    expect(report).toMatchObject({ entries: 1, bytes: bytes.length, leftOut: { unfit: 0, expired: 0 } });
  });

  it('leaves out those that would have gone first where the new cache has less room, and evicts nothing', async () => {
    const { cache, clock } = make({ policy: 'lru' });
    for (let key = 0; key < 10; key++) await cache.put(`k${key}`, key);
    await cache.get('k0');
    const bytes = await bytesOf(cache);
    const other = make({ policy: 'lru', maxSize: 4 }, clock);
    await other.cache.put('here', 'before');
    const report = await restoreFrom(other.cache, bytes);

    const listed: string[] = [];
    for await (const key of other.cache.keys()) listed.push(key);
    expect(listed).toEqual(['here', 'k8', 'k9', 'k0']);
    expect(report).toMatchObject({ entries: 3, leftOut: { noRoom: 7 } });
    expect(other.cache.stats().evictions.size).toBe(0);
  });
});

describe('promise Fence: while a snapshot is restored', () => {
  /** A stream of these bytes that lets something happen when the last of them have been taken. */
  function streamOf(bytes: Buffer, then: () => Promise<unknown>): Readable {
    return Readable.from(
      (async function* () {
        yield bytes;
        await then();
      })(),
    );
  }

  async function saved(): Promise<Buffer> {
    const { cache } = make();
    await cache.putAll(['a', 'b', 'c'].map((key) => [key, `old ${key}`]));
    await cache.put('grouped', 'old', { groups: ['g'] });
    return bytesOf(cache);
  }

  it.each<[string, (cache: ClosableCache<string, unknown>) => Promise<unknown>, readonly string[]]>([
    ['a key', (cache) => cache.invalidate('a'), ['b', 'c', 'grouped']],
    ['a group', (cache) => cache.invalidateGroup('g'), ['a', 'b', 'c']],
    ['a pattern', (cache) => cache.invalidateMatching('?'), []],
    ['everything', (cache) => cache.clear(), []],
  ])('an invalidation of %s keeps out what it concerns', async (_what, invalidate, left) => {
    const bytes = await saved();
    const { cache } = make();
    const report = await cache.restore(streamOf(bytes, () => invalidate(cache)));

    const listed: string[] = [];
    for await (const key of cache.keys()) listed.push(key);
    expect(listed.toSorted()).toEqual(left);
    expect(report).toMatchObject({ entries: left.length, leftOut: { outdated: 4 - left.length } });
  });

  it('a put and a load win, and what a put brought stays away when it has been evicted', async () => {
    const bytes = await saved();
    const { cache } = make();
    await cache.restore(
      streamOf(bytes, async () => {
        await cache.put('a', 'new');
        await cache.getOrLoad('b', () => 'loaded');
        await cache.put('c', 'gone', { ttl: 0 });
      }),
    );

    expect(await cache.getAll(['a', 'b', 'c', 'grouped'])).toEqual(
      new Map([
        ['a', 'new'],
        ['b', 'loaded'],
        ['grouped', 'old'],
      ]),
    );
  });

  it('a cache that is closed ends it', async () => {
    const bytes = await saved();
    const { cache } = make();

    await expect(cache.restore(streamOf(bytes, () => cache.close()))).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    await expect(cache.snapshot('/nowhere')).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
  });
});

describe('a snapshot', () => {
  it('has nothing that was invalidated, expired by hand or replaced before it was done', async () => {
    const options = { staleIfError: 60_000 };
    const { cache, clock } = make<string, string>(options);
    // Each block holds seven.
    for (let key = 0; key < 60; key++)
      await cache.put(`k${key}`, 'old'.padEnd(9_000, '.'), { groups: [`g${key % 4}`] });
    const bytes = await bytesWhile(cache, (block) => {
      if (block === 3) {
        void cache.invalidate('k0');
        void cache.invalidateGroup('g1');
        void cache.put('k2', 'new');
        void cache.expire('k3');
      }
    });
    const other = make<string, string>(options, clock);
    await restoreFrom(other.cache, bytes);

    expect(await other.cache.has('k0')).toBe(false);
    expect(await other.cache.has('k1')).toBe(false);
    expect(await other.cache.has('k57')).toBe(false);
    expect(await other.cache.get('k2')).toBe('new');
    expect(await other.cache.entry('k3')).toMatchObject({ stale: true });
    expect(other.cache.stats().size).toBe(60 - 1 - 15);
  });

  it('tells how far it has come, and that it failed', async () => {
    const { cache } = make<number, string>();
    for (let key = 0; key < 300; key++) await cache.put(key, 'x'.repeat(9_000));
    const events = new EventRecorder(cache.events$);
    await bytesOf(cache);
    await cache.snapshot('/nowhere/at/all').catch(() => {});
    const told = events.events.filter(({ type }) => type === 'snapshot').map(({ cause }) => cause);

    expect(told.slice(0, 2)).toEqual(['begin', 'progress']);
    expect(told.slice(-3)).toEqual(['end', 'begin', 'failure']);
    expect(events.events.find(({ cause }) => cause === 'progress')?.progress).toMatchObject({ total: 300 });
  });

  it('is not taken of a cache that is switched off', async () => {
    const { cache } = make({ enabled: false });

    expect(await cache.snapshot('/nowhere')).toMatchObject({ entries: 0, bytes: 0 });
    expect(await cache.restore('/nowhere')).toMatchObject({ entries: 0 });
  });
});

describe('where other nodes may have changed entries since the snapshot', () => {
  it('those come back that the shared tier has unchanged, with the age and the groups that they had', async () => {
    const shared = nodes({ ttl: 60_000 });
    const a = await shared.join();
    const b = await shared.join();
    await a.cache.putAll(['same', 'put', 'gone', 'grouped'].map((key) => [key, 'old'] as const));
    await a.cache.put('grouped', 'old', { groups: ['g'] });
    const bytes = await bytesOf(a.cache);
    await a.cache.close();
    await b.cache.put('put', 'new');
    await b.cache.invalidate('gone');
    await b.cache.invalidateGroup('g');
    shared.clock.advance(1_000);
    const c = await shared.join();
    const report = await restoreFrom(c.cache, bytes);

    expect(report).toMatchObject({ entries: 1, leftOut: { outdated: 3 } });
    expect(await c.cache.entry('same')).toMatchObject({ value: 'old', ageMs: 1_000, tier: 'memory' });
    expect(c.cache.stats().size).toBe(1);
  });

  it('none come back where the tier cannot be asked, is asked for more than it holds, or only a bus is there', async () => {
    const shared = nodes();
    const a = await shared.join();
    await a.cache.put('k', 'v');
    const bytes = await bytesOf(a.cache);
    const cutOff = await shared.join();
    cutOff.tier.inject({ kind: 'fail' });
    const alone = await shared.join({ tiers: [] });
    const exclusive = await shared.join({ tiering: 'exclusive' });

    for (const { cache } of [cutOff, alone, exclusive]) {
      expect(await restoreFrom(cache, bytes)).toMatchObject({ entries: 0, leftOut: { outdated: 1 } });
    }
  });

  it('all come back where the tier is of this process alone', async () => {
    const clock = new FakeClock();
    const tiers = (): CacheOptions<string, unknown> => ({
      tiers: [
        new ChaosTier(new InProcessTier({ name: 'own', clock, random, capabilities: { scope: 'process' } }), {
          clock,
          random,
        }),
      ],
    });
    const { cache } = make(tiers(), clock);
    await cache.put('k', 'v');
    const other = make(tiers(), clock);
    await restoreFrom(other.cache, await bytesOf(cache));

    expect(await other.cache.entry('k')).toMatchObject({ value: 'v', tier: 'memory' });
  });
});
