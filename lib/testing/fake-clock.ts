import type { Cancel, Clock } from '../core/index.js';

interface Timer {
  readonly dueMs: number;
  readonly task: () => void;
}

/** A clock that stands still until it is told to move; `coarse()` is exact. */
export class FakeClock implements Clock {
  /** In the order they were started. */
  private readonly timers = new Set<Timer>();

  constructor(
    private currentMs = 0,
    private readonly startEpochMs = Date.UTC(2026, 0, 1),
  ) {}

  now(): number {
    return this.currentMs;
  }

  coarse(): number {
    return this.currentMs;
  }

  epochMs(): number {
    return this.startEpochMs + this.currentMs;
  }

  after(delayMs: number, task: () => void): Cancel {
    const timer = { dueMs: this.currentMs + delayMs, task };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** How many timers wait: what a test checks to see that nothing was left behind. */
  get pendingTimers(): number {
    return this.timers.size;
  }

  /** Moves time on by `ms`, running every timer that falls due on the way, in order, at its own instant. */
  advance(ms: number): void {
    const targetMs = this.currentMs + ms;
    for (let next = this.nextDue(targetMs); next !== undefined; next = this.nextDue(targetMs)) {
      this.timers.delete(next);
      this.currentMs = Math.max(this.currentMs, next.dueMs);
      next.task();
    }
    // Unless a task has moved it further.
    this.currentMs = Math.max(this.currentMs, targetMs);
  }

  /** Moves time without running a timer: the event loop was blocked, or with a negative `ms` the clock went back. */
  jump(ms: number): void {
    this.currentMs += ms;
  }

  private nextDue(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}
