import type { RootDatabase } from 'lmdb';
import { CacheMisuseError } from '../../core/index.js';
import { DamagedFileError, isDamage } from './damaged-file.js';
import type { DataFile, FileIdentity } from './data-file.js';
import type { DataFolder } from './data-folder.js';
import type { Tree, Trees } from './record-table.js';

const FORMAT_KEY = Buffer.from('format');
const FORMAT = Buffer.from('strata-1');
/** Address space, not disk: as long as the file is smaller, it is never mapped anew. */
const MAPPED_SHARE = 2;

/** So often a file is opened that is another one by then. */
const MOST_ATTEMPTS = 5;

export type Lmdb = typeof import('lmdb');

/** The open data file. */
export interface Environment {
  readonly root: RootDatabase<Uint8Array, Buffer>;
  readonly trees: Trees;
  readonly file: DataFile;
  readonly identity: FileIdentity | undefined;
}

/**
 * Opens the current data file, or a new one in the place of one that is damaged or not ours: that stays as it is, and is
 * told to `report`, because an empty cache serves better than none.
 */
export async function openEnvironment(
  lmdb: Lmdb,
  folder: DataFolder,
  maxBytes: number,
  report: (error: unknown) => void,
): Promise<Environment> {
  for (let attempt = 1, hasReplaced = false; ; attempt++) {
    const file = await folder.current();
    const identity = await file.identity();
    let opened;
    try {
      const damage = await file.damage();
      if (damage !== undefined) throw new DamagedFileError(damage);
      opened = openFile(lmdb, file.path, maxBytes);
      const environment = { ...opened, file, identity: identity ?? (await file.identity()) };
      // Another process may have replaced it before it was opened here, or somebody have taken it away. Where it never
      // seems to be the same one, as some network folders have it, the sweep goes on asking.
      if (attempt === MOST_ATTEMPTS || (await isCurrent(folder, environment))) return environment;
    } catch (error) {
      if (opened !== undefined) await closeEnvironment(opened);
      if (hasReplaced || !isDamage(error)) throw error;
      hasReplaced = true;
      await replaceFile(folder, file, error, report);
      continue;
    }
    await closeEnvironment(opened);
  }
}

/** Whether its file is still the one that who starts now opens. */
export async function isCurrent(folder: DataFolder, { file, identity }: Environment): Promise<boolean> {
  return identity !== undefined && (await folder.current()).path === file.path && (await file.is(identity));
}

/** Leaves it alone from now on, and tells so; unless another process did. */
export async function replaceFile(
  folder: DataFolder,
  file: DataFile,
  cause: unknown,
  report: (error: unknown) => void,
): Promise<void> {
  const successor = await folder.replace(file);
  if (successor === undefined) return;
  report(new DamagedFileError(`${file.path} cannot be used; the cache starts cold, in ${successor.path}`, { cause }));
}

/** Ends everything of it. What was committed is written to the disk first, so that it also survives the host. */
export async function closeEnvironment({ root }: Pick<Environment, 'root'>): Promise<void> {
  try {
    await root.flushed;
  } catch {
    // Whoever asked for what could not be committed was told.
  }
  await root.close();
}

function openFile(lmdb: Lmdb, path: string, maxBytes: number): Pick<Environment, 'root' | 'trees'> {
  const root = lmdb.open<Uint8Array, Buffer>({
    path,
    noSubdir: true,
    // What a killed process committed is in the page cache, and whole. Only a crash of the host can lose or tear it.
    noSync: true,
    overlappingSync: false,
    // Steps are gathered into transactions here; and a batch of LMDB's own that fails has a promise that nobody can catch.
    eventTurnBatching: false,
    mapSize: Math.ceil((maxBytes * MAPPED_SHARE) / 2 ** 20 + 64) * 2 ** 20,
    maxDbs: 8,
    keyEncoding: 'binary',
    encoding: 'binary',
  });
  try {
    return { root, trees: openTrees(root) };
  } catch (error) {
    void root.close();
    throw error;
  }
}

/** In one transaction, so that no other process ever sees some trees without the format. */
function openTrees(root: RootDatabase<Uint8Array, Buffer>): Trees {
  return root.transactionSync(() => {
    const isNew = (root.getStats() as { readonly entryCount: number }).entryCount === 0;
    const tree = (name: string): Tree => root.openDB(name, { keyEncoding: 'binary', encoding: 'binary' });
    const trees = {
      heads: tree('heads'),
      bodies: tree('bodies'),
      queue: tree('queue'),
      expiry: tree('expiry'),
      single: tree('single'),
    };
    if (isNew) trees.single.putSync(FORMAT_KEY, FORMAT);
    else if (trees.single.getBinary(FORMAT_KEY)?.equals(FORMAT) !== true) {
      throw new DamagedFileError('it is of another application');
    }
    return trees;
  }, COMMIT_BEFORE_RETURNING);
}

/** `TransactionFlags.SYNCHRONOUS_COMMIT`, which is not there at run time. Not abortable: trees are opened in it. */
const COMMIT_BEFORE_RETURNING = 2;

/** The package, which is only loaded when a tier starts. */
export async function loadLmdb(): Promise<Lmdb> {
  try {
    return await import('lmdb');
  } catch (cause) {
    throw new CacheMisuseError('lmdbTier needs the package lmdb, which cannot be loaded; run: npm install lmdb', {
      cause,
    });
  }
}
