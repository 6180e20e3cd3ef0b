import type { Probe } from '../../cache/index.js';
import type { EvictStep, Eviction } from './evict-step.js';
import type { Address, Arguments } from './addressing.js';
import type { Call, StoreStep } from './store-step.js';

/** A value to store when the method has returned. */
interface PlannedPut {
  readonly step: StoreStep;
  readonly address: Address;
}

/** What one call is going to do: its conditions and keys are evaluated, once, before the method runs. */
export interface CallPlan {
  /** Settles when the evictions before the call are done; absent without any. */
  readonly evicted: Promise<unknown> | undefined;
  /** Where to look before calling; absent when the method runs in any case. */
  readonly lookup: Address | undefined;
  readonly puts: readonly PlannedPut[];
  readonly evictions: readonly Eviction[];
}

/**
 * The steps of a decorated method, in the one order that every call has, whatever the method returns:
 *
 * evict-before → condition → key → lookup → call → put (unless) → evict-after
 *
 * A method that fails stores nothing and evicts nothing after it. A `@CachePut` beside a `@Cacheable` makes the method
 * run without a lookup, and its put wins. After a hit the evictions still happen: the caller asked for them.
 */
export class OperationChain {
  constructor(
    private readonly evictsBefore: readonly EvictStep[],
    /** The `@Cacheable`, if any. */
    readonly cacheable: StoreStep | undefined,
    private readonly cachePuts: readonly StoreStep[],
    private readonly evictsAfter: readonly EvictStep[],
  ) {}

  /** Whether the `@Cacheable` is all there is. */
  get onlyLooksUp(): boolean {
    return this.evictsBefore.length + this.cachePuts.length + this.evictsAfter.length === 0;
  }

  /** Whether there is anything to do at all: a cache that is switched off installs no step. */
  get isEmpty(): boolean {
    return this.cacheable === undefined && this.onlyLooksUp;
  }

  /** The whole chain, for a method that returns a promise. */
  async run(plan: CallPlan, args: Arguments, proceed: Call): Promise<unknown> {
    // Not awaited when there is none: callers of one moment must meet in one load.
    if (plan.evicted !== undefined) await plan.evicted;
    const result = await this.lookUpOrCall(plan, args, proceed);
    await this.finish(plan, args, () => result);
    return result;
  }

  /**
   * lookup → call, at once, for a method of which only its result tells what it returns. `undefined`: it was not called,
   * for there is no lookup, or one that finds something.
   */
  probe({ lookup }: CallPlan, args: Arguments, call: () => unknown): Probe<unknown> | undefined {
    return lookup && this.cacheable?.probe(lookup, args, call);
  }

  /** The rest of the chain for a call that turned out to be a load. */
  async conclude(plan: CallPlan, args: Arguments, loaded: Promise<unknown>): Promise<unknown> {
    const [result] = await Promise.all([loaded, plan.evicted]);
    await this.finish(plan, args, () => result);
    return result;
  }

  /** evict-before → condition → key. Throws when a key is null or undefined, before the method runs. */
  plan(args: Arguments): CallPlan {
    const before = planned(this.evictsBefore, args);
    const evicted = before.length === 0 ? undefined : Promise.all(before.map((evict) => evict()));
    const puts = this.cachePuts.flatMap((step) => {
      const address = step.plan(args);
      return address === undefined ? [] : [{ step, address }];
    });
    const lookup = this.cacheable?.plan(args);
    const evictions = planned(this.evictsAfter, args);
    if (lookup === undefined || this.cacheable === undefined || puts.length === 0)
      return { evicted, lookup, puts, evictions };
    // The put wins: it comes last, and alone where both mean the same entry.
    const { cacheable } = this;
    const same = puts.some(({ step, address }) => step.cache === cacheable.cache && address.index === lookup.index);
    const all = same ? puts : [{ step: cacheable, address: lookup }, ...puts];
    return { evicted, lookup: undefined, puts: all, evictions };
  }

  /** lookup → call. */
  lookUpOrCall({ lookup }: CallPlan, args: Arguments, proceed: Call): Promise<unknown> {
    const step = this.cacheable;
    if (lookup === undefined || step === undefined) return proceed();
    return step.hit(lookup) ?? step.load(lookup, args, proceed);
  }

  /** put → evict-after, when the method has ended well. `packed` is its result as a step stores it. */
  async finish(plan: CallPlan, args: Arguments, packed: (step: StoreStep) => unknown): Promise<void> {
    await Promise.all(plan.puts.map(({ step, address }) => step.put(address, args, () => packed(step))));
    await Promise.all(plan.evictions.map((evict) => evict()));
  }
}

function planned(steps: readonly EvictStep[], args: Arguments): Eviction[] {
  return steps.map((step) => step.plan(args)).filter((eviction) => eviction !== undefined);
}
