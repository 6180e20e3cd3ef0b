import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderLock } from './folder-lock.js';

/**
 * The folder that keeps the database from one start to the next. It holds the database, and a note written when
 * the fill was complete: without the note a database is half-finished, and is made anew.
 */
export class DataFolder {
  /** Where the database is. */
  readonly database: string;
  private readonly note: string;
  private readonly lock: FolderLock;

  constructor(readonly folder: string) {
    this.database = join(folder, 'city-guide-database');
    this.note = join(folder, 'city-guide-filled.json');
    this.lock = new FolderLock(folder);
  }

  /** Claims the folder for this process; two processes on one database would destroy it. */
  async claim(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    await this.lock.take();
  }

  release(): void {
    this.lock.release();
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
