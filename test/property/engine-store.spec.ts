import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../lib/core/index.js';
import { BoundedStore, type Bound } from '../../lib/engine/index.js';
import { BUILT_IN_POLICIES } from '../../lib/engine/policy/policies.js';
import { assertStructure } from '../../lib/engine/store/structure.js';
import { FakeClock } from '../../lib/testing/index.js';
import { ModelStore, type ModelPolicy } from './engine-model.js';

const SHARED_OBJECT = { id: 1 };
const SHARED_SYMBOL = Symbol('key');
const KEYS: readonly unknown[] = [
  'a', 'b', 'c', 'd', 'e', 1, 2, 3, '1', 1n, true, 'true', null, 'null', undefined, NaN, 0, -0, 1.5, 2 ** 31, -(2 ** 31), '',
  '__proto__', 'constructor', 'toString', 'é', '🙂🙂', 'exactly sixteen!', 'seventeen letters', 'x'.repeat(10_240),
  SHARED_OBJECT, SHARED_SYMBOL, 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 10, 11, 12, 13, 14,
]; // prettier-ignore
const GROUPS: readonly (readonly string[])[] = [[], [], ['red'], ['red', 'blue'], ['blue', 'blue'], ['__proto__']];
const LIFETIMES = [Infinity, Infinity, 0, 5, 40, 70, 1_000, 1_500, 90_000, 2 ** 31, 2 ** 33];

const key = fc.nat({ max: KEYS.length - 1 });
const lifetime = fc.constantFrom(...LIFETIMES);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      key,
      ttl: lifetime,
      tti: lifetime,
      groups: fc.constantFrom(...GROUPS),
      weight: fc.constantFrom(0, 1, 1, 2, 3, 5, 9, 40),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('peek' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('touch' as const), key, ttl: fc.constantFrom(undefined, 30, 100_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('removeGroup' as const), group: fc.constantFrom('red', 'blue', 'x') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('removeMatching' as const), type: fc.constantFrom('number', 'object') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), to: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 5, 35, 40, 1_000, 5_000, 2 ** 31),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('block' as const), ms: fc.constantFrom(1, 40, 5_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Pair {
  readonly clock = new FakeClock(17);
  readonly told: [unknown, unknown, string][] = [];
  readonly store: BoundedStore<unknown, number>;
  readonly model: ModelStore;
  private value = 0;

  constructor(policy: ModelPolicy, bound: Bound<unknown, number>) {
    this.store = new BoundedStore<unknown, number>({
      bound,
      policy: BUILT_IN_POLICIES[policy],
      clock: this.clock,
      random: seededRandom(1),
      onRemoval: (...removal) => this.told.push(removal),
    });
    const maxWeight = bound.kind === 'size' ? Infinity : bound.maxWeight;
    this.model = new ModelStore(policy, bound.maxSize, maxWeight, () => this.clock.now());
  }

  run(step: Step): void {
    const { store, model } = this;
    switch (step.do) {
      case 'get':
        return expect(store.get(KEYS[step.key])).toBe(model.get(KEYS[step.key]));
      case 'peek':
        return expect(store.peek(KEYS[step.key])).toBe(model.peek(KEYS[step.key]));
      case 'put': {
        const [name, value] = [KEYS[step.key], this.value++];
        const stored = store.put(name, value, step.ttl, step.tti, step.groups, step.weight);
        return expect(stored).toBe(
          model.put(name, value, step.ttl, step.tti, step.groups, store.maxWeight === Infinity ? 1 : step.weight),
        );
      }
      case 'remove':
        return expect(store.remove(KEYS[step.key])).toBe(model.remove(KEYS[step.key]));
      case 'touch':
        return expect(store.touch(KEYS[step.key], step.ttl)).toBe(model.touch(KEYS[step.key], step.ttl));
      case 'removeGroup':
        return expect(store.removeGroup(step.group)).toBe(
          model.removeWhere((_, groups) => groups.includes(step.group)),
        );
      case 'removeMatching':
        return expect(store.removeMatching((name) => typeof name === step.type)).toBe(
          model.removeWhere((name) => typeof name === step.type),
        );
      case 'resize':
        store.resize(step.to);
        return model.resize(step.to);
      case 'advance':
        // Past the distance that sweeps keep, so that both have swept.
        this.clock.advance(step.ms);
        this.clock.advance(10);
        return model.sweep();
      case 'block':
        return this.clock.jump(step.ms);
      case 'clear':
        store.clear();
        return model.clear();
    }
  }

  compare(): void {
    assertStructure(this.store);
    expect([...this.store.keys()]).toEqual(this.model.keys());
    // keys() of the store found the expired ones; the model finds them here.
    this.model.sweep();
    expect(this.store.size).toBe(this.model.size);
    if (this.store.maxWeight !== Infinity) expect(this.store.weight).toBe(this.model.weight);
    for (const name of KEYS) expect(this.store.describe(name)?.groups).toEqual(this.model.groupsOf(name));
    expect(byText(this.told.splice(0))).toEqual(byText(this.model.removed.splice(0)));
    assertStructure(this.store);
  }
}

/** Removals of one step as a set: entries that expire together are found in another order than the model's. */
function byText(removals: [unknown, unknown, string][]): string[] {
  return removals.map(([, value, cause]) => `${String(value)} ${cause}`).sort();
}

const bounds: [string, Bound<unknown, number>][] = [
  ['size', { kind: 'size', maxSize: 8 }],
  ['weight', { kind: 'weight', maxSize: Infinity, maxWeight: 20, weigher: () => 1 }],
  ['size and weight', { kind: 'weight', maxSize: 12, maxWeight: 20, weigher: () => 1 }],
];

describe('promise Store: LRU, LFU and FIFO evict in exactly the textbook order', () => {
  for (const policy of ['lru', 'fifo', 'lfu'] as const) {
    for (const [name, bound] of bounds) {
      it(`${policy} bounded by ${name} does what a naive model does, step by step`, () => {
        fc.assert(
          fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
            const pair = new Pair(policy, bound);
            for (const each of steps) {
              pair.run(each);
              pair.compare();
            }
            pair.store.dispose();
            expect(pair.clock.pendingTimers).toBe(0);
          }),
          { numRuns: 40 },
        );
      });
    }
  }
});
