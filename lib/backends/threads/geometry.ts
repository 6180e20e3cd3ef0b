/**
 * Where everything is in the shared memory, in words:
 *
 *     header | hands, one for each size class | buckets | claims, one for each unit | segments | arena
 *
 * The arena is cut into segments, a segment into blocks of one size class, a block into units. All of it is decided by
 * three numbers at construction, so that every thread computes the same.
 */
export interface Geometry {
  readonly totalBytes: number;
  /** A power of two; `BUCKET_WORDS` words each. */
  readonly bucketCount: number;
  readonly ways: number;
  readonly unitWords: number;
  /** How many bits of a slot name the unit; the bits above, below the two of the kind, are a part of the hash. */
  readonly unitBits: number;
  readonly segmentCount: number;
  readonly segmentUnits: number;
  /** How many units a block of each class has, ascending. */
  readonly classes: readonly number[];
  readonly handsAt: number;
  readonly bucketsAt: number;
  readonly bucketWords: number;
  readonly claimsAt: number;
  readonly segmentsAt: number;
  readonly arenaAt: number;
}

/** What decides a {@link Geometry}. */
export interface GeometryOptions {
  readonly maxBytes: number;
  /** What an entry usually takes: decides how many buckets there are. */
  readonly usualEntryBytes: number;
  /** The largest block. */
  readonly segmentBytes: number;
  /** How many slots a bucket has. With its two words of its own, 14 fill a line of the processor's cache. */
  readonly ways?: number;
}

/** Of the header. */
export const HEADER_WORDS = 16;
/** How many segments have ever been given to a class. */
export const USED_SEGMENTS_AT = 8;

const WORD_BYTES = 4;
const MIN_UNIT_BYTES = 64;
/** A unit grows with the memory, so that enough bits of a slot are left for the hash. */
const MAX_UNITS = 2 ** 24;
/** Of the slots of all buckets: fuller ones overflow often, though others have room. */
const USUAL_FILL = 0.6;
const WAYS = 14;
const LARGEST_FRACTIONS = [3, 2, 1];

export function geometryOf({ maxBytes, usualEntryBytes, segmentBytes, ways = WAYS }: GeometryOptions): Geometry {
  const unitBytes = Math.max(MIN_UNIT_BYTES, 2 ** Math.ceil(Math.log2(maxBytes / MAX_UNITS)));
  const unitWords = unitBytes / WORD_BYTES;
  const segmentUnits = segmentBytes / unitBytes;
  const classes = sizeClasses(segmentUnits);
  const bucketWords = ways + 2;
  const bucketCount = 2 ** Math.max(0, Math.round(Math.log2(maxBytes / usualEntryBytes / (ways * USUAL_FILL))));

  const handsAt = HEADER_WORDS;
  // Each bucket begins a line of the cache.
  const bucketsAt = roundUp(handsAt + classes.length, 16);
  const claimsAt = bucketsAt + bucketCount * bucketWords;
  const left = Math.floor(maxBytes / WORD_BYTES) - claimsAt - unitWords;
  const wordsOfSegment = segmentUnits * (unitWords + 1) + 1;
  const segmentCount = Math.max(0, Math.floor(left / wordsOfSegment));
  const segmentsAt = claimsAt + segmentCount * segmentUnits;
  const arenaAt = roundUp(segmentsAt + segmentCount, unitWords);
  return {
    totalBytes: (arenaAt + segmentCount * segmentUnits * unitWords) * WORD_BYTES,
    bucketCount,
    ways,
    unitWords,
    unitBits: Math.max(1, Math.ceil(Math.log2(segmentCount * segmentUnits + 1))),
    segmentCount,
    segmentUnits,
    classes,
    handsAt,
    bucketsAt,
    bucketWords,
    claimsAt,
    segmentsAt,
    arenaAt,
  };
}

/** Eight sizes of few units, then four for each doubling, so that at most a fifth of a block is empty; then fractions of a segment. */
function sizeClasses(segmentUnits: number): number[] {
  const classes: number[] = [];
  for (let units = 1; units <= segmentUnits / 4; units += Math.max(1, 2 ** (Math.floor(Math.log2(units)) - 2))) {
    classes.push(units);
  }
  for (const fraction of LARGEST_FRACTIONS) {
    const units = Math.floor(segmentUnits / fraction);
    if (units > (classes.at(-1) ?? 0)) classes.push(units);
  }
  return classes;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
