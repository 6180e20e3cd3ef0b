import type { GCProfiler } from 'node:v8';
import type { HeapCollection } from '../../core/index.js';

/** What is recorded is looked at when the use has changed by so much of the limit; */
const WORTH_A_LOOK = 0.005;
/** and at the latest when it was asked for so often, since each collection adds some kilobytes to it. */
const MOST_ASKED = 16;

/** Records collections of the heap, and tells of the last one that collected all of it. */
export class CollectionRecord {
  private profiler: GCProfiler | undefined;
  private collection: HeapCollection | undefined;
  private lookedAtBytes = 0;
  private askedLeft = 0;

  constructor(private readonly makeProfiler: () => GCProfiler) {}

  /** Of those since this was asked for first; `undefined` while there was none. */
  last(usedBytes: number, limitBytes: number): HeapCollection | undefined {
    if (this.profiler !== undefined) {
      const hasChanged = Math.abs(usedBytes - this.lookedAtBytes) >= WORTH_A_LOOK * limitBytes;
      if (!hasChanged && --this.askedLeft > 0) return this.collection;
      const recorded = liveBytesOf(this.profiler.stop());
      if (recorded !== undefined) this.collection = { liveBytes: recorded };
    }
    this.lookedAtBytes = usedBytes;
    this.askedLeft = MOST_ASKED;
    this.profiler = this.makeProfiler();
    this.profiler.start();
    return this.collection;
  }

  /** Records no more, and forgets what was. */
  end(): void {
    this.profiler?.stop();
    this.profiler = undefined;
    this.collection = undefined;
  }
}

/** What the last collection of the whole heap among those recorded left of the old generation. */
function liveBytesOf({ statistics }: ReturnType<GCProfiler['stop']>): number | undefined {
  const last = statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact').at(-1);
  if (last === undefined) return undefined;
  const { heapStatistics, heapSpaceStatistics } = last.afterGC;
  const young = heapSpaceStatistics.find(({ spaceName }) => spaceName === 'new_space');
  return heapStatistics.usedHeapSize - (young?.spaceUsedSize ?? 0);
}
