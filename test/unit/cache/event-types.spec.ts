import { describe, expect, it, jest } from '@jest/globals';
import { CacheRegistry, createCache, defineCache, defineMemoryCache } from '../../../lib/cache/index.js';
import type { CacheEventType } from '../../../lib/core/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

function setUp() {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<string, number>('numbers', { maxSize: 1 }), { clock }) };
}

/** Each event that is made asks the clock what time it is. */
function countMade(clock: FakeClock) {
  return jest.spyOn(clock, 'epochMs');
}

describe('events$.ofType()', () => {
  it('tells events of these types, typed, and has no others made', async () => {
    const { cache, clock } = setUp();
    const types: ('evict' | 'clear')[] = [];
    cache.events$.ofType('evict', 'clear').subscribe(({ type }) => types.push(type));
    const made = countMade(clock);
    await cache.put('a', 1);
    await cache.get('a');
    await cache.put('b', 2);
    await cache.clear();
    expect(types).toEqual(['evict', 'clear']);
    expect(made).toHaveBeenCalledTimes(2);
  });

  it('tells everybody what they asked for, beside those who asked for all', async () => {
    const { cache } = setUp();
    const seen: string[] = [];
    cache.events$.subscribe(({ type }) => seen.push(`all ${type}`));
    const hits = cache.events$.ofType('hit').subscribe(({ type }) => seen.push(`hits ${type}`));
    await cache.put('a', 1);
    await cache.get('a');
    hits.unsubscribe();
    await cache.get('a');
    expect(seen).toEqual(['all put', 'all hit', 'hits hit', 'all hit']);
  });

  it('of the registry reaches caches of both kinds, those that are defined later included', async () => {
    const clock = new FakeClock();
    const registry = new CacheRegistry({ clock });
    registry.define(defineCache('one'));
    const seen: string[] = [];
    const subscription = registry.events$.ofType('put').subscribe((event) => seen.push(event.cache));
    registry.define(defineMemoryCache('two'));
    registry.define(defineCache('three'));
    const made = countMade(clock);
    for (const name of ['one', 'two', 'three']) {
      await registry.get<string, number>(name).put('a', 1);
      await registry.get<string, number>(name).get('a');
    }
    expect(seen).toEqual(['one', 'two', 'three']);
    expect(made).toHaveBeenCalledTimes(3);
    subscription.unsubscribe();
    await registry.get<string, number>('one').put('a', 1);
    expect(seen).toHaveLength(3);
  });

  it('refuses what is no type, and no type at all', () => {
    const { cache } = setUp();
    expect(() => cache.events$.ofType('evicted' as CacheEventType)).toThrow(/type must be one of hit, miss/);
    expect(() => cache.events$.ofType()).toThrow(/type must be one or more of/);
  });
});
