import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Another running app keeps its database in the folder. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';

  constructor(folder: string, lock: string, pid: number) {
    super(
      `process ${pid} keeps its database in ${folder}; stop it, or set STRATA_DATA to another folder or to "memory"` +
        ` (if no such app is running, remove ${lock})`,
    );
  }
}

/**
 * The folder that keeps the database from one start to the next. It holds the database, a note written when the fill
 * was complete, and a lock while an app runs: without the note a database is half-finished, and is made anew.
 */
export class DataFolder {
  /** Where the database is. */
  readonly database: string;
  private readonly note: string;
  private readonly lock: string;

  constructor(readonly folder: string) {
    this.database = join(folder, 'city-guide-database');
    this.note = join(folder, 'city-guide-filled.json');
    this.lock = join(folder, 'city-guide.lock');
  }

  /** Claims the folder for this process; two processes on one database would destroy it. */
  claim(): void {
    mkdirSync(this.folder, { recursive: true });
    const holder = Number(readIfThere(this.lock));
    if (holder > 0 && holder !== process.pid && isRunning(holder)) {
      throw new DataFolderInUseError(this.folder, this.lock, holder);
    }
    writeFileSync(this.lock, String(process.pid));
  }

  release(): void {
    if (Number(readIfThere(this.lock)) === process.pid) rmSync(this.lock, { force: true });
  }

  /** Whether a completed fill of that many cities is here. */
  isFilled(cities: number): boolean {
    return readIfThere(this.note) === filled(cities);
  }

  noteFilled(cities: number): void {
    writeFileSync(this.note, filled(cities));
  }

  /** Removes the database, whatever state it is in. */
  empty(): void {
    rmSync(this.note, { force: true });
    rmSync(this.database, { recursive: true, force: true });
  }
}

function filled(cities: number): string {
  return JSON.stringify({ format: 1, cities });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, but it runs.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
