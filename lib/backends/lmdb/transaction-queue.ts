import type { RootDatabase } from 'lmdb';
import { CacheMisuseError, type Clock } from '../../core/index.js';
import type { RecordTable } from './record-table.js';
import { Slice } from './slice.js';

/**
 * A part of a change that happens at once or not at all; `false` when it has more to do, and is to be called again in the
 * next transaction. It looks again at everything it relies on: other processes had their turn meanwhile.
 */
export type Step = (slice: Slice) => boolean;

interface WaitingStep {
  readonly step: Step;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Steps beyond that are refused: the disk, or the process that holds the lock, does not keep up. */
const MAX_WAITING = 10_000;

/**
 * Runs steps in write transactions of LMDB, as many in each as fit into a {@link Slice}, in their order. While one commits,
 * the next ones gather: the cost of a commit is shared by all that came during the last. A transaction in which a step
 * throws leaves no trace, and rejects all of its steps.
 */
export class TransactionQueue {
  private waiting: WaitingStep[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly root: Pick<RootDatabase, 'childTransaction'>,
    private readonly table: RecordTable,
    private readonly clock: Clock,
  ) {}

  /** Resolves when all steps are committed. */
  async run(steps: readonly Step[]): Promise<void> {
    if (this.waiting.length >= MAX_WAITING) {
      throw new CacheMisuseError(
        `${this.waiting.length} writes wait for the data file of the lmdb tier, and no more are taken; ` +
          'see whether its disk is full or slow, or a process that uses it was stopped',
      );
    }
    const committed = steps.map(
      (step) => new Promise<void>((resolve, reject) => this.waiting.push({ step, resolve, reject })),
    );
    this.running ??= this.drain();
    await Promise.all(committed);
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    // Calls of one tick share the first transaction.
    await undefined;
    while (this.waiting.length > 0) await this.transaction();
    this.running = undefined;
  }

  private async transaction(): Promise<void> {
    let begun = 0;
    let done = 0;
    try {
      await this.root.childTransaction(() => {
        const slice = new Slice(this.clock);
        this.table.begin();
        do {
          begun = done + 1;
          slice.spend();
          if (this.waiting[done]?.step(slice) === false) break;
          done++;
        } while (done < this.waiting.length && slice.lasts());
        this.table.end();
      });
      for (const { resolve } of this.waiting.splice(0, done)) resolve();
    } catch (error) {
      const reason = isFailedCommit(error) ? uncommitted(error) : error;
      for (const { reject } of this.waiting.splice(0, Math.max(begun, done, 1))) reject(reason);
    }
  }
}

/** What LMDB rejects with when a commit failed: a promise tells why, and ends the process when nobody listens to it. */
interface FailedCommit extends Error {
  readonly commitError: Promise<unknown>;
}

function isFailedCommit(error: unknown): error is FailedCommit {
  return error instanceof Error && 'commitError' in error && error.commitError instanceof Promise;
}

function uncommitted(failure: FailedCommit): Error {
  failure.commitError.catch(() => {});
  return new Error('a change was not committed to the data file of the lmdb tier; see whether its disk is full', {
    cause: failure,
  });
}
