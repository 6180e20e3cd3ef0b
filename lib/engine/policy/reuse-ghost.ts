/*
 * When keys that left were last used: a set-associative table of cells, 16 bits of the key's hash (its print, never 0) and
 * the tick of its last use. A set of eight cells is a queue: a newcomer pushes out the one that came first, so the table
 * as a whole forgets about as a queue of its length does, without links or an index.
 *
 * Two keys of one set have the same print once in 65,535: then one is taken for the other, which costs the policy one
 * doubtful decision. O(1); 4 bytes a key.
 */

const WAYS = 8;
const EMPTY = 0;
/** Nothing is known of the key. */
export const NEVER_USED = -1;

/** Ticks are 16 bits, and wrap: see TinyLfuRegions. */
export class ReuseGhost {
  private readonly cells: Int32Array<ArrayBuffer>;
  private readonly sets: number;

  /** @param length about how many keys are remembered */
  constructor(length: number) {
    this.sets = Math.max(1, Math.round(length / WAYS));
    this.cells = new Int32Array(this.sets * WAYS);
  }

  /** A key left. */
  add(hash: number, lastUse: number): void {
    const { cells } = this;
    const from = this.setOf(hash);
    const print = printOf(hash);
    let at = from;
    const last = from + WAYS - 1;
    while (at < last && cells[at] !== EMPTY && (cells[at] as number) >>> 16 !== print) at++;
    for (; at > from; at--) cells[at] = cells[at - 1] as number;
    cells[from] = (print << 16) | lastUse;
  }

  /** The tick of the last use of a key that comes back, or {@link NEVER_USED}. The key is forgotten. */
  take(hash: number): number {
    const { cells } = this;
    const from = this.setOf(hash);
    const print = printOf(hash);
    for (let at = from; at < from + WAYS; at++) {
      const cell = cells[at] as number;
      if (cell >>> 16 !== print) continue;
      for (let next = at + 1; next < from + WAYS; next++) cells[next - 1] = cells[next] as number;
      cells[from + WAYS - 1] = EMPTY;
      return cell & 0xffff;
    }
    return NEVER_USED;
  }

  get length(): number {
    return this.cells.length;
  }

  get bytes(): number {
    return this.cells.byteLength;
  }

  private setOf(hash: number): number {
    return ((((Math.imul(hash, 0x85ebca6b) >>> 0) * this.sets) / 2 ** 32) | 0) * WAYS;
  }
}

function printOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) >>> 16 || 1;
}
