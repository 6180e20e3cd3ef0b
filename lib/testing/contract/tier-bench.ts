import { CacheMisuseError, systemClock } from '../../core/index.js';
import type { Tier, TierWrite } from '../../tiers/index.js';
import type { TestRunner } from './test-runner.js';
import type { TierContractOptions, TierUnderTest } from './tier-under-test.js';

/** What a test of the contract works with: started tiers, empty, and a space of its own. */
export interface AtBench {
  readonly tier: Tier;
  /** The same tier as another process has it, or the only one where no other process has it. */
  readonly other: Tier;
  readonly space: string;
  advance(ms: number): Promise<void>;
  lose(): Promise<void>;
  requests(): Promise<number>;
}

/** What a bench can do only where the options say how. */
export type Ability = 'advance' | 'lose' | 'requests';

/** A lifetime that no test outlives. */
export const LONG_MS = 60_000;
const DEFAULT_TEST_TIMEOUT_MS = 30_000;
/** Real time is given this much more than a lifetime needs to end. */
const REAL_SLACK_MS = 40;

/** A bench, whatever its `make` gives. */
export type AnyBench = Pick<
  TierBench<TierUnderTest>,
  | 'runner'
  | 'capabilities'
  | 'resolutionMs'
  | 'shortMs'
  | 'describe'
  | 'it'
  | 'itWith'
  | 'outlive'
  | 'elapsed'
  | 'listed'
>;

/** Makes the tier of each test, ends it, and knows how time passes for it. */
export class TierBench<T extends TierUnderTest> {
  readonly capabilities;
  readonly resolutionMs;
  /** A lifetime that ends soon enough to be waited for. */
  readonly shortMs;

  constructor(
    readonly runner: TestRunner,
    private readonly options: TierContractOptions<T>,
  ) {
    this.capabilities = options.capabilities;
    this.resolutionMs = options.resolutionMs ?? 1;
    this.shortMs = Math.max(100, 2 * this.resolutionMs);
  }

  describe(title: string, body: () => void): void {
    this.runner.describe(title, body);
  }

  /** A test with a tier of its own, which fails also when the tier reports trouble that it was not asked for. */
  it(title: string, body: (at: AtBench) => void | Promise<void>): void {
    const { it, expect } = this.runner;
    const run = async (): Promise<void> => {
      const made = await this.options.make();
      const { tier, tierOfAnotherProcess: other = tier } = made;
      const reported: unknown[] = [];
      try {
        tier.start((error) => reported.push(error));
        if (other !== tier) other.start((error) => reported.push(error));
        await body(this.at(made, other));
        expect(reported).toEqual([]);
      } finally {
        await tier.close();
        await other.close();
        await made.dispose();
      }
    };
    it(title, run, this.options.testTimeoutMs ?? DEFAULT_TEST_TIMEOUT_MS);
  }

  /** A test that there is only where the options give what it needs. */
  itWith(needed: Ability, title: string, body: (at: AtBench) => void | Promise<void>): void {
    if (this.options[needed] !== undefined) this.it(title, body);
  }

  /** Lets a lifetime of `ms` end that began before this call. */
  async outlive(at: AtBench, ms: number): Promise<void> {
    const { advance, wait } = this.options;
    if (advance !== undefined) await at.advance(ms + this.resolutionMs);
    else if (wait !== undefined) await wait(ms + this.resolutionMs + REAL_SLACK_MS);
    else throw new CacheMisuseError('tierContract has neither advance nor wait; give it one of them');
  }

  /** How many milliseconds `during` took by the tier's time: none where that stands still unless it is moved. */
  async elapsed(during: () => Promise<void>): Promise<number> {
    const startedMs = systemClock.now();
    await during();
    return this.options.advance === undefined ? systemClock.now() - startedMs : 0;
  }

  /** Every key that is listed, as often as it is. */
  async listed(tier: Tier, space: string, glob?: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const batch of tier.keys(space, glob)) keys.push(...batch);
    return keys;
  }

  private at(made: T, other: Tier): AtBench {
    const { options } = this;
    return {
      tier: made.tier,
      other,
      space: 'strata:contract',
      advance: async (ms) => options.advance?.(made, ms),
      lose: async () => options.lose?.(made),
      requests: async () => options.requests?.(made) ?? 0,
    };
  }
}

/** A write of `value` as text, by a caller unless a fence is given. */
export function write(key: string, value: string, fence?: string, ttlMs = LONG_MS): TierWrite {
  return { key, bytes: new TextEncoder().encode(value), ttlMs, fence };
}

/** The entries of these keys as text, `undefined` for each that is not there. */
export async function texts(tier: Tier, space: string, ...keys: string[]): Promise<(string | undefined)[]> {
  const { entries } = await tier.read(space, keys, []);
  return entries.map((entry) => entry && new TextDecoder().decode(entry.bytes));
}

/** A fence for one key. */
export async function fenceOf(tier: Tier, space: string, key: string, ttlMs = LONG_MS): Promise<string> {
  const { fences } = await tier.fence(space, [key], [], ttlMs);
  return String(fences[0]);
}

/** The token of one generation, created where there is none. */
export async function generationOf(tier: Tier, space: string, generation: string): Promise<string> {
  const { generations } = await tier.fence(space, [], [generation], LONG_MS);
  return String(generations[0]);
}
