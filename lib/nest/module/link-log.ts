import { Logger } from '@nestjs/common';
import type { LinkNews } from '../../cache/index.js';
import type { Clock } from '../../core/index.js';

/** Between two lines about the same tier or bus. */
const LINE_EVERY_MS = 60_000;

/** In that time, of all of them: reasons may differ each time. */
const MOST_LINES = 10;

const MEANWHILE = {
  tier: 'the caches go on without it while it does not answer',
  bus: 'while it is not heard, memory serves only what is a few seconds old',
} as const;

/**
 * Lines in the log about tiers and buses that have failed, of each kind one a minute at most: an app goes on without its Redis,
 * and would hide a wrong password for weeks. A line tells what has happened, not how it is now: a server that takes reads
 * and refuses writes answers and fails by turns. Each single failure is an event.
 */
export class LinkLog {
  private readonly logger = new Logger('nestjs-strata');
  private readonly toldAtMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  tell({ link, name, error }: LinkNews): void {
    const reason = error instanceof Error ? error.message : String(error);
    // Two servers may have tiers of one name.
    const kind = `${link} ${name} ${reason}`;
    const nowMs = this.clock.now();
    for (const [told, atMs] of this.toldAtMs) if (nowMs - atMs >= LINE_EVERY_MS) this.toldAtMs.delete(told);
    if (this.toldAtMs.has(kind) || this.toldAtMs.size >= MOST_LINES) return;
    this.toldAtMs.set(kind, nowMs);
    this.logger.warn(`${link} "${name}" failed (${MEANWHILE[link]}): ${reason}`);
  }
}
