import { mkdtemp, rm } from 'node:fs/promises';
import { truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { seededRandom } from '../../lib/core/index.js';
import { createCache, defineCache } from '../../lib/cache/index.js';
import { MemoryCache, type MemoryCacheOptions } from '../../lib/engine/index.js';
import { POLICY_NAMES } from '../../lib/engine/policy/policies.js';
import { FakeClock } from '../../lib/testing/index.js';
import { bytesOf, bytesWhile, restoreFrom } from './bytes.js';

// Megabytes, on machines that are busy.
jest.setTimeout(30_000);

const clock = new FakeClock();
const random = seededRandom(3);

function make<V = string>(options: MemoryCacheOptions<unknown, V> = {}): MemoryCache<unknown, V> {
  return new MemoryCache<unknown, V>({ maxSize: 100_000, clock, random, ...options });
}

/** Seven of them make a block. */
const LARGE = 'x'.repeat(9_000);

/** Counts the turns of the event loop until the work has ended. */
async function turnsOf(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns++;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await work.finally(() => (isDone = true));
  return turns;
}

describe('promise Fence: while a snapshot is restored', () => {
  it('nobody sees what was removed or cleared after it had been written, not even until that is read', async () => {
    for (const what of ['invalidate', 'clear'] as const) {
      const cache = make();
      for (let key = 0; key < 300; key++) cache.put(key, LARGE);
      const bytes = await bytesWhile(cache, (block) => {
        if (block !== 20) return;
        if (what === 'clear') cache.clear();
        else for (let key = 0; key < 20; key++) cache.invalidate(key);
        cache.put('last', 'last');
      });
      const other = make();
      const seen = new Set<unknown>();
      let isDone = false;
      const look = (): void => {
        for (const key of other.keys()) seen.add(key);
        if (!isDone) setImmediate(look);
      };
      setImmediate(look);
      await restoreFrom(other, bytes).finally(() => (isDone = true));
      for (const key of other.keys()) seen.add(key);

      expect(new Set(other.keys())).toEqual(seen);
      expect(other.size).toBe(what === 'clear' ? 1 : 281);
    }
  });

  it('what a snapshot brought is gone again when its file is changed before all of it has been read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strata-replay-'));
    const path = join(folder, 'snapshot');
    const cache = make();
    for (let key = 0; key < 300; key++) cache.put(key, LARGE);
    await cache.snapshot(path);
    let weighed = 0;
    const other = make({
      maxWeight: 1_000,
      weigher: () => {
        // By then it has been checked from beginning to end, and some of it is in the cache.
        if (++weighed === 20) truncateSync(path, 500_000);
        return 1;
      },
    });
    other.put('mine', 'mine');
    other.put(0, 'mine');

    await expect(other.restore(path)).rejects.toMatchObject({ failure: 'truncated' });
    expect(weighed).toBeGreaterThan(20);
    expect([...other.entries()]).toEqual([
      ['mine', 'mine'],
      [0, 'mine'],
    ]);
    await rm(folder, { recursive: true });
  });
});

describe('a snapshot', () => {
  it.each(POLICY_NAMES)(
    'has the order of eviction with the policy %s though another one is taken at the same time',
    async (policy) => {
      const cache = make({ policy });
      for (let key = 0; key < 70; key++) cache.put(key, LARGE);
      for (let key = 20; key < 30; key++) cache.get(key);
      const alone = make({ policy });
      await restoreFrom(alone, await bytesOf(cache));
      for (const bytes of await Promise.all([bytesOf(cache), bytesOf(cache), bytesOf(cache)])) {
        const other = make({ policy });
        await restoreFrom(other, bytes);
        expect([...other.keys()]).toEqual([...alone.keys()]);
      }
    },
  );

  it('is restored whole where there is room, also when the cache was full and changed while it was written', async () => {
    const options = { maxWeight: 3_000, weigher: () => 10 };
    const cache = make(options);
    for (let key = 0; key < 300; key++) cache.put(key, LARGE);
    const bytes = await bytesWhile(cache, (block) => {
      if (block === 20) for (let key = 0; key < 50; key++) cache.put(key, 'changed');
    });
    const other = make(options);

    expect(await restoreFrom(other, bytes)).toMatchObject({ entries: 300, leftOut: { noRoom: 0 } });
    expect(other.weight).toBe(3_000);
  });

  it('waits for a slow stream: no more than a block is made before the last one has been taken', async () => {
    const cache = make();
    for (let key = 0; key < 300; key++) cache.put(key, LARGE);
    const waiting: (() => void)[] = [];
    let blocks = 0;
    const taken = cache.snapshot({
      write: (_, done) => {
        blocks++;
        waiting.push(done);
      },
      end: (done) => done(),
      destroy: () => {},
    });
    await turnsOf(new Promise((resolve) => setImmediate(() => setImmediate(resolve))));
    expect(blocks).toBe(1);
    let isDone = false;
    void taken.finally(() => (isDone = true));
    while (!isDone) {
      expect(waiting.length).toBeLessThanOrEqual(1);
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(blocks).toBeGreaterThan(300 / 8);
  });

  it('gives others their turn also where nothing has a form in bytes, or entries are small', async () => {
    const objects = make();
    for (let key = 0; key < 10_000; key++) objects.put({ key }, 'v');
    const small = make();
    for (let key = 0; key < 10_000; key++) small.put(key, '');
    const functions = createCache(defineCache<number, unknown>('functions', { maxSize: 10_000 }), { clock, random });
    await functions.putAll(Array.from({ length: 10_000 }, (_, key) => [key, () => key]));

    for (const cache of [objects, small, functions]) {
      expect(await turnsOf(bytesOf(cache))).toBeGreaterThanOrEqual(10_000 / 2_048);
    }
  });
});
