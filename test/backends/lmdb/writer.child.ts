/* Writes to the tier in a folder until it is killed: every value says its key and repeats one byte, and is told once it is committed. */
import { systemClock } from '../../../lib/core/index.js';
import { lmdbTier } from '../../../lib/backends/lmdb/index.js';

const [path = '', seed = '0'] = process.argv.slice(2);
const tier = lmdbTier({ path, maxBytes: '2mb' });
tier.start((error) => {
  throw error;
});
const startedMs = systemClock.now();
for (let round = 0; ; round++) {
  const writes = Array.from({ length: 20 }, (_, at) => {
    const key = `k${(round * 7 + at * 13 + Number(seed)) % 400}`;
    const fill = (round + at) & 0xff;
    const bytes = Buffer.alloc(64 + ((round * 31 + at * 977) % 6_000), fill);
    bytes.write(`${key}|${bytes.length}|`);
    return { key, bytes, ttlMs: round % 3 === 0 ? 50 : 60_000, fence: undefined };
  });
  await tier.write('strata:kill', writes);
  if (round % 5 === 0) await tier.remove('strata:kill', [`k${round % 400}`]);
  if (round % 4 === 0) await tier.fence('strata:kill', [`k${round % 400}`], [`g${round % 50}`], 1_000);
  if (round === 0) process.stdout.write('writing\n');
  if (systemClock.now() - startedMs > 60_000) process.exit(1);
}
