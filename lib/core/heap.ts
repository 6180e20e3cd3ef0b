import type { Cancel } from './clock.js';

/** What a collection of the whole heap left in use. */
export interface HeapCollection {
  readonly liveBytes: number;
}

/** How full the heap is, in bytes. */
export interface HeapReading {
  /** What was allocated and not collected yet, garbage included. */
  readonly usedBytes: number;
  /** What ends the process when nothing can be collected any more. */
  readonly limitBytes: number;
  /** The last collection, the same object until the next one; absent where that is not known at once. */
  readonly collection?: HeapCollection | undefined;
}

/** Where everything that is known of the heap comes from. */
export interface Heap {
  /** A few microseconds. */
  read(): HeapReading;
  /** Tells, some time later, that the whole heap has been collected; keeps no process alive. */
  onCollected(listener: () => void): Cancel;
}
