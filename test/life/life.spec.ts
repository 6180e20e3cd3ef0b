import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TYPESCRIPT_FLAGS } from '../processes/child.js';

const CHILD = fileURLToPath(new URL('life-child.ts', import.meta.url));
const isLong = process.env['npm_lifecycle_event'] === 'test:soak';
const CYCLES = Number(process.env['STRATA_LIFE_CYCLES'] ?? (isLong ? 300 : 20));
/** What a cycle may leave behind in the heap: Nest alone leaves about 5 KB, and each app of this holds 800 KB and more. */
const BYTES_PER_CYCLE = 10_000;
/** What code that became hot leaves behind once. */
const BYTES_OF_CODE = 4_000_000;
/** A process that something holds is ended by it, and the test fails. */
const PATIENCE_MS = 60_000 + CYCLES * 1_000;

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'strata-life-'))));
afterEach(() => rm(folder, { recursive: true }));

/** How a process ended that runs an app, and what it said; nobody ends it. */
async function run(course: string) {
  const args = [...TYPESCRIPT_FLAGS, CHILD, course, folder, `${CYCLES}`];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  const [output, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  expect(errors).toBe('');
  return { ended: signal ?? code, told: JSON.parse(output) as Record<string, unknown> };
}

describe('promise Life: a process with tiers, a bus, snapshots, warming, statistics and memory ends by itself', () => {
  it(
    'when its app was closed, twice at once and once more, and has saved its snapshot',
    async () => {
      expect((await run('closed')).ended).toBe(0);
      expect(existsSync(join(folder, 'users'))).toBe(true);
    },
    PATIENCE_MS,
  );

  it(
    'when nobody closes its app, which has no server',
    async () => {
      expect((await run('forgotten')).ended).toBe(0);
    },
    PATIENCE_MS,
  );

  it(
    'by the signal that Nest’s shutdown hooks wait for, when it has saved its snapshot',
    async () => {
      expect((await run('signal')).ended).toBe('SIGTERM');
      expect(existsSync(join(folder, 'users'))).toBe(true);
    },
    PATIENCE_MS,
  );

  it(
    'when its app was closed while it started',
    async () => {
      expect((await run('early')).ended).toBe(0);
    },
    PATIENCE_MS,
  );
});

describe(`promise Life: an app that is started and closed ${CYCLES} times in one process`, () => {
  it(
    'leaves heap and handles as they were',
    async () => {
      const { ended, told } = await run('reloaded');
      expect(ended).toBe(0);
      expect(told['now']).toEqual(told['before']);
      expect(told['grownBytes']).toBeLessThan(BYTES_OF_CODE + CYCLES * BYTES_PER_CYCLE);
    },
    PATIENCE_MS,
  );
});
