/* The disk tier as an app without the package `lmdb` has it: it can be made, and says what to install. */
import { lmdbTier, type LmdbTierOptions } from 'nestjs-strata/lmdb';

export async function useLmdb(): Promise<Record<string, unknown>> {
  const options: LmdbTierOptions = { path: 'never-made', maxBytes: '64mb', sweepEvery: '1m' };
  const tier = lmdbTier(options);
  const reported: unknown[] = [];
  tier.start((error) => reported.push(error));
  const read = await tier.read('strata:users', ['1'], []).catch((error: Error) => error.message);
  await tier.close();
  return { lmdb: { name: tier.name, reported: reported.length, read } };
}

export const EXPECTED_OF_LMDB = {
  lmdb: {
    name: 'lmdb',
    reported: 1,
    read: 'lmdbTier needs the package lmdb, which cannot be loaded; run: npm install lmdb',
  },
};
