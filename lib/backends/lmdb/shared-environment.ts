import { mkdir, realpath } from 'node:fs/promises';
import { DataFolder } from './data-folder.js';
import {
  closeEnvironment,
  isCurrent,
  loadLmdb,
  openEnvironment,
  replaceFile,
  type Environment,
  type Lmdb,
} from './environment.js';

interface Held {
  readonly opening: Promise<SharedEnvironment>;
  /** What `opening` resolved to. */
  opened: SharedEnvironment | undefined;
  users: number;
  /** Settles when the file is closed and what had to be done then is done. */
  closing: Promise<void> | undefined;
}

/**
 * The data file as all tiers of this thread have it open, once: opening one waits for its write lock in a way that keeps the
 * event loop from running, and if another opening of the same thread held that lock, both would wait for ever. So what
 * is open is known to all copies of this package in the thread; the version is that of this class.
 */
const OPEN_FILES = Symbol.for('nestjs-strata:lmdb-files:1');

export class SharedEnvironment {
  private constructor(
    private readonly held: Map<string, Held>,
    private readonly folder: DataFolder,
    readonly environment: Environment,
  ) {}

  /** Opens the file in a folder, or joins those who have it open. */
  static async join(folder: string, maxBytes: number, report: (error: unknown) => void): Promise<SharedEnvironment> {
    const lmdb = await loadLmdb();
    await mkdir(folder, { recursive: true });
    const path = await realpath(folder);
    const all = openFiles();
    for (let held = all.get(path); held?.closing !== undefined; held = all.get(path)) await held.closing;
    const held = all.get(path) ?? {
      opening: SharedEnvironment.open(lmdb, all, new DataFolder(path), maxBytes, report),
      opened: undefined,
      users: 0,
      closing: undefined,
    };
    all.set(path, held);
    held.users++;
    try {
      return (held.opened = await held.opening);
    } catch (error) {
      if (all.get(path) === held) all.delete(path);
      throw error;
    }
  }

  private static async open(
    lmdb: Lmdb,
    all: Map<string, Held>,
    folder: DataFolder,
    maxBytes: number,
    report: (error: unknown) => void,
  ): Promise<SharedEnvironment> {
    return new SharedEnvironment(all, folder, await openEnvironment(lmdb, folder, maxBytes, report));
  }

  /** Whether it is closed, or about to be: another user found that the file cannot be used. */
  get isGone(): boolean {
    const held = this.mine;
    return held === undefined || held.closing !== undefined;
  }

  /** Whether the file is still the one that who starts now opens. */
  isCurrent(): Promise<boolean> {
    return isCurrent(this.folder, this.environment);
  }

  /** Ends the use of one; the last one closes the file. */
  async leave(): Promise<void> {
    const held = this.mine;
    if (held === undefined || --held.users > 0) return;
    await this.closeFor(held, () => Promise.resolve());
  }

  /** Closes the file for all, as one that cannot be used; with `damage` nobody opens it any more. */
  async abandon(damage: unknown, report: (error: unknown) => void): Promise<void> {
    const held = this.mine;
    if (held === undefined) return;
    await this.closeFor(held, async () => {
      if (damage !== undefined) await replaceFile(this.folder, this.environment.file, damage, report);
    });
  }

  /** The record of this very opening, while it is the current one. */
  private get mine(): Held | undefined {
    const held = this.held.get(this.folder.path);
    return held !== undefined && held.opened === this ? held : undefined;
  }

  private closeFor(held: Held, then: () => Promise<void>): Promise<void> {
    held.closing ??= closeEnvironment(this.environment)
      .then(then)
      .finally(() => this.held.delete(this.folder.path));
    return held.closing;
  }
}

function openFiles(): Map<string, Held> {
  const place = globalThis as { [OPEN_FILES]?: Map<string, Held> };
  return (place[OPEN_FILES] ??= new Map());
}
