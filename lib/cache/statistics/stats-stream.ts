import { Subject, takeUntil, type Observable } from 'rxjs';
import { OptionProblems, type Clock, type Duration, type Observer } from '../../core/index.js';
import { EventStream } from '../events/event-stream.js';

export const STATS_INTERVAL = '10s';

/** Hands out numbers again and again, to whoever asks for them, until it is ended. */
export class StatsStream<S> {
  private readonly ended = new Subject<void>();
  private hasEnded = false;

  /** @param name of the cache whose numbers they are */
  constructor(
    private readonly name: string,
    private readonly take: () => S,
    private readonly clock: Clock,
  ) {}

  /** A timer for each subscriber, which keeps no process alive. */
  every(interval: Duration): Observable<S> {
    const intervalMs = this.checked(interval);
    const snapshots = new EventStream<S>({ subscribe: (observer) => this.tell(observer, intervalMs) }, this.name);
    return snapshots.pipe(takeUntil(this.ended));
  }

  end(): void {
    this.hasEnded = true;
    this.ended.next();
  }

  private tell(observer: Observer<S> | ((stats: S) => void), intervalMs: number): { unsubscribe(): void } {
    const listener = typeof observer === 'function' ? { next: observer } : observer;
    let cancel = (): void => {};
    let isOver = this.hasEnded;
    const unsubscribe = (): void => {
      isOver = true;
      cancel();
    };
    const next = (): void => {
      if (isOver) return;
      cancel = this.clock.after(intervalMs, next);
      listener.next?.(this.take());
    };
    if (isOver) listener.complete?.();
    next();
    return { unsubscribe };
  }

  private checked(interval: Duration): number {
    const problems = new OptionProblems(`stats$() of cache "${this.name}"`);
    const intervalMs = problems.duration('interval', interval, Infinity);
    problems.require(intervalMs >= 1 && intervalMs < Infinity, 'interval', 'must be finite, 1 ms or more', interval);
    problems.throwIfAny();
    return intervalMs;
  }
}
