import type { Cancel, Clock } from '../core/index.js';

/** How a call ended. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly error: unknown;
      /** The breaker was open: nothing was tried. */
      readonly skipped: boolean;
    };

/** A timer that fires later than this says that the event loop was blocked. */
const BLOCKED_MS = 20;

interface Waiting {
  readonly dueMs: number;
  readonly expire: () => void;
  /** The neighbours in the list; `undefined` at its ends, and both when it has left. */
  earlier: Waiting | undefined;
  later: Waiting | undefined;
  isIn: boolean;
}

/* Deadlines for calls that may all take equally long.
 *
 * As the span is one for all, calls fall due in the order in which they began. They form a list, and one timer waits for
 * its first; a call that ends leaves the list, and the timer, when it fires, is set again for whoever is first then. A
 * call costs one reading of the clock and a place in a list, and no timer of its own.
 *
 * When the event loop was blocked past a deadline, answers may have arrived that nobody has read yet: timers come before
 * them. So a timer that fires late waits one turn more before it calls anything failed.
 *
 * Invariant: the list is in the order of `dueMs`, and a timer is set whenever it is not empty.
 */
export class Deadlines {
  private first: Waiting | undefined = undefined;
  private last: Waiting | undefined = undefined;
  private cancelTimer: Cancel | undefined = undefined;

  constructor(
    /** For each call; with Infinity none has an end. */
    private readonly timeoutMs: number,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs a call and resolves with how it ended, at its deadline at the latest; then with what `timedOut` returns. It never
   * rejects: what the call throws, at once or later, is its end. What comes after the deadline is dropped.
   * `judge` sees each end before anybody else, once, and may make another of it; it must not throw.
   */
  attempt<T>(
    call: () => Promise<T>,
    timedOut: () => unknown,
    judge: (attempt: Attempt<T>) => Attempt<T> = asItIs,
  ): Promise<Attempt<T>> {
    return new Promise((resolve) => {
      const waiting = this.enter(() => resolve(judge({ ok: false, error: timedOut(), skipped: false })));
      const fail = (error: unknown): void => {
        if (this.leave(waiting)) resolve(judge({ ok: false, error, skipped: false }));
      };
      let running: Promise<T>;
      try {
        // A tier that returns something else than a promise gets one.
        running = Promise.resolve(call());
      } catch (error) {
        fail(error);
        return;
      }
      running.then((value) => {
        if (this.leave(waiting)) resolve(judge({ ok: true, value }));
      }, fail);
    });
  }

  private enter(expire: () => void): Waiting {
    const waiting: Waiting = {
      dueMs: this.timeoutMs === Infinity ? Infinity : this.clock.now() + this.timeoutMs,
      expire,
      earlier: this.last,
      later: undefined,
      isIn: true,
    };
    if (this.last === undefined) this.first = waiting;
    else this.last.later = waiting;
    this.last = waiting;
    if (this.cancelTimer === undefined && waiting.dueMs < Infinity) this.setTimer(this.timeoutMs);
    return waiting;
  }

  /** `false` when it had left before: its deadline passed, and it counts as failed. */
  private leave(waiting: Waiting): boolean {
    if (!waiting.isIn) return false;
    waiting.isIn = false;
    const { earlier, later } = waiting;
    if (earlier === undefined) this.first = later;
    else earlier.later = later;
    if (later === undefined) this.last = earlier;
    else later.earlier = earlier;
    waiting.earlier = waiting.later = undefined;
    return true;
  }

  private setTimer(delayMs: number, isSecondTurn = false): void {
    this.cancelTimer = this.clock.after(delayMs, () => {
      this.cancelTimer = undefined;
      this.expireDue(isSecondTurn);
    });
  }

  private expireDue(isSecondTurn: boolean): void {
    const nowMs = this.clock.now();
    const { first } = this;
    if (first !== undefined && !isSecondTurn && nowMs - first.dueMs > BLOCKED_MS) {
      this.setTimer(1, true);
      return;
    }
    for (let next = this.first; next !== undefined && next.dueMs <= nowMs; next = this.first) {
      this.leave(next);
      next.expire();
    }
    // A call that began while the others expired has set it already.
    if (this.first !== undefined && this.cancelTimer === undefined) this.setTimer(this.first.dueMs - nowMs);
  }

  /** How many calls wait. Walks the list: for tests. */
  get waiting(): number {
    let count = 0;
    for (let at = this.first; at !== undefined; at = at.later) count++;
    return count;
  }

  /** Ends the timer, and what still waits as if its deadline had passed: nobody is to answer it any more. */
  close(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    for (let next = this.first; next !== undefined; next = this.first) {
      this.leave(next);
      next.expire();
    }
  }
}

function asItIs<T>(attempt: Attempt<T>): Attempt<T> {
  return attempt;
}
