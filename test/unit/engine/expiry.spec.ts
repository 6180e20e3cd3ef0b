import { describe, expect, it } from '@jest/globals';
import { COARSE_MARGIN_MS } from '../../../lib/core/index.js';
import { STEPS_PER_SLICE } from '../../../lib/engine/time/expiry-sweeper.js';
import { MemoryCache, type MemoryCacheOptions } from '../../../lib/engine/index.js';
import { assertStructure } from '../../../lib/engine/store/structure.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';

const DAY_MS = 86_400_000;

function setUp(options: MemoryCacheOptions<unknown, unknown> = {}) {
  const clock = new FakeClock(1_000);
  const cache = new MemoryCache<unknown, unknown>({ clock, ...options });
  return { clock, cache };
}

describe('promise Store: expired values are never seen, swept or not', () => {
  it('hits at 99 ms and misses at 100 ms of a ttl of 100 ms, before any sweep ran', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    cache.put('a', 1);
    clock.jump(99);
    expect(cache.get('a')).toBe(1);
    clock.jump(1);
    expect(cache.get('a')).toBeUndefined();
    assertStructure(cache);
  });

  for (const [name, look] of Object.entries({
    peek: (cache: MemoryCache) => cache.peek('a'),
    has: (cache: MemoryCache) => cache.has('a') || undefined,
    entry: (cache: MemoryCache) => cache.entry('a'),
    keys: (cache: MemoryCache) => [...cache.keys()][0],
    putIfAbsent: (cache: MemoryCache) => cache.putIfAbsent('a', 2),
  })) {
    it(`${name} does not see it, and reports it`, () => {
      const { clock, cache } = setUp({ ttl: 100 });
      cache.put('a', 1);
      const recorder = new EventRecorder(cache.events$);
      clock.jump(100);
      expect(look(cache)).toBeUndefined();
      expect(recorder.of('expire')).toMatchObject([{ key: 'a', value: 1 }]);
      expect(cache.stats().expirations).toBe(1);
    });
  }

  it('touch and invalidate do not find it', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    cache.put('a', 1);
    clock.jump(100);
    expect([cache.touch('a', '1h'), cache.size]).toEqual([false, 0]);
    cache.put('a', 1);
    clock.jump(100);
    expect([cache.invalidate('a'), cache.stats().invalidations, cache.stats().expirations]).toEqual([false, 0, 2]);
  });

  it('a group or pattern removes it and counts it as expired', () => {
    const { clock, cache } = setUp();
    cache.put('old', 1, { ttl: 10, groups: ['g'] });
    cache.put('new', 2, { ttl: 20, groups: ['g'] });
    clock.jump(10);
    expect([cache.invalidateGroup('g'), cache.stats().expirations]).toEqual([1, 1]);
  });

  it('a victim that has expired counts as expired, not as evicted', () => {
    const { clock, cache } = setUp({ maxSize: 1 });
    cache.put('a', 1, { ttl: 10 });
    clock.jump(10);
    cache.put('b', 2);
    expect(cache.stats()).toMatchObject({ expirations: 1, evictions: { size: 0 } });
  });

  it('a put over it is reported as its expiry, and starts a new life', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    cache.put('a', 1);
    clock.jump(100);
    const recorder = new EventRecorder(cache.events$);
    cache.put('a', 2);
    expect(recorder.types()).toEqual(['expire', 'put']);
    clock.jump(99);
    expect(cache.get('a')).toBe(2);
  });
});

describe('promise Store: expired values are swept without reads', () => {
  it('removes an entry at its deadline, and no timer is left', () => {
    const { clock, cache } = setUp();
    const recorder = new EventRecorder(cache.events$);
    cache.put('a', 1, { ttl: 100 });
    cache.put('b', 1);
    clock.advance(99);
    expect(cache.size).toBe(2);
    clock.advance(1);
    expect([cache.size, recorder.of('expire')[0]?.key, clock.pendingTimers]).toEqual([1, 'a', 0]);
    assertStructure(cache);
  });

  it('needs no timer while nothing expires', () => {
    const { clock, cache } = setUp();
    cache.put('a', 1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has one timer whatever the number of entries', () => {
    const { clock, cache } = setUp();
    for (let key = 0; key < 1_000; key++) cache.put(key, key, { ttl: 5_000 - key });
    expect(clock.pendingTimers).toBe(1);
  });

  it('sweeps an entry whose lifetime was shortened, and leaves one whose lifetime was prolonged', () => {
    const { clock, cache } = setUp({ ttl: 1_000 });
    cache.put('shortened', 1);
    cache.put('prolonged', 1);
    cache.touch('shortened', 50);
    cache.touch('prolonged', 9_000);
    clock.advance(50);
    expect([...cache.keys()]).toEqual(['prolonged']);
    clock.advance(8_949);
    expect(cache.size).toBe(1);
    clock.advance(20);
    expect(cache.size).toBe(0);
  });

  it(`gives way to the event loop after ${STEPS_PER_SLICE} entries at most`, () => {
    const { clock, cache } = setUp({ maxSize: 100_000, ttl: 100 });
    for (let key = 0; key < 100_000; key++) cache.put(key, key);
    const sizes: number[] = [];
    const watch = (): void => {
      sizes.push(cache.size);
      if (cache.size > 0) clock.after(0, watch);
    };
    clock.after(100, watch);
    clock.advance(100);
    expect(cache.size).toBe(0);
    const steps = sizes.slice(1).map((size, at) => (sizes[at] as number) - size);
    // A block of 16 is finished even where that passes the limit.
    expect(Math.max(...steps)).toBeLessThanOrEqual(STEPS_PER_SLICE + 16);
    expect(steps.length).toBeGreaterThanOrEqual(99);
    expect(cache.stats().expirations).toBe(100_000);
    assertStructure(cache);
  });

  it('goes on when a listener fills the cache in the middle of a sweep', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    cache.events$.subscribe((event) => {
      if (event.type === 'expire' && typeof event.key === 'number') cache.put(`again ${event.key}`, 1);
    });
    for (let key = 0; key < 3_000; key++) cache.put(key, key);
    clock.advance(100);
    assertStructure(cache);
    expect([cache.size, cache.stats().expirations]).toEqual([3_000, 3_000]);
    clock.advance(200);
    expect([cache.size, cache.stats().expirations, clock.pendingTimers]).toEqual([0, 6_000, 0]);
  });

  it('survives a resize and a clear between two slices', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    for (let key = 0; key < 5_000; key++) cache.put(key, key);
    clock.after(100, () => {
      cache.resize(1_500);
      assertStructure(cache);
    });
    clock.advance(100);
    expect(cache.size).toBe(0);
    for (let key = 0; key < 1_400; key++) cache.put(key, key);
    clock.after(100, () => cache.clear());
    clock.advance(100);
    expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
    cache.put('a', 1);
    clock.advance(120);
    expect(cache.size).toBe(0);
  });

  it('stops its timer on dispose', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    cache.put('a', 1);
    cache.dispose();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('lifetimes', () => {
  it('a ttl of 0 stores nothing and removes what stood there', () => {
    const { cache } = setUp();
    cache.put('a', 1);
    cache.put('a', 2, { ttl: 0 });
    expect([cache.get('a'), cache.size]).toEqual([undefined, 0]);
    cache.put('a', 1, { tti: 0 });
    expect(cache.size).toBe(0);
  });

  it('Infinity wins over the ttl of the cache', () => {
    const { clock, cache } = setUp({ ttl: 10 });
    cache.put('a', 1, { ttl: Infinity });
    clock.advance(10_000);
    expect(cache.entry('a')).toMatchObject({ ttlMs: Infinity, ttlLeftMs: Infinity, ageMs: undefined });
  });

  it('a put without options takes the ttl of the cache again', () => {
    const { clock, cache } = setUp({ ttl: 10 });
    cache.put('a', 1, { ttl: Infinity });
    cache.put('a', 1);
    clock.jump(10);
    expect(cache.get('a')).toBeUndefined();
  });

  for (const days of [20, 24.8, 25, 30, 400, 4_000]) {
    it(`a ttl of ${days} days ends after ${days} days`, () => {
      const { clock, cache } = setUp();
      cache.put('a', 1, { ttl: `${days}d` });
      cache.put('b', 1, { ttl: 5 });
      clock.advance(days * DAY_MS - 1);
      expect([cache.get('a'), cache.get('b')]).toEqual([1, undefined]);
      assertStructure(cache);
      clock.advance(1);
      expect(cache.get('a')).toBeUndefined();
      clock.advance(50);
      expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
    });
  }

  it('goes on counting in a process that runs for months', () => {
    const { clock, cache } = setUp({ tti: '40d' });
    cache.put('long', 1, { ttl: '100d' });
    for (let day = 0; day < 99; day++) {
      cache.put(`day ${day}`, day, { ttl: '1h' });
      clock.advance(DAY_MS);
      expect([cache.get('long'), cache.get(`day ${day}`)]).toEqual([1, undefined]);
      assertStructure(cache);
    }
    expect(cache.entry('long')?.ttlLeftMs).toBe(DAY_MS);
    clock.advance(DAY_MS);
    expect(cache.get('long')).toBeUndefined();
  });

  it('a read starts the idle time again, and the ttl remains the cap', () => {
    const { clock, cache } = setUp({ tti: 100, ttl: 250 });
    cache.put('a', 1);
    for (const [waitMs, expected] of [
      [99, 1],
      [99, 1],
      [51, 1],
      [1, undefined],
    ] as const) {
      clock.jump(waitMs);
      expect(cache.get('a')).toBe(expected);
    }
  });

  it('an entry that is not read dies of its idle time', () => {
    const { clock, cache } = setUp({ tti: 100 });
    cache.put('a', 1);
    clock.jump(60);
    expect(cache.peek('a')).toBe(1);
    clock.jump(40);
    expect(cache.get('a')).toBeUndefined();
  });

  it('sweeps an entry after its last read, not before', () => {
    const { clock, cache } = setUp({ tti: 100 });
    cache.put('a', 1);
    for (let reads = 0; reads < 10; reads++) {
      clock.advance(90);
      expect(cache.get('a')).toBe(1);
    }
    clock.advance(110);
    expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('touch restarts the ttl the entry had, or starts another', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    cache.put('a', 1);
    cache.put('b', 1, { ttl: 200 });
    clock.jump(90);
    expect([cache.touch('a'), cache.touch('b'), cache.touch('c')]).toEqual([true, true, false]);
    expect([cache.entry('a')?.ttlLeftMs, cache.entry('b')?.ttlLeftMs]).toEqual([100, 200]);
    cache.touch('a', '1s');
    expect(cache.entry('a')).toMatchObject({ ttlMs: 1_000, ttlLeftMs: 1_000, ageMs: 0 });
    cache.touch('a', 0);
    expect(cache.has('a')).toBe(false);
  });

  it('tells age and time left, by ttl and by idle time', () => {
    const { clock, cache } = setUp({ ttl: 1_000, tti: 400 });
    cache.put('a', 1);
    clock.jump(300);
    cache.get('a');
    clock.jump(100);
    expect(cache.entry('a')).toMatchObject({ ageMs: 400, ttlMs: 1_000, ttiMs: 400, ttlLeftMs: 300 });
  });

  it('jitter shortens each ttl by up to its fraction, and by different amounts', () => {
    const { cache } = setUp({ ttl: 1_000, ttlJitter: 0.1, maxSize: 1_000 });
    for (let key = 0; key < 1_000; key++) cache.put(key, key);
    const left = [...cache.keys()].map((key) => cache.entry(key)?.ttlLeftMs ?? NaN);
    expect(Math.min(...left)).toBeGreaterThanOrEqual(899);
    expect(Math.max(...left)).toBeLessThanOrEqual(1_000);
    expect(new Set(left).size).toBeGreaterThan(50);
  });

  it('never lives longer than given when the clock counts fractions', () => {
    const { clock, cache } = setUp({ ttl: 10.5 });
    clock.jump(0.7);
    cache.put('a', 1);
    clock.jump(9.4);
    expect(cache.get('a')).toBe(1);
    clock.jump(1.1);
    expect(cache.get('a')).toBeUndefined();
  });
});

describe('a clock that misbehaves', () => {
  it('may go back: entries live on, and expire when it has caught up', () => {
    const { clock, cache } = setUp({ ttl: 100 });
    cache.put('a', 1);
    clock.advance(50);
    clock.jump(-100_000);
    cache.put('b', 2);
    assertStructure(cache);
    expect([cache.get('a'), cache.get('b')]).toEqual([1, 2]);
    clock.jump(100);
    expect([cache.get('a'), cache.get('b')]).toEqual([1, undefined]);
    clock.jump(100_000);
    expect(cache.get('a')).toBeUndefined();
    clock.advance(1_000);
    expect([cache.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('may leap forward by years', () => {
    const { clock, cache } = setUp({ ttl: '1h' });
    cache.put('a', 1);
    clock.jump(5_000 * DAY_MS);
    expect(cache.get('a')).toBeUndefined();
    cache.put('b', 1);
    assertStructure(cache);
    clock.advance(3_600_000 + 10);
    expect(cache.size).toBe(0);
  });

  it('coarse readings decide only what is further away than their margin', () => {
    const clock = new FakeClock();
    let exactReads = 0;
    const cache = new MemoryCache<string, number>({
      ttl: '1h',
      clock: {
        now: () => (exactReads++, clock.now()),
        coarse: () => clock.now() - 300,
        epochMs: () => clock.epochMs(),
        after: (delayMs, task) => clock.after(delayMs, task),
      },
    });
    cache.put('a', 1);
    clock.jump(3_600_000 - COARSE_MARGIN_MS - 1_000);
    exactReads = 0;
    cache.get('a');
    expect(exactReads).toBe(0);
    // The write was 300 ms late by the coarse clock as well: an hour may end that much early.
    clock.jump(1_699);
    expect([cache.get('a'), exactReads]).toEqual([1, 1]);
    clock.jump(1);
    expect(cache.get('a')).toBeUndefined();
  });
});
