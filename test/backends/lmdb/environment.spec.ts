import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataFolder } from '../../../lib/backends/lmdb/data-folder.js';
import { loadLmdb, openEnvironment, type Lmdb } from '../../../lib/backends/lmdb/environment.js';

describe('openEnvironment', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strata-environment-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('closes a file that was taken away meanwhile once, also when that fails', async () => {
    const lmdb = await loadLmdb();
    let closes = 0;
    const open = (options: { path: string }): unknown => {
      const root = lmdb.open(options);
      const close = root.close.bind(root);
      root.close = async () => {
        closes++;
        await close();
        throw new Error('cannot be closed');
      };
      rmSync(options.path);
      return root;
    };
    // All that is called of the package.
    const taken = { open } as unknown as Lmdb;
    const opened = openEnvironment(taken, new DataFolder(folder), 2 ** 20, () => {});
    await expect(opened).rejects.toThrow('cannot be closed');
    expect(closes).toBe(1);
  });
});
