import { Entries } from '../../../lib/backends/threads/entries.js';
import type { Geometry } from '../../../lib/backends/threads/geometry.js';
import { Guards } from '../../../lib/backends/threads/guards.js';
import { RecordName, SpaceName } from '../../../lib/backends/threads/record-name.js';
import { RecordTable } from '../../../lib/backends/threads/record-table.js';
import type { Words } from '../../../lib/backends/threads/words.js';

/** One bucket of few slots, and a few blocks of one size, or of more in some segments: so small that everything meets. */
export function smallGeometry({ ways = 2, blocks = 5, segments = 1, classes = [1] } = {}): Geometry {
  const unitWords = 16;
  const handsAt = 9;
  const bucketsAt = handsAt + classes.length;
  const claimsAt = bucketsAt + 2 + ways;
  const segmentsAt = claimsAt + segments * blocks;
  const arenaAt = segmentsAt + segments;
  return {
    totalBytes: (arenaAt + segments * blocks * unitWords) * 4,
    bucketCount: 1,
    ways,
    unitWords,
    unitBits: 4,
    segmentCount: segments,
    segmentUnits: blocks,
    classes,
    handsAt,
    bucketsAt,
    bucketWords: 2 + ways,
    claimsAt,
    segmentsAt,
    arenaAt,
  };
}

/** A memory of that size with nothing in it. */
export function smallCells(geometry: Geometry): Int32Array {
  return new Int32Array(geometry.totalBytes / 4);
}

/** What a thread of that memory works with; without chance, so that it can be run again. */
export function entriesOf(words: Words, geometry: Geometry, tokens: number, readAttempts?: number): Entries {
  const table = new RecordTable(words, geometry, () => 0.999, readAttempts);
  let given = 0;
  return new Entries(table, new Guards(table, (target) => target.fill(tokens * 16 + given++)));
}

const SPACE = new SpaceName('', 0);

export function nameOf(key: string): RecordName {
  return new RecordName(SPACE, key);
}
