import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

function setUp(options: CacheOptions<string, string> = {}) {
  const runs: (readonly string[])[] = [];
  const cache = createCache(
    defineCache<string, string>('texts', {
      bulkLoader: async (keys) => {
        runs.push(keys);
        return new Map(keys.filter((key) => key !== 'absent').map((key) => [key, key.toUpperCase()]));
      },
      batch: true,
      ...options,
    }),
    { clock: new FakeClock() },
  );
  return { cache, runs };
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);

describe('batch', () => {
  it('makes one bulk load of the single loads of one tick, each key once', async () => {
    const { cache, runs } = setUp();
    const values = await Promise.all([...keys(20), 'k3', 'absent'].map((key) => cache.getOrLoad(key)));
    expect(values.slice(0, 3)).toEqual(['K0', 'K1', 'K2']);
    expect(values.at(-1)).toBeUndefined();
    expect(runs).toEqual([[...keys(20), 'absent']]);
    expect(cache.stats()).toMatchObject({ loads: 1, misses: 21, joins: 1 });
  });

  it('takes along what is asked behind an await of the same tick', async () => {
    const { cache, runs } = setUp();
    await Promise.all([cache.getOrLoad('a'), Promise.resolve().then(() => cache.getOrLoad('b'))]);
    expect(runs).toEqual([['a', 'b']]);
  });

  it('gives each run at most maxSize keys, also for getOrLoadAll', async () => {
    const { cache, runs } = setUp({ batch: { maxSize: 8 } });
    await Promise.all(keys(20).map((key) => cache.getOrLoad(key)));
    expect(runs.map((run) => run.length)).toEqual([8, 8, 4]);
    runs.length = 0;
    await cache.getOrLoadAll(keys(30));
    expect(runs.map((run) => run.length)).toEqual([8, 2]);
  });

  it('keeps out what was invalidated before the run began', async () => {
    const { cache } = setUp();
    const waiting = cache.getOrLoad('a');
    await cache.invalidate('a');
    expect(await waiting).toBe('A');
    expect(await cache.get('a')).toBeUndefined();
  });

  it('asks once for a key that was invalidated in between, and answers both callers', async () => {
    const { cache, runs } = setUp();
    const before = cache.getOrLoad('a');
    await cache.invalidate('a');
    const after = cache.getOrLoad('a');
    expect(await Promise.all([before, after])).toEqual(['A', 'A']);
    expect(runs).toEqual([['a']]);
    expect(await cache.get('a')).toBe('A');
  });

  it('takes calls together that differ only in how long they wait, and apart what they want kept differently', async () => {
    const { cache, runs } = setUp();
    await Promise.all([
      cache.getOrLoad('a'),
      cache.getOrLoad('b', undefined, { signal: new AbortController().signal }),
      cache.getOrLoad('c', undefined, { loadTimeout: { hard: 50 } }),
      cache.getOrLoad('d', undefined, { ttl: 50 }),
      cache.getOrLoad('e', undefined, { ttl: 50 }),
      cache.getOrLoad('f', undefined, { groups: ['g'] }),
    ]);
    expect(runs).toEqual([['a', 'b', 'c'], ['d', 'e'], ['f']]);
  });

  describe('with abortWhenAbandoned', () => {
    it('leaves out what every caller left before the run began', async () => {
      const { cache, runs } = setUp({ abortWhenAbandoned: true });
      const [leaving, staying] = [new AbortController(), new AbortController()];
      const left = cache.getOrLoad('a', undefined, { signal: leaving.signal });
      const one = cache.getOrLoad('b', undefined, { signal: leaving.signal });
      const other = cache.getOrLoad('b', undefined, { signal: staying.signal });
      leaving.abort('gone');
      await expect(left).rejects.toBe('gone');
      await expect(one).rejects.toBe('gone');
      expect(await other).toBe('B');
      expect(runs).toEqual([['b']]);
      expect(await cache.getOrLoad('a')).toBe('A');
    });

    it('runs nothing when nobody is left at all', async () => {
      const { cache, runs } = setUp({ abortWhenAbandoned: true });
      const leaving = new AbortController();
      const left = cache.getOrLoad('a', undefined, { signal: leaving.signal });
      leaving.abort('gone');
      await expect(left).rejects.toBe('gone');
      await new Promise((resolve) => setImmediate(resolve));
      expect(runs).toEqual([]);
      expect(cache.stats()).toMatchObject({ loads: 0, misses: 1 });
      await cache.close();
    });

    it('runs what a caller joins again before the run begins', async () => {
      const { cache, runs } = setUp({ abortWhenAbandoned: true });
      const leaving = new AbortController();
      const left = cache.getOrLoad('a', undefined, { signal: leaving.signal });
      leaving.abort('gone');
      const joined = cache.getOrLoad('a');
      await expect(left).rejects.toBe('gone');
      expect(await joined).toBe('A');
      expect(runs).toEqual([['a']]);
    });
  });

  it('runs what every caller left all the same without abortWhenAbandoned: its result is kept', async () => {
    const { cache } = setUp();
    const leaving = new AbortController();
    const left = cache.getOrLoad('a', undefined, { signal: leaving.signal });
    leaving.abort('gone');
    await expect(left).rejects.toBe('gone');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await cache.get('a')).toBe('A');
  });

  it('leaves a call with a loader of its own alone', async () => {
    const { cache, runs } = setUp();
    expect(await cache.getOrLoad('a', () => 'own')).toBe('own');
    expect(runs).toEqual([]);
  });

  it('fails all callers of a run that fails, and leaves nothing locked', async () => {
    let fail = true;
    const { cache } = setUp({
      bulkLoader: async (asked) => {
        if (fail) throw new Error('down');
        return new Map(asked.map((key) => [key, key]));
      },
    });
    const outcomes = await Promise.allSettled(['a', 'b'].map((key) => cache.getOrLoad(key)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fail = false;
    expect(await cache.getOrLoad('a')).toBe('a');
  });

  it('needs a bulkLoader, and a size that is one', () => {
    expect(() => createCache(defineCache('texts', { batch: true }))).toThrow(/batch needs bulkLoader/);
    expect(() => setUp({ batch: { maxSize: 0 } })).toThrow(/batch must be true, false or \{ maxSize \}/);
  });
});
