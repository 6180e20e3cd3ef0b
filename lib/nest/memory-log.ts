import { Logger } from '@nestjs/common';
import type { Clock } from '../core/index.js';
import type { MemoryNews } from '../cache/index.js';

/** Between two lines while the heap stays short. */
const LINE_EVERY_MS = 60_000;

/** Lines in the log about memory that caches gave back: once when the heap becomes short, then once a minute, and at its end. */
export class MemoryLog {
  private readonly logger = new Logger('nestjs-strata');
  private toldAtMs = -Infinity;
  private untold = { bytes: 0, entries: 0 };

  constructor(private readonly clock: Clock) {}

  tell({ kind, heap, bytes, entries }: MemoryNews): void {
    const { untold } = this;
    untold.bytes += bytes;
    untold.entries += entries;
    const part = `${Math.round((100 * heap.usedBytes) / heap.limitBytes)} % of ${megabytes(heap.limitBytes)}`;
    if (kind === 'relieved') {
      this.logger.log(`the heap has room again, ${part} are in use: caches may grow as before`);
      this.toldAtMs = -Infinity;
      return;
    }
    const nowMs = this.clock.now();
    if (nowMs - this.toldAtMs < LINE_EVERY_MS) return;
    this.toldAtMs = nowMs;
    this.logger.warn(
      `the heap is short, ${part} are in use: caches gave back ${untold.entries} entries, about ${megabytes(untold.bytes)}, ` +
        `and are kept smaller until there is room`,
    );
    this.untold = { bytes: 0, entries: 0 };
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
