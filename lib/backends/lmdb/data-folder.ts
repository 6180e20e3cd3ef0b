import { open, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf } from './damaged-file.js';
import { DataFile } from './data-file.js';

/** The version of what is in a file is part of its name: a release that reads another one starts its own. */
const FIRST_NAME = 'strata-1.mdb';
const NAME = /^strata-1(?:\.(\d+))?\.mdb$/;
/** So many files that cannot be used are kept. */
const KEPT = 2;

/**
 * The data files of a folder. The one with the greatest number is the current one; the others could not be used. A file
 * never gets another name: two processes that find the same one damaged name the same successor, whoever comes first,
 * and none can take away what another has just begun to use, or leave it the lock file of another one.
 */
export class DataFolder {
  constructor(readonly path: string) {}

  async current(): Promise<DataFile> {
    return this.file(Math.max(1, ...(await this.numbers())));
  }

  /** Names the one that takes the place of a file that cannot be used; `undefined` when another process did that before. */
  async replace(file: DataFile): Promise<DataFile | undefined> {
    const number = numberOf(file.path) + 1;
    const successor = this.file(number);
    try {
      // An empty one is what LMDB takes as new.
      await (await open(successor.path, 'wx')).close();
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      throw error;
    }
    for (const old of await this.numbers()) {
      if (old < number - KEPT) await this.remove(this.file(old));
    }
    return successor;
  }

  /** Where a process has it open yet and the system keeps it for that, the next replacement tries again. */
  private async remove({ path }: DataFile): Promise<void> {
    await rm(path, { force: true }).catch(() => {});
    await rm(`${path}-lock`, { force: true }).catch(() => {});
  }

  private file(number: number): DataFile {
    return new DataFile(join(this.path, number === 1 ? FIRST_NAME : `strata-1.${number}.mdb`));
  }

  private async numbers(): Promise<number[]> {
    return (await this.names()).filter((name) => NAME.test(name)).map(numberOf);
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.path);
    } catch (error) {
      // Somebody took it away, with all that is in it.
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

function numberOf(path: string): number {
  return Number(NAME.exec(basename(path))?.[1] ?? 1);
}
