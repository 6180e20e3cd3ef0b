import type { Clock } from '../../core/index.js';

/** How long one transaction may keep this process from anything else, and the others of the host from writing. */
export const SLICE_MS = 5;
/** A slice ends after so many records in any case. */
const SLICE_RECORDS = 1_000;

/** What one transaction may still do before the event loop gets its turn. */
export class Slice {
  private readonly startedMs: number;
  private records = 0;

  constructor(private readonly clock: Clock) {
    this.startedMs = clock.now();
  }

  spend(): void {
    this.records++;
  }

  lasts(): boolean {
    return this.records < SLICE_RECORDS && this.clock.now() - this.startedMs < SLICE_MS;
  }
}
