/*
 * What is remembered of keys that left: when each was last used, and how often it was used lately. A table of cells: 11
 * bits of the key's hash (its print), the tick of its last use (17 bits) and its frequency (4). A key has one cell, by its
 * hash, and who leaves takes the place of who left before and has the same: so a key is forgotten by chance, after as many
 * departures as there are cells on average, and neither who comes nor who leaves looks at more than one cell.
 *
 * Two keys of one cell have the same print once in 2,048: then one is taken for the other, which costs the policy one
 * doubtful decision. O(1), one line of memory, and no branch that depends on ages; 4 bytes a key.
 */

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
  /** Turns 32 bits into one of the cells. */
  private readonly cellsByHash: number;

  /** @param length about how many keys are remembered */
  constructor(length: number) {
    const cells = Math.max(1, length);
    this.cellsByHash = cells / 2 ** 32;
    this.cells = new Int32Array(cells);
  }

  /** A key left: its tick of last use, and above that its frequency, at least 1. */
  add(hash: number, use: number): void {
    this.cells[this.cellOf(hash)] = (printOf(hash) << PRINT_SHIFT) | use;
  }

  /** Of a key that comes back: its tick of last use, and above that its frequency; or {@link UNKNOWN}. It is forgotten. */
  take(hash: number): number {
    const at = this.cellOf(hash);
    const cell = this.cells[at] as number;
    if (cell >>> PRINT_SHIFT !== printOf(hash) || cell === EMPTY) return UNKNOWN;
    this.cells[at] = EMPTY;
    return cell & ((1 << PRINT_SHIFT) - 1);
  }

  get length(): number {
    return this.cells.length;
  }

  get bytes(): number {
    return this.cells.byteLength;
  }

  private cellOf(hash: number): number {
    return ((Math.imul(hash, 0x85ebca6b) >>> 0) * this.cellsByHash) | 0;
  }
}

function printOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) >>> PRINT_SHIFT;
}
