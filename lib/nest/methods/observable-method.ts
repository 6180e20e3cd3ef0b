import { defer, from, mergeMap, Observable } from 'rxjs';
import { asyncContext, type LoadContext } from '../../cache/index.js';
import type { Address, Arguments } from '../steps/addressing.js';
import { BoundMethod, type BoundMethodParts, type Returned, type WholeMethod } from './bound-method.js';
import { CollectedValues } from './collected-values.js';
import type { CallPlan } from '../steps/operation-chain.js';
import { FirstToCome } from './first-to-come.js';
import { Recording } from './recording.js';
import type { StoreStep } from '../steps/store-step.js';

/** Makes the source: calls the method, for a load or for none. */
type Source = (load?: LoadContext) => Observable<unknown>;

/**
 * The chain for a method that returns an Observable. Nothing happens before a subscription; each is a call.
 *
 * Concurrent subscribers of one key share one subscription to the source: values reach them as they come, who comes
 * later gets the earlier ones first. The load belongs to the cache, so a subscriber who leaves ends it for nobody, not
 * even as the last: `firstValueFrom()` leaves before the source completes, and its value is stored all the same. A
 * source that does not complete is left when nobody listens and its load is given up: after `loadTimeout.hold`, when it
 * has emitted too much to be stored, or when the app shuts down.
 *
 * The source runs in the course of the load, its subscribers do not: each gets its values in the asynchronous context in
 * which it subscribed.
 *
 * A stale value is served without the source, which is then subscribed to behind. Where a load may be late or fail, what
 * comes first counts: the source's first value, and then all of it; or what stands in for the load, or its error.
 */
export class ObservableMethod extends BoundMethod implements WholeMethod {
  /** The recordings that can still be joined, by index. */
  private readonly running = new Map<unknown, Recording>();

  constructor(private readonly parts: BoundMethodParts) {
    super();
  }

  call(self: unknown, args: Arguments): Observable<unknown> {
    const { chain, original } = this.parts;
    return this.observe(
      () => chain.plan(args),
      args,
      // The kind of the method says so; another copy of RxJS is as good.
      () => from(Reflect.apply(original, self, args) as Observable<unknown>),
    );
  }

  resume(plan: CallPlan, args: Arguments, returned: Returned): Observable<unknown> {
    return this.observe(
      () => plan,
      args,
      (load) => from(returned(load) as Observable<unknown>),
    );
  }

  /** The chain around a source that is not the method's own call: the rest of a request pipeline. */
  around(args: Arguments, source: Source): Observable<unknown> {
    return this.observe(() => this.parts.chain.plan(args), args, source);
  }

  private observe(planCall: () => CallPlan, args: Arguments, source: Source): Observable<unknown> {
    return new Observable((subscriber) => {
      // What throws here, a key function say, RxJS delivers as the error of this subscription.
      const plan = planCall();
      const proceed = (): void => {
        if (!subscriber.closed) subscriber.add(this.lookUpOrCall(plan, args, source).subscribe(subscriber));
      };
      if (plan.evicted === undefined) proceed();
      else void plan.evicted.then(proceed);
    });
  }

  private lookUpOrCall(plan: CallPlan, args: Arguments, source: Source): Observable<unknown> {
    const { cacheable } = this.parts.chain;
    const values =
      cacheable === undefined || plan.lookup === undefined
        ? defer(() => source())
        : this.shared(cacheable, plan.lookup, args, source);
    return plan.puts.length + plan.evictions.length === 0 ? values : this.finished(values, plan, args);
  }

  private shared(step: StoreStep, address: Address, args: Arguments, source: Source): Observable<unknown> {
    return new Observable((subscriber) => {
      const replay = (stored: Promise<unknown>): void => {
        subscriber.add(unpacked(step, stored).subscribe(subscriber));
      };
      const hit = step.hit(address);
      if (hit !== undefined) return replay(hit);
      if (step.cache.closed) return void subscriber.add(defer(() => source()).subscribe(subscriber));
      const served = step.served(address, args, (load) => {
        const behind = new Recording(step, () => {});
        behind.connect(
          defer(() => source(load)),
          load?.signal,
        );
        return behind.packed;
      });
      if (served !== undefined) return replay(served);
      subscriber.add(whereSubscribed(this.loaded(step, address, args, source)).subscribe(subscriber));
    });
  }

  /** Starts a load, or joins the one that runs. */
  private loaded(step: StoreStep, address: Address, args: Arguments, source: Source): Observable<unknown> {
    return new Observable((subscriber) => {
      const replay = (stored: Promise<unknown>): void => {
        subscriber.add(unpacked(step, stored).subscribe(subscriber));
      };
      let started: Recording | undefined;
      let first: FirstToCome | undefined;
      let joined = false;
      const loaded = step.load(address, args, (load) => {
        started = new Recording(step, () => this.release(address, started));
        // A joined load that was refused runs this later: then the caller waits for the stored value already.
        if (!joined) first = new FirstToCome(started, subscriber);
        this.running.set(address.index, started);
        started.connect(
          defer(() => source(load)),
          load?.signal,
        );
        return started.packed;
      });
      if (started !== undefined) {
        started.endWith(loaded);
        return first?.or(loaded, replay);
      }
      joined = true;
      const running = this.running.get(address.index);
      if (running?.isOf(loaded)) subscriber.add(running.values.subscribe(subscriber));
      else replay(loaded);
    });
  }

  private release({ index }: Address, recording: Recording | undefined): void {
    if (this.running.get(index) === recording) this.running.delete(index);
  }

  /** put → evict-after when the source has completed, or when the subscriber leaves after a value: it has its result. */
  private finished(values: Observable<unknown>, plan: CallPlan, args: Arguments): Observable<unknown> {
    const { chain } = this.parts;
    return new Observable((subscriber) => {
      const collected = new CollectedValues(Math.max(0, ...plan.puts.map(({ step }) => step.form.limit)));
      let ended = false;
      const finish = (): Promise<void> => {
        ended = true;
        return chain.finish(plan, args, (step) => collected.packedFor(step));
      };
      const subscription = values.subscribe({
        next: (value) => {
          collected.add(value);
          subscriber.next(value);
        },
        error: (error) => {
          ended = true;
          subscriber.error(error);
        },
        complete: () => void finish().then(() => subscriber.complete()),
      });
      return () => {
        subscription.unsubscribe();
        if (!ended && !collected.isEmpty) void finish();
      };
    });
  }
}

/** The values that a stored one stands for. */
function unpacked({ form }: StoreStep, stored: Promise<unknown>): Observable<unknown> {
  return from(stored).pipe(mergeMap((value) => form.unpack(value)));
}

/** Delivers in the asynchronous context of the subscription, whatever the context is that values come from. */
function whereSubscribed(values: Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    const there = asyncContext();
    return values.subscribe({
      next: (value) => there(() => subscriber.next(value)),
      error: (error) => there(() => subscriber.error(error)),
      complete: () => there(() => subscriber.complete()),
    });
  });
}
