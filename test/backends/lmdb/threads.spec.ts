import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { lmdbTier } from '../../../lib/backends/lmdb/index.js';
import { TYPESCRIPT_FLAGS } from '../../processes/child.js';

jest.setTimeout(60_000);

const SPACE = 'strata:threads';
const WORKER = fileURLToPath(new URL('thread.worker.ts', import.meta.url));

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'strata-lmdb-threads-'));
});

afterEach(() => rm(path, { recursive: true, force: true }));

function startThread(name: string) {
  const worker = new Worker(WORKER, { workerData: { path, name }, execArgv: [...TYPESCRIPT_FLAGS] });
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  const ended = once(worker, 'exit');
  return {
    order: async (order: string): Promise<void> => {
      worker.postMessage(order);
      await Promise.race([once(worker, 'message'), ended, failed]);
    },
    ended,
  };
}

describe('promise Fence and Tiers: lmdbTier in several threads of a process', () => {
  it('is one tier: what one writes the others read, and a fence that one takes another breaks', async () => {
    const tier = lmdbTier({ path, maxBytes: '16mb' });
    const reported: unknown[] = [];
    tier.start((error) => reported.push(error));
    const threads = ['one', 'two'].map(startThread);
    await Promise.all(threads.map(({ order }) => order('write')));
    for (const name of ['one', 'two']) {
      const keys = Array.from({ length: 200 }, (_, at) => `${name}-${at}`);
      const { entries } = await tier.read(SPACE, keys, []);
      expect(entries.map((entry) => entry && Buffer.from(entry.bytes).toString())).toEqual(
        keys.map((_, at) => `${name} wrote ${at}`),
      );
    }
    const { fences } = await tier.fence(SPACE, ['shared'], [], 60_000);
    await threads[0]?.order('removeShared');
    const write = { key: 'shared', bytes: Buffer.from('outdated'), ttlMs: 60_000, fence: fences[0] };
    expect(await tier.write(SPACE, [write])).toEqual([false]);
    await Promise.all(threads.map(({ order }) => order('close')));
    await Promise.all(threads.map(({ ended }) => ended));
    await tier.close();
    expect(reported).toEqual([]);
  });
});
