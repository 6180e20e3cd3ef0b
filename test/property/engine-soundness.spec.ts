import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom, type Cancel } from '../../lib/core/index.js';
import { MemoryCache, type MemoryCacheOptions } from '../../lib/engine/index.js';
import { POLICY_NAMES, type PolicyName } from '../../lib/engine/policy/policies.js';
import { assertStructure } from '../../lib/engine/store/structure.js';
import { FakeClock } from '../../lib/testing/index.js';

type Held = MemoryCache<unknown, number>;
type Bound = Pick<MemoryCacheOptions<unknown, number>, 'maxSize' | 'maxWeight' | 'weigher'>;

const BOUNDS: [string, Bound][] = [
  ['size', { maxSize: 12 }],
  ['weight', { maxWeight: 30, weigher: (value) => value % 5 }],
  ['size and weight', { maxSize: 12, maxWeight: 30, weigher: (value) => value % 5 }],
];
const KEYS = 24;

/** The same property for each policy and each kind of bound. */
function forEveryPolicy(title: string, prove: (policy: PolicyName, bound: Bound) => void): void {
  for (const policy of POLICY_NAMES) {
    for (const [name, bound] of BOUNDS) it(`${title}: ${policy} bounded by ${name}`, () => prove(policy, bound));
  }
}

function open(policy: PolicyName, options: MemoryCacheOptions<unknown, number>): Held {
  return new MemoryCache<unknown, number>({ random: seededRandom(3), ...options, policy });
}

const at = fc.nat({ max: KEYS - 1 });

describe('a key object that changes', () => {
  const step = fc.record({ do: fc.constantFrom('put', 'put', 'get', 'change', 'invalidate'), at });

  forEveryPolicy('is found by identity, whatever it holds by now', (policy, bound) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const keys = Array.from({ length: KEYS }, (_, id) => ({ id }));
        const cache = open(policy, bound);
        const written = new Map<unknown, number>();
        for (const [value, each] of steps.entries()) {
          const key = keys[each.at] ?? { id: -1 };
          if (each.do === 'change') key.id = value % 4;
          if (each.do === 'put') {
            cache.put(key, value);
            written.set(key, value);
            expect(cache.peek(key)).toBe(value);
          }
          if (each.do === 'get') expect([undefined, written.get(key)]).toContain(cache.get(key));
          if (each.do === 'invalidate') {
            expect(cache.invalidate(key) ? written.has(key) : true).toBe(true);
            written.delete(key);
            expect(cache.has(key)).toBe(false);
          }
          assertStructure(cache);
        }
        for (const [key, value] of cache) expect(written.get(key)).toBe(value);
      }),
      { numRuns: 25 },
    );
  });
});

describe('a weigher that throws', () => {
  const step = fc.record({ do: fc.constantFrom('put', 'put', 'compute', 'fail', 'failToCompute', 'get'), at });

  it.each(POLICY_NAMES)('changes nothing, and its error is what the caller gets: %s', (policy) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        let failure: Error | undefined;
        const weigher = (value: number): number => {
          if (failure !== undefined) throw failure;
          return value % 5;
        };
        const cache = open(policy, { maxWeight: 30, weigher });
        for (const [value, each] of steps.entries()) {
          const before = [...cache.entries()];
          if (each.do === 'put') cache.put(each.at, value);
          if (each.do === 'compute') cache.getOrCompute(each.at, () => value);
          if (each.do === 'get') cache.get(each.at);
          if (each.do === 'fail' || (each.do === 'failToCompute' && !cache.has(each.at))) {
            failure = new Error(`no weight for ${value}`);
            const fail = (): unknown =>
              each.do === 'fail' ? cache.put(each.at, value) : cache.getOrCompute(each.at, () => value);
            expect(fail).toThrow(failure);
            failure = undefined;
            expect([...cache.entries()]).toEqual(before);
          }
          assertStructure(cache);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a listener that calls the cache', () => {
  const DEEPEST = 3;
  const call = fc.record({
    do: fc.constantFrom('put', 'put', 'get', 'invalidate', 'invalidateGroup', 'resize', 'clear', 'touch', 'iterate'),
    at,
    on: fc.constantFrom('put', 'evict', 'expire', 'hit', 'invalidate', 'clear'),
  });

  forEveryPolicy('finds it in order at every event, and leaves it so', (policy, bound) => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), fc.array(call, { maxLength: 60 }), (calls, answers) => {
        const clock = new FakeClock();
        const cache = open(policy, { ...bound, ttl: 40, clock });
        const written = new Map<number, Set<number>>();
        let value = 0;
        let depth = 0;
        // What a listener throws the cache keeps to itself.
        let failure: unknown;
        const run = ({ do: name, at: key }: { do: string; at: number }): void => {
          if (name === 'put') {
            value++;
            written.set(key, (written.get(key) ?? new Set()).add(value));
            cache.put(key, value, { groups: [`g${key % 3}`], ttl: 10 + (value % 60) });
          } else if (name === 'get') cache.get(key);
          else if (name === 'invalidate') cache.invalidate(key);
          else if (name === 'invalidateGroup') cache.invalidateGroup(`g${key % 3}`);
          else if (name === 'resize') cache.resize(1 + key);
          else if (name === 'clear') cache.clear();
          else if (name === 'touch') cache.touch(key, 5 + key);
          else for (const [found, held] of cache) expect(written.get(found as number)).toContain(held);
        };
        cache.events$.subscribe(({ type }) => {
          try {
            assertStructure(cache);
            if (depth === DEEPEST) return;
            depth++;
            const next = answers.findIndex(({ on }) => on === type);
            for (const answer of next < 0 ? [] : answers.splice(next, 1)) run(answer);
            assertStructure(cache);
            depth--;
          } catch (error) {
            failure ??= error;
          }
        });
        for (const each of calls) {
          run(each);
          clock.advance(each.at % 5);
          assertStructure(cache);
          if (failure !== undefined) throw failure;
        }
        clock.advance(1_000);
        if (failure !== undefined) throw failure;
        for (const [found] of cache) cache.invalidate(found);
        cache.dispose();
        expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a clock that goes back', () => {
  const step = fc.record({
    do: fc.constantFrom('put', 'put', 'get', 'touch', 'back', 'back', 'forward', 'sweep'),
    at,
    ms: fc.constantFrom(1, 7, 40, 999, 5_000, 60_000, 2 ** 31, 2 ** 33),
  });

  it.each(POLICY_NAMES)('makes nothing live longer than its deadline, nor end before it: %s', (policy) => {
    fc.assert(
      // One ttl for all entries takes another way than many do.
      fc.property(fc.array(step, { maxLength: 120 }), fc.constantFrom(undefined, 60_000), (steps, common) => {
        const clock = new FakeClock();
        const cache = open(policy, { maxSize: KEYS, clock });
        /** What was put, its deadline, and the latest time since. */
        const model = new Map<number, { value: number; ttl: number; deadline: number; latest: number }>();
        for (const [value, each] of steps.entries()) {
          if (each.do === 'put') {
            const ttl = common ?? each.ms;
            cache.put(each.at, value, { ttl });
            model.set(each.at, { value, ttl, deadline: clock.now() + ttl, latest: clock.now() });
          }
          if (each.do === 'get') cache.get(each.at);
          const touched = model.get(each.at);
          if (each.do === 'touch' && cache.touch(each.at) && touched !== undefined) {
            Object.assign(touched, { deadline: clock.now() + touched.ttl, latest: clock.now() });
          }
          if (each.do === 'back') clock.jump(-each.ms);
          if (each.do === 'forward') clock.jump(each.ms);
          if (each.do === 'sweep') clock.advance(each.ms);
          assertStructure(cache);
          for (const [key, entry] of model) {
            entry.latest = Math.max(entry.latest, clock.now());
            const found = cache.peek(key);
            if (clock.now() >= entry.deadline) expect(found).toBeUndefined();
            else if (entry.latest < entry.deadline) expect(found).toBe(entry.value);
            else expect([undefined, entry.value]).toContain(found);
          }
          assertStructure(cache);
        }
        // Once it has caught up nothing is left, and nobody is woken any more.
        clock.advance(2 ** 40);
        clock.advance(1_000);
        expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });
});

/** Tells whenever a timer has run, which is when a sweep gives way to others. */
class InterruptedClock extends FakeClock {
  afterTask = (): void => {};

  override after(delayMs: number, task: () => void): Cancel {
    return super.after(delayMs, () => {
      task();
      this.afterTask();
    });
  }
}

describe('a resize in the middle of a sweep', () => {
  const ENTRIES = 2_500;
  const sizes = fc.array(fc.integer({ min: 1, max: 2 * ENTRIES }), { minLength: 1, maxLength: 6 });

  it.each(
    POLICY_NAMES.flatMap(
      (policy) =>
        [
          [policy, 'between its slices'],
          [policy, 'from a listener'],
        ] as const,
    ),
  )('loses no entry and keeps none too long: %s, %s', (policy, where) => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 60, max: 400 }), (maximums, every) => {
        const clock = new InterruptedClock();
        const cache = open(policy, { maxSize: ENTRIES, clock });
        let removals = 0;
        let resizes = 0;
        let failure: unknown;
        const resizeNext = (): void => {
          const maximum = maximums[resizes % maximums.length] ?? 1;
          resizes++;
          cache.resize(maximum);
          try {
            expect(cache.size).toBeLessThanOrEqual(maximum);
            assertStructure(cache);
          } catch (error) {
            failure ??= error;
          }
        };
        cache.events$.subscribe(({ type }) => {
          if (type !== 'expire' && type !== 'evict') return;
          removals++;
          if (where === 'from a listener' && removals % every === 0) resizeNext();
        });
        for (let key = 0; key < ENTRIES; key++) cache.put(key, key, { ttl: key % 3 === 0 ? 5_000 : 100 });
        if (where === 'between its slices') clock.afterTask = resizeNext;
        clock.jump(100);
        clock.advance(20);
        for (const [key] of cache) expect((key as number) % 3).toBe(0);
        clock.advance(10_000);
        if (failure !== undefined) throw failure;
        const { evictions, expirations } = cache.stats();
        expect(resizes).toBeGreaterThan(2);
        expect([evictions.size + expirations, removals]).toEqual([ENTRIES, ENTRIES]);
        expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
        assertStructure(cache);
      }),
      { numRuns: 4 },
    );
  });
});
