import { Logger } from '@nestjs/common';

/** Where failures go that must not reach the caller of a method: its result is there, only the cache did not work. */
export class Reporter {
  private readonly logger = new Logger('nestjs-strata');

  /** A result was returned but not stored. */
  notStored(label: string, error: unknown): void {
    this.logger.error(`${label}: the result was returned but not stored: ${describe(error)}`);
  }

  /** Something was to be evicted and may still be there. */
  notEvicted(label: string, error: unknown): void {
    this.logger.error(`${label}: the eviction failed: ${describe(error)}`);
  }

  /** An event handler threw or rejected. */
  handlerFailed(label: string, error: unknown): void {
    this.logger.error(`${label}: the event handler failed; further failures of it are not logged: ${describe(error)}`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
