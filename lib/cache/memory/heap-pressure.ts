import type { HeapCollection, HeapReading } from '../../core/index.js';

/** The use falls by so much of the limit only when the heap has been collected. */
const COLLECTION_DROP = 0.04;
/** What was given back is garbage until the next collection, and is waited for until the use has grown by so much of the limit. */
const PATIENCE = 0.05;
/** At so much of the limit nothing is waited for. */
const CRITICAL = 0.95;

/** How full the heap may be, as parts of its limit. */
export interface HeapMarks {
  readonly highWater: number;
  readonly lowWater: number;
}

/*
 * Tells from readings of the heap how much of it has to be given back.
 *
 * What is in use includes garbage, and V8 lets that grow to a multiple of what is live before it collects. So what counts
 * is the use right after a collection. Where the heap tells of the last one at once, that is it; else it is heard of by the
 * observer, or seen by the use having fallen where a program that never lets the event loop turn keeps the observer from
 * being called. Between collections there is one more thing to
 * go by: V8 collects at the latest half-way between what was live and the limit, so a use above that half-way point of
 * the high-water mark says that more than the high-water mark is live.
 *
 * After something was given back nothing is known until the next collection; unless the use goes on growing.
 */
export class HeapPressure {
  /** In use at the last collection. */
  liveBytes = 0;
  private usedBytes = 0;
  private collection: HeapCollection | undefined;
  /** The use when something was given back that has not been collected yet. */
  private gaveBackAt: number | undefined;

  constructor(private readonly marks: HeapMarks) {}

  /** Whether the heap has been collected since the last look, so that `liveBytes` is new; and how much is to be given back now. */
  look({ usedBytes, limitBytes, collection }: HeapReading): {
    readonly hasCollected: boolean;
    readonly excessBytes: number;
  } {
    const hasFallen = this.usedBytes - usedBytes > COLLECTION_DROP * limitBytes;
    const hasCollected = collection === undefined ? hasFallen : collection !== this.collection;
    this.usedBytes = usedBytes;
    this.collection = collection;
    if (hasCollected) {
      this.liveBytes = collection?.liveBytes ?? usedBytes;
      this.gaveBackAt = undefined;
    }
    return { hasCollected, excessBytes: this.excess(usedBytes, limitBytes) };
  }

  /** The heap has been collected; look again. */
  collected(): void {
    this.usedBytes = Infinity;
  }

  private excess(usedBytes: number, limitBytes: number): number {
    const { highWater, lowWater } = this.marks;
    const lowBytes = lowWater * limitBytes;
    if (this.gaveBackAt === undefined) {
      const liveBytes = Math.max(this.liveBytes, 2 * usedBytes - limitBytes);
      if (liveBytes <= highWater * limitBytes) return 0;
      this.gaveBackAt = usedBytes;
      return liveBytes - lowBytes;
    }
    const isPatient = usedBytes <= this.gaveBackAt + PATIENCE * limitBytes;
    const isCritical = usedBytes > CRITICAL * limitBytes && usedBytes > this.gaveBackAt;
    if (isPatient && !isCritical) return 0;
    this.gaveBackAt = usedBytes;
    return usedBytes - lowBytes;
  }
}
