import { Logger } from '@nestjs/common';
import type { LinkNews } from '../../cache/index.js';
import type { Clock } from '../../core/index.js';

/** Between two lines about what goes on failing. */
const LINE_EVERY_MS = 60_000;

const WORDS = {
  tier: { fails: 'the caches go on without it until it answers', over: 'answers again' },
  bus: { fails: 'memory serves only what is a few seconds old until it is heard', over: 'is heard' },
} as const;

/**
 * Lines in the log about tiers and buses that fail: an app goes on without its Redis, and would hide a wrong password for
 * weeks. One when the trouble begins, then one a minute at most while it is tried and fails again, and one when it is over.
 * Each single failure is an event.
 */
export class LinkLog {
  private readonly logger = new Logger('nestjs-strata');
  private readonly told = new Map<string, { readonly atMs: number; isOver: boolean }>();

  constructor(private readonly clock: Clock) {}

  tell({ link, name, kind, error }: LinkNews): void {
    const subject = `${link} "${name}"`;
    const told = this.told.get(subject);
    if (kind === 'over') {
      if (told === undefined || told.isOver) return;
      told.isOver = true;
      this.logger.log(`${subject} ${WORDS[link].over}`);
      return;
    }
    const nowMs = this.clock.now();
    if (told !== undefined && nowMs - told.atMs < LINE_EVERY_MS) return;
    this.told.set(subject, { atMs: nowMs, isOver: false });
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn(`${subject} fails, and ${WORDS[link].fails}: ${reason}`);
  }
}
