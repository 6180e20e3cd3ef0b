import { expect, it } from '@jest/globals';
import { isTaken, type Block } from '../../../lib/backends/threads/claims.js';
import type { Entries } from '../../../lib/backends/threads/entries.js';
import type { Geometry } from '../../../lib/backends/threads/geometry.js';
import { ENTRY } from '../../../lib/backends/threads/slots.js';
import type { Thread } from './interleavings.js';
import { entriesOf, nameOf, smallCells, smallGeometry } from './small-memory.js';
import { SteppedWords, type RecordPlaces } from './stepped-words.js';

const SMALL = new Uint8Array(8);
/** Takes both units of a segment. */
const LARGE = new Uint8Array(80);

function put(entries: Entries, key: string, value: Uint8Array): boolean {
  return entries.write(nameOf(key), value, Infinity, undefined, 0);
}

/** The units that are taken, and the units that slots refer to. */
function unitsOf(cells: Int32Array, geometry: Geometry): { taken: number[]; linked: number[] } {
  const slots = [...cells.subarray(geometry.bucketsAt + 2, geometry.claimsAt)].filter((slot) => slot > 0);
  const linked = slots.map((slot) => (slot & (2 ** geometry.unitBits - 1)) - 1);
  const taken = [...cells.subarray(geometry.claimsAt, geometry.segmentsAt)].flatMap((claim, unit) =>
    isTaken(claim) ? [unit] : [],
  );
  return { taken, linked: linked.sort((a, b) => a - b) };
}

/** Runs `first` up to some step, `second` up to some step, then `first` to its end and `second` to its: for all steps. */
function everyTwoSwitches<T>(
  cells: Int32Array,
  first: Thread<T>,
  second: Thread<T>,
  records: RecordPlaces,
  judge: (cells: Int32Array, results: readonly T[]) => void,
): number {
  let runs = 0;
  for (const begun of steps(cells, first, records)) {
    for (const entered of steps(begun.cells, second, records)) {
      const after = entered.cells.slice();
      const results = [SteppedWords.resume(first, after, begun.log), SteppedWords.resume(second, after, entered.log)];
      judge(after, results);
      runs++;
    }
  }
  return runs;
}

/** The memory and what the thread has seen, before each of its steps. */
function* steps<T>(
  before: Int32Array,
  thread: Thread<T>,
  records: RecordPlaces,
): Generator<{ cells: Int32Array; log: readonly number[] }> {
  const cells = before.slice();
  const log: number[] = [];
  let progress = SteppedWords.begin(thread, records);
  while ('pending' in progress) {
    yield { cells: cells.slice(), log: [...log] };
    progress = SteppedWords.step(thread, cells, log, false, records);
  }
}

it('loses no block, wherever a hand and another class that empties its segment meet', () => {
  const geometry = smallGeometry({ ways: 4, blocks: 2, segments: 2, classes: [1, 2] });
  const cells = smallCells(geometry);
  // Both segments are full of small ones, and the hand is at the second, which is the one that the large one takes.
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
    SteppedWords.finish((words) => put(entriesOf(words, geometry, 0), key, SMALL), cells);
  }
  const hand: Thread<Block | undefined> = (words) =>
    entriesOf(words, geometry, 1).table.prepare(ENTRY, nameOf('g'), SMALL, Infinity, 0);
  const other: Thread<Block | undefined> = (words) =>
    entriesOf(words, geometry, 2).table.prepare(ENTRY, nameOf('h'), LARGE, Infinity, 0);
  const records = { from: geometry.arenaAt, words: geometry.unitWords };
  const judge = (after: Int32Array, results: readonly (Block | undefined)[]): void => {
    const { taken, linked } = unitsOf(after, geometry);
    const held = results.flatMap((block) => (block === undefined ? [] : [block.unit]));
    expect(taken).toEqual([...linked, ...held].sort((a, b) => a - b));
  };
  expect(everyTwoSwitches(cells, hand, other, records, judge)).toBeGreaterThan(1_000);
  expect(everyTwoSwitches(cells, other, hand, records, judge)).toBeGreaterThan(1_000);
});
