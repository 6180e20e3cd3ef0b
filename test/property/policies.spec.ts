import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../lib/core/index.js';
import { BoundedStore, type Bound, type EvictionPolicy, type PolicyName } from '../../lib/engine/index.js';
import { BUILT_IN_POLICIES, POLICY_NAMES } from '../../lib/engine/policy/policies.js';
import { assertStructure } from '../../lib/engine/store/structure.js';
import { FakeClock } from '../../lib/testing/index.js';
import { ModelCache, S3FifoModel, SieveModel, type PolicyModel } from './policy-models.js';

const KEYS = 40;
const weightOf = (key: number): number => 1 + (key % 7);

const key = fc.nat({ max: KEYS - 1 });
const step = fc.oneof(
  { weight: 100, arbitrary: fc.record({ do: fc.constant('getOrPut' as const), key }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('put' as const), key }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('resize' as const), to: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const bounds: Readonly<Record<string, Bound<number, number>>> = {
  size: { kind: 'size', maxSize: 12 },
  weight: { kind: 'weight', maxSize: Infinity, maxWeight: 50, weigher: (_, each) => weightOf(each) },
  'size and weight': { kind: 'weight', maxSize: 14, maxWeight: 50, weigher: (_, each) => weightOf(each) },
};

interface Real {
  readonly store: BoundedStore<number, number>;
  readonly policy: EvictionPolicy;
  readonly evicted: number[];
}

function realStore(policy: PolicyName, bound: Bound<number, number>, seed = 1): Real {
  const evicted: number[] = [];
  const made: EvictionPolicy[] = [];
  const store = new BoundedStore<number, number>({
    bound,
    policy: (host) => {
      made.push(BUILT_IN_POLICIES[policy](host));
      return made[0]!;
    },
    clock: new FakeClock(17),
    random: seededRandom(seed),
    onRemoval: (each) => evicted.push(each),
  });
  return { store, policy: made[0]!, evicted };
}

/** One step against a store; whether a `get` found something. */
function run({ store }: Real, each: Step): boolean {
  switch (each.do) {
    case 'getOrPut': {
      const isHit = store.get(each.key) !== undefined;
      if (!isHit) store.put(each.key, each.key, Infinity, Infinity, undefined, undefined);
      return isHit;
    }
    case 'put':
      store.put(each.key, each.key, Infinity, Infinity, undefined, undefined);
      return false;
    case 'remove':
      store.remove(each.key);
      return false;
    case 'resize':
      store.resize(each.to);
      return false;
    case 'clear':
      store.clear();
      return false;
  }
}

function runModel(model: ModelCache, each: Step): boolean {
  if (each.do === 'getOrPut') {
    const isHit = model.get(each.key);
    if (!isHit) model.put(each.key, weightOf(each.key));
    return isHit;
  }
  if (each.do === 'put') model.put(each.key, weightOf(each.key));
  if (each.do === 'remove') model.remove(each.key);
  if (each.do === 'resize') model.resize(each.to);
  if (each.do === 'clear') model.clear();
  return false;
}

function modelOf(policy: 'sieve' | 's3-fifo', bound: Bound<number, number>, { store }: Real): ModelCache {
  const maxWeight = bound.kind === 'size' ? Infinity : bound.maxWeight;
  const isWeighted = bound.maxSize === Infinity;
  const ghostLength = (): number => Math.floor((isWeighted ? store.slots.capacity : store.maxSize) * 0.9);
  const rules: PolicyModel =
    policy === 'sieve'
      ? new SieveModel()
      : new S3FifoModel(isWeighted ? maxWeight : bound.maxSize, isWeighted, ghostLength);
  return new ModelCache(rules, bound.maxSize, maxWeight);
}

describe('promise Store: sieve and s3-fifo evict what their papers say', () => {
  for (const policy of ['sieve', 's3-fifo'] as const) {
    for (const [name, bound] of Object.entries(bounds)) {
      it(`${policy} bounded by ${name} has the victims of a naive model, in order`, () => {
        fc.assert(
          fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
            const real = realStore(policy, bound);
            const model = modelOf(policy, bound, real);
            for (const each of steps) {
              expect(run(real, each)).toBe(runModel(model, each));
              expect(real.evicted).toEqual(model.evicted);
              assertStructure(real.store);
            }
            expect([...real.store.keys()].sort()).toEqual(model.keys.sort());
          }),
          { numRuns: 60 },
        );
      });
    }
  }
});

describe('every policy', () => {
  for (const policy of POLICY_NAMES) {
    for (const [name, bound] of Object.entries(bounds)) {
      it(`${policy} bounded by ${name} keeps its structure and names the next victim beforehand`, () => {
        fc.assert(
          fc.property(fc.array(step, { minLength: 1, maxLength: 150 }), (steps) => {
            const real = realStore(policy, bound);
            for (const each of steps) {
              const isFull = real.store.size === real.store.maxSize;
              const before = real.evicted.length;
              const named = real.policy.nextVictim();
              const victim = named < 0 ? undefined : real.store.slots.keyOf(named);
              const isNew = 'key' in each && real.store.peek(each.key) === undefined;
              expect(real.policy.nextVictim()).toBe(named);
              run(real, each);
              if (each.do === 'getOrPut' && isFull && isNew) expect(real.evicted[before]).toBe(victim);
              assertStructure(real.store);
            }
          }),
          { numRuns: 30 },
        );
      });
    }

    it(`${policy} does the same again with the same seed, whoever looks on`, () => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), fc.integer(), (steps, seed) => {
          const one = realStore(policy, bounds['size']!, seed);
          const other = realStore(policy, bounds['size']!, seed);
          for (const each of steps) {
            run(one, each);
            run(other, each);
            expect([...other.store.keys()]).toHaveLength(other.store.size);
          }
          expect(other.evicted).toEqual(one.evicted);
        }),
        { numRuns: 20 },
      );
    });
  }
});
