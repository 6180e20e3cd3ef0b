import type { Subscriber, Subscription } from 'rxjs';
import type { Recording } from './recording.js';

/**
 * A subscriber of a source whose load may be late or fail. What comes first counts: the source's first value, and then
 * everything of the source; or the outcome of the load, which may be a stale value or a limit that has passed.
 */
export class FirstToCome {
  private hasValue = false;
  private readonly live: Subscription;

  constructor(
    recording: Recording,
    private readonly subscriber: Subscriber<unknown>,
  ) {
    this.live = recording.values.subscribe({
      next: (value) => {
        this.hasValue = true;
        subscriber.next(value);
      },
      // A source that fails before its first value is a load that fails.
      error: (error) => {
        if (this.hasValue) subscriber.error(error);
      },
      complete: () => subscriber.complete(),
    });
    subscriber.add(this.live);
  }

  /** Names the load, and how its outcome reaches the subscriber. */
  or(loaded: Promise<unknown>, replay: (stored: Promise<unknown>) => void): void {
    const replace = (): void => {
      if (this.hasValue || this.subscriber.closed) return;
      this.live.unsubscribe();
      replay(loaded);
    };
    loaded.then(replace, replace);
  }
}
