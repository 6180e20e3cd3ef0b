import type { Cancel, Clock, Random } from '../core/index.js';
import { LOSS_MS } from './bus-link.js';
import type { BreakerState } from './circuit-breaker.js';
import type { Attempt } from './deadline.js';
import { LateChanges } from './late-changes.js';
import { PendingOperations, type Operation, type Put } from './pending-operations.js';

/** What the queue needs of a guarded tier. */
export interface RecoveryTarget {
  remove(space: string, keys: readonly string[]): Promise<Attempt<void>>;
  renew(space: string, generations: readonly string[]): Promise<Attempt<void>>;
  onBreaker(listener: (state: BreakerState) => void): () => void;
}

export interface RecoverySettings {
  readonly clock: Clock;
  readonly random: Random;
  /** How many operations may wait. @defaultValue 10,000 */
  readonly maxOperations?: number;
  /** Called after each pass that got something done, with the number of operations. */
  readonly onReplayed?: (count: number) => void;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;
/** Operations of one call. */
const BATCH = 500;

/* What one tier could not take, kept until it can.
 *
 * Only the newest operation of a key waits, and neither what a clear nor what a renewal of its group outdates does. When there is no room, all operations of
 * the space with the most of them become one renewal of everything in it: to invalidate too much costs loads, to forget an
 * invalidation serves what is outdated.
 *
 * A pass replays renewals first, then removals, then puts in their order, so that at every instant too much has been
 * invalidated rather than too little. It ends with the first failure, and the next comes after a random part of a
 * delay that doubles with each, so that many nodes do not come back at once; or at once when the breaker has closed. A put
 * that fails in three passes becomes a removal, so that one which can never succeed holds nothing up.
 *
 * While anything is pending for a key, newer writes of the key are to be added here instead of being tried: then they
 * reach the tier in their order. While anything is pending for a key or a generation of its entry, and for LOSS_MS after
 * an invalidation has reached the tier, the tier's entry is not to be served: another node that has not heard of the
 * invalidation may repeat an older put behind it. After that time it has heard, or counts as cut off and repeats nothing.
 */
export class RecoveryQueue {
  private readonly pending: PendingOperations;
  private readonly late: LateChanges;
  private readonly stopListening: () => void;
  private pass: Promise<void> | undefined = undefined;
  private cancelTimer: Cancel | undefined = undefined;
  private failedPasses = 0;
  private doneCount = 0;
  private isClosed = false;

  constructor(
    private readonly target: RecoveryTarget,
    private readonly settings: RecoverySettings,
  ) {
    this.pending = new PendingOperations(settings.maxOperations ?? 10_000);
    this.late = new LateChanges(LOSS_MS, () => settings.clock.now());
    this.stopListening = target.onBreaker((state) => {
      if (state === 'closed' && this.size > 0) void this.replay();
    });
  }

  get size(): number {
    return this.pending.size;
  }

  /** How many of them are of one space. */
  sizeOf(space: string): number {
    return this.pending.sizeOf(space);
  }

  /**
   * How many operations have reached the tier. A read during which this changes may have been answered before one of
   * them and be looked at when it is no longer pending.
   */
  get completed(): number {
    return this.doneCount;
  }

  /** Whether an operation waits that a write of this key must not overtake. */
  isPending(space: string, key: string): boolean {
    return this.pending.hasKey(space, key);
  }

  /** Whether nothing newer than it is known of; also while it is being tried. */
  holdsPut(put: Put): boolean {
    return this.pending.holdsPut(put);
  }

  /** Whether the tier's entry of this key may be outdated. */
  isKeyInDoubt(space: string, key: string): boolean {
    return this.pending.hasKey(space, key) || this.late.hasKey(space, key);
  }

  /** Whether an entry that has the tier's token of this generation may be outdated all the same. */
  isGenerationInDoubt(space: string, generation: string): boolean {
    return this.pending.hasGeneration(space, generation) || this.late.hasGeneration(space, generation);
  }

  /** Keeps an operation that failed, and tries again in a while. */
  add(operation: Operation): void {
    this.pending.add(operation);
    if (this.pass === undefined && this.cancelTimer === undefined) this.wait();
  }

  /** Something newer than these puts is known of. */
  outdatePuts(space: string, isOutdated: (key: string, groups: readonly string[]) => boolean): void {
    this.pending.outdatePuts(space, isOutdated);
  }

  /** Replays until nothing is left or something fails; joins the pass that runs. Never rejects. */
  replay(): Promise<void> {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.pass ??= this.run().then((succeeded) => {
      this.pass = undefined;
      this.failedPasses = succeeded ? 0 : this.failedPasses + 1;
      if (this.size > 0) this.wait();
    });
    return this.pass;
  }

  /** Tries no more. What is pending stays so. */
  close(): void {
    this.isClosed = true;
    this.stopListening();
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  /** One pass; whether nothing failed. */
  private async run(): Promise<boolean> {
    let count = 0;
    let succeeded = true;
    while (succeeded && !this.isClosed) {
      const batch = this.pending.next(BATCH);
      if (batch.length === 0) break;
      succeeded = await this.tryAll(batch);
      for (const operation of batch) {
        if (succeeded) this.finish(operation);
        else this.pending.failed(operation);
      }
      if (succeeded) this.doneCount += batch.length;
      if (succeeded) count += batch.length;
    }
    if (count > 0) this.report(count);
    return succeeded;
  }

  private finish(operation: Operation): void {
    this.pending.done(operation);
    this.late.note(operation);
  }

  private async tryAll(batch: readonly Operation[]): Promise<boolean> {
    const [first] = batch;
    if (first === undefined) return true;
    try {
      switch (first.kind) {
        case 'renew': {
          const generations = batch.flatMap((operation) => (operation.kind === 'renew' ? [operation.generation] : []));
          return (await this.target.renew(first.space, generations)).ok;
        }
        case 'remove': {
          const keys = batch.flatMap((operation) => (operation.kind === 'remove' ? [operation.key] : []));
          return (await this.target.remove(first.space, keys)).ok;
        }
        case 'put':
          return await first.replay();
      }
    } catch {
      // A replay that throws has failed; it reports what it knows itself.
      return false;
    }
  }

  private wait(): void {
    if (this.isClosed) return;
    const longestMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.failedPasses);
    this.cancelTimer = this.settings.clock.after(this.settings.random() * longestMs, () => {
      this.cancelTimer = undefined;
      void this.replay();
    });
  }

  private report(count: number): void {
    try {
      this.settings.onReplayed?.(count);
    } catch {
      // Swallowed on purpose: who listens harms neither the queue nor the tier.
    }
  }
}
