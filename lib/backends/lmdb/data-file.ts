import { open, stat, type FileHandle } from 'node:fs/promises';
import { scheduler } from 'node:timers/promises';
import { codeOf } from './damaged-file.js';

/** Of a page of LMDB, after its header of 24 bytes: what `mdb_env_open` reads first. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const PAGE_BYTES_AT = 48;
const LAST_PAGE_AT = 144;
const META_BYTES = 160;
/** Far longer than LMDB takes to write the two pages of a new file. */
const CREATION_MS = 50;

/** Tells one file from another that took its name. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/** One data file: whether it is the one it was, and whether it can be opened. */
export class DataFile {
  constructor(readonly path: string) {}

  /** `undefined` when it is not there. */
  async identity(): Promise<FileIdentity | undefined> {
    try {
      const { dev, ino } = await stat(this.path);
      return { dev, ino };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whether it is still the one that had this identity. */
  async is(identity: FileIdentity): Promise<boolean> {
    const now = await this.identity();
    return now?.ino === identity.ino && now.dev === identity.dev;
  }

  /**
   * What is wrong with it; `undefined` when nothing is, or when it is not there. LMDB maps the file into memory: one
   * that is shorter than its own pages say would not fail to open, but end the process at the first read behind its end.
   *
   * The look takes no lock. The moment in which another process makes the file, page by page, shows one that is damaged:
   * so damage is what two looks find.
   */
  async damage(): Promise<string | undefined> {
    if ((await this.look()) === undefined) return undefined;
    await scheduler.wait(CREATION_MS);
    return this.look();
  }

  private async look(): Promise<string | undefined> {
    let file;
    try {
      file = await open(this.path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const first = await readMeta(file, 0);
      if (first === 'empty') return undefined;
      if (first === undefined) return 'it is no LMDB file';
      const second = await readMeta(file, first.pageBytes);
      if (second === undefined || second === 'empty') return 'its second page is damaged';
      // Only now: a commit of another process writes its pages before it writes their number, so that the file seems cut off
      // to who asks for its length first.
      const { size } = await file.stat();
      return size < (Math.max(first.lastPage, second.lastPage) + 1) * first.pageBytes ? 'it is cut off' : undefined;
    } finally {
      await file.close();
    }
  }
}

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: number;
}

/** `undefined` when there is something else, `'empty'` when there is nothing. */
async function readMeta(file: FileHandle, at: number): Promise<Meta | 'empty' | undefined> {
  const page = Buffer.alloc(META_BYTES);
  const { bytesRead } = await file.read(page, 0, META_BYTES, at);
  if (bytesRead === 0) return 'empty';
  if (page.readUInt32LE(MAGIC_AT) !== MAGIC) return undefined;
  return { pageBytes: page.readUInt32LE(PAGE_BYTES_AT), lastPage: Number(page.readBigUInt64LE(LAST_PAGE_AT)) };
}
