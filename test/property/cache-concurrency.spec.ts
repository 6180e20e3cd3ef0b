import process from 'node:process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { History, historyOptions, step, turn } from './cache-history.js';

const isLong = process.env['npm_lifecycle_event'] === 'test:soak';
/** How many random programs are played. A failure prints its seed and path: with STRATA_SEED and STRATA_PATH it is played alone. */
const PROGRAMS = Number(process.env['STRATA_INTERLEAVINGS'] ?? (isLong ? 1_000_000 : 20_000));

describe('promises Load, Fence and Stale, over random programs', () => {
  it(
    'no resurrected value, one load per key, no value beyond its limit, an answer for every caller',
    async () => {
      const seed = Number(process.env['STRATA_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
      process.stdout.write(`cache-concurrency: ${PROGRAMS} programs, seed ${seed}\n`);
      const path = process.env['STRATA_PATH'];
      let checked = 0;
      await fc.assert(
        fc.asyncProperty(
          historyOptions,
          fc.array(fc.tuple(step, fc.boolean()), { minLength: 5, maxLength: 40 }),
          async (options, program) => {
            const history = new History(options);
            for (const [one, pause] of program) {
              history.play(one);
              if (pause) await turn();
            }
            await history.finish();
            checked += history.checked;
          },
        ),
        { numRuns: PROGRAMS, seed, ...(path !== undefined && { path }) },
      );
      expect(checked).toBeGreaterThan(path === undefined ? PROGRAMS * 3 : 0);
    },
    60_000 + PROGRAMS * 100,
  );
});
