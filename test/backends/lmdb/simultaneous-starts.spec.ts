import { once } from 'node:events';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lmdbTier } from '../../../lib/backends/lmdb/index.js';
import { forkChild } from '../../processes/child.js';

const PROCESSES = ['a', 'b', 'c', 'd'];

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'strata-lmdb-start-'));
});

afterEach(() => rm(path, { recursive: true, force: true }));

async function fill(): Promise<void> {
  const tier = lmdbTier({ path, maxBytes: '2mb' });
  tier.start(() => {});
  const keys = Array.from({ length: 200 }, (_, at) => `k${at}`);
  await tier.write(
    'strata:start',
    keys.map((key) => ({ key, bytes: Buffer.alloc(1_000), ttlMs: 60_000, fence: undefined })),
  );
  await tier.close();
}

const folders: Record<string, { prepare: () => Promise<void>; reports: number }> = {
  'where there is no data file': { prepare: () => Promise.resolve(), reports: 0 },
  // As after a crash of the host, which restarts all of them together.
  'on a data file that is cut off': {
    prepare: async () => {
      await fill();
      await truncate(join(path, 'strata-1.mdb'), 30_000);
    },
    reports: 1,
  },
};

describe('processes that start in the same moment', () => {
  it.each(Object.entries(folders))('%s have one in common', async (_, { prepare, reports }) => {
    await prepare();
    const children = PROCESSES.map((name) =>
      forkChild(new URL('starter.child.ts', import.meta.url), [path, name, ...PROCESSES]),
    );
    const answers = () =>
      Promise.all(children.map((child) => once(child, 'message'))) as Promise<
        [{ found: readonly string[]; reported: readonly string[] }][]
      >;
    const exited = Promise.all(children.map((child) => once(child, 'exit')));
    await answers();
    for (const step of ['write', 'read']) {
      const answered = answers();
      for (const child of children) child.send(step);
      const said = await answered;
      if (step === 'write') continue;
      expect(said.map(([{ found }]) => found)).toEqual(PROCESSES.map(() => PROCESSES));
      expect(said.flatMap(([{ reported }]) => reported)).toHaveLength(reports);
    }
    await exited;
  });
});
