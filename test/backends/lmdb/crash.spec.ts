import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lmdbTier } from '../../../lib/backends/lmdb/index.js';
import { nextOutput, startChild } from '../../processes/child.js';
import { inconsistencies } from './inspect.js';

const WRITER = new URL('writer.child.ts', import.meta.url);
const SPACE = 'strata:kill';
const KEYS = Array.from({ length: 400 }, (_, at) => `k${at}`);

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'strata-lmdb-crash-'));
});

afterEach(() => rm(path, { recursive: true, force: true }));

async function startWriter(seed: number) {
  const child = startChild(WRITER, [path, String(seed)]);
  const exited = once(child, 'exit');
  await nextOutput(child);
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The number of entries that are served, each of them whole. */
async function wholeEntries(): Promise<number> {
  const reported: unknown[] = [];
  const tier = lmdbTier({ path, maxBytes: '2mb' });
  tier.start((error) => reported.push(error));
  const { entries } = await tier.read(SPACE, KEYS, []);
  let served = 0;
  for (const [at, entry] of entries.entries()) {
    if (entry === undefined) continue;
    served++;
    const text = Buffer.from(entry.bytes).toString('latin1');
    const [key, length] = text.split('|');
    expect([key, Number(length)]).toEqual([KEYS[at], entry.bytes.length]);
    const payload = entry.bytes.subarray(`${key}|${length}|`.length);
    expect(payload.every((byte) => byte === payload[0])).toBe(true);
  }
  await tier.write(SPACE, [{ key: 'after', bytes: Buffer.from('1'), ttlMs: 60_000, fence: undefined }]);
  expect((await tier.read(SPACE, ['after'], [])).entries[0]?.bytes.length).toBe(1);
  await tier.remove(SPACE, ['after']);
  await tier.close();
  expect(reported).toEqual([]);
  return served;
}

describe('a process that is killed while it writes', () => {
  it('leaves a file that opens, serves whole values only and agrees with itself, each of many times', async () => {
    let served = 0;
    for (let round = 0; round < 12; round++) {
      const writers = await Promise.all([startWriter(round), startWriter(round + 100)]);
      await sleep(round * 11);
      await writers[0]?.kill();
      await sleep(20);
      await writers[1]?.kill();
      served += await wholeEntries();
      const { problems, usedBytes } = await inconsistencies(path);
      expect(problems).toEqual([]);
      expect(usedBytes).toBeLessThanOrEqual(2 * 2 ** 20);
    }
    expect(served).toBeGreaterThan(100);
    expect((await readdir(path)).sort()).toEqual(['strata-1.mdb', 'strata-1.mdb-lock']);
  }, 120_000);
});
