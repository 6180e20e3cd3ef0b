import type { LoggerService } from '@nestjs/common';
import type { Clock } from '../../core/index.js';

const QUIET_MS = 60_000;

/** Tells the log of stores that fail: the first failure of each at once, then one line a minute with how many there were. */
export class StoreReports {
  private readonly told = new Map<string, { atMs: number; since: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: LoggerService,
  ) {}

  tell(store: string, error: unknown): void {
    const nowMs = this.clock.now();
    const last = this.told.get(store);
    if (last !== undefined && nowMs - last.atMs < QUIET_MS) {
      last.since++;
      return;
    }
    const more = last === undefined || last.since === 0 ? '' : ` (and ${last.since} failures before it)`;
    this.told.set(store, { atMs: nowMs, since: 0 });
    this.logger.warn(`the ${store} store failed; requests go on without it: ${describe(error)}${more}`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
