/* The Keyv tier as an app without the package `keyv` has it, and a cache as the store of a Keyv. */
import { createCache, defineCache } from 'nestjs-strata';
import {
  keyvStore,
  keyvTier,
  openKeyv,
  type CachePort,
  type KeyvAdapter,
  type KeyvInstance,
  type KeyvStore,
  type KeyvTierOptions,
  type OpenKeyvOptions,
} from 'nestjs-strata/keyv';

export async function useKeyv(): Promise<Record<string, unknown>> {
  const options: KeyvTierOptions = { name: 'map', scope: 'process' };
  const adapter: KeyvAdapter = new Map<string, unknown>();
  const either: KeyvInstance | KeyvAdapter = adapter;
  const tier = keyvTier(either, options);
  const reported: unknown[] = [];
  tier.start((error) => reported.push(error));
  const read = await tier.read('strata:users', ['1'], []).catch((error: Error) => error.message);
  await tier.close();

  const opening: OpenKeyvOptions = { ttl: 1_000 };
  const opened = await openKeyv(adapter, opening).catch((error: Error) => error.message);

  const cache = createCache(defineCache<string, unknown>('keyv', { maxSize: 10 }));
  const port: CachePort<string, unknown> = cache;
  const store: KeyvStore = keyvStore(port);
  await store.set('a', 'text', 1_000);
  const seen = [await store.get('a'), await store.delete('a'), await store.has('a')];
  await cache.close();
  return { keyv: { name: tier.name, reported: reported.length, read, opened, seen } };
}

export const EXPECTED_OF_KEYV = {
  keyv: {
    name: 'map',
    reported: 1,
    read: 'keyvTier needs the package keyv, which cannot be loaded; run: npm install keyv',
    opened: 'openKeyv() needs the package keyv, which cannot be loaded; run: npm install keyv',
    seen: ['text', true, false],
  },
};
