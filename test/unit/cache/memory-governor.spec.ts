import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CacheRegistry, createCache, defineCache, defineMemoryCache } from '../../../lib/cache/index.js';
import type { MemoryNews, MemoryOption } from '../../../lib/cache/index.js';
import { seededRandom } from '../../../lib/core/index.js';
import { MemoryCache } from '../../../lib/engine/index.js';
import { EventRecorder, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { FakeHeap } from './fake-heap.js';

const Users = defineCache<number, string>('users', { maxSize: 1_000_000, policy: 'lru' });
const Pages = defineCache<number, string>('pages', { maxMemory: '50mb', policy: 'lru' });
const Totals = defineMemoryCache<number, string>('totals', { maxSize: 1_000_000, policy: 'lru' });

const SEED = Number(process.env['STRATA_SEED'] ?? 1);

const TEXT = 'x'.repeat(10_000);

function setUp(memory: MemoryOption | undefined, ...definitions: Parameters<CacheRegistry['define']>[0][]) {
  const clock = new FakeClock();
  const heap = new FakeHeap();
  // Which keys are in the sample is chance, and the same each time here.
  const registry = new CacheRegistry({ clock, heap, memory, random: seededRandom(SEED) });
  for (const definition of definitions) registry.define(definition);
  const news: MemoryNews[] = [];
  registry.memoryNews?.subscribe((each) => void news.push(each));
  return { clock, heap, registry, news };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** A key for a chance from 0 to 1: the first is asked for most, the second half as often, the third a third as often. */
function zipf(count: number): (chance: number) => number {
  let sum = 0;
  const sums = Float64Array.from({ length: count }, (_, rank) => (sum += 1 / (rank + 1)));
  return (chance) => sums.findIndex((upTo) => chance * sum <= upTo);
}

function fill(registry: CacheRegistry, definition: typeof Users | typeof Pages, count: number, from = 0) {
  const cache = registry.get(definition);
  const entries = Array.from({ length: count }, (_, at) => [from + at, `${TEXT}${from + at}`] as const);
  return cache.putAll(entries);
}

describe('without memory', () => {
  it.each([undefined, false])('nobody looks at the heap, and nothing is kept for it (%s)', async (memory) => {
    const { registry, heap, clock } = setUp(memory, Users, Totals);
    await fill(registry, Users, 10_000);
    heap.usedBytes = 99_000_000;
    clock.advance(60_000);

    expect(heap.readings).toBe(0);
    expect(heap.listened).toBe(false);
    expect(registry.memory()).toBeUndefined();
    expect(registry.get(Users).stats()).toMatchObject({ size: 10_000, maxSize: 1_000_000 });
    await registry.close();
  });
});

describe('memory: when more than the high-water mark of the heap is live', () => {
  it('evicts down to the low-water mark, with cause memory, the coldest first', async () => {
    const { registry, heap } = setUp(true, Users);
    await fill(registry, Users, 4_000);
    const recorder = new EventRecorder(registry.get(Users).events$);
    const before = registry.memory()?.usedBytes;
    expect(before).toBe(0); // nothing is weighed before it has to be
    heap.collect(80_000_000);

    const { evictions, size, maxSize } = registry.get(Users).stats();
    // 20 MB are too many, and an entry takes about 10 KB.
    expect(evictions.memory).toBeGreaterThan(1_800);
    expect(evictions.memory).toBeLessThan(2_100);
    expect(evictions.size).toBe(0);
    expect(size).toBe(4_000 - evictions.memory);
    expect(maxSize).toBe(size);
    const evicted = recorder.events.filter(({ type }) => type === 'evict');
    expect(evicted.map(({ key }) => key)).toEqual(Array.from({ length: evictions.memory }, (_, key) => key));
    expect(new Set(evicted.map(({ cause }) => cause))).toEqual(new Set(['memory']));
    expect(registry.memory()?.gaveBack).toEqual({
      times: 1,
      entries: evictions.memory,
      bytes: expect.closeTo(20_000_000, -6),
    });
    await registry.close();
  });

  it('takes it from the heaviest caches, of any kind and unit', async () => {
    const { registry, heap } = setUp(true, Users, Pages, Totals);
    await fill(registry, Users, 200);
    await fill(registry, Pages, 2_000);
    for (let key = 0; key < 2_000; key++) registry.get(Totals).put(key, `${TEXT}${key}`);
    heap.collect(80_000_000);

    expect(registry.get(Users).stats().evictions.memory).toBe(0);
    const ofPages = registry.get(Pages).stats().evictions.memory;
    const ofTotals = registry.get(Totals).stats().evictions.memory;
    expect(ofPages).toBeGreaterThan(800);
    expect(ofTotals).toBeGreaterThan(800);
    expect(Math.abs(ofPages - ofTotals)).toBeLessThan(150);
    await registry.close();
  });

  it('spares the cache whose entries are asked for, however heavy', async () => {
    const Once = defineCache<number, string>('once', { maxSize: 1_000, policy: 'lru' });
    const { registry, heap } = setUp(true, Once, Pages);
    const random = seededRandom(1);
    for (let from = 0; from < 20_000; from += 1_000) await fill(registry, Once, 1_000, from);
    await fill(registry, Pages, 2_000);
    for (let read = 0; read < 20_000; read++) await registry.get(Pages).get(Math.floor(2_000 * random()));
    heap.collect(74_000_000);
    expect(registry.get(Once).stats().size).toBe(1_000);
    heap.collect(76_000_000);
    // 16 MB are too many: most of the other one's 10 MB go, though it is lighter.
    expect(registry.get(Once).stats().size).toBeLessThan(400);
    expect(registry.get(Pages).stats().size).toBeGreaterThan(1_000);
    await registry.close();
  });

  it('waits for a collection before it gives back more', async () => {
    const { registry, heap, clock } = setUp(true, Users);
    await fill(registry, Users, 4_000);
    heap.collect(80_000_000);
    const { size } = registry.get(Users).stats();
    heap.usedBytes = 82_000_000;
    clock.advance(10_000);
    expect(registry.get(Users).stats().size).toBe(size);
    heap.collect(76_000_000);
    expect(registry.get(Users).stats().size).toBeLessThan(size);
    await registry.close();
  });

  it('keeps the caches small while there is no room, and lets them grow with it', async () => {
    const { registry, heap, clock, news } = setUp(true, Users);
    await fill(registry, Users, 4_000);
    heap.collect(80_000_000);
    const { size } = registry.get(Users).stats();
    await fill(registry, Users, 1_000, 100_000);
    expect(registry.get(Users).stats().size).toBe(size);
    expect(registry.get(Users).stats().evictions.size).toBe(0);

    // Half-way between the marks is where it comes to rest.
    heap.collect(60_000_000);
    await fill(registry, Users, 2_000, 200_000);
    const grown = registry.get(Users).stats().size;
    expect(grown).toBeGreaterThan(size + 650);
    expect(grown).toBeLessThan(size + 850);
    expect(registry.memory()?.pressed).toBe(true);

    heap.collect(40_000_000);
    clock.advance(1_000);
    await fill(registry, Users, 6_000, 300_000);
    expect(registry.get(Users).stats()).toMatchObject({ maxSize: 1_000_000, size: grown + 6_000 });
    expect(registry.memory()).toMatchObject({ pressed: false, maxBytes: Infinity });
    expect(news.map(({ kind }) => kind)).toEqual(['pressed', 'relieved']);
    await registry.close();
  });

  it('leaves the caches a hundredth of the limit when others take all the rest', async () => {
    const { registry, heap } = setUp(true, Users, Pages);
    await fill(registry, Users, 500);
    await fill(registry, Pages, 500);
    for (let round = 0; round < 20; round++) heap.collect(95_000_000);
    const { usedBytes = 0, maxBytes } = registry.memory() ?? {};
    expect(maxBytes).toBe(1_000_000);
    expect(usedBytes).toBeGreaterThan(800_000);
    expect(usedBytes).toBeLessThanOrEqual(1_000_000);
    await registry.close();
  });

  it('weighs anew what it gives back: by what it knew of other values it would give too much', async () => {
    const { registry, heap } = setUp(true, Users);
    await registry.get(Users).putAll(Array.from({ length: 4_000 }, (_, key) => [key, 'small']));
    heap.collect(80_000_000);
    heap.collect(40_000_000);
    await registry.get(Users).clear();
    await fill(registry, Users, 4_000);
    heap.collect(80_000_000);
    const { size } = registry.get(Users).stats();
    expect(size).toBeGreaterThan(1_800);
    expect(size).toBeLessThan(2_200);
    await registry.close();
  });

  it('keeps the hottest of what a snapshot brings, when the heap becomes short meanwhile', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'strata-memory-')), 'users');
    const saved = setUp(undefined, Users).registry;
    await fill(saved, Users, 2_000);
    await saved.get(Users).snapshot(path);
    await saved.close();

    const { registry, heap } = setUp(true, Users);
    const restoring = registry.get(Users).restore(path);
    while (registry.get(Users).stats().size < 1_000) await nextTurn();
    heap.collect(76_000_000); // 16 MB of it are too many
    await restoring;
    const { size, evictions } = registry.get(Users).stats();
    expect(evictions.memory).toBeGreaterThan(900);
    expect(size).toBe(2_000 - evictions.memory);
    const keys = [];
    for await (const key of registry.get(Users).keys()) keys.push(key);
    expect(keys).toEqual(range(2_000).slice(-size));
    await registry.close();
    rmSync(dirname(path), { recursive: true });
  });

  it('hands nothing down to the tier below while it gives back; what the caches are kept to is handed down as ever', async () => {
    const Handed = defineCache<number, string>('handed', { tiering: 'exclusive', maxSize: 1_000_000, policy: 'lru' });
    const heap = new FakeHeap();
    const clock = new FakeClock();
    const tiers = [new InProcessTier({ name: 'below', clock })];
    const registry = new CacheRegistry({ clock, heap, memory: true, tiers, random: seededRandom(SEED) });
    registry.define(Handed);
    const cache = registry.get(Handed);
    const { events } = new EventRecorder(cache.events$);
    const load = async (keys: number[]): Promise<void> => {
      for (const key of keys) await cache.getOrLoad(key, () => `${TEXT}${key}`);
      await nextTurn();
    };
    await load(range(300));
    heap.limitBytes = 4_000_000;
    heap.collect(3_200_000);
    await nextTurn();
    const given = cache.stats().evictions.memory;
    expect(given).toBeGreaterThan(50);
    expect(events.filter(({ type }) => type === 'demote')).toEqual([]);
    await load(range(20).map((key) => 1_000 + key));
    const demoted = events.filter(({ type }) => type === 'demote').map(({ key }) => key);
    expect(demoted).toEqual(range(20).map((key) => given + key));
    await registry.close();
  });

  it('gives back together with other applications of the process what is too much, not as much each', async () => {
    const heap = new FakeHeap();
    const apps = [1, 2, 3].map(() => {
      const registry = new CacheRegistry({ clock: new FakeClock(), heap, memory: true, random: seededRandom(SEED) });
      registry.define(Users);
      return registry;
    });
    for (const registry of apps) await fill(registry, Users, 2_000);
    heap.collect(80_000_000);
    const gaveBack = apps.map((registry) => registry.memory()?.gaveBack.bytes ?? 0);
    for (const bytes of gaveBack) expect(bytes).toBeGreaterThan(5_000_000);
    // 20 MB are too many.
    const all = gaveBack.reduce((sum, bytes) => sum + bytes, 0);
    expect(all).toBeGreaterThan(19_000_000);
    expect(all).toBeLessThan(30_000_000);
    for (const registry of apps) await registry.close();
  });

  it('looks between puts, for who lets no timer run', async () => {
    const { registry, heap } = setUp(true, Totals);
    const totals = registry.get(Totals);
    heap.usedBytes = 10_000_000;
    for (let key = 0; key < 20_000; key++) {
      totals.put(key, `${TEXT}${key}`);
      heap.usedBytes = 10_000_000 + totals.size * 10_100;
    }
    expect(totals.stats().evictions.memory).toBeGreaterThan(10_000);
    expect(heap.usedBytes).toBeLessThan(95_000_000);
    // Seldom, while there is much room.
    expect(heap.readings).toBeLessThan(1_000);
    await registry.close();
  });

  it('lets listeners of the evictions put', async () => {
    const { registry, heap } = setUp(true, Users, Totals);
    await fill(registry, Users, 2_000);
    registry.get(Users).events$.subscribe(({ type, key }) => {
      if (type === 'evict') registry.get(Totals).put(key ?? -1, 'evicted');
    });
    heap.collect(78_000_000);
    expect(registry.get(Totals).size).toBe(registry.get(Users).stats().evictions.memory);
    await registry.close();
  });
});

describe('memory: a budget for all caches', () => {
  const Free = defineCache<number, string>('free', { policy: 'lru' });
  const Other = defineCache<number, string>('other', { policy: 'lru' });

  async function use(registry: CacheRegistry, definition: typeof Free, keys: Iterable<number>) {
    const cache = registry.get(definition);
    for (const key of keys) await cache.getOrLoad(key, (id) => `${TEXT}${id}`);
  }

  it('is never exceeded, and takes the place of the default bound of a number', async () => {
    const { registry, clock } = setUp('30mb', Free, Other);
    for (let round = 0; round < 10; round++) {
      await use(registry, Free, range(2_000));
      clock.advance(1_000);
      expect(registry.memory()?.usedBytes).toBeLessThanOrEqual(30 * 2 ** 20);
    }
    expect(registry.get(Free).stats()).toMatchObject({ size: 2_000, maxSize: Infinity });
    await registry.close();
  });

  it('moves to the cache that hits more with it', async () => {
    const { registry, clock } = setUp({ budget: '10mb' }, Free, Other);
    // One asks for the same 600 keys again and again, the other one never twice for the same.
    let next = 0;
    for (let round = 0; round < 40; round++) {
      await use(registry, Free, range(600));
      await use(
        registry,
        Other,
        range(600).map(() => 1_000_000 + next++),
      );
      clock.advance(5_000);
    }
    const before = registry.get(Free).stats();
    await use(registry, Free, range(600));
    expect(registry.get(Free).stats().minus(before)).toMatchObject({ hits: 600, misses: 0 });
    expect(registry.get(Other).stats().evictions.memory).toBeGreaterThan(10_000);
    await registry.close();
  });

  it('is kept to where a listener of an eviction makes another cache', async () => {
    const { registry } = setUp('10mb', Free);
    await use(registry, Free, range(1_200));
    registry.get(Free).events$.subscribe(({ type }) => {
      if (type === 'evict' && !registry.has('late')) registry.define(defineCache('late', { policy: 'lru' }));
    });
    registry.define(Other);
    await use(registry, Other, [1]);
    expect(registry.names()).toContain('late');
    const shares = Object.values(registry.memory()?.caches ?? {}).map(({ maxBytes }) => maxBytes);
    expect(shares).toHaveLength(3);
    expect(shares.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(10 * 2 ** 20 + 1);
    await registry.close();
  });

  it('bounds a cache that has a weigher of its own before any timer runs', async () => {
    const Weighed = defineMemoryCache<number, string>('weighed', { maxWeight: 1_000_000, weigher: () => 1 });
    const { registry } = setUp('10mb', Weighed);
    for (let key = 0; key < 20_000; key++) registry.get(Weighed).put(key, `${TEXT}${key}`);
    // 10 MB are about a thousand of them.
    expect(registry.get(Weighed).size).toBeLessThan(1_300);
    expect(registry.get(Weighed).size).toBeGreaterThan(800);
    await registry.close();
  });

  it('loads less often than an even split, and hardly more often than the best of all fixed ones', () => {
    const KB = 1_024;
    const BUDGET = 4_000 * KB;
    const light = { keys: zipf(4_000), text: 'x'.repeat(KB) };
    const heavy = { keys: zipf(2_000), text: 'x'.repeat(16 * KB) };

    /** How often both load, once both are warm. */
    function loads(caches: readonly MemoryCache<number, string>[], everyRound: () => void): number {
      const random = seededRandom(SEED);
      let loaded = 0;
      for (let round = 0; round < 24; round++) {
        if (round === 12) loaded = 0;
        for (let use = 0; use < 2_000; use++) {
          const at = use % 10 === 0 ? 1 : 0;
          const { keys, text } = at === 0 ? light : heavy;
          caches[at]?.getOrCompute(keys(random()), (key) => {
            loaded++;
            return `${text}${key}`;
          });
        }
        everyRound();
      }
      return loaded;
    }

    function loadsOfSplit(part: number): number {
      const bounds = [part * BUDGET, (1 - part) * BUDGET];
      return loads(
        bounds.map(
          (maxMemory) => new MemoryCache<number, string>({ maxMemory, policy: 'lru', clock: new FakeClock() }),
        ),
        () => {},
      );
    }

    const One = defineMemoryCache<number, string>('one', { policy: 'lru' });
    const Two = defineMemoryCache<number, string>('two', { policy: 'lru' });
    const { registry, clock } = setUp(BUDGET, One, Two);
    const governed = loads([registry.get(One), registry.get(Two)], () => clock.advance(1_000));
    const fixed = [0.5, 0.8, 0.9].map(loadsOfSplit);
    expect(governed).toBeLessThan(0.8 * (fixed[0] ?? 0));
    expect(governed).toBeLessThan(1.2 * Math.min(...fixed));
    void registry.close();
  });

  it('leaves a cache the bounds of its own, and those beyond its reach to the others', async () => {
    const Small = defineCache<number, string>('small', { maxSize: 100, policy: 'lru' });
    const { registry, clock } = setUp('20mb', Free, Small);
    for (let round = 0; round < 10; round++) {
      await use(registry, Free, range(1_200));
      await use(registry, Small, range(500));
      clock.advance(1_000);
    }
    expect(registry.get(Small).stats()).toMatchObject({ size: 100, maxSize: 100 });
    expect(registry.get(Free).stats().size).toBe(1_200);
    await registry.close();
  });

  it('may be too small for any value: then nothing is kept, and nothing fails', async () => {
    const { registry } = setUp('1kb', Free, Other, Totals);
    await use(registry, Free, range(20));
    for (let key = 0; key < 20; key++) registry.get(Totals).put(key, TEXT);
    expect(registry.get(Free).stats().size).toBe(0);
    expect(await registry.get(Free).getOrLoad(1, () => TEXT)).toBe(TEXT);
    expect(registry.memory()?.usedBytes).toBeLessThanOrEqual(1_024);
    await registry.close();
  });

  it('leaves nothing behind when the application is closed, twice, also where somebody puts later', async () => {
    const { registry, heap, clock } = setUp('1mb', Free, Totals);
    await use(registry, Free, range(10));
    await Promise.all([registry.close(), registry.close()]);
    await registry.close();
    expect(() => registry.get(Totals).put(1, TEXT)).toThrow(/closed|disposed/);
    expect(heap.listened).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is of a cache outside of an application too, and ends with it', async () => {
    const clock = new FakeClock();
    const heap = new FakeHeap();
    const cache = createCache(Free, { memory: '1mb', clock, heap });
    await cache.putAll(range(500).map((key) => [key, `${TEXT}${key}`]));
    expect(cache.stats().memory).toMatchObject({ maxBytes: 2 ** 20 });
    expect(cache.stats().memory?.usedBytes).toBeLessThanOrEqual(2 ** 20);
    expect(heap.listened).toBe(true);
    await cache.close();
    expect(heap.listened).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('memory: options', () => {
  it.each<[MemoryOption, RegExp]>([
    ['lots', /memory must be a number of bytes/],
    [0, /memory must be a number of bytes/],
    [[] as never, /memory must be true, an object, or bytes/],
    [null as never, /memory must be true, an object, or bytes/],
    [NaN, /memory must be a number of bytes/],
    ['512', /memory must be a number of bytes/],
    ['-5mb', /memory must be a number of bytes/],
    [{ budget: '' }, /memory\.budget must be a number of bytes/],
    [{ budget: -1 }, /memory\.budget must be a number of bytes/],
    [{ highwater: 0.5 } as never, /highwater is not an option; did you mean highWater/],
    [{ highWater: 1 }, /memory\.highWater must be a number above 0 and below 1/],
    [{ highWater: 0.5, lowWater: 0.5 }, /memory\.lowWater must be a number above 0 and below highWater, 0\.5/],
  ])('%j is refused', (memory, message) => {
    expect(() => new CacheRegistry({ memory })).toThrow(message);
    expect(() => createCache(Users, { memory })).toThrow(message);
  });

  it('a high-water mark below the usual low one brings its own', async () => {
    const { registry, heap } = setUp({ highWater: 0.5 }, Users);
    await fill(registry, Users, 4_000);
    heap.collect(51_000_000);
    expect(registry.memory()?.gaveBack.bytes).toBeGreaterThan(10_000_000);
    await registry.close();
  });

  it('a heap that is none is refused', () => {
    expect(() => new CacheRegistry({ heap: {} as never })).toThrow(/heap must be a Heap/);
  });
});
