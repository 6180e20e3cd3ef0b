import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../lib/core/index.js';
import { MemoryCache, type MemoryCacheOptions } from '../../lib/engine/index.js';
import { POLICY_NAMES } from '../../lib/engine/policy/policies.js';
import { assertStructure } from '../../lib/engine/store/structure.js';
import { FakeClock } from '../../lib/testing/index.js';
import { bytesOf, bytesWhile, restoreFrom } from '../snapshots/bytes.js';

const RUNS = Number(process.env['STRATA_SNAPSHOT_RUNS'] ?? 30);
const KEYS = 40;

const key = fc.nat({ max: KEYS - 1 });
const step = fc.oneof(
  { weight: 60, arbitrary: fc.record({ do: fc.constant('getOrPut' as const), key }) },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      key,
      ttl: fc.constantFrom(Infinity, 50, 100_000, 3e9),
      tti: fc.constantFrom(Infinity, Infinity, 30),
      groups: fc.subarray(['a', 'b', '#']),
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('invalidate' as const), key }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('group' as const), group: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Value {
  readonly n: number;
}

const bounds: Readonly<Record<string, MemoryCacheOptions<number, Value>>> = {
  size: { maxSize: 12 },
  weight: { maxWeight: 50, weigher: (_, each) => 1 + (each % 7) },
  memory: { maxMemory: 4_000 },
};

function make(options: MemoryCacheOptions<number, Value>, clock: FakeClock): MemoryCache<number, Value> {
  return new MemoryCache<number, Value>({ ...options, clock, random: seededRandom(1) });
}

function run(cache: MemoryCache<number, Value>, clock: FakeClock, each: Step): void {
  switch (each.do) {
    case 'getOrPut':
      cache.getOrCompute(each.key, (n) => ({ n }));
      return;
    case 'get':
      cache.get(each.key);
      return;
    case 'put':
      cache.put(each.key, { n: each.key }, { ttl: each.ttl, tti: each.tti, groups: each.groups });
      return;
    case 'invalidate':
      cache.invalidate(each.key);
      return;
    case 'wait':
      clock.advance(each.ms);
      return;
    case 'group':
      cache.invalidateGroup(each.group);
      return;
    case 'clear':
      cache.clear();
      return;
    default:
      each satisfies never;
  }
}

/** What is known of all entries, the next victim first. */
function contents(cache: MemoryCache<number, Value>): unknown[] {
  return [...cache.keys()].map((each) => {
    const { ageMs, ttlLeftMs, ...rest } = cache.entry(each)!;
    // Deadlines are kept in whole milliseconds.
    return { key: each, ...rest, age: ageMs === undefined ? undefined : Math.ceil(ageMs), left: Math.floor(ttlLeftMs) };
  });
}

/** Makes the room smaller and smaller; the keys in the order in which they had to go. */
function victims(cache: MemoryCache<number, Value>): unknown[] {
  const gone: unknown[] = [];
  cache.events$.subscribe(({ type, key: victim }) => void (type === 'evict' && gone.push(victim)));
  for (let room = cache.weight - 1; room >= 1; room--) cache.resize(room);
  return gone;
}

describe('a cache that was restored from its snapshot', () => {
  describe.each(POLICY_NAMES)('with the policy %s', (policy) => {
    describe.each(Object.keys(bounds))('bounded by %s', (bound) => {
      const options = { ...bounds[bound], policy };

      it('has the same entries, lifetimes and groups, and evicts them in the same order', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 120 }), fc.nat({ max: 60 }), async (steps, downMs) => {
            const clock = new FakeClock(17);
            const old = make(options, clock);
            for (const each of steps) run(old, clock, each);
            const bytes = await bytesOf(old);
            clock.advance(downMs);
            const restored = make(options, clock);
            await restoreFrom(restored, bytes);

            assertStructure(restored);
            expect(contents(restored)).toEqual(contents(old));
            expect(victims(restored)).toEqual(victims(old));
          }),
          { numRuns: RUNS },
        );
      });
    });
  });

  // The other two remember keys that left, by hashes that no other process has.
  describe.each(['lru', 'fifo', 'lfu', 'sieve'] as const)('with the policy %s', (policy) => {
    it('goes on exactly as the old one, whatever is asked of it', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 100 }),
          fc.array(step, { maxLength: 100 }),
          async (before, after) => {
            const clock = new FakeClock(17);
            const old = make({ maxSize: 12, policy }, clock);
            for (const each of before) run(old, clock, each);
            const bytes = await bytesOf(old);
            const clockOfOther = new FakeClock(clock.now());
            const restored = make({ maxSize: 12, policy }, clockOfOther);
            await restoreFrom(restored, bytes);
            for (const each of after) {
              run(old, clock, each);
              run(restored, clockOfOther, each);
            }

            expect(contents(restored)).toEqual(contents(old));
          },
        ),
        { numRuns: RUNS },
      );
    });
  });

  describe.each(POLICY_NAMES)('with the policy %s, when the cache changed while its snapshot was written', (policy) => {
    it('has what the cache held when that was done', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 60 }),
          fc.array(step, { maxLength: 60 }),
          async (before, during) => {
            const clock = new FakeClock(17);
            let writes = 0;
            // Each value is another one, and so large that a block holds a few.
            const next = (): string => String(writes++).padEnd(9_000, '.');
            const options = { clock, policy, maxSize: 20, random: seededRandom(1) };
            const old = new MemoryCache<number, string>(options);
            const play = (steps: readonly Step[]): void => {
              for (const each of steps) {
                if (each.do === 'getOrPut') old.getOrCompute(each.key, next);
                else if (each.do === 'get') old.get(each.key);
                else if (each.do === 'put') old.put(each.key, next(), { groups: each.groups });
                else if (each.do === 'invalidate') old.invalidate(each.key);
                else if (each.do === 'group') old.invalidateGroup(each.group);
                else if (each.do === 'clear') old.clear();
              }
            };
            play(before);
            let left = [...during];
            const bytes = await bytesWhile(old, (block) => {
              if (block > 2) return;
              play(left.slice(0, 20));
              left = left.slice(20);
            });
            const restored = new MemoryCache<number, string>(options);
            await restoreFrom(restored, bytes);

            const sorted = (cache: MemoryCache<number, string>) => [...cache].sort(([a], [b]) => a - b);
            assertStructure(restored);
            expect(sorted(restored)).toEqual(sorted(old));
          },
        ),
        { numRuns: RUNS },
      );
    });
  });
});
