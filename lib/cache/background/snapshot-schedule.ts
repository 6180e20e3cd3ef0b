import { isCacheError, type Cancel, type Clock } from '../../core/index.js';
import type { SnapshotSettings } from '../api/snapshot.options.js';
import type { Snapshots } from './snapshots.js';

/** How long a closing cache waits for its last snapshot; the one before stays then. */
export const LAST_SNAPSHOT_MS = 30_000;

/**
 * Restores a cache at its start and saves it from time to time and at its end. What goes wrong is an event and no more.
 *
 * Invariant: nothing is saved before the restore has ended, or what had not been restored yet would be lost.
 */
export class SnapshotSchedule {
  private hasRestored = false;
  private saving: Promise<unknown> | undefined;
  private cancelTimer: Cancel = () => {};
  private isEnding = false;

  constructor(
    private readonly settings: SnapshotSettings,
    private readonly snapshots: Pick<Snapshots<unknown, unknown>, 'read' | 'write' | 'giveUp'>,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the cache may be used. */
  async start(): Promise<void> {
    const { onStart } = this.settings;
    const restored = onStart === 'never' ? Promise.resolve(true) : this.restore();
    const ready = restored.then((hasEnded) => {
      this.hasRestored = hasEnded;
      if (hasEnded) this.plan();
    });
    if (onStart === 'wait') await ready;
  }

  /** Whether {@link end} will write what the cache holds then. */
  get savesAtEnd(): boolean {
    return this.settings.onShutdown && this.hasRestored;
  }

  /** Saves no more from time to time. */
  stop(): void {
    this.isEnding = true;
    this.cancelTimer();
  }

  /** Writes the last snapshot, within {@link LAST_SNAPSHOT_MS}. */
  async end(): Promise<void> {
    this.stop();
    if (!this.savesAtEnd && this.saving === undefined) return;
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.clock.after(LAST_SNAPSHOT_MS, () => {
        this.snapshots.giveUp();
        resolve();
      });
    });
    await Promise.race([this.finish(), late]);
    cancel();
  }

  private async finish(): Promise<void> {
    await this.saving;
    if (this.savesAtEnd) await this.save();
  }

  /** Whether it has ended, well or not: when the cache was closed meanwhile, what stands in the file is more than what is here. */
  private async restore(): Promise<boolean> {
    try {
      await this.snapshots.read(this.settings.path);
      return true;
    } catch (error) {
      // It has been told.
      return !isCacheError(error, 'CACHE_CLOSED');
    }
  }

  private plan(): void {
    const { everyMs } = this.settings;
    if (this.isEnding || everyMs === Infinity) return;
    this.cancelTimer = this.clock.after(everyMs, () => {
      this.saving = this.save().finally(() => {
        this.saving = undefined;
        this.plan();
      });
    });
  }

  private async save(): Promise<void> {
    // What went wrong has been told.
    await this.snapshots.write(this.settings.path).catch(() => {});
  }
}
