import { describe, expect, it } from '@jest/globals';
import { CacheRegistry, defineCache, type CacheOptions, type IndexedCache } from '../../../lib/cache/index.js';
import { KeyPlace } from '../../../lib/engine/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

/** All of so many hits are looked at closely, and hand out a promise. */
const SAMPLED = 256;

async function setUp(options: CacheOptions<string, object> = {}) {
  const registry = new CacheRegistry({ clock: new FakeClock() });
  registry.define(defineCache<string, object>('users', options), 'test');
  const cache: IndexedCache<string, object> = registry.core('users', 'test');
  const user = { name: 'Ada' };
  await cache.put('ada', user);
  const place = new KeyPlace('ada');
  for (let hit = 0; hit < SAMPLED; hit++) cache.hitNow(place);
  /** Of the hits behind those: how many gave a promise, and what all of them gave. */
  const ask = async (times: number): Promise<{ promises: number; values: Set<unknown> }> => {
    const given = Array.from({ length: times }, () => cache.hitNow(place));
    return {
      promises: given.filter((hit) => hit instanceof Promise).length,
      values: new Set(await Promise.all(given)),
    };
  };
  return { cache, user, place, ask };
}

describe('a hit for a caller who can do without a promise', () => {
  it('is the value itself, but for those that are measured, and is counted once', async () => {
    const { cache, user, ask } = await setUp();
    const { promises, values } = await ask(1_000);

    expect([...values]).toEqual([user]);
    expect(promises).toBeGreaterThan(0);
    expect(promises).toBeLessThan(1_000);
    expect(cache.stats()).toMatchObject({ hits: SAMPLED + 1_000, misses: 0 });
  });

  it('is none, and counts nothing, where nothing is', async () => {
    const { cache, place } = await setUp();
    await cache.invalidate('ada');

    expect(cache.hitNow(place)).toBeUndefined();
    expect(cache.stats()).toMatchObject({ hits: SAMPLED, misses: 0 });
  });

  it.each<[string, CacheOptions<string, object>]>([
    ['has stages', { staleWhileRevalidate: '1m' }],
    ['is copied for each reader', { clone: 'structured' }],
  ])('is a promise where the entry %s', async (_, options) => {
    const { cache, user, ask } = await setUp(options);
    const { promises, values } = await ask(10);

    expect(promises).toBe(10);
    for (const value of values) expect(value).toEqual(user);
    expect(cache.stats().hits).toBe(SAMPLED + 10);
  });

  it('is told to observers', async () => {
    const { cache, ask } = await setUp();
    const heard: unknown[] = [];
    cache.events$.subscribe(({ type, key }) => heard.push([type, key]));
    await ask(2);

    expect(heard).toEqual([
      ['hit', 'ada'],
      ['hit', 'ada'],
    ]);
  });
});
