import type { Words } from '../../../lib/backends/threads/words.js';

/** What a thread is about to do to the shared memory. */
export interface PendingStep {
  readonly what: keyof Words;
  readonly at: number;
  /** How many words. */
  readonly count: number;
  readonly writes: boolean;
  /** Of `changes`: what the word must no longer be for the wait to end by itself. */
  readonly from: number;
}

/** Where records are: from a word on, one in each so many words. */
export interface RecordPlaces {
  readonly from: number;
  readonly words: number;
}

/** Ends a replay where the thread has to wait for its next turn. */
class Pause {
  constructor(readonly step: PendingStep) {}
}

/** How far a thread has come. */
export type Progress<T> = { readonly pending: PendingStep } | { readonly result: T };

/**
 * The shared memory as one thread of a simulation has it. The thread is an ordinary function that cannot be suspended, so
 * it is run again from its beginning for each step: it gets what it got before, then does one step more, and then is
 * stopped by an exception at the next one.
 */
export class SteppedWords implements Words {
  private at = 0;
  private stepsLeft = 1;
  /** The record that the last step looked at. */
  private comparedAt = -1;

  private constructor(
    private readonly cells: Int32Array,
    /** What each step so far gave. */
    private readonly log: number[],
    private readonly runsOn: boolean,
    /** What a wait that may end by itself or not does: `true`, the word changed. */
    private readonly hasChanged: boolean,
    private readonly records: RecordPlaces,
  ) {}

  /** Runs a thread up to its first step. */
  static begin<T>(thread: (words: Words) => T, records: RecordPlaces): Progress<T> {
    const words = new SteppedWords(new Int32Array(0), [], false, true, records);
    words.stepsLeft = 0;
    return words.run(thread);
  }

  /** Does its next step on `cells`, adds to `log` what that gave, and goes on up to the step after that. */
  static step<T>(
    thread: (words: Words) => T,
    cells: Int32Array,
    log: number[],
    hasChanged: boolean,
    records: RecordPlaces,
  ): Progress<T> {
    return new SteppedWords(cells, log, false, hasChanged, records).run(thread);
  }

  /** Does all its steps at once; who waits, waits in vain. */
  static finish<T>(thread: (words: Words) => T, cells: Int32Array): T {
    return thread(new SteppedWords(cells, [], true, false, { from: Infinity, words: 1 }));
  }

  /** The same for a thread that has done some: `log` is what they gave. */
  static resume<T>(thread: (words: Words) => T, cells: Int32Array, log: readonly number[]): T {
    return thread(new SteppedWords(cells, [...log], true, false, { from: Infinity, words: 1 }));
  }

  load(at: number): number {
    return this.step(reads('load', at), () => this.word(at));
  }

  store(at: number, value: number): void {
    this.step(writes('store', at), () => (this.cells[at] = value));
  }

  exchange(at: number, expected: number, replacement: number): boolean {
    const exchanged = this.step(writes('exchange', at), () => {
      if (this.word(at) !== expected) return 0;
      this.cells[at] = replacement;
      return 1;
    });
    return exchanged === 1;
  }

  add(at: number, amount: number): number {
    return this.step(writes('add', at), () => {
      const before = this.word(at);
      this.cells[at] = before + amount;
      return before;
    });
  }

  setBits(at: number, bits: number): void {
    this.step(writes('setBits', at), () => (this.cells[at] = this.word(at) | bits));
  }

  clearBits(at: number, bits: number): void {
    this.step(writes('clearBits', at), () => (this.cells[at] = this.word(at) & ~bits));
  }

  /** Looking at several words of one record is one step: whether it is the one that is looked for. */
  peek(at: number): number {
    if (at < this.records.from) return this.step(reads('peek', at), () => this.word(at));
    const recordAt = at - ((at - this.records.from) % this.records.words);
    if (recordAt === this.comparedAt && this.at >= this.log.length) {
      this.stepsLeft++;
    }
    const seen = this.step(reads('peek', recordAt, this.records.words), () => this.word(at));
    this.comparedAt = recordAt;
    return seen;
  }

  confirm(at: number, expected: number): boolean {
    return this.step(reads('confirm', at), () => (this.word(at) === expected ? 1 : 0)) === 1;
  }

  /** In two steps: others may have their turn in the middle. */
  read(at: number, target: Int32Array, targetAt: number, count: number): void {
    for (const [from, to] of halves(count)) {
      const begin = this.log.length;
      const isReplayed = this.at < begin;
      if (!isReplayed) {
        this.step(reads('read', at + from, to - from), () => this.word(at + from));
        for (let i = from + 1; i < to; i++) this.log.push(this.word(at + i));
        this.at = this.log.length;
        for (let i = from; i < to; i++) target[targetAt + i] = this.word(at + i);
      } else {
        for (let i = from; i < to; i++) target[targetAt + i] = this.log[this.at++] as number; // one for each word
      }
    }
  }

  /** In two steps as well. */
  write(at: number, source: Int32Array, count: number): void {
    for (const [from, to] of halves(count)) {
      this.step(writes('write', at + from, to - from), () => {
        for (let i = from; i < to; i++) this.cells[at + i] = source[i] as number; // of the record
        return 0;
      });
    }
  }

  changes(at: number, from: number): boolean {
    return this.step({ ...reads('changes', at), from }, () => (this.hasChanged ? 1 : 0)) === 1;
  }

  private run<T>(thread: (words: Words) => T): Progress<T> {
    try {
      return { result: thread(this) };
    } catch (thrown) {
      if (thrown instanceof Pause) return { pending: thrown.step };
      throw thrown;
    }
  }

  private step(pending: PendingStep, act: () => number): number {
    this.comparedAt = -1;
    if (this.at < this.log.length) return this.log[this.at++] as number; // of this very step: threads are deterministic
    if (!this.runsOn && this.stepsLeft-- === 0) throw new Pause(pending);
    const gave = act();
    this.log.push(gave);
    this.at++;
    return gave;
  }

  private word(at: number): number {
    return this.cells[at] as number; // within the memory
  }
}

function reads(what: keyof Words, at: number, count = 1): PendingStep {
  return { what, at, count, writes: false, from: 0 };
}

function writes(what: keyof Words, at: number, count = 1): PendingStep {
  return { what, at, count, writes: true, from: 0 };
}

function halves(count: number): [number, number][] {
  const middle = Math.ceil(count / 2);
  const both: [number, number][] = [
    [0, middle],
    [middle, count],
  ];
  return both.filter(([from, to]) => from < to);
}
