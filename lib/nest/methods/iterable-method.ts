import type { LoadContext } from '../../cache/index.js';
import type { Address, Arguments } from '../steps/addressing.js';
import { BoundMethod, type BoundMethodParts, type Returned, type WholeMethod } from './bound-method.js';
import { CollectedValues } from './collected-values.js';
import type { CallPlan } from '../steps/operation-chain.js';
import type { StoreStep } from '../steps/store-step.js';
import { Tape } from './tape.js';

/** Calls the method, for a load or for none. */
type Source = (load?: LoadContext) => AsyncIterable<unknown>;

/**
 * The chain for a method that returns an AsyncIterable. Nothing happens before the first `next()`.
 *
 * Concurrent readers of one key share one run of the method, each at its own pace: the source is pulled when the fastest
 * asks. When the last of them leaves early the source is closed and nothing is stored, for nobody wants the rest. It runs
 * in the course of the load; one that nobody reads but the load is closed when that is given up.
 *
 * A stale value is served without the source, which is then read behind. Where a load may be late or fail, what comes
 * first counts, as for an Observable.
 */
export class IterableMethod extends BoundMethod implements WholeMethod {
  /** The tapes that can still be joined, by index. */
  private readonly running = new Map<unknown, Tape>();

  constructor(private readonly parts: BoundMethodParts) {
    super();
  }

  call(self: unknown, args: Arguments): AsyncIterable<unknown> {
    const { chain, original } = this.parts;
    // The kind of the method says what it returns.
    return this.read(
      () => chain.plan(args),
      args,
      () => Reflect.apply(original, self, args) as AsyncIterable<unknown>,
    );
  }

  resume(plan: CallPlan, args: Arguments, returned: Returned): AsyncIterable<unknown> {
    return this.read(
      () => plan,
      args,
      (load) => returned(load) as AsyncIterable<unknown>,
    );
  }

  private async *read(planCall: () => CallPlan, args: Arguments, source: Source): AsyncGenerator<unknown> {
    const plan = planCall();
    if (plan.evicted !== undefined) await plan.evicted;
    const { cacheable } = this.parts.chain;
    const values =
      cacheable === undefined || plan.lookup === undefined
        ? source()
        : this.shared(cacheable, plan.lookup, args, source);
    yield* plan.puts.length + plan.evictions.length === 0 ? values : this.finished(values, plan, args);
  }

  private async *shared(step: StoreStep, address: Address, args: Arguments, source: Source): AsyncGenerator<unknown> {
    const hit = step.hit(address);
    if (hit !== undefined) {
      yield* step.form.unpack(await hit);
      return;
    }
    if (step.cache.closed) {
      yield* source();
      return;
    }
    const served = step.served(address, args, (load) => {
      const behind = new Tape(source(load), step, () => {}, load?.signal);
      behind.readAlone();
      return behind.packed;
    });
    if (served !== undefined) {
      yield* step.form.unpack(await served);
      return;
    }
    let started: Tape | undefined;
    const loaded = step.load(address, args, (load) => {
      started = new Tape(source(load), step, () => this.release(address, started), load?.signal);
      this.running.set(address.index, started);
      return started.packed;
    });
    started?.feed(loaded);
    const tape = started ?? this.running.get(address.index);
    if (tape?.feeds(loaded)) yield* tape.read();
    else yield* step.form.unpack(await loaded);
  }

  private release({ index }: Address, tape: Tape | undefined): void {
    if (this.running.get(index) === tape) this.running.delete(index);
  }

  /** put → evict-after when the source has ended, or when the reader leaves after a value: it has its result. */
  private async *finished(values: AsyncIterable<unknown>, plan: CallPlan, args: Arguments): AsyncGenerator<unknown> {
    const { chain } = this.parts;
    const collected = new CollectedValues(Math.max(0, ...plan.puts.map(({ step }) => step.form.limit)));
    let failed = true;
    try {
      for await (const value of values) {
        collected.add(value);
        failed = false;
        yield value;
        failed = true;
      }
      failed = false;
    } finally {
      if (!failed) await chain.finish(plan, args, (step) => collected.packedFor(step));
    }
  }
}
