import process from 'node:process';
import { Observable, Subscriber, type Observer, type Operator, type Subscription } from 'rxjs';
import type { Subscribable } from '../core/index.js';

/** Warns, once, of a handler that answers every event of a cache with another. */
export function runawayWarning(cacheName: () => string): () => void {
  let warned = false;
  return () => {
    if (warned) return;
    warned = true;
    process.emitWarning(
      `an event handler of cache "${cacheName()}" causes the events that it handles without end: ` +
        `what it causes is told with a delay, or, after a million events in a row, not at all`,
    );
  };
}

/**
 * A cache's events as an RxJS stream, synchronous and hot. A handler that throws or rejects, at the end of a chain of
 * operators too, harms neither the cache nor the other observers: it is warned about, once for each stream. (RxJS alone
 * would end the process.)
 */
export class EventStream<T> extends Observable<T> {
  private warned = false;
  private readonly cacheName: string;

  constructor(origin: Subscribable<T> | undefined, cacheName: string) {
    super((subscriber) => {
      const subscription = origin?.subscribe({
        next: (event) => subscriber.next(event),
        complete: () => subscriber.complete(),
      });
      return () => subscription?.unsubscribe();
    });
    this.cacheName = cacheName;
  }

  /** What an operator makes of this stream is guarded like it. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new EventStream<R>(undefined, this.cacheName);
    // As RxJS itself does: the operator knows what it makes of the values of its source.
    lifted.source = this as Observable<unknown>;
    lifted.operator = operator as Operator<unknown, R> | undefined;
    return lifted;
  }

  override subscribe(observer?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription {
    // An operator's own subscriber: RxJS links it to what is subscribed behind it, so it must arrive as it is.
    if (observer instanceof Subscriber) return super.subscribe(observer);
    const given = typeof observer === 'function' ? { next: observer } : (observer ?? {});
    return super.subscribe({
      next: (event) => this.guarded(() => given.next?.(event)),
      error: (error) => this.guarded(() => (given.error === undefined ? this.warn(error) : given.error(error))),
      complete: () => this.guarded(() => given.complete?.()),
    });
  }

  private guarded(handle: () => unknown): void {
    try {
      const outcome = handle();
      if (outcome instanceof Promise) outcome.catch((error: unknown) => this.warn(error));
    } catch (error) {
      this.warn(error);
    }
  }

  private warn(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    process.emitWarning(
      `an event handler of cache "${this.cacheName}" failed: ${error instanceof Error ? error.stack : String(error)}`,
    );
  }
}
