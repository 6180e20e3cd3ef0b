import process from 'node:process';
import { Observable, Subscriber, type Observer, type Subscription } from 'rxjs';
import type { Subscribable } from '../core/index.js';

/**
 * A cache's events as an RxJS stream, synchronous and hot. A handler given to `subscribe` that throws harms neither the
 * cache nor the other observers: it is warned about, once for each stream. (RxJS alone would end the process.)
 */
export class EventStream<T> extends Observable<T> {
  private warned = false;

  constructor(source: Subscribable<T>, name: string) {
    super((subscriber) => {
      const subscription = source.subscribe({
        next: (event) => subscriber.next(event),
        complete: () => subscriber.complete(),
      });
      return () => subscription.unsubscribe();
    });
    this.name = name;
  }

  private readonly name: string;

  override subscribe(observer?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription {
    // An operator's own subscriber: RxJS links it to what is subscribed behind it, so it must arrive as it is.
    if (observer instanceof Subscriber) return super.subscribe(observer);
    const given = typeof observer === 'function' ? { next: observer } : (observer ?? {});
    return super.subscribe({
      next: (event) => this.guarded(() => given.next?.(event)),
      error: (error) => given.error?.(error),
      complete: () => this.guarded(() => given.complete?.()),
    });
  }

  private guarded(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      if (this.warned) return;
      this.warned = true;
      process.emitWarning(
        `an event handler of cache "${this.name}" threw: ${error instanceof Error ? error.stack : String(error)}`,
      );
    }
  }
}
