import type { Logger } from '@nestjs/common';
import type { Clock } from '../../core/index.js';

const QUIET_MS = 60_000;
/** Subjects that are remembered; then the oldest is told of anew. */
const MOST_SUBJECTS = 1_000;

/** Tells the log of what fails again and again: of each subject at once, then one line a minute with how often it was. */
export class QuietLog {
  private readonly told = new Map<string, { readonly atMs: number; since: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  warn(subject: string, text: string, error?: unknown): void {
    const nowMs = this.clock.now();
    const last = this.told.get(subject);
    if (last !== undefined && nowMs - last.atMs < QUIET_MS) {
      last.since++;
      return;
    }
    this.told.delete(subject);
    this.told.set(subject, { atMs: nowMs, since: 0 });
    for (const oldest of this.told.keys()) {
      if (this.told.size <= MOST_SUBJECTS) break;
      this.told.delete(oldest);
    }
    const more = last === undefined || last.since === 0 ? '' : ` (and ${last.since} times since it was told last)`;
    this.logger.warn(text + (error === undefined ? '' : `: ${describe(error)}`) + more);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
