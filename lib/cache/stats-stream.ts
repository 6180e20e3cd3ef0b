import { Observable, Subject, takeUntil } from 'rxjs';
import { OptionProblems, type Clock, type Duration } from '../core/index.js';

export const STATS_INTERVAL = '10s';

/** Hands out numbers again and again, to whoever asks for them, until it is ended. */
export class StatsStream<S> {
  private readonly ended = new Subject<void>();
  private hasEnded = false;

  /** @param subject whose numbers, in error messages: `cache "users"` */
  constructor(
    private readonly subject: string,
    private readonly take: () => S,
    private readonly clock: Clock,
  ) {}

  /** A timer for each subscriber, which keeps no process alive. */
  every(interval: Duration): Observable<S> {
    const intervalMs = this.checked(interval);
    const snapshots = new Observable<S>((subscriber) => {
      if (this.hasEnded) return subscriber.complete();
      let cancel = (): void => {};
      const next = (): void => {
        cancel = this.clock.after(intervalMs, next);
        subscriber.next(this.take());
      };
      // In this order: a subscriber that takes one snapshot ends the timer too.
      subscriber.add(() => cancel());
      next();
    });
    return snapshots.pipe(takeUntil(this.ended));
  }

  end(): void {
    this.hasEnded = true;
    this.ended.next();
  }

  private checked(interval: Duration): number {
    const problems = new OptionProblems(`stats$() of ${this.subject}`);
    const intervalMs = problems.duration('interval', interval, Infinity);
    problems.require(intervalMs >= 1 && intervalMs < Infinity, 'interval', 'must be finite, 1 ms or more', interval);
    problems.throwIfAny();
    return intervalMs;
  }
}
