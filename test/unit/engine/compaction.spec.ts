import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { BoundedStore } from '../../../lib/engine/index.js';
import { BUILT_IN_POLICIES, type PolicyName } from '../../../lib/engine/policy/policies.js';
import { assertStructure } from '../../../lib/engine/store/structure.js';
import { FakeClock } from '../../../lib/testing/index.js';

const LARGE = 20_000;

/** Three kinds of keys. */
const keyOf = (at: number): unknown => [at, `key ${at}`, `a key of more than sixteen characters ${at}`][at % 3];
const isKept = (at: number): boolean => at % 100 === 7;

/** Entries of one weight could be mistaken for each other. */
const weightOf = (at: number): number => 1 + (at % 7);

/** The entry `at` has a ttl of its own, a weight, and is in one of two groups. */
function put(store: BoundedStore<unknown, number>, at: number): void {
  store.put(keyOf(at), at, 100_000 + at, Infinity, [isKept(at) ? 'kept' : 'large'], undefined);
}

function filled(policy: PolicyName, isWeighted = false): { store: BoundedStore<unknown, number>; clock: FakeClock } {
  const clock = new FakeClock();
  const store = new BoundedStore<unknown, number>({
    bound: isWeighted
      ? { kind: 'weight', maxSize: Infinity, maxWeight: LARGE * 4, weigher: weightOf }
      : { kind: 'size', maxSize: LARGE },
    policy: BUILT_IN_POLICIES[policy],
    clock,
    random: seededRandom(5),
    onRemoval() {},
  });
  for (let at = 0; at < LARGE; at++) put(store, at);
  return { store, clock };
}

describe.each(['lru', 'fifo', 'lfu'] as const)('a store with the policy %s of which little is left', (policy) => {
  it('gives memory back after a mass removal, and keeps values, order, lifetimes and groups', () => {
    const { store, clock } = filled(policy);
    for (let at = 7; at < LARGE; at += 200) store.get(keyOf(at));
    const before = store.overheadBytes;
    const order = [...store.entries()].filter(([, at]) => isKept(at));
    store.removeGroup('large');
    assertStructure(store);
    expect(store.overheadBytes).toBeLessThan(before / 4);
    expect([...store.entries()]).toEqual(order);
    for (const [key, at] of order) {
      expect(store.describe(key)).toMatchObject({ value: at, ttlLeftMs: 100_000 + at, groups: ['kept'] });
    }
    clock.advance(100_000 + LARGE / 2);
    expect(store.size).toBe(LARGE / 200);
    for (let at = 0; at < LARGE; at++) put(store, at);
    assertStructure(store);
    expect(store.size).toBe(LARGE);
  });

  it('gives memory back when it is made smaller, and when its entries are removed one by one', () => {
    const { store } = filled(policy, true);
    const before = store.overheadBytes;
    store.resize(500);
    assertStructure(store);
    const left = [...store.entries()].map(([, at]) => weightOf(at));
    expect(store.weight).toBe(left.reduce((sum, weight) => sum + weight));
    expect(store.weight).toBeGreaterThan(500 - 7);
    expect(store.overheadBytes).toBeLessThan(before / 4);
    store.resize(LARGE * 4);
    for (let at = 0; at < LARGE; at++) put(store, at);
    for (let at = 0; at < LARGE - 10; at++) store.remove(keyOf(at));
    assertStructure(store);
    expect(store.size).toBe(10);
    expect(store.overheadBytes).toBeLessThan(before / 4);
  });

  it('keeps the weight of each entry that it moves, and room for those of the slots that are left', () => {
    const { store } = filled(policy, true);
    store.removeGroup('large');
    assertStructure(store);
    expect(store.weights?.bytes).toBe(store.slots.capacity * 8);
    for (let at = 7; at < LARGE; at += 100) {
      const before = store.weight;
      store.remove(keyOf(at));
      expect(before - store.weight).toBe(weightOf(at));
    }
    expect([store.size, store.weight]).toEqual([0, 0]);
  });

  it('shows an iteration what was there when it began and stays', () => {
    const { store } = filled(policy);
    const seen: number[] = [];
    for (const [, at] of store.entries()) if (seen.push(at) === 1) store.removeGroup('large');
    expect(seen.filter(isKept)).toHaveLength(LARGE / 100);
    expect(seen.length).toBeLessThanOrEqual(LARGE / 100 + 1);
  });
});

describe('a cache with a large bound and few entries', () => {
  it('takes less than 100 KB', () => {
    const store = new BoundedStore<number, number>({
      bound: { kind: 'size', maxSize: 1_000_000 },
      policy: BUILT_IN_POLICIES.lru,
      clock: new FakeClock(),
      random: seededRandom(5),
      onRemoval() {},
    });
    for (let at = 0; at < 10; at++) store.put(at, at, Infinity, Infinity, undefined, undefined);
    expect(store.overheadBytes).toBeLessThan(2_000);
  });
});

describe.each(['lfu', 'adaptive', 'sieve', 's3-fifo'] as const)('what the policy %s keeps for each slot', (policy) => {
  it('is given back after a mass removal, and comes again with the entries', () => {
    const { store } = filled(policy);
    const before = store.policy.bytes ?? 0;
    store.removeGroup('large');
    assertStructure(store);
    const after = store.policy.bytes ?? 0;
    expect(before - after).toBeGreaterThan(LARGE * 0.9);
    for (let at = 0; at < LARGE; at++) put(store, at);
    for (let at = LARGE; at < LARGE * 2; at++) put(store, at);
    assertStructure(store);
    expect(store.size).toBe(LARGE);
    expect(store.policy.bytes ?? 0).toBeGreaterThanOrEqual(before);
  });
});
