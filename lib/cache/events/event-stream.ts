import process from 'node:process';
import { Observable, Subscriber, type Observer, type Operator, type Subscription } from 'rxjs';
import {
  CACHE_EVENT_TYPES,
  OptionProblems,
  type CacheEvent,
  type CacheEventType,
  type Subscribable,
  type Wants,
} from '../../core/index.js';

/** The events of a cache, or of all caches of an application. */
export interface CacheEvents<K, V> extends Observable<CacheEvent<K, V>> {
  /**
   * Those of some types alone. Prefer it to `filter()`: an event that nobody asked for is not even made, so that who
   * listens to evictions costs a hit next to nothing.
   */
  ofType<T extends CacheEventType>(...types: readonly T[]): Observable<CacheEvent<K, V> & { readonly type: T }>;
  /** The same for types that are wanted at some times only: `wants` is asked each time that an event would be made. */
  wanted(wants: (type: CacheEventType) => boolean): Observable<CacheEvent<K, V>>;
}

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
  protected readonly cacheName: string;

  constructor(origin: Subscribable<T> | undefined, cacheName: string, wants?: Wants) {
    super((subscriber) => {
      const subscription = origin?.subscribe(
        {
          next: (event) => subscriber.next(event),
          complete: () => subscriber.complete(),
        },
        wants,
      );
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

/** The events of a cache, or of many, from where they are made. */
export class CacheEventStream<K, V> extends EventStream<CacheEvent<K, V>> implements CacheEvents<K, V> {
  constructor(
    private readonly made: Subscribable<CacheEvent<K, V>>,
    cacheName: string,
  ) {
    super(made, cacheName);
  }

  ofType<T extends CacheEventType>(...types: readonly T[]): Observable<CacheEvent<K, V> & { readonly type: T }> {
    const problems = new OptionProblems(`ofType() of the events of ${this.cacheName}`);
    for (const type of types) problems.oneOf('type', type, CACHE_EVENT_TYPES, undefined);
    problems.require(types.length > 0, 'type', `must be one or more of ${CACHE_EVENT_TYPES.join(', ')}`, undefined);
    problems.throwIfAny();
    const wanted: ReadonlySet<string> = new Set(types);
    return this.wanted((type) => wanted.has(type));
  }

  wanted<T extends CacheEventType>(
    wants: (type: CacheEventType) => boolean,
  ): Observable<CacheEvent<K, V> & { readonly type: T }> {
    // A kind of these values is the type of an event.
    const wantsKind = wants as Wants;
    const { made } = this;
    const only: Subscribable<CacheEvent<K, V> & { readonly type: T }> = {
      subscribe: (observer, wants) => {
        const listener = typeof observer === 'function' ? { next: observer } : observer;
        const next = (event: CacheEvent<K, V>): void => {
          if (wantsKind(event.type)) listener.next?.(event as CacheEvent<K, V> & { readonly type: T });
        };
        return made.subscribe({ next, complete: () => listener.complete?.() }, wants);
      },
    };
    return new EventStream(only, this.cacheName, wantsKind);
  }
}
