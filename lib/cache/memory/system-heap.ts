import { constants, PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { GCProfiler, getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { resourceLimits } from 'node:worker_threads';
import type { Cancel, Heap, HeapCollection, HeapReading } from '../../core/index.js';
import { CollectionRecord } from './collection-record.js';

const MB = 2 ** 20;
/** V8 counts three halves of the young generation, of 16 MB each unless told otherwise, into its limit. */
const SEMI_SPACE_MB = 16;
const SEMI_SPACES = 3;
const SEMI_SPACE_FLAG = /--max[-_]semi[-_]space[-_]size[= ](\d+)/g;
/** More of the limit than this it cannot be. */
const MOST_YOUNG = 0.9;
/** From this part of the limit on collections are recorded: below it nobody has to know at once. */
const RECORDED_FROM = 0.5;

/**
 * V8's old generation, which is what a process dies of: `--max-old-space-size`, and what is in use of it. The young
 * generation comes and goes, and is left out of both.
 */
class SystemHeap implements Heap {
  private readonly youngBytes = youngGenerationBytes(process.execArgv, process.env['NODE_OPTIONS']);
  private listeners = 0;
  private readonly record = new CollectionRecord(() => new GCProfiler());

  read(): HeapReading {
    const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const usedBytes = used - (young?.space_used_size ?? 0);
    const { maxOldGenerationSizeMb: oldMb } = resourceLimits;
    const limitBytes = oldMb === undefined ? limit - Math.min(this.youngBytes, MOST_YOUNG * limit) : oldMb * MB;
    return { usedBytes, limitBytes, collection: this.lastCollection(usedBytes, limitBytes) };
  }

  onCollected(listener: () => void): Cancel {
    const observer = new PerformanceObserver((list) => {
      const isWhole = list.getEntries().some((entry) => kindOf(entry) === constants.NODE_PERFORMANCE_GC_MAJOR);
      if (isWhole) listener();
    });
    observer.observe({ entryTypes: ['gc'] });
    this.listeners++;
    let isListening = true;
    return () => {
      if (!isListening) return;
      isListening = false;
      observer.disconnect();
      if (--this.listeners === 0) this.record.end();
    };
  }

  /** An observer is called by the event loop. What is recorded can be had at once, by who lets no event loop turn. */
  private lastCollection(usedBytes: number, limitBytes: number): HeapCollection | undefined {
    if (this.listeners > 0 && usedBytes >= RECORDED_FROM * limitBytes) return this.record.last(usedBytes, limitBytes);
    this.record.end();
    return undefined;
  }
}

export const systemHeap: Heap = new SystemHeap();

/** How much of V8's limit is the young generation's, by the flags that a process was started with. */
export function youngGenerationBytes(flags: readonly string[], nodeOptions = ''): number {
  // Of many the last counts, and the command line counts more.
  const given = [...`${nodeOptions} ${flags.join(' ')}`.matchAll(SEMI_SPACE_FLAG)].at(-1)?.[1];
  const semiSpaceMb = given === undefined ? SEMI_SPACE_MB : 2 ** Math.ceil(Math.log2(Math.max(1, Number(given))));
  return SEMI_SPACES * semiSpaceMb * MB;
}

function kindOf(entry: object): unknown {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined;
  return typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
}
