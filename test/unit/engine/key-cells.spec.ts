import { describe, expect, it } from '@jest/globals';
import { addCell, LeavingCells, removeCell } from '../../../lib/engine/key-cells.js';

/** Records of slots whose hashes are given. */
function recordsOf(hashes: readonly number[]): Int32Array {
  const records = new Int32Array(hashes.length * 4);
  for (const [slot, hash] of hashes.entries()) records[slot * 4] = hash;
  return records;
}

function tableOf(length: number, hashes: readonly number[]): Int32Array {
  const cells = new Int32Array(length);
  for (const [slot, hash] of hashes.entries()) addCell(cells, slot, hash);
  return cells;
}

const inUse = (cells: Int32Array): number => cells.reduce((sum, cell) => sum + Number(cell !== 0), 0);

describe('removeCell', () => {
  it('closes the gap in a run that goes over the end of the table', () => {
    const hashes = [7, 7, 7, 0];
    const cells = tableOf(8, hashes);
    expect(removeCell(cells, 0, recordsOf(hashes))).toBe(true);
    expect([...cells]).toEqual([3, 4, 0, 0, 0, 0, 0, 2]);
  });

  it('changes nothing when the slot is not in the table', () => {
    const cells = tableOf(8, [1, 1]);
    expect(removeCell(cells, 2, recordsOf([1, 1, 1]))).toBe(false);
    expect(inUse(cells)).toBe(2);
  });
});

describe('LeavingCells', () => {
  it('moves about as many cells as it is told to, and all in the end', () => {
    const hashes = Array.from({ length: 500 }, (_, at) => at * 7_919);
    const leaving = new LeavingCells(tableOf(1_024, hashes));
    const target = new Int32Array(2_048);
    const moved = [0];
    for (let isOver = false; !isOver; moved.push(inUse(target))) isOver = leaving.moveTo(target, 32, recordsOf(hashes));
    const steps = moved.slice(1).map((count, at) => count - (moved[at] ?? 0));
    expect(steps.length).toBeGreaterThan(25);
    expect(Math.max(...steps)).toBeLessThan(100);
    expect([inUse(leaving.cells), inUse(target)]).toEqual([0, 500]);
  });

  it('moves a run whole, also one that goes over the end of the table', () => {
    const hashes = [14, 14, 15, 15, 0, 5, 5];
    const records = recordsOf(hashes);
    const leaving = new LeavingCells(tableOf(16, hashes));
    const target = new Int32Array(32);
    for (let isOver = false; !isOver;) {
      isOver = leaving.moveTo(target, 1, records);
      for (let slot = 0; slot < hashes.length; slot++) {
        const isIn = [target, leaving.cells].filter((cells) => removeCell(cells.slice(), slot, records));
        expect(isIn).toHaveLength(1);
      }
    }
    expect(inUse(target)).toBe(7);
  });
});
