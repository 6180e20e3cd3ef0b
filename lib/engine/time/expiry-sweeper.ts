import type { Cancel, Clock } from '../../core/index.js';
import { NEVER } from '../slots/slot-table.js';
import { MOVED, NOTHING_DUE, TimerWheel } from './timer-wheel.js';

/** Steps of one slice: each an expired entry, or a block of slots looked at. A slice takes about a millisecond. */
export const STEPS_PER_SLICE = 1_000;
/** Sweeps keep at least this distance, so that entries which expire one after the other do not each wake the process. */
const SWEEP_INTERVAL_MS = 10;
const BLOCK_BITS = 4;
/** Slots per block. */
export const BLOCK = 1 << BLOCK_BITS;

/** The one whose entries expire. */
export interface Expiring {
  /** The tick of now, by the exact clock. */
  nowTick(): number;
  /** A slice begins; the tick of now, after ticks have been counted anew if that was due. */
  beginSlice(): number;
  /** Removes what has expired in the slots of [from, until) and returns how many; the others' earliest tick is read next. */
  expireBetween(from: number, until: number, nowTick: number): number;
  earliestBetween(from: number, until: number): number;
  /** A slice is over and the structure is consistent. */
  sliceDone(): void;
}

/*
 * Removes expired entries that nobody reads. Scheduled in the wheel are not slots but blocks of 16 of them, each at a
 * tick that is not later than the earliest deadline in it: 1 byte an entry instead of 12, and a write whose deadline is
 * later than its block's, which is every write of a cache with one ttl, costs a comparison. Deadlines that moved or left
 * are found out when the block comes up; then the block is scheduled anew for its earliest one, at a cost of 16 reads of
 * neighbouring memory, at most once per write.
 *
 * There is one timer, and it sleeps until the next bucket that is not empty. A sweep works in slices and gives way to the
 * event loop between them.
 */
export class ExpirySweeper {
  private readonly wheel = new TimerWheel();
  private cancelTimer: Cancel | undefined;
  private timerTick = NEVER;
  private notBefore = 0;
  private stopped = false;
  private sweeping = false;

  constructor(
    private readonly clock: Clock,
    private readonly owner: Expiring,
  ) {}

  /** Slots up to `capacity` may come now. */
  grow(capacity: number): void {
    this.wheel.grow(((capacity - 1) >> BLOCK_BITS) + 1);
  }

  /** Makes sure that the slot's block comes up not later than `tick`. */
  schedule(slot: number, tick: number): void {
    const block = slot >> BLOCK_BITS;
    if (tick >= this.wheel.dueOf(block)) return;
    this.wheel.schedule(block, tick);
    if (!this.sweeping && tick < this.timerTick) this.startTimer();
  }

  clear(): void {
    this.wheel.clear();
    this.stopTimer();
  }

  /** Counts all ticks from another start; everything has to be scheduled again. */
  rebase(byTicks: number): void {
    this.clear();
    this.wheel.rebase(byTicks);
    this.notBefore = 0;
  }

  /** Sweeps no more. */
  stop(): void {
    this.stopped = true;
    this.clear();
  }

  get bytes(): number {
    return this.wheel.bytes;
  }

  /** All that was due before this tick has been swept. */
  get currentTick(): number {
    return this.wheel.current;
  }

  /** No sweep comes before this tick. */
  get earliestSweepTick(): number {
    return this.notBefore;
  }

  /** For a check of the structure: blocks and the tick at which each comes up, and the tick of the timer. */
  plan(): { readonly blocks: Map<number, number>; readonly timerTick: number; readonly nextTick: number } {
    return { blocks: this.wheel.scheduled(), timerTick: this.timerTick, nextTick: this.wheel.nextTick() };
  }

  private sweep(): void {
    this.cancelTimer = undefined;
    this.timerTick = NEVER;
    const now = this.owner.beginSlice();
    this.sweeping = true;
    let steps = 0;
    let handedOut = 0;
    try {
      while (steps < STEPS_PER_SLICE) {
        const block = this.wheel.poll(now);
        if (block === NOTHING_DUE) break;
        steps++;
        if (block === MOVED) continue;
        handedOut++;
        const from = block << BLOCK_BITS;
        steps += this.owner.expireBetween(from, from + BLOCK, now);
        const earliest = this.owner.earliestBetween(from, from + BLOCK);
        if (earliest !== NEVER) this.wheel.schedule(block, earliest);
      }
    } finally {
      this.sweeping = false;
      // What is left of this sweep goes on at once, and so does one that only moved blocks nearer.
      const isOver = steps < STEPS_PER_SLICE && handedOut > 0;
      this.notBefore = isOver ? now + SWEEP_INTERVAL_MS : now;
      this.startTimer();
    }
    this.owner.sliceDone();
  }

  private startTimer(): void {
    this.stopTimer();
    const next = this.wheel.nextTick();
    if (this.stopped || next === NEVER) return;
    this.timerTick = Math.max(next, this.notBefore);
    this.cancelTimer = this.clock.after(Math.max(0, this.timerTick - this.owner.nowTick()), () => this.sweep());
  }

  private stopTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerTick = NEVER;
  }
}
