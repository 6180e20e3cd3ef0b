export interface Observer<T> {
  next?(value: T): void;
  error?(error: unknown): void;
  complete?(): void;
}

export interface Unsubscribable {
  unsubscribe(): void;
}

/** Says which kinds of values somebody wants to hear of. */
export type Wants = (kind: string) => boolean;

/** Something to listen to, in the form that RxJS and others share. */
export interface Subscribable<T> {
  /** @param wants the kinds that matter to this observer, for a source that need not make the others; it may get them all the same */
  subscribe(observer: Observer<T> | ((value: T) => void), wants?: Wants): Unsubscribable;
}

/** A method whose name has the type `symbol` or `string` would let a class have, for the compiler, every property. */
declare const observableName: unique symbol;

/** The name of the method that makes something an argument for RxJS's `from()`: a symbol where a polyfill defines it. */
export const OBSERVABLE = ((Symbol as unknown as { readonly observable?: symbol }).observable ??
  '@@observable') as unknown as typeof observableName;

/** How many values that observers cause while they are told of one are delivered with it. */
const MOST_CAUSED = 1_000_000;

/**
 * Delivers values to its observers synchronously and in order. Without observers it costs its owner one branch on
 * {@link observed}; an observer that throws, or returns a promise that rejects, harms neither the caller nor the others.
 *
 * Invariant: a value emitted while another is being delivered waits until all observers have seen the earlier one, so
 * every observer sees every value, in one order, and completion last. The outermost `emit` returns when none waits.
 *
 * An observer that answers what it is told by causing the same again (a put on each `put`) would be told for ever. So
 * of what the delivery of one value causes, a million values are delivered, and further ones are dropped.
 */
export class Emitter<T> implements Subscribable<T> {
  /** Whether anybody listens. Build the value to emit only when it is true. */
  observed = false;
  private observers: readonly Listener<T>[] = [];
  private queue: T[] = [];
  private delivering = false;
  private completed = false;

  /** @param onRunaway told when values were dropped, because an observer answers each of its own with another */
  constructor(readonly onRunaway: () => void = () => {}) {}

  subscribe(observer: Observer<T> | ((value: T) => void), wants?: Wants): Unsubscribable {
    // A wrapper of our own, so that one observer subscribed twice is two subscriptions.
    const subscription: Listener<T> = {
      ...(typeof observer === 'function' ? { next: observer } : forward(observer)),
      wants,
    };
    if (this.completed) {
      guarded(() => subscription.complete?.());
      return { unsubscribe() {} };
    }
    this.observers = [...this.observers, subscription];
    this.observed = true;
    return {
      unsubscribe: () => {
        this.observers = this.observers.filter((other) => other !== subscription);
        this.observed = this.observers.length > 0;
      },
    };
  }

  /** Whether anybody who listens wants values of this kind: those of others need not be made. */
  hears(kind: string): boolean {
    for (const { wants } of this.observers) if (wants === undefined || wants(kind)) return true;
    return false;
  }

  /** What `from(emitter)` of RxJS and others call. */
  [OBSERVABLE](): Subscribable<T> {
    return this;
  }

  /** The same for a copy of RxJS that was loaded before the polyfill, when this module was loaded after it. */
  ['@@observable'](): Subscribable<T> {
    return this;
  }

  emit(value: T): void {
    if (!this.observed || this.completed) return;
    this.queue.push(value);
    if (this.delivering) return;
    this.delivering = true;
    let delivered = 0;
    while (this.queue.length > 0 && delivered <= MOST_CAUSED) {
      const values = this.queue;
      this.queue = [];
      for (const waiting of values) this.deliver(waiting);
      delivered += values.length;
    }
    const isRunaway = this.queue.length > 0;
    this.queue = [];
    this.delivering = false;
    if (isRunaway) this.onRunaway();
    if (this.completed) this.finish();
  }

  /** Tells every observer that nothing more will come, after what is being delivered, and lets go of them. */
  complete(): void {
    this.completed = true;
    if (!this.delivering) this.finish();
  }

  private finish(): void {
    const last = this.observers;
    this.observers = [];
    this.observed = false;
    for (const observer of last) guarded(() => observer.complete?.());
  }

  private deliver(value: T): void {
    const { observers } = this;
    for (const observer of observers) {
      // Unsubscribed by an earlier observer of this very value.
      if (observers !== this.observers && !this.observers.includes(observer)) continue;
      guarded(() => observer.next?.(value));
    }
  }
}

interface Listener<T> extends Observer<T> {
  readonly wants: Wants | undefined;
}

function forward<T>(observer: Observer<T>): Observer<T> {
  return { next: (value) => observer.next?.(value), complete: () => observer.complete?.() };
}

/** Calls an observer; what it throws reaches neither the caller of the cache nor the other observers. */
function guarded(deliver: () => unknown): void {
  try {
    const outcome = deliver();
    if (outcome instanceof Promise) outcome.catch(() => {});
  } catch {
    // Swallowed on purpose: "a throwing observer harms nobody" (design, Numbers). There is no one to tell:
    // an event about a failing observer would go to that same observer.
  }
}
