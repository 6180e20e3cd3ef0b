import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { BoundedStore, KeyPlace } from '../../../lib/engine/index.js';
import { LruPolicy } from '../../../lib/engine/policy/lru.js';
import { FakeClock } from '../../../lib/testing/index.js';

function setUp(maxSize = 3) {
  const clock = new FakeClock();
  const removed: string[] = [];
  const store = new BoundedStore<string, number>({
    bound: { kind: 'size', maxSize },
    policy: (host) => new LruPolicy(host),
    clock,
    random: seededRandom(1),
    onRemoval: (key) => removed.push(key),
  });
  const put = (key: string, value: number, ttlMs = Infinity, ttiMs = Infinity): void => {
    store.put(key, value, ttlMs, ttiMs, undefined, undefined);
  };
  return { store, clock, removed, put };
}

describe('a store asked by a place', () => {
  it('answers what it answers when asked by the key, whatever has become of the entry', () => {
    const { store, put } = setUp();
    const place = new KeyPlace('a');
    expect(store.getBy(place)).toBeUndefined();
    put('a', 1);
    expect(store.getBy(place)).toBe(1);
    put('a', 2);
    expect(store.getBy(place)).toBe(2);
    store.remove('a');
    expect(store.getBy(place)).toBeUndefined();
    // Takes the slot that was freed.
    put('b', 3);
    expect(store.getBy(place)).toBeUndefined();
    put('a', 4);
    expect(store.getBy(place)).toBe(4);
    store.clear();
    expect(store.getBy(place)).toBeUndefined();
  });

  it('counts it as a use', () => {
    const { store, put, removed } = setUp();
    const place = new KeyPlace('a');
    for (const key of ['a', 'b', 'c']) put(key, 1);
    for (const key of ['d', 'e', 'f']) {
      expect(store.getBy(place)).toBe(1);
      put(key, 1);
    }
    expect(removed).toEqual(['b', 'c', 'd']);
  });

  it('restarts the idle time, and hands out nothing that has expired', () => {
    const { store, clock, put, removed } = setUp();
    const place = new KeyPlace('a');
    put('a', 1, 250, 100);
    for (let reads = 0; reads < 3; reads++) {
      clock.advance(80);
      expect(store.getBy(place)).toBe(1);
    }
    clock.advance(10);
    expect(store.getBy(place)).toBeUndefined();
    expect(removed).toEqual(['a']);
  });

  it('finds entries that were given other slots, and none where slots were given back', () => {
    const { store, put } = setUp(5_000);
    const keys = Array.from({ length: 5_000 }, (_, at) => `key ${at}`);
    keys.forEach((key, at) => put(key, at));
    const places = keys.map((key) => new KeyPlace(key));
    for (const place of places) store.getBy(place);
    store.removeMatching((key) => Number(key.slice(4)) < 4_900);
    expect(places.flatMap((place) => store.getBy(place) ?? [])).toEqual(keys.slice(4_900).map((_, at) => at + 4_900));
  });
});
