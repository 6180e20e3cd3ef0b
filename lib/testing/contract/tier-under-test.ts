import type { Tier, TierCapabilities } from '../../tiers/index.js';

/** A tier as the contract takes it: new, empty, and not started yet. */
export interface TierUnderTest {
  readonly tier: Tier;
  /** The same tier as another process has it, not started either. Needed unless the scope is `'process'`. */
  readonly tierOfAnotherProcess?: Tier;
  /** Ends what `make` began. The contract has closed the tiers. */
  dispose(): void | Promise<void>;
}

/** What the tier contract is told; `T` is what its `make` gives, which the other functions get back. */
export interface TierContractOptions<T extends TierUnderTest = TierUnderTest> {
  /** What the suite is called. */
  readonly name: string;
  make(): Promise<T>;
  /** What the tier can do, as its `capabilities` must say it. They decide which parts run. */
  readonly capabilities: TierCapabilities;
  /** Lifetimes are kept up to this many milliseconds: 1,000 for a server that counts seconds. @defaultValue 1 */
  readonly resolutionMs?: number;
  /** Waits in real time: `(ms) => new Promise((done) => setTimeout(done, ms))`. Needed where there is no `advance`. */
  wait?(ms: number): Promise<void>;
  /** Moves the tier's time on, which otherwise stands still. With it lifetimes are tested to the millisecond. */
  advance?(made: T, ms: number): void | Promise<void>;
  /** Makes the tier lose all it holds, as a server does that was flushed. With it, what then happens is tested. */
  lose?(made: T): void | Promise<void>;
  /** How many requests have left for the server so far. With it, calls that need none are tested to make none. */
  requests?(made: T): number | Promise<number>;
  /** How long one test may take, in milliseconds. @defaultValue 30,000 */
  readonly testTimeoutMs?: number;
}
