import type { Observable, OperatorFunction, Subscriber } from 'rxjs';
import {
  EventBuffer,
  OptionProblems,
  systemClock,
  type Clock,
  type Duration,
  type EventBatch,
  type Subscribable,
} from '../../core/index.js';

/** How events wait for somebody who takes them more slowly than they come. */
export interface EventBatchOptions {
  /** How many wait at most; of more the oldest are dropped, and counted in `missed`. @defaultValue 1,000 */
  readonly limit?: number;
}

/** The same for {@link bufferedEvents}. */
export interface BufferedEventsOptions extends EventBatchOptions {
  /** How long events are gathered before they are told. @defaultValue '250ms' */
  readonly every?: Duration;
  /** @internal */
  readonly clock?: Clock;
}

/** What can be listened to: `events$` of a cache, of a `MemoryCache` or of the registry, also behind operators. */
type Source<E> = Observable<E> | Subscribable<E>;

/**
 * Gathers events into batches, for a consumer that is told of many at once: at most `limit` events for each `every`, and
 * how many more there were. Nothing is told where nothing happened.
 *
 * @example
 * cache.events$.pipe(bufferedEvents({ limit: 100, every: '1s' })) // Observable<EventBatch<CacheEvent>>
 */
export function bufferedEvents<E>(options: BufferedEventsOptions = {}): OperatorFunction<E, EventBatch<E>> {
  const problems = new OptionProblems('bufferedEvents()');
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['limit', 'every', 'clock']);
  const limit = problems.positiveInteger('limit', options.limit, 1_000);
  const everyMs = problems.duration('every', options.every, 250);
  problems.require(everyMs < Infinity, 'every', 'must be finite', options.every);
  problems.throwIfAny();
  const { clock = systemClock } = options;
  // Lifted, as RxJS's own operators are, so that what guards the source's observers guards those behind it too.
  return (source) =>
    source.lift<EventBatch<E>>({
      call: (subscriber: Subscriber<EventBatch<E>>, lifted: Observable<E>) => {
        const buffer = new EventBuffer<E>(limit);
        let cancel: (() => void) | undefined;
        const tell = (): void => {
          cancel = undefined;
          if (!buffer.isEmpty) subscriber.next(buffer.take());
        };
        subscriber.add(() => cancel?.());
        return lifted.subscribe({
          next: (event) => {
            buffer.add(event);
            cancel ??= clock.after(everyMs, tell);
          },
          error: (error) => subscriber.error(error),
          complete: () => {
            tell();
            subscriber.complete();
          },
        });
      },
    });
}

/**
 * Events for a consumer that asks for the next when it is done with those before, such as a response that waits until its
 * client has read: while it is busy they wait, at most `limit` of them. Listens from the call on, until the loop is left
 * or the source completes.
 *
 * @example
 * for await (const { events, missed } of eventBatches(registry.events$, { limit: 500 })) {
 *   if (!response.write(format(events, missed))) await once(response, 'drain');
 * }
 */
export function eventBatches<E>(
  source: Source<E>,
  options: EventBatchOptions = {},
): AsyncIterableIterator<EventBatch<E>> {
  const problems = new OptionProblems('eventBatches()');
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['limit']);
  const limit = problems.positiveInteger('limit', options.limit, 1_000);
  problems.throwIfAny();
  return new EventBatches(source, limit);
}

class EventBatches<E> implements AsyncIterableIterator<EventBatch<E>> {
  private readonly buffer: EventBuffer<E>;
  private readonly subscription: { unsubscribe(): void };
  /** Each call of `next` gets its batch after the one before it. */
  private turns: Promise<unknown> = Promise.resolve();
  private wake = (): void => {};
  private hasEnded = false;
  private failure: { readonly error: unknown } | undefined = undefined;

  constructor(source: Source<E>, limit: number) {
    this.buffer = new EventBuffer(limit);
    this.subscription = source.subscribe({
      next: (event) => {
        this.buffer.add(event);
        this.wake();
      },
      error: (error) => this.end({ error }),
      complete: () => this.end(undefined),
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<EventBatch<E>>> {
    const turn = this.turns.then(() => this.pull());
    this.turns = turn.catch(() => {});
    return turn;
  }

  async return(): Promise<IteratorResult<EventBatch<E>>> {
    this.subscription.unsubscribe();
    this.buffer.take();
    this.end(undefined);
    return { done: true, value: undefined };
  }

  private async pull(): Promise<IteratorResult<EventBatch<E>>> {
    while (this.buffer.isEmpty && !this.hasEnded) await new Promise<void>((resolve) => (this.wake = resolve));
    if (!this.buffer.isEmpty) return { done: false, value: this.buffer.take() };
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  private end(failure: { readonly error: unknown } | undefined): void {
    this.hasEnded = true;
    this.failure = failure;
    this.wake();
  }
}
