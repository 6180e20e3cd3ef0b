/*
 * What is remembered of keys that left: when each was last used, and how often it was used lately. A set-associative table
 * of cells: 11 bits of the key's hash (its print), the tick of its last use (17 bits) and its frequency (4). A set has four
 * cells, the newest first: who comes moves the others on, as far as the first empty cell, and the last of a full set is
 * forgotten. So the table as a whole forgets about as a queue of its length does, without links or an index.
 *
 * Two keys of one set have the same print once in 2,048: then one is taken for the other, which costs the policy one
 * doubtful decision. O(1), one line of memory, and no branch that depends on ages; 4 bytes a key.
 */

const WAYS = 4;
const EMPTY = 0;
/** Nothing is known of the key. */
export const UNKNOWN = -1;
/** The highest frequency. */
export const HIGHEST_FREQUENCY = 15;
/** Ticks have so many bits, and wrap: see TinyLfuRegions. */
export const TICK_BITS = 17;
export const TICK_MASK = (1 << TICK_BITS) - 1;

const PRINT_SHIFT = TICK_BITS + 4;

export class GhostTable {
  private readonly cells: Int32Array<ArrayBuffer>;
  /** Turns 32 bits into one of the sets. */
  private readonly setsByHash: number;

  /** @param length about how many keys are remembered */
  constructor(length: number) {
    const sets = Math.max(1, Math.round(length / WAYS));
    this.setsByHash = sets / 2 ** 32;
    this.cells = new Int32Array(sets * WAYS);
  }

  /** A key left: its tick of last use, and above that its frequency, at least 1. One that left before has come back by {@link take}. */
  add(hash: number, use: number): void {
    const { cells } = this;
    const from = this.setOf(hash);
    let moved = (printOf(hash) << PRINT_SHIFT) | use;
    for (let at = from; at < from + WAYS; at++) {
      const cell = cells[at] as number;
      cells[at] = moved;
      if (cell === EMPTY) return;
      moved = cell;
    }
  }

  /** Of a key that comes back: its tick of last use, and above that its frequency; or {@link UNKNOWN}. It is forgotten. */
  take(hash: number): number {
    const { cells } = this;
    const from = this.setOf(hash);
    const print = printOf(hash);
    for (let at = from; at < from + WAYS; at++) {
      const cell = cells[at] as number;
      if (cell >>> PRINT_SHIFT !== print || cell === EMPTY) continue;
      cells[at] = EMPTY;
      return cell & ((1 << PRINT_SHIFT) - 1);
    }
    return UNKNOWN;
  }

  get length(): number {
    return this.cells.length;
  }

  get bytes(): number {
    return this.cells.byteLength;
  }

  private setOf(hash: number): number {
    return (((Math.imul(hash, 0x85ebca6b) >>> 0) * this.setsByHash) | 0) * WAYS;
  }
}

function printOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) >>> PRINT_SHIFT;
}
