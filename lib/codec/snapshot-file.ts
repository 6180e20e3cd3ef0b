import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { finished, type Writable } from 'node:stream';
import { CacheMisuseError, CacheSnapshotError, show, type SnapshotSource, type SnapshotTarget } from '../core/index.js';
import type { ReadBytes } from './snapshot-blocks.js';

/** Readable by its owner alone: cached values may be anybody's. */
const MODE = 0o600;
/** An unfinished file that nobody has written to for so long was left behind by a process that died. */
const ABANDONED_AFTER_MS = 600_000;
const UNFINISHED = /^[0-9a-f]{12}\.unfinished$/;

/** Where the bytes of a snapshot go. Ends with exactly one of `commit` and `abort`. */
export interface SnapshotSink {
  write(bytes: Buffer): Promise<void>;
  commit(): Promise<void>;
  abort(reason: Error): Promise<void>;
}

/** A snapshot that can be read from its beginning, again and again. */
export interface SnapshotInput {
  rewind(): ReadBytes;
  close(): Promise<void>;
}

export function openSink(target: string | SnapshotTarget): Promise<SnapshotSink> {
  if (typeof target === 'string' && target !== '') return openFile(target);
  if (isTarget(target)) return Promise.resolve(streamSink(target));
  throw new CacheMisuseError(`snapshot() needs the path of a file, or a stream to write to (received ${show(target)})`);
}

/** @param cache in errors */
export async function openInput(cache: string, source: string | SnapshotSource): Promise<SnapshotInput> {
  if (typeof source === 'string' && source !== '') {
    try {
      return inputOf(await open(source, 'r'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new CacheSnapshotError(cache, 'missing', `there is no file ${source}`, { cause: error });
    }
  }
  if (isSource(source)) return spool(source);
  throw new CacheMisuseError(`restore() needs the path of a file, or a stream to read from (received ${show(source)})`);
}

/* A file is written beside the old one under a name of its own, brought to the disk, and then takes the old one's place in
 * one step; the folder is brought to the disk after it. So whenever the process or the machine stops, there is the old
 * file or the new one, whole. */
async function openFile(path: string): Promise<SnapshotSink> {
  // What a link leads to is replaced, not the link.
  const target = await realpath(path).catch(() => path);
  const unfinished = `${target}.${randomBytes(6).toString('hex')}.unfinished`;
  const handle = await open(unfinished, 'wx', MODE);
  const remove = (): Promise<void> => rm(unfinished, { force: true });
  const abort = async (): Promise<void> => {
    await handle.close().catch(() => {});
    await remove();
  };
  await removeAbandoned(target, handle);
  return {
    async write(bytes) {
      await handle.writeFile(bytes);
    },
    async commit() {
      try {
        await handle.sync();
        await handle.close();
        await rename(unfinished, target);
      } catch (error) {
        await abort();
        throw error;
      }
      await syncFolder(dirname(target));
    },
    abort,
  };
}

/** Some file systems, and Windows, do not sync folders; there the rename is as durable as they make it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** Removes what processes that died have left; never fails. Time is the file system's own: that of the file just made. */
async function removeAbandoned(target: string, made: FileHandle): Promise<void> {
  const folder = dirname(target);
  const prefix = `${basename(target)}.`;
  try {
    const { mtimeMs: nowMs } = await made.stat();
    for (const name of await readdir(folder)) {
      // The snapshot `users.old` may stand beside `users`.
      if (!name.startsWith(prefix) || !UNFINISHED.test(name.slice(prefix.length))) continue;
      const file = join(folder, name);
      if (nowMs - (await stat(file)).mtimeMs > ABANDONED_AFTER_MS) await rm(file, { force: true });
    }
  } catch {
    // The folder may not be listed, or another process was faster: what is left behind harms nobody.
  }
}

function streamSink(target: SnapshotTarget): SnapshotSink {
  let rejectBroken: (error: unknown) => void = () => {};
  const broken = new Promise<never>((_, reject) => (rejectBroken = reject));
  broken.catch(() => {});
  // Of a stream of Node's that is closed nobody else tells.
  if (typeof (target as Partial<Writable>).on === 'function') {
    finished(target as Writable, { readable: false }, (error) => {
      if (error) rejectBroken(error);
    });
  }
  return {
    write(bytes) {
      const written = new Promise<void>((resolve, reject) => {
        target.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
      return Promise.race([written, broken]);
    },
    commit() {
      return Promise.race([new Promise<void>((resolve) => target.end(resolve)), broken]);
    },
    async abort(reason) {
      target.destroy(reason);
    },
  };
}

function inputOf(handle: FileHandle, done: () => Promise<void> = async () => {}): SnapshotInput {
  return {
    rewind: () => readerOf(handle),
    async close() {
      await handle.close();
      await done();
    },
  };
}

/** Reads in larger pieces than it is asked for. */
function readerOf(handle: FileHandle): ReadBytes {
  let position = 0;
  let ahead = Buffer.alloc(0);
  return async (count) => {
    if (count > ahead.length) {
      const wanted = Buffer.allocUnsafe(Math.max(count, READ_BYTES));
      ahead.copy(wanted);
      let filled = ahead.length;
      while (filled < count) {
        const { bytesRead } = await handle.read(wanted, filled, wanted.length - filled, position);
        if (bytesRead === 0) break;
        filled += bytesRead;
        position += bytesRead;
      }
      ahead = wanted.subarray(0, filled);
    }
    const bytes = ahead.subarray(0, count);
    ahead = ahead.subarray(bytes.length);
    return bytes;
  };
}

const READ_BYTES = 131_072;

/**
 * A stream is put into a file of its own first, which only this process can open: so that all of it has been checked
 * before any of it is used, and its size matters to the disk alone.
 */
async function spool(source: SnapshotSource): Promise<SnapshotInput> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-restore-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let handle: FileHandle | undefined;
  try {
    handle = await open(join(folder, 'snapshot'), 'wx+', MODE);
    for await (const chunk of source) {
      if (!(chunk instanceof Uint8Array)) {
        throw new CacheMisuseError(`a stream to restore from must yield bytes (received ${show(chunk)})`);
      }
      await handle.appendFile(chunk);
    }
    return inputOf(handle, remove);
  } catch (error) {
    await handle?.close();
    await remove();
    throw error;
  }
}

function isTarget(candidate: unknown): candidate is SnapshotTarget {
  if (typeof candidate !== 'object' || candidate === null) return false;
  return (['write', 'end', 'destroy'] as const).every(
    (name) => typeof (candidate as Partial<SnapshotTarget>)[name] === 'function',
  );
}

function isSource(candidate: unknown): candidate is SnapshotSource {
  return typeof candidate === 'object' && candidate !== null && Symbol.asyncIterator in candidate;
}
