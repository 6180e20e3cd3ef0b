/* Opens the tier in a folder, writes a key of its own, and says which of the keys it finds when it is asked. */
import { lmdbTier } from '../../../lib/backends/lmdb/index.js';

const [path = '', name = '', ...all] = process.argv.slice(2);
const tier = lmdbTier({ path, maxBytes: '2mb' });
const reported: string[] = [];
process.once('message', async () => {
  tier.start((error) => void reported.push(String(error)));
  await tier.write('strata:start', [{ key: name, bytes: Buffer.from(name), ttlMs: 60_000, fence: undefined }]);
  process.once('message', async () => {
    const { entries } = await tier.read('strata:start', all, []);
    process.send?.({ found: all.filter((_, at) => entries[at] !== undefined), reported });
    await tier.close();
    process.disconnect?.();
  });
  process.send?.('written');
});
process.send?.('there');
