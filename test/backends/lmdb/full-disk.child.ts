/* Writes until the system lets the data file grow no further, reads, writes on once it may, and tells how all that went. */
import { execFileSync } from 'node:child_process';
import { lmdbTier } from '../../../lib/backends/lmdb/index.js';

const SPACE = 'strata:full';
const VALUE = Buffer.alloc(4_000, 7);
const REFUSALS = 5;
const [path = ''] = process.argv.slice(2);
// Otherwise the system ends a process whose file may not grow.
process.on('SIGXFSZ', () => {});

const strays: string[] = [];
process.on('unhandledRejection', (error) => strays.push(String(error)));
const tier = lmdbTier({ path, maxBytes: '64mb' });
tier.start((error) => strays.push(String(error)));
const write = (from: number): Promise<readonly boolean[]> =>
  tier.write(
    SPACE,
    Array.from({ length: 10 }, (_, at) => ({ key: `k${from + at}`, bytes: VALUE, ttlMs: 60_000, fence: undefined })),
  );
const first = async (): Promise<number | undefined> => {
  const [entry] = (await tier.read(SPACE, ['k0'], [])).entries;
  return entry?.bytes.length;
};

let stored = 0;
const refusals: string[] = [];
while (refusals.length < REFUSALS) {
  await write(stored).then(
    () => (stored += 10),
    (error: Error) => refusals.push(error.message),
  );
}
const readWhileFull = await first();
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
const storedAgain = (await write(stored)).length;
const readAgain = await first();
await tier.close();
process.stdout.write(JSON.stringify({ stored, refusals, readWhileFull, storedAgain, readAgain, strays }));
