import { afterEach, describe, expect, it } from '@jest/globals';
import { CacheRegistry, defineCache, defineMemoryCache } from '../../../../lib/index.js';
import { Sampler } from '../../../../lib/observability/dashboard/sampler.js';
import { METRICS, type Metric, type Sample } from '../../../../lib/observability/dashboard/wire.js';
import { FakeClock } from '../../../../lib/testing/index.js';

const Users = defineCache<string, number>('users', { loader: () => 1 });
const Idle = defineCache<string, number>('idle');
const Sessions = defineMemoryCache<string, number>('sessions', { maxSize: 2 });

describe('a sampler', () => {
  const clock = new FakeClock();
  const made: { stop(): void }[] = [];
  afterEach(() => {
    for (const sampler of made.splice(0)) sampler.stop();
  });

  function setUp(historyMs: number) {
    const registry = new CacheRegistry({ clock });
    for (const definition of [Users, Idle, Sessions]) registry.define(definition);
    const sampler = new Sampler({ registry, clock, intervalMs: 1_000, historyMs });
    made.push(sampler);
    return { registry, sampler };
  }

  it('keeps what each interval had, by cache, and leaves out caches that did nothing', async () => {
    const { registry, sampler } = setUp(10_000);
    sampler.start();
    await registry.get(Users).getOrLoad('a');
    await registry.get(Users).getOrLoad('a');
    for (const key of ['x', 'y', 'z']) registry.get(Sessions).put(key, 1);
    clock.advance(1_000);
    const [first] = sampler.history(0);
    expect(first).toMatchObject({ ms: 1_000, at: clock.epochMs() });
    expect(first?.caches.map(([name]) => name)).toEqual(['users', 'sessions']);
    expect(value(first, 'users', 'hits')).toBe(1);
    expect(value(first, 'users', 'misses')).toBe(1);
    expect(value(first, 'users', 'size')).toBe(1);
    expect(value(first, 'users', 'loadP50')).toEqual(expect.any(Number));
    expect(value(first, 'sessions', 'evictedBySize')).toBe(1);
    expect(value(first, 'sessions', 'loadP50')).toBeNull();
  });

  it('counts from interval to interval', async () => {
    const { registry, sampler } = setUp(10_000);
    await registry.get(Users).getOrLoad('before');
    sampler.start();
    clock.advance(1_000);
    await registry.get(Users).getOrLoad('a');
    clock.advance(1_000);
    const [first, second] = sampler.history(0);
    expect(first?.caches).toEqual([]);
    expect(value(second, 'users', 'misses')).toBe(1);
  });

  it('forgets what is older than it is to keep, and gives what came after an instant', () => {
    const { sampler } = setUp(3_000);
    sampler.start();
    for (let second = 0; second < 10; second++) clock.advance(1_000);
    expect(sampler.history(0)).toHaveLength(3);
    expect(sampler.history(clock.epochMs() - 1_000)).toHaveLength(1);
    expect(sampler.history(clock.epochMs())).toEqual([]);
  });

  it('tells who listens of each interval, and of the caches that changed in it', async () => {
    const { registry, sampler } = setUp(0);
    const heard: [Sample, string[]][] = [];
    const stop = sampler.listen((sample, changed) => heard.push([sample, changed.map(({ name }) => name)]));
    await registry.get(Users).getOrLoad('a');
    // The first time everything is new.
    clock.advance(1_000);
    await registry.get(Users).getOrLoad('b');
    clock.advance(1_000);
    expect(heard.map(([, names]) => names).at(-1)).toEqual(['users']);
    stop();
    clock.advance(1_000);
    expect(heard).toHaveLength(2);
  });

  it('reads nothing while nobody listens, where it is to keep nothing', () => {
    const { registry, sampler } = setUp(0);
    let reads = 0;
    const stats = registry.stats.bind(registry);
    registry.stats = () => {
      reads++;
      return stats();
    };
    sampler.start();
    clock.advance(10_000);
    expect(reads).toBe(0);
    const stop = sampler.listen(() => {});
    clock.advance(1_000);
    expect(reads).toBeGreaterThan(0);
    stop();
    const before = reads;
    clock.advance(10_000);
    expect(reads).toBe(before);
  });
});

function value(sample: Sample | undefined, cache: string, metric: Metric): number | null | undefined {
  const [, values] = sample?.caches.find(([name]) => name === cache) ?? [];
  return values?.[METRICS.indexOf(metric)];
}
