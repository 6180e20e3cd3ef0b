/**
 * The memory that threads share, as 32-bit words. What the threads agree on is written against this port, so that the
 * same code runs on a `SharedArrayBuffer` and, in tests, under a scheduler that tries every order of its steps.
 */
export interface Words {
  /** Atomic, like all but `peek`, `read` and `write`. */
  load(at: number): number;
  store(at: number, value: number): void;
  /** Whether the word was `expected`, and so is `replacement` now. */
  exchange(at: number, expected: number, replacement: number): boolean;
  /** Adds, and tells what was there before. */
  add(at: number, amount: number): number;
  setBits(at: number, bits: number): void;
  clearBits(at: number, bits: number): void;

  /** A word that may change meanwhile: what is made of it is checked by a later `load`, `confirm` or `exchange`. */
  peek(at: number): number;
  /** Whether the word still is `expected`, by an access that no earlier `peek` or `read` can be overtaken by. */
  confirm(at: number, expected: number): boolean;
  /** Copies `count` words out, one after the other: each may change meanwhile. */
  read(at: number, target: Int32Array, targetAt: number, count: number): void;
  /** Copies the first `count` words in, one after the other. */
  write(at: number, source: Int32Array, count: number): void;

  /** Waits for a word to become another one. `false` when that took so long that whoever should change it is dead or stands still. */
  changes(at: number, from: number): boolean;
}

/** Below that many words a loop is faster than a view. */
const SMALL = 96;
/** Whoever holds a lock needs some hundred nanoseconds, unless the system runs another thread meanwhile. */
const SPINS = 500;
const WAIT_MS = 1;
const WAITS = 25;

// A test runner may put each look at a global behind a call of its own.
const {
  load: loadWord,
  store: storeWord,
  compareExchange: exchangeWord,
  add: addWord,
  or: orWord,
  and: andWord,
  wait: waitFor,
} = Atomics;

/** Words in a `SharedArrayBuffer`. */
export class AtomicWords implements Words {
  /**
   * @param readsInOrder whether the processor lets no later read overtake an earlier one, as those of the x86 family. On
   * others a plain load after plain reads proves nothing about them; one that also writes does.
   */
  constructor(
    private readonly cells: Int32Array,
    private readonly readsInOrder: boolean,
  ) {}

  load(at: number): number {
    return loadWord(this.cells, at);
  }

  store(at: number, value: number): void {
    storeWord(this.cells, at, value);
  }

  exchange(at: number, expected: number, replacement: number): boolean {
    return exchangeWord(this.cells, at, expected, replacement) === expected;
  }

  add(at: number, amount: number): number {
    return addWord(this.cells, at, amount);
  }

  setBits(at: number, bits: number): void {
    orWord(this.cells, at, bits);
  }

  clearBits(at: number, bits: number): void {
    andWord(this.cells, at, ~bits);
  }

  peek(at: number): number {
    return this.cells[at] as number; // within the bounds that the layout gives
  }

  confirm(at: number, expected: number): boolean {
    const current = this.readsInOrder ? loadWord(this.cells, at) : orWord(this.cells, at, 0);
    return current === expected;
  }

  read(at: number, target: Int32Array, targetAt: number, count: number): void {
    const { cells } = this;
    if (count > SMALL) target.set(cells.subarray(at, at + count), targetAt);
    else for (let i = 0; i < count; i++) target[targetAt + i] = cells[at + i] as number;
  }

  write(at: number, source: Int32Array, count: number): void {
    const { cells } = this;
    if (count > SMALL) cells.set(source.subarray(0, count), at);
    else for (let i = 0; i < count; i++) cells[at + i] = source[i] as number;
  }

  changes(at: number, from: number): boolean {
    for (let spin = 0; spin < SPINS; spin++) if (loadWord(this.cells, at) !== from) return true;
    // Nobody notifies: whoever releases a lock pays nothing for those who wait.
    for (let wait = 0; wait < WAITS; wait++) {
      waitFor(this.cells, at, from, WAIT_MS);
      if (loadWord(this.cells, at) !== from) return true;
    }
    return false;
  }
}
