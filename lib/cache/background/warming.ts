import type { CacheProgress, Cancel, Clock, Random } from '../../core/index.js';
import type { WarmLease } from './warm-lease.js';
import { WarmRun, type WarmWork } from './warm-run.js';
import type { WarmSettings } from '../api/warm.options.js';
import type { OwnNews } from './work-news.js';

/** What a warming needs to know of its cache. */
export interface WarmedCache {
  readonly clock: Clock;
  readonly random: Random;
  /** How many loads are running. */
  readonly flights: () => number;
  readonly tell: (news: OwnNews) => void;
  /** Absent where every node warms for itself. */
  readonly lease: WarmLease | undefined;
}

/** Of how many keys there is an event at least, and how many events there are at most where their number is known. */
const KEYS_PER_EVENT = 100;

/**
 * Loads what somebody will ask for: at the start, from time to time, and whenever {@link run} is called. Nothing here rejects:
 * what goes wrong is told. One run at a time; another one that is due meanwhile is left out.
 */
export class Warming {
  private current: WarmRun | undefined;
  private running: Promise<void> | undefined;
  private cancelTimer: Cancel = () => {};
  private isStopped = false;
  /** Why the present run ends before its end. */
  private interruption: Error | undefined;

  /** @param work asked anew for each run */
  constructor(
    readonly settings: WarmSettings,
    private readonly work: () => WarmWork | Promise<WarmWork>,
    private readonly cache: WarmedCache,
  ) {}

  /** Resolves when the application may be ready. */
  async start(): Promise<void> {
    if (!this.settings.atStart) {
      this.plan();
      return;
    }
    const first = this.run().then(() => this.plan());
    if (this.settings.waits) await first;
  }

  /** Warms now, or waits for the run that is going on. */
  run(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    this.running ??= this.runOnce().finally(() => (this.running = undefined));
    return this.running;
  }

  /** Ends: begins nothing more, and waits for nothing. */
  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
    this.current?.stop();
    // A load that never ends would keep it for ever.
    this.cache.lease?.letGo();
  }

  private plan(): void {
    const { everyMs } = this.settings;
    if (this.isStopped || everyMs === Infinity) return;
    this.cancelTimer = this.cache.clock.after(everyMs, () => void this.run().then(() => this.plan()));
  }

  private async runOnce(): Promise<void> {
    const { lease } = this.cache;
    if (lease === undefined) {
      await this.warm();
      return;
    }
    this.interruption = undefined;
    const interrupt = (): void => {
      this.interruption = new Error('another node has taken the lease of this warming, and does it');
      this.current?.stop();
    };
    if (!(await lease.take(interrupt))) return;
    const isWarm = !this.isStopped && (await this.warm());
    await lease.end(isWarm && !this.isStopped, this.settings.everyMs);
  }

  /** Whether the list was read to its end, whatever came of what it names. */
  private async warm(): Promise<boolean> {
    const { clock, random, flights, tell } = this.cache;
    const startedMs = clock.now();
    tell({ cause: 'begin' });
    let problem: unknown;
    let toldAt = 0;
    try {
      const work = await this.work();
      const step = work.total === undefined ? KEYS_PER_EVENT : Math.max(1, Math.ceil(work.total / KEYS_PER_EVENT));
      const progress = (told: CacheProgress, error: unknown): void => {
        problem ??= error;
        const seen = told.done + told.failed;
        if (error === undefined && seen - toldAt < step) return;
        toldAt = seen;
        tell({ cause: 'progress', progress: told, ...(error !== undefined && { error }) });
      };
      this.current = new WarmRun(work, this.settings, { clock, random, flights, progress });
      if (this.isStopped || this.interruption !== undefined) this.current.stop();
      await this.current.run();
      problem = this.interruption ?? problem;
      const last = this.current.progress;
      const durationMs = clock.now() - startedMs;
      tell({ cause: 'end', progress: last, durationMs, ...(problem !== undefined && { error: problem }) });
      return this.interruption === undefined;
    } catch (error) {
      tell({ cause: 'failure', error, durationMs: clock.now() - startedMs });
      return false;
    } finally {
      this.current = undefined;
    }
  }
}
