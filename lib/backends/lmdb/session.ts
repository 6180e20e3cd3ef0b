import { randomBytes } from 'node:crypto';
import { CacheMisuseError, type Cancel } from '../../core/index.js';
import { isDamage } from './damaged-file.js';
import type { LmdbTierSettings } from './lmdb.tier.options.js';
import { RecentReads } from './recent-reads.js';
import { RecordTable } from './record-table.js';
import { SharedEnvironment } from './shared-environment.js';
import { SweepLease } from './sweep-lease.js';
import { TransactionQueue } from './transaction-queue.js';

/** The data file while it is open. */
export interface OpenFile {
  readonly shared: SharedEnvironment;
  readonly table: RecordTable;
  readonly queue: TransactionQueue;
  readonly recentReads: RecentReads;
}

/** A file that could not be opened is tried again by the first call after that. */
const RETRY_AFTER_MS = 1_000;

/**
 * The life of a tier between `start` and `close`: opens its file, replaces it when it turns out to be damaged or when it was
 * taken away, sweeps it, and ends when everything that was begun has ended.
 */
export class Session {
  private readonly lease = new SweepLease(randomBytes(8));
  private report: ((error: unknown) => void) | undefined;
  private opening: Promise<OpenFile> | undefined;
  private current: SharedEnvironment | undefined;
  private failedAtMs: number | undefined;
  private running = 0;
  private whenIdle: (() => void) | undefined;
  private cancelSweep: Cancel | undefined;
  private closed: Promise<void> | undefined;

  constructor(private readonly settings: LmdbTierSettings) {}

  start(report: (error: unknown) => void): void {
    if (this.opening !== undefined) throw new CacheMisuseError(`the tier "${this.settings.name}" is started already`);
    this.report = report;
    this.open();
    this.sweepLater();
  }

  /** Does something with the open file; the session does not end meanwhile. */
  async use<T>(work: (file: OpenFile) => T | Promise<T>): Promise<T> {
    const opening = this.currentFile();
    this.running++;
    let file;
    try {
      file = await opening;
      return await work(file);
    } catch (error) {
      if (file !== undefined) this.inspect(file, error);
      throw error;
    } finally {
      if (--this.running === 0) this.whenIdle?.();
    }
  }

  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  private async end(): Promise<void> {
    this.cancelSweep?.();
    if (this.running > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    const file = await this.opening?.catch(() => undefined);
    if (file === undefined) return;
    await file.queue.drained();
    await file.shared.leave();
  }

  private currentFile(): Promise<OpenFile> {
    const { name, clock } = this.settings;
    if (this.opening === undefined) throw new CacheMisuseError(`the tier "${name}" is not started; call start() first`);
    if (this.closed !== undefined) throw new CacheMisuseError(`the tier "${name}" is closed; use it before close()`);
    if (this.failedAtMs !== undefined && clock.now() - this.failedAtMs >= RETRY_AFTER_MS) this.open();
    return this.opening;
  }

  /** Makes what `opened` resolves to the current file. */
  private open(opened: Promise<OpenFile> = this.openFile()): void {
    this.failedAtMs = undefined;
    this.opening = opened;
    opened.catch((error: unknown) => {
      this.failedAtMs = this.settings.clock.now();
      this.tell(error);
    });
  }

  private async openFile(): Promise<OpenFile> {
    const { folder, maxBytes, clock } = this.settings;
    const shared = await SharedEnvironment.join(folder, maxBytes, this.tell);
    const { root, trees } = shared.environment;
    const recentReads = new RecentReads();
    const table = new RecordTable(trees, maxBytes, recentReads);
    this.current = shared;
    return { shared, table, queue: new TransactionQueue(root, table, clock), recentReads };
  }

  private readonly tell = (error: unknown): void => this.report?.(error);

  /** Opens another file when an error says that this one is at fault, or when somebody else found that. */
  private inspect({ shared }: OpenFile, error: unknown): void {
    if (isDamage(error)) this.replace(shared, error);
    else if (shared.isGone) this.replace(shared, undefined);
  }

  private replace(shared: SharedEnvironment, damage: unknown): void {
    if (this.closed !== undefined || this.current !== shared) return;
    this.current = undefined;
    this.open(shared.abandon(damage, this.tell).then(() => this.openFile()));
  }

  private sweepLater(): void {
    const { clock, sweepEveryMs } = this.settings;
    this.cancelSweep = clock.after(sweepEveryMs, () => {
      const done = (): void => (this.closed === undefined ? this.sweepLater() : undefined);
      this.use((file) => this.sweep(file)).then(done, (error: unknown) => {
        // What could not be opened was told when it failed.
        if (this.failedAtMs === undefined) this.tell(error);
        done();
      });
    });
  }

  private async sweep({ shared, table, queue, recentReads }: OpenFile): Promise<void> {
    if (!(await shared.isCurrent())) {
      this.tell(
        new Error(
          `${shared.environment.file.path} was taken away or replaced; the cache goes on with what is there now`,
        ),
      );
      this.replace(shared, undefined);
      return;
    }
    const { read, unusable } = recentReads.takeAll();
    await queue.run([
      ...read.map(
        ({ key, id }) =>
          () => (table.visit(key, id), true),
      ),
      ...unusable.map(
        ({ key, id }) =>
          () => (table.removeRecord(key, id), true),
      ),
    ]);
    const { clock, sweepEveryMs } = this.settings;
    // A transaction for each slice, so that writes of this process go between.
    for (let isDone = false; !isDone && this.closed === undefined;) {
      await queue.run([
        (slice) => {
          const nowMs = clock.epochMs();
          isDone = !this.lease.take(shared.environment.trees.single, nowMs, 3 * sweepEveryMs);
          if (!isDone) isDone = table.sweep(nowMs, slice) && table.makeRoom(0, slice);
          return true;
        },
      ]);
    }
  }
}
