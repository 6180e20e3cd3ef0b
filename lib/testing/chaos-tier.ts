import { systemClock, systemRandom, type Clock, type Random } from '../core/index.js';
import type { Tier, TierCapabilities, TierFences, TierGuard, TierRead, TierWrite } from '../tiers/index.js';
import { FaultPlan, type FaultRule } from './fault-plan.js';
import { Distortion, type Corruption, type Lie } from './distortion.js';

/** The calls of a tier that faults can strike. */
export type TierCall = 'read' | 'fence' | 'write' | 'remove' | 'renew' | 'keys' | 'lease' | 'release';

/** What can go wrong with a call of a tier. */
export type TierFault =
  /** It rejects, and nothing happened. */
  | { readonly kind: 'fail'; readonly error?: unknown }
  /** It happens, and then rejects. */
  | { readonly kind: 'applyThenFail'; readonly error?: unknown }
  /** It waits for `proceed()`, and then happens, late as that is. */
  | { readonly kind: 'hang' }
  /** It happens, and its answer waits for `proceed()`. */
  | { readonly kind: 'applyThenHang' }
  /** It happens so many milliseconds of the clock later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Bytes that are read are others; without `how`, at random. */
  | { readonly kind: 'corrupt'; readonly how?: Corruption }
  /** It happens, and the answer is none that the contract permits; without `how`, at random. */
  | { readonly kind: 'lie'; readonly how?: Lie };

/** What a {@link ChaosTier} measures and throws dice with. */
export interface ChaosOptions {
  /** @defaultValue the system's */
  readonly clock?: Clock;
  /** A seeded one makes a run repeatable. @defaultValue the system's */
  readonly random?: Random;
}

const CALLS: readonly TierCall[] = ['read', 'fence', 'write', 'remove', 'renew', 'keys', 'lease', 'release'];

/**
 * Any tier, with faults: `chaos.inject({ kind: 'hang' }, { on: ['write'], times: 1 })`. Without faults it is the tier that
 * it wraps. Of several faults the one that was injected first strikes.
 */
export class ChaosTier implements Tier {
  private readonly clock: Clock;
  private readonly plan: FaultPlan<TierCall, TierFault>;
  private readonly distortion: Distortion;
  private hanging: (() => void)[] = [];
  private report: (error: unknown) => void = () => {};

  constructor(
    private readonly tier: Tier,
    { clock = systemClock, random = systemRandom }: ChaosOptions = {},
  ) {
    this.clock = clock;
    this.plan = new FaultPlan('ChaosTier', CALLS, random);
    this.distortion = new Distortion(random);
  }

  get name(): string {
    return this.tier.name;
  }

  get capabilities(): TierCapabilities {
    return this.tier.capabilities;
  }

  get guard(): TierGuard {
    return this.tier.guard;
  }

  /** Lets a fault strike, each matching call unless the rule says otherwise. What is returned takes it back. */
  inject(fault: TierFault, rule: FaultRule<TierCall> = {}): () => void {
    return this.plan.add(fault, rule);
  }

  /** How often each kind of fault has struck. */
  get struck(): ReadonlyMap<TierFault['kind'], number> {
    return this.plan.struck;
  }

  /** How many calls hang. */
  get hung(): number {
    return this.hanging.length;
  }

  /** Lets the calls that hang go on. */
  proceed(): void {
    const { hanging } = this;
    this.hanging = [];
    for (const goOn of hanging) goOn();
  }

  /** Takes every fault back and lets the calls that hang go on. */
  heal(): void {
    this.plan.clear();
    this.proceed();
  }

  /** Reports trouble that belongs to no call. */
  trouble(error: unknown): void {
    this.report(error);
  }

  async loadPackage(): Promise<void> {
    await this.tier.loadPackage?.();
  }

  start(report: (error: unknown) => void): void {
    this.report = report;
    this.tier.start(report);
  }

  read(space: string, keys: readonly string[], generations: readonly string[]): Promise<TierRead> {
    const apply = async (): Promise<TierRead> => {
      const read = await this.tier.read(space, keys, generations);
      this.distortion.remember(read);
      return read;
    };
    return this.call('read', apply, {
      corrupt: (read, how) => this.distortion.corrupted(read, how),
      lie: (read, how) => this.distortion.untrueRead(read, how),
    });
  }

  fence(space: string, keys: readonly string[], generations: readonly string[], ttlMs: number): Promise<TierFences> {
    return this.call('fence', () => this.tier.fence(space, keys, generations, ttlMs), {
      lie: (fences, how) => this.distortion.untrueFences(fences, how),
    });
  }

  write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
    return this.call('write', () => this.tier.write(space, writes), {
      lie: (written, how) => this.distortion.untrueList(written, how),
    });
  }

  remove(space: string, keys: readonly string[]): Promise<void> {
    return this.call('remove', () => this.tier.remove(space, keys));
  }

  renew(space: string, generations: readonly string[]): Promise<void> {
    return this.call('renew', () => this.tier.renew(space, generations));
  }

  async *keys(space: string, glob?: string): AsyncGenerator<readonly string[]> {
    const source = this.tier.keys(space, glob)[Symbol.asyncIterator]();
    try {
      // Each batch is a call of its own: a scan may fail in its middle.
      for (;;) {
        const next = await this.call('keys', () => source.next(), {
          lie: ({ done, value }, how) => ({
            done: done ?? false,
            value: done ? value : this.distortion.untrueList(value, how),
          }),
        });
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await source.return?.();
    }
  }

  lease(space: string, key: string, holder: string, ttlMs: number): Promise<boolean> {
    return this.call('lease', () => this.tier.lease(space, key, holder, ttlMs), {
      lie: () => this.distortion.nonsense() as boolean, // a lie is of no type
    });
  }

  release(space: string, key: string, holder: string): Promise<void> {
    return this.call('release', () => this.tier.release(space, key, holder));
  }

  close(): Promise<void> {
    return this.tier.close();
  }

  /** Makes a call, with the fault that strikes it. What cannot be distorted so is left as it is. */
  private async call<A>(call: TierCall, apply: () => Promise<A>, distort: Distort<A> = {}): Promise<A> {
    const fault = this.plan.strike(call);
    switch (fault?.kind) {
      case undefined:
        return apply();
      case 'fail':
        throw fault.error ?? new Error(`chaos: ${call} fails`);
      case 'applyThenFail':
        await apply();
        throw fault.error ?? new Error(`chaos: ${call} fails after it happened`);
      case 'hang':
        await this.hang();
        return apply();
      case 'applyThenHang': {
        const answer = await apply();
        await this.hang();
        return answer;
      }
      case 'delay':
        await new Promise<void>((resolve) => this.clock.after(fault.ms, resolve));
        return apply();
      case 'corrupt': {
        const answer = await apply();
        return distort.corrupt?.(answer, fault.how) ?? answer;
      }
      case 'lie': {
        const answer = await apply();
        return distort.lie === undefined ? answer : distort.lie(answer, fault.how);
      }
    }
  }

  private hang(): Promise<void> {
    return new Promise((resolve) => this.hanging.push(resolve));
  }
}

/** How the answer of a call can be made wrong. */
interface Distort<A> {
  readonly corrupt?: (answer: A, how: Corruption | undefined) => A;
  readonly lie?: (answer: A, how: Lie | undefined) => A;
}
