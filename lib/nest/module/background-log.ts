import { Logger } from '@nestjs/common';
import type { BackgroundNews } from '../../cache/index.js';

/** Between two lines about how far a cache has come. */
const PROGRESS_EVERY_MS = 10_000;

const WORDS = {
  snapshot: { doing: 'writing its snapshot', done: 'wrote', failed: 'writing its snapshot failed' },
  restore: { doing: 'restoring its snapshot', done: 'restored', failed: 'its snapshot is not restored' },
  warm: { doing: 'warming', done: 'warmed', failed: 'warming failed' },
} as const;

/** Lines in the log about what a cache does by itself: how it ended, and how far it has come where it takes long. */
export class BackgroundLog {
  private readonly logger = new Logger('nestjs-strata');
  private toldAtMs = 0;

  tell({ type, cause, cache, at, progress, durationMs, error }: BackgroundNews): void {
    const { doing, done, failed } = WORDS[type];
    const name = `cache "${cache}"`;
    switch (cause) {
      case 'begin':
        this.toldAtMs = at;
        return;
      case 'progress': {
        if (at - this.toldAtMs < PROGRESS_EVERY_MS || progress === undefined) return;
        this.toldAtMs = at;
        const eta = progress.etaMs === undefined ? '' : `, ${seconds(progress.etaMs)} to go`;
        this.logger.log(
          `${name}: ${doing}, ${progress.done} of ${progress.total ?? 'many'}${failures(progress)}${eta}`,
        );
        return;
      }
      case 'end': {
        const line = `${name}: ${done} ${progress?.done ?? 0} of ${progress?.total ?? progress?.done ?? 0} in ${seconds(durationMs ?? 0)}${failures(progress)}`;
        if (error === undefined) this.logger.log(line);
        else this.logger.warn(`${line}; the first: ${messageOf(error)}`);
        return;
      }
      case 'failure':
        // There is none before the first shutdown.
        if (isMissing(error)) this.logger.log(`${name}: there is no snapshot yet`);
        else this.logger.warn(`${name}: ${failed}: ${messageOf(error)}`);
        return;
      default:
    }
  }
}

function failures(progress: BackgroundNews['progress']): string {
  return progress === undefined || progress.failed === 0 ? '' : `, ${progress.failed} failed`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'failure' in error && error.failure === 'missing';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
