import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, MemoryCache } from '../../../../lib/index.js';
import {
  BrowsedCache,
  ObjectNumbers,
  type BrowsableCache,
} from '../../../../lib/observability/dashboard/browsed-cache.js';
import { searchKeys, type KeyQuery } from '../../../../lib/observability/dashboard/key-search.js';
import { pauses } from '../../../../lib/observability/dashboard/pauses.js';
import { FakeClock } from '../../../../lib/testing/index.js';

const EVERYTHING: KeyQuery = { search: '', group: undefined, offset: 0, limit: 100 };
const never = (): undefined => undefined;
const course = { pause: never, isGone: () => false };

function browse(cache: unknown): BrowsedCache {
  return new BrowsedCache(cache as BrowsableCache, new ObjectNumbers());
}

async function texts(browsed: BrowsedCache, query: Partial<KeyQuery>): Promise<string[]> {
  const { keys } = await searchKeys(browsed, { ...EVERYTHING, ...query }, course);
  return keys.map(({ text }) => text);
}

/** Keys of every type; those of equal text are different keys. */
const KEYS: readonly unknown[] = [
  '1',
  1,
  1n,
  true,
  'true',
  null,
  '__proto__',
  '',
  '=1',
  's',
  '~',
  '#1',
  'ü\u0000',
  '\uD800',
  'x'.repeat(2 ** 20),
  { a: 1, b: [2] },
  ['1'],
  Number.NaN,
];

describe('keys of a cache', () => {
  it('have ids that tell them apart, fit into an address, and lead back to them', async () => {
    const cache = createCache(defineCache<unknown, number>('any'));
    for (const [at, key] of KEYS.entries()) await cache.put(key, at);
    const browsed = browse(cache);
    const { keys, matches } = await searchKeys(browsed, EVERYTHING, course);
    expect(matches).toBe(KEYS.length);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(KEYS.length);
    for (const [at, { id }] of keys.entries()) {
      expect(encodeURIComponent(id).length).toBeLessThan(1_000);
      const found = await browsed.find(id, never);
      expect(await cache.get(found?.key)).toBe(at);
    }
    await cache.close();
  });

  it('have ids in a MemoryCache too, where objects are compared by identity', async () => {
    const cache = new MemoryCache<unknown, number>();
    const [one, other] = [{ id: 1 }, { id: 1 }];
    for (const [at, key] of [one, other, 'text', 7, Symbol.for('s')].entries()) cache.put(key, at);
    const browsed = browse(cache);
    const { keys } = await searchKeys(browsed, EVERYTHING, course);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(5);
    for (const [at, { id }] of keys.entries()) expect(cache.get((await browsed.find(id, never))?.key)).toBe(at);
    cache.dispose();
  });

  it('that left are not found, nor is an id that is none', async () => {
    const cache = createCache(defineCache<unknown, number>('any'));
    await cache.put({ a: 1 }, 1);
    const browsed = browse(cache);
    const id = browsed.id({ a: 1 });
    await cache.clear();
    expect(await browsed.find(id, never)).toBeUndefined();
    expect(await browsed.find('=[1]', never)).toBeUndefined();
    expect(await browsed.find('nonsense', never)).toBeUndefined();
    await cache.close();
  });

  it('are labelled with a short text, their kind and their length', () => {
    const browsed = browse(createCache(defineCache('any')));
    expect(browsed.label('k'.repeat(1_000))).toMatchObject({
      text: `${'k'.repeat(200)}…`,
      kind: 'string',
      length: 1_000,
    });
    expect(browsed.label({ b: 1, a: 'x' })).toMatchObject({ text: '{"a":"x","b":1}', kind: 'object' });
    expect(browsed.label(42)).toMatchObject({ id: '=42', text: '42', kind: 'number' });
  });
});

describe('a search for keys', () => {
  const cache = createCache(defineCache<string, number>('users'));
  const browsed = browse(cache);

  it('is by a part of the key in upper or lower case, or by a glob', async () => {
    for (const key of ['user:1', 'user:22', 'Team:2', 'a*b']) await cache.put(key, 1);
    expect(await texts(browsed, { search: '' })).toHaveLength(4);
    expect(await texts(browsed, { search: 'TEAM' })).toEqual(['Team:2']);
    expect(await texts(browsed, { search: 'user:?' })).toEqual(['user:1']);
    expect(await texts(browsed, { search: 'a\\*b' })).toEqual(['a*b']);
    expect(await texts(browsed, { search: 'nobody' })).toEqual([]);
  });

  it('can be within a group, in both kinds of cache', async () => {
    await cache.put('grouped', 1, { groups: ['g'] });
    expect(await texts(browsed, { group: 'g' })).toEqual(['grouped']);
    const memory = new MemoryCache<string, number>();
    memory.put('grouped', 1, { groups: ['g'] });
    memory.put('alone', 1);
    expect(await texts(browse(memory), { group: 'g' })).toEqual(['grouped']);
    memory.dispose();
  });

  it('returns a page, and counts all that match', async () => {
    const many = new MemoryCache<number, number>({ maxSize: 1_000, policy: 'fifo' });
    for (let key = 0; key < 1_000; key++) many.put(key, key);
    const { keys, matches } = await searchKeys(
      browse(many),
      { ...EVERYTHING, search: '9', offset: 10, limit: 3 },
      course,
    );
    expect(matches).toBe(271);
    expect(keys.map(({ text }) => text)).toEqual(['91', '92', '93']);
    many.dispose();
  });

  it('ends when nobody waits for it any more', async () => {
    const many = new MemoryCache<number, number>({ maxSize: 1_000 });
    for (let key = 0; key < 1_000; key++) many.put(key, key);
    let looks = 0;
    const isGone = (): boolean => ++looks > 10;
    expect((await searchKeys(browse(many), EVERYTHING, { pause: never, isGone })).matches).toBe(10);
    expect(looks).toBe(11);
    many.dispose();
  });

  it('lets others run after each few milliseconds', async () => {
    const clock = new FakeClock();
    const pause = pauses(clock);
    let steps = 0;
    const work = (async () => {
      for (; steps < 1_000; steps++) {
        clock.advance(1);
        await pause();
      }
    })();
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toBeLessThan(100);
    while (steps < 1_000) {
      clock.advance(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await work;
  });
});
