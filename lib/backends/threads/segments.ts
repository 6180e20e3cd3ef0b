import { USED_SEGMENTS_AT, type Geometry } from './geometry.js';
import type { Words } from './words.js';

const CLASS_MASK = 0x7f;
const DRAINED = 0x80;
const EPOCH_SHIFT = 8;

/* Which size class each segment is cut into: a word for each. 0: none yet. Else the class, how often that has changed, and
 * whether the segment is being emptied so that another class can have it.
 *
 * A block is taken in two steps: its claim, then a look whether the segment still is what it was. Emptying is two as well:
 * the mark in the segment's word, then a look at each claim. Whichever comes second sees the first, so a block is never
 * taken in a segment that is cut anew. Emptying can be gone on with by anybody, and is, when who began it has ended.
 */
export class Segments {
  constructor(
    private readonly words: Words,
    private readonly geometry: Geometry,
  ) {}

  load(segment: number): number {
    return this.words.load(this.geometry.segmentsAt + segment);
  }

  ofUnit(unit: number): number {
    return Math.floor(unit / this.geometry.segmentUnits);
  }

  /** Whether blocks of this class can be taken in it. */
  isOf(word: number, sizeClass: number): boolean {
    return (word & (CLASS_MASK | DRAINED)) === sizeClass + 1;
  }

  /** -1: of none yet. */
  classOf(word: number): number {
    return (word & CLASS_MASK) - 1;
  }

  blocksOf(sizeClass: number): number {
    return Math.floor(this.geometry.segmentUnits / this.unitsOf(sizeClass));
  }

  unitOf(segment: number, sizeClass: number, block: number): number {
    return segment * this.geometry.segmentUnits + block * this.unitsOf(sizeClass);
  }

  /** Whether a block of this class can begin at a unit. */
  isBlock(unit: number, sizeClass: number): boolean {
    const within = unit % this.geometry.segmentUnits;
    const units = this.unitsOf(sizeClass);
    return within % units === 0 && within / units < this.blocksOf(sizeClass);
  }

  /** A segment that no class has had, for this one; -1 when there is none left. */
  takeUnused(sizeClass: number): number {
    const { words, geometry } = this;
    if (words.load(USED_SEGMENTS_AT) >= geometry.segmentCount) return -1;
    const segment = words.add(USED_SEGMENTS_AT, 1);
    if (segment >= geometry.segmentCount) return -1;
    // Who dies here leaves a segment of no class, which is taken when chance comes by.
    return words.exchange(geometry.segmentsAt + segment, 0, sizeClass + 1) ? segment : -1;
  }

  /** Takes a segment from its class, once `empty` has emptied each block of it; whether that succeeded. */
  take(segment: number, sizeClass: number, empty: (unit: number) => boolean): boolean {
    const at = this.geometry.segmentsAt + segment;
    const before = this.words.load(at);
    const from = this.classOf(before);
    if (from === sizeClass && (before & DRAINED) === 0) return false;
    if (from === -1) return this.words.exchange(at, before, next(before, sizeClass));
    const marked = before | DRAINED;
    if (before !== marked && !this.words.exchange(at, before, marked)) return false;
    for (let block = 0; block < this.blocksOf(from); block++) {
      if (empty(this.unitOf(segment, from, block))) continue;
      // Somebody is just writing there.
      this.words.exchange(at, marked, marked & ~DRAINED);
      return false;
    }
    return this.words.exchange(at, marked, next(before, sizeClass));
  }

  private unitsOf(sizeClass: number): number {
    return this.geometry.classes[sizeClass] as number; // of the classes
  }
}

function next(word: number, sizeClass: number): number {
  return (((word >>> EPOCH_SHIFT) + 1) << EPOCH_SHIFT) | (sizeClass + 1);
}
