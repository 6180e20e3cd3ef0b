import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TYPESCRIPT_FLAGS } from '../../processes/child.js';

jest.setTimeout(60_000);

const CHILD = fileURLToPath(new URL('full-disk.child.ts', import.meta.url));
/** What the data file may grow to, in the blocks of 1,024 bytes that bash counts in. */
const LIMIT_BLOCKS = 3_000;

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'strata-lmdb-full-'));
});

afterEach(() => rm(path, { recursive: true, force: true }));

describe('promise Tiers: lmdbTier on a disk that is full', () => {
  it('rejects writes and says why, reads on, and writes again when there is room', async () => {
    const command = [process.execPath, ...TYPESCRIPT_FLAGS, CHILD, path].map((part) => `'${part}'`).join(' ');
    const { stdout } = await promisify(execFile)('bash', ['-c', `ulimit -S -f ${LIMIT_BLOCKS}; exec ${command}`]);
    // The child is ours.
    const told = JSON.parse(stdout) as { readonly stored: number; readonly refusals: readonly string[] };
    expect(told).toMatchObject({ readWhileFull: 4_000, storedAgain: 10, readAgain: 4_000, strays: [] });
    expect(told.stored).toBeGreaterThan(0);
    expect(new Set(told.refusals)).toEqual(
      new Set(['a change was not committed to the data file of the lmdb tier; see whether its disk is full']),
    );
  });
});
