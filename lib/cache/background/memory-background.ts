import { OptionProblems, toldAbout, type Clock } from '../../core/index.js';
import type { MemoryCache } from '../../engine/index.js';
import type { BackgroundWork } from './background.js';
import type { OwnFile } from './owned-files.js';
import { SnapshotSchedule } from './snapshot-schedule.js';
import { resolveSnapshot, type SnapshotOptions, type SnapshotSettings } from '../api/snapshot.options.js';
import { WorkNews } from './work-news.js';

/** What an application does for a `MemoryCache` that has `snapshot`: it is restored at the start, and saved from time to time and at the end. */
export class MemoryBackground implements BackgroundWork {
  readonly name: string;
  readonly onCron = [];
  readonly files: readonly OwnFile[];
  readonly news: WorkNews;
  private readonly schedule: SnapshotSchedule;
  private opened: Promise<void> | undefined;
  private ended: Promise<void> | undefined;

  constructor(cache: MemoryCache<unknown, unknown>, settings: SnapshotSettings, clock: Clock) {
    this.name = cache.name;
    this.files = [{ option: 'snapshot.path', path: settings.path }];
    const news = (this.news = new WorkNews(cache.name, clock));
    const snapshots = {
      read: (path: string) =>
        toldAbout(
          (told) => news.tell('restore', told),
          () => cache.restore(path),
        ),
      write: (path: string) =>
        toldAbout(
          (told) => news.tell('snapshot', told),
          () => cache.snapshot(path),
        ),
      // What is being written ends when there is nothing left to write.
      giveUp: () => cache.dispose(),
    };
    this.schedule = new SnapshotSchedule(settings, snapshots, clock);
  }

  open(): Promise<void> {
    this.opened ??= this.schedule.start();
    return this.opened;
  }

  /** A `MemoryCache` loads nothing by itself. */
  async warm(): Promise<void> {}

  stop(): void {
    this.schedule.stop();
  }

  /** Writes the last snapshot. Once, and never rejects. */
  end(): Promise<void> {
    this.ended ??= this.schedule.end();
    return this.ended;
  }
}

/** The `snapshot` of a definition of a `MemoryCache`, checked. */
export function resolveMemorySnapshot(name: string, given: SnapshotOptions | undefined): SnapshotSettings | undefined {
  const problems = new OptionProblems(`cache "${name}"`);
  const settings = resolveSnapshot(problems, given);
  problems.throwIfAny();
  return settings;
}
