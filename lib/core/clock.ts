/** Ends a timer that has not fired yet; harmless afterwards. */
export type Cancel = () => void;

/** Where all time comes from. Nothing outside `core` asks the system for the time or sets a timer. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back when the wall clock is set. */
  now(): number;
  /**
   * At most `now()`, cheap enough for every hit, and late by at most a few hundred milliseconds unless the event loop
   * was blocked. Decide with it only what is further away than {@link COARSE_MARGIN_MS}.
   */
  coarse(): number;
  /** Milliseconds since 1970, for instants that leave the process. */
  epochMs(): number;
  /** Runs `task` once after `delayMs`, without keeping the process alive. */
  after(delayMs: number, task: () => void): Cancel;
}

/**
 * A deadline nearer than this is decided by `now()`, a further one by `coarse()`. So a coarse clock can only be wrong
 * about a deadline when it is late by more than this: when the event loop was blocked that long and fewer than
 * {@link READS_BETWEEN_REFRESHES} reads followed.
 */
export const COARSE_MARGIN_MS = 1_000;

const READS_BETWEEN_REFRESHES = 64;
const REFRESH_INTERVAL_MS = 250;
/** `setTimeout` takes a 32-bit delay; a longer wait is cut into pieces of at most this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The system's clock. A true reading costs 25 to 70 ns, more than the lookup it would serve, so `coarse()` keeps one
 * and renews it on every 64th read and by an unref'd timer that stops when nobody reads.
 */
class SystemClock implements Clock {
  /** In whole milliseconds: a small integer is compared and kept in a register, any other number costs an allocation. */
  private kept = 0;
  private readsLeft = 0;
  private readsLeftAtTick = 0;
  private ticking = false;
  /** Fake timers carry the clock that drives them; loaded among them, there is no telling which the real one is. */
  private readonly realSetTimeout = 'clock' in setTimeout ? undefined : setTimeout;

  now(): number {
    return performance.now();
  }

  coarse(): number {
    // A test runner's fake timers replace setTimeout; then time moves by leaps that no timer of ours announces, and no
    // reading of theirs may be kept for the time after them.
    if (setTimeout !== this.realSetTimeout) return performance.now();
    return --this.readsLeft > 0 ? this.kept : this.refresh();
  }

  epochMs(): number {
    return Date.now();
  }

  after(delayMs: number, task: () => void): Cancel {
    let timer: NodeJS.Timeout;
    const start = (remainingMs: number): void => {
      const piece = Math.min(remainingMs, MAX_TIMER_MS);
      timer = setTimeout(() => (remainingMs > piece ? start(remainingMs - piece) : task()), piece);
      timer.unref?.();
    };
    start(delayMs);
    return () => clearTimeout(timer);
  }

  private refresh(): number {
    this.readsLeft = READS_BETWEEN_REFRESHES;
    this.kept = Math.floor(performance.now());
    if (!this.ticking) this.tick();
    return this.kept;
  }

  private tick(): void {
    this.ticking = true;
    this.readsLeftAtTick = this.readsLeft;
    this.after(REFRESH_INTERVAL_MS, () => {
      // After a whole number of rounds as many are left as before. Then the next read starts the ticking again.
      if (this.readsLeft !== this.readsLeftAtTick && setTimeout === this.realSetTimeout) {
        this.kept = Math.floor(performance.now());
        this.tick();
      } else {
        this.ticking = false;
        this.readsLeft = 0;
      }
    });
  }
}

/** The only user of `performance.now`, `Date.now` and `setTimeout` in the package. */
export const systemClock: Clock = new SystemClock();
