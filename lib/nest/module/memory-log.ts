import { Logger } from '@nestjs/common';
import type { Clock } from '../../core/index.js';
import type { MemoryNews } from '../../cache/index.js';

/** Between two lines while the heap stays short. */
const LINE_EVERY_MS = 60_000;

/**
 * Lines in the log about memory that caches gave back: when the heap becomes short, then once a minute, and at the end of what was
 * told of. A heap that is short again within a minute is told of after it.
 */
export class MemoryLog {
  private readonly logger = new Logger('nestjs-strata');
  private toldAtMs = -Infinity;
  private untold = { bytes: 0, entries: 0 };
  private isEndTold = true;

  constructor(private readonly clock: Clock) {}

  tell({ kind, heap, bytes, entries }: MemoryNews): void {
    const { untold } = this;
    untold.bytes += bytes;
    untold.entries += entries;
    const part = `${Math.round((100 * heap.usedBytes) / heap.limitBytes)} % of ${megabytes(heap.limitBytes)}`;
    if (kind === 'relieved') {
      if (this.isEndTold) return;
      this.isEndTold = true;
      this.logger.log(`the heap has room again, ${part} are in use: caches may grow as before`);
      return;
    }
    const nowMs = this.clock.now();
    if (nowMs - this.toldAtMs < LINE_EVERY_MS) return;
    this.toldAtMs = nowMs;
    this.isEndTold = false;
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
