import { scheduler } from 'node:timers/promises';
import type { CacheProgress, Clock, Random } from '../../core/index.js';
import type { WarmSettings } from '../api/warm.options.js';

/** How long a load waits for the loads of live traffic to end, in steps of the first; then it runs beside them. */
const YIELD_STEP_MS = 20;
const MOST_YIELDS = 50;
/** After so many the event loop has its turn: loads that wait for nothing, and values that are there, would leave it none. */
const PIECES_PER_TURN = 64;

/** What is to be done, piece by piece. */
export interface WarmWork {
  /** How many keys there are; `undefined` when nobody knows. */
  readonly total: number | undefined;
  readonly pieces: Iterable<WarmPiece> | AsyncIterable<WarmPiece>;
}

/** A load of one key, or of several at once. */
export interface WarmPiece {
  readonly keys: number;
  /** Instead of the warming's. */
  readonly retries?: number;
  load(): Promise<unknown>;
}

/** What a run needs to know of its surroundings. */
export interface WarmSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** How many loads of the cache are running, those of the run included. */
  readonly flights: () => number;
  /** Told after each piece. */
  readonly progress: (progress: CacheProgress, error: unknown) => void;
}

/**
 * Does the pieces of one warming: so many at a time, so many a second, each tried again when it fails. Before each it lets the
 * loads of live traffic end first, though not for ever. Rejects only when the list of what is to be done fails.
 */
export class WarmRun {
  private done = 0;
  private failed = 0;
  /** Keys that it loads now: about as many loads of the cache are its own. */
  private active = 0;
  private nextStartMs: number;
  private readonly startedMs: number;
  private readonly iterator: Iterator<WarmPiece> | AsyncIterator<WarmPiece>;
  /** Iterators of users need not take a call while another one is running. */
  private taking: Promise<unknown> = Promise.resolve();
  private hasEnded = false;
  private begun = 0;
  /** Until the event loop has had its turn. */
  private turn: Promise<void> | undefined;
  private isStopped = false;
  /** What ends each wait. */
  private readonly waits = new Set<() => void>();

  constructor(
    private readonly work: WarmWork,
    private readonly settings: WarmSettings,
    private readonly around: WarmSurroundings,
  ) {
    this.startedMs = around.clock.now();
    this.nextStartMs = this.startedMs;
    const { pieces } = work;
    this.iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  }

  async run(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: this.settings.concurrency }, () => this.workOn()));
    } finally {
      // A list that was not read to its end may hold something open.
      if (!this.hasEnded) await Promise.resolve(this.iterator.return?.()).catch(() => {});
    }
  }

  /** Begins nothing more; what is being loaded is left to its end. */
  stop(): void {
    this.isStopped = true;
    for (const end of this.waits) end();
  }

  get progress(): CacheProgress {
    const { total } = this.work;
    const { done, failed } = this;
    const passedMs = this.around.clock.now() - this.startedMs;
    const seen = done + failed;
    const etaMs = total === undefined || seen === 0 ? undefined : (passedMs / seen) * Math.max(0, total - seen);
    return { done, failed, total, etaMs };
  }

  private async workOn(): Promise<void> {
    while (!this.isStopped) {
      const piece = await this.take();
      if (piece === undefined) return;
      await this.nextTurn();
      await this.pace();
      await this.giveWay();
      if (this.isStopped) return;
      await this.loadPiece(piece);
    }
  }

  private take(): Promise<WarmPiece | undefined> {
    const taken = this.taking.then(async () => {
      if (this.hasEnded) return undefined;
      const next = await this.iterator.next();
      if (next.done === true) this.hasEnded = true;
      return next.done === true ? undefined : next.value;
    });
    this.taking = taken.catch(() => (this.hasEnded = true));
    return taken;
  }

  private async nextTurn(): Promise<void> {
    if (++this.begun % PIECES_PER_TURN === 0) {
      this.turn ??= scheduler.yield().then(() => (this.turn = undefined));
    }
    if (this.turn !== undefined) await this.turn;
  }

  private async pace(): Promise<void> {
    const { perSecond } = this.settings;
    if (perSecond === Infinity) return;
    const nowMs = this.around.clock.now();
    const startMs = Math.max(nowMs, this.nextStartMs);
    this.nextStartMs = startMs + 1_000 / perSecond;
    if (startMs > nowMs) await this.wait(startMs - nowMs);
  }

  private async giveWay(): Promise<void> {
    for (let yields = 0; yields < MOST_YIELDS; yields++) {
      if (this.around.flights() <= this.active || this.isStopped) return;
      await this.wait(YIELD_STEP_MS);
    }
  }

  private async loadPiece(piece: WarmPiece): Promise<void> {
    const { backoffMs } = this.settings;
    const { retries = this.settings.retries } = piece;
    let problem: unknown;
    for (let attempt = 0; attempt <= retries && !this.isStopped; attempt++) {
      // Not all at once, half of the time at least.
      if (attempt > 0) await this.wait(backoffMs * 2 ** (attempt - 1) * (0.5 + 0.5 * this.around.random()));
      this.active += piece.keys;
      try {
        await piece.load();
        this.done += piece.keys;
        this.around.progress(this.progress, undefined);
        return;
      } catch (error) {
        problem = error;
      } finally {
        this.active -= piece.keys;
      }
    }
    this.failed += piece.keys;
    this.around.progress(this.progress, problem);
  }

  private wait(ms: number): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.waits.delete(end);
        cancel();
        resolve();
      };
      const cancel = this.around.clock.after(ms, end);
      this.waits.add(end);
    });
  }
}
