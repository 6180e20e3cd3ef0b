import { COARSE_MARGIN_MS, commonOffsetMs, type Clock } from '../../core/index.js';

/** Milliseconds since an instant that all threads of the process have in common; no clock on a wall changes it. */
export class ThreadClock {
  private readonly offsetMs: number;

  constructor(private readonly clock: Clock) {
    this.offsetMs = commonOffsetMs(clock);
  }

  nowMs(): number {
    return this.clock.now() + this.offsetMs;
  }

  /** Whether an instant has come. A far one costs no reading of the clock. */
  hasCome(atMs: number): boolean {
    return atMs <= this.clock.coarse() + this.offsetMs + COARSE_MARGIN_MS && atMs <= this.nowMs();
  }
}
