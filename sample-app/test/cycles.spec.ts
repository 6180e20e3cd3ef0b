import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const CHILD = fileURLToPath(new URL('support/cycles.mjs', import.meta.url));
const CYCLES = process.env['STRATA_SAMPLE_CYCLES'] ?? '100';
/** What a cycle may leave in the heap. What its caches hold is a hundred times as much. */
const BYTES_PER_CYCLE = 20_000;
/** What code that became hot leaves once. */
const BYTES_OF_CODE = 4_000_000;
const PATIENCE_MS = 120_000 + Number(CYCLES) * 10_000;

it(
  `leaves heap and handles as they were when it is started and closed ${CYCLES} times in one process`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strata-cycles-'));
    const child = spawn(process.execPath, [CHILD], {
      env: { ...process.env, STRATA_SAMPLE_CYCLES: CYCLES, STRATA_CITIES: '3000', STRATA_DATA: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    const [output, errors, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    await rm(folder, { recursive: true });
    expect({ errors, ended: signal ?? code }).toEqual({ errors: '', ended: 0 });
    const told = JSON.parse(output.trimEnd().split('\n').at(-1) as string) as Record<string, unknown>; // its last line
    expect(told['now']).toEqual(told['before']);
    expect(told['grownBytes']).toBeLessThan(BYTES_OF_CODE + Number(CYCLES) * BYTES_PER_CYCLE);
  },
  PATIENCE_MS,
);
