import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ThreadsStore } from '../../../lib/backends/threads/index.js';
import { inspect } from './inspect.js';
import { Stress } from './stress.js';

const THREADS = 2;
const KEYS = 3_000;
/** `npm run test:soak`: a hundred million operations, and thousands of deaths. */
const isLong = process.env['npm_lifecycle_event'] === 'test:soak';
const OPERATIONS = Number(process.env['STRATA_THREADS_OPERATIONS'] ?? (isLong ? 100_000_000 : 5_000_000));
const DEATHS = Number(process.env['STRATA_THREADS_DEATHS'] ?? (isLong ? 3_000 : 40));

let stress: Stress;

beforeEach(async () => {
  stress = await Stress.begin({ keys: KEYS, threads: THREADS });
});

afterEach(() => stress.end());

describe('threads that work on one memory', () => {
  it(
    `read no value that is torn, of another key, or from before an invalidation, in ${OPERATIONS} operations`,
    async () => {
      const size = stress.memory.buffer.byteLength;
      const threads = Array.from({ length: THREADS }, (_, i) => stress.start(i, OPERATIONS / THREADS));
      const hits = await Promise.all(threads.map(({ done }) => done));
      await Promise.all(threads.map(({ worker }) => worker.terminate()));

      const found = inspect(stress.memory, 'stress');
      expect(found.problems).toEqual([]);
      expect({ locked: found.locked, orphans: found.orphans }).toEqual({ locked: 0, orphans: 0 });
      expect(Math.min(...hits)).toBeGreaterThan(OPERATIONS / THREADS / 20);
      expect(found.linked).toBeGreaterThan(500);
      expect(size).toBeLessThanOrEqual(2 ** 20);
      expect(found.blockBytes).toBeLessThan(size);
    },
    60 * 60_000,
  );

  it(
    `harm nobody by dying at any instant, ${DEATHS} times`,
    async () => {
      const threads = Array.from({ length: THREADS }, (_, i) => stress.start(i, Infinity));
      let [locked, orphans] = [0, 0];
      for (let death = 0; death < DEATHS; death++) {
        const victim = death % THREADS;
        while (stress.doneBy(victim) === 0 && threads[victim]?.failure() === undefined) await sleep(1);
        // Sometimes all of them: then the memory holds still, and shows what they left.
        const all = death % 10 === 9;
        const dying = threads.filter((_, i) => all || i === victim);
        await Promise.all(dying.map(({ worker }) => worker.terminate()));
        expect(threads.map(({ failure }) => failure())).toEqual(threads.map(() => undefined));
        if (all) {
          const found = inspect(stress.memory, 'stress');
          expect(found.problems).toEqual([]);
          [locked, orphans] = [locked + found.locked, orphans + found.orphans];
        }
        for (let i = 0; i < THREADS; i++) {
          if (!all && i !== victim) continue;
          stress.forget(i);
          threads[i] = stress.start(i, Infinity);
        }
      }
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
      expect(threads.map(({ failure }) => failure())).toEqual(threads.map(() => undefined));

      const store = new ThreadsStore({ memory: stress.memory, space: 'stress' });
      const bytes = new Uint8Array(100);
      for (let key = 0; key < KEYS; key++) {
        store.put(`after:${key}`, bytes);
        expect(store.get(`after:${key}`)?.length).toBe(100);
      }
      expect(inspect(stress.memory, 'stress').problems).toEqual([]);
      if (DEATHS >= 1_000)
        console.log(`${DEATHS} deaths left ${locked} locks and ${orphans} blocks when all were dead`);
    },
    60 * 60_000,
  );
});
