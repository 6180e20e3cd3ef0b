import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Cancel, Heap, HeapReading } from '../core/index.js';

/** V8 counts three halves of the young generation, of 16 MB each unless told otherwise, into its limit. */
const YOUNG_BYTES = 48 * 2 ** 20;
/** So it is with small heaps too, of which that is a large part: at most this much of the limit. */
const MOST_YOUNG = 0.5;

/**
 * V8's old generation, which is what a process dies of: `--max-old-space-size`, and what is in use of it. The young
 * generation comes and goes, and is left out of both.
 */
export const systemHeap: Heap = {
  read(): HeapReading {
    const { heap_size_limit: wholeLimit, used_heap_size: wholeUsed } = getHeapStatistics();
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    return {
      usedBytes: wholeUsed - (young?.space_used_size ?? 0),
      limitBytes: wholeLimit - Math.min(YOUNG_BYTES, wholeLimit * MOST_YOUNG),
    };
  },

  onCollected(listener: () => void): Cancel {
    const observer = new PerformanceObserver((list) => {
      const isWhole = list.getEntries().some((entry) => kindOf(entry) === constants.NODE_PERFORMANCE_GC_MAJOR);
      if (isWhole) listener();
    });
    observer.observe({ entryTypes: ['gc'] });
    return () => observer.disconnect();
  },
};

function kindOf(entry: object): unknown {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined;
  return typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
}
