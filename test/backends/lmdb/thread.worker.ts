/* One thread's tier over the file of all: does what it is told, and tells when it has been done. */
import { parentPort, workerData } from 'node:worker_threads';
import { lmdbTier } from '../../../lib/backends/lmdb/index.js';

const SPACE = 'strata:threads';
const { path, name } = workerData as { readonly path: string; readonly name: string };
const tier = lmdbTier({ path, maxBytes: '16mb' });
tier.start((error) => {
  throw error;
});

const ORDERS: Readonly<Record<string, () => Promise<unknown>>> = {
  write: async () => {
    const entries = Array.from({ length: 200 }, (_, at) => ({
      key: `${name}-${at}`,
      bytes: Buffer.from(`${name} wrote ${at}`),
      ttlMs: 60_000,
      fence: undefined,
    }));
    for (let at = 0; at < entries.length; at += 20) await tier.write(SPACE, entries.slice(at, at + 20));
  },
  removeShared: () => tier.remove(SPACE, ['shared']),
  close: async () => {
    await tier.close();
    parentPort?.close();
  },
};

parentPort?.on('message', (order: string) => {
  void ORDERS[order]?.().then(() => parentPort?.postMessage(order));
});
