import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import { table } from '../cluster/report.js';
import { nothingSeen } from '../cluster/users.js';
import { PATIENCE_MS } from './support/running-app.js';

jest.setTimeout(2 * PATIENCE_MS);

const RUN = fileURLToPath(new URL('../cluster/run.mjs', import.meta.url));
const run = promisify(execFile);
/** Three seconds of silence, which are noticed with the next read; and for a machine that has other things to do. */
const STALE_BY_MS = 4_500;

describe('the demonstration of a cluster', () => {
  it('plays its phases, prints what users saw of each, and ends by itself', async () => {
    const { stdout, stderr } = await run(process.execPath, [RUN, '--seconds', '1']);
    expect(stderr).toBe('');
    const rows = stdout.split('\n').filter((line) => /\d$|-$/.test(line));
    const names = [
      'the caches are cold',
      'all is well',
      'Redis is killed',
      'Redis comes back, empty',
      'a node is killed',
      'the node comes back',
    ];
    expect(rows.map((line) => line.split('  ')[0])).toEqual(names);
    expect(stdout).toContain('stale reads');
    const seen = rows.map((line) => line.trim().split(/ {2,}/).slice(1).map(Number));
    expect(Math.max(...seen.map(([readsPerSecond = 0]) => readsPerSecond))).toBeGreaterThan(0);
    for (const [at, [, , errors, , , , staleReads, staleByMs]] of seen.entries()) {
      // An edit that a dying node may have done is not sent again.
      expect(errors).toBeLessThanOrEqual(names[at] === 'a node is killed' ? 1 : 0);
      if (staleReads !== 0) expect(staleByMs).toBeLessThan(STALE_BY_MS);
    }
  });

  it('refuses phases of no length', async () => {
    const failed = run(process.execPath, [RUN, '--seconds', '0']);
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--seconds takes a number'),
    });
  });
});

describe('the report of the demonstration', () => {
  it('tells by how much stale reads were late only where there were any', () => {
    const sight = { ...nothingSeen(), reads: 20, edits: 2, latencies: [3, 1, 2] };
    const rows = table([
      { name: 'calm', seconds: 2, sight },
      { name: 'storm', seconds: 2, sight: { ...sight, errors: 1, staleReads: 4, oldestStaleMs: 1_234.5 } },
    ]).split('\n');
    expect(rows[1]).toMatch(/^calm +10 +2 +0 +2\.0 +3\.0 +3\.0 +0 +-$/);
    expect(rows[2]).toMatch(/^storm +10 +2 +1 +2\.0 +3\.0 +3\.0 +4 +123[45]$/);
  });
});
