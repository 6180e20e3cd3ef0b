import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../lib/core/index.js';
import { LOSS_MS, RecoveryQueue, type Attempt } from '../../lib/resilience/index.js';
import { FakeClock } from '../../lib/testing/index.js';

/** A tier that keeps values only, and fails as it is told to: before it did something, or after. */
class ForgetfulTier {
  readonly values = new Map<string, number>();

  constructor(private readonly faults: () => 'none' | 'before' | 'after') {}

  async act(change: () => void): Promise<Attempt<void>> {
    const fault = this.faults();
    if (fault !== 'before') change();
    return fault === 'none' ? { ok: true, value: undefined } : { ok: false, error: fault, skipped: false };
  }

  removeWhere(outdated: (key: string) => boolean): void {
    for (const key of [...this.values.keys()]) if (outdated(key)) this.values.delete(key);
  }
}

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const groupOf = (key: string): string => (KEYS.indexOf(key) % 2 === 0 ? 'even' : 'odd');

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.constantFrom(...KEYS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), key: fc.constantFrom(...KEYS) }) },
  fc.record({ kind: fc.constant('renew' as const), generation: fc.constantFrom('', 'even', 'odd') }),
  { weight: 2, arbitrary: fc.constant({ kind: 'pass' as const }) },
  fc.constant({ kind: 'wait' as const }),
);

describe('promise Tiers: operations that a tier could not take', () => {
  it('leave each key with its newest value or with none, once they are replayed; until then it is known as pending', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer(),
        async (steps, maxOperations, seed) => {
          const random = seededRandom(seed);
          let isHealthy = false;
          const tier = new ForgetfulTier(() => {
            if (isHealthy || random() < 0.5) return 'none';
            return random() < 0.5 ? 'before' : 'after';
          });
          const clock = new FakeClock();
          const queue = new RecoveryQueue(
            {
              remove: (_, keys) => tier.act(() => tier.removeWhere((key) => keys.includes(key))),
              renew: (_, names) =>
                tier.act(() => tier.removeWhere((key) => names.includes('') || names.includes(groupOf(key)))),
              onBreaker: () => () => {},
            },
            { clock, random, maxOperations },
          );
          /** The value that each key should have, if any. */
          const newest = new Map<string, number>();
          const isSound = (key: string): boolean => {
            const value = tier.values.get(key);
            if (value === undefined || value === newest.get(key)) return true;
            return queue.isPending('s', key) || queue.isGenerationInDoubt('s', groupOf(key));
          };

          let version = 0;
          let replayed: Promise<void> | undefined;
          for (const next of steps) {
            // So that an invalidation that came late is in doubt no longer than it is pending.
            clock.advance(LOSS_MS);
            switch (next.kind) {
              case 'put': {
                const { key } = next;
                const value = ++version;
                newest.set(key, value);
                const replay = async (): Promise<boolean> => (await tier.act(() => tier.values.set(key, value))).ok;
                queue.add({ kind: 'put', space: 's', key, groups: [groupOf(key)], replay });
                break;
              }
              case 'remove':
                newest.delete(next.key);
                queue.add({ kind: 'remove', space: 's', key: next.key });
                break;
              case 'renew':
                for (const key of KEYS) {
                  if (next.generation === '' || next.generation === groupOf(key)) newest.delete(key);
                }
                queue.add({ kind: 'renew', space: 's', generation: next.generation });
                break;
              case 'pass':
                // Not awaited: what follows is added while it runs.
                replayed = queue.replay();
                break;
              case 'wait':
                await replayed;
                break;
            }
            if (!KEYS.every(isSound)) return false;
          }
          await replayed;
          isHealthy = true;
          for (let passes = 0; queue.size > 0 && passes < 10; passes++) await queue.replay();
          return queue.size === 0 && clock.pendingTimers === 0 && KEYS.every(isSound);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
