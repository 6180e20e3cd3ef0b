import { CacheMisuseError } from '../../core/index.js';
import type { Tier } from '../../tiers/index.js';
import type { TestRunner } from './test-runner.js';
import { rejectionOf } from './test-runner.js';
import { TierBench } from './tier-bench.js';
import { describeEntries } from './tier-entries.js';
import { describeFences } from './tier-fences.js';
import { describeGenerations } from './tier-generations.js';
import { describeKeys } from './tier-keys.js';
import { describeLeases } from './tier-leases.js';
import { describeLifetimes } from './tier-lifetimes.js';
import type { TierContractOptions, TierUnderTest } from './tier-under-test.js';

/**
 * Describes what every tier must keep, as tests of the runner that is handed in: `tierContract({ describe, it, expect },
 * { name: 'my tier', make, capabilities, wait })`. Each test gets a tier of its own from `make`.
 */
export function tierContract<T extends TierUnderTest>(runner: TestRunner, options: TierContractOptions<T>): void {
  const { describe, it, expect } = runner;
  const { capabilities } = options;
  describe(`${options.name} keeps the contract of tiers`, () => {
    const bench = new TierBench<T>(runner, options);

    describe('itself', () => {
      bench.it('has a name and says what it can do', ({ tier }) => {
        expect(/^[\w-]{1,64}$/.test(tier.name)).toBe(true);
        expect(tier.capabilities).toEqual(capabilities);
        expect(tier.guard.timeoutMs).toBeGreaterThan(0);
        expect(tier.guard.maxTtlMs).toBeGreaterThan(0);
      });

      bench.it('can be closed more than once', async ({ tier }) => {
        await tier.close();
        expect(await rejectionOf(() => tier.close())).toBe(undefined);
      });

      bench.it('rejects every call after it was closed', async ({ tier, space }) => {
        await tier.write(space, [{ key: 'k', bytes: new Uint8Array(1), ttlMs: 60_000, fence: undefined }]);
        await tier.close();
        const calls: Record<string, () => unknown> = {
          read: () => tier.read(space, ['k'], []),
          'read of generations': () => tier.read(space, [], ['g']),
          fence: () => tier.fence(space, ['k'], [], 60_000),
          write: () => tier.write(space, [{ key: 'k', bytes: new Uint8Array(1), ttlMs: 60_000, fence: undefined }]),
          remove: () => tier.remove(space, ['k']),
          renew: () => tier.renew(space, ['g']),
          keys: () => bench.listed(tier, space),
          lease: () => tier.lease(space, 'k', 'me', 60_000),
          release: () => tier.release(space, 'k', 'me'),
        };
        for (const [name, call] of Object.entries(calls)) {
          expect([name, (await rejectionOf(call)) instanceof Error]).toEqual([name, true]);
        }
      });

      it('gives a tier of another process to be tested with, unless it is of one process alone', async () => {
        const made = await options.make();
        await made.dispose();
        expect(made.tierOfAnotherProcess !== undefined || capabilities.scope === 'process').toBe(true);
      });
    });

    describeEntries(bench);
    describeLifetimes(bench);
    describeFences(bench);
    describeGenerations(bench);
    if (capabilities.listsKeys) describeKeys(bench);
    else refuses('listsKeys', { keys: ({ tier, space }) => bench.listed(tier, space) });
    if (capabilities.leases) describeLeases(bench);
    else {
      refuses('leases', {
        lease: ({ tier, space }) => tier.lease(space, 'k', 'me', 60_000),
        release: ({ tier, space }) => tier.release(space, 'k', 'me'),
      });
    }

    function refuses(capability: string, calls: Record<string, (at: { tier: Tier; space: string }) => unknown>): void {
      describe(`without the capability ${capability}`, () => {
        for (const [name, call] of Object.entries(calls)) {
          bench.it(`rejects ${name}() with a CacheMisuseError that names it`, async (at) => {
            const reason = await rejectionOf(() => call(at));
            expect(reason instanceof CacheMisuseError).toBe(true);
            expect((reason as Error).message).toContain(capability);
          });
        }
      });
    }
  });
}
