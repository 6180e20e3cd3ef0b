import type { Cancel, Clock } from '../core/index.js';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that stands still until it is told to move; `coarse()` is exact. */
export class FakeClock implements Clock {
  private timers: Timer[] = [];
  private started = 0;

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
    const timer = { dueMs: this.currentMs + delayMs, order: this.started++, task };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** How many timers wait: what a test checks to see that nothing was left behind. */
  get pendingTimers(): number {
    return this.timers.length;
  }

  /** Moves time on by `ms`, running every timer that falls due on the way, in order, at its own instant. */
  advance(ms: number): void {
    const targetMs = this.currentMs + ms;
    for (let next = this.nextDue(targetMs); next !== undefined; next = this.nextDue(targetMs)) {
      this.timers = this.timers.filter((other) => other !== next);
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
    return this.timers
      .filter((timer) => timer.dueMs <= untilMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }
}
