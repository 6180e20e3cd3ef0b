import { Logger } from '@nestjs/common';
import { openKeyv, type KeyvAdapter as AdapterOfKeyv } from '../../backends/keyv/index.js';
import type { CacheRegistry } from '../../cache/index.js';
import { CacheMisuseError, OptionProblems } from '../../core/index.js';
import { resolveManagerOptions } from './cache-manager.options.js';
import type { AnyStore, CacheManagerOptions } from './cache.module-options.js';
import { isLegacyStore, KeyvAdapter } from './keyv-adapter.js';
import { Manager } from './manager.js';
import { MemoryStore } from './memory-store.js';
import { isCacheable, isKeyv5, isKeyv6, type StoreLike } from './store-values.js';

const CALLER = 'CacheModule.register()';

/** The cache of a module: of its options, whatever may stand in their `stores`. */
export async function makeManager(
  given: CacheManagerOptions = {},
  registry: CacheRegistry | undefined = undefined,
): Promise<Manager> {
  const problems = new OptionProblems(CALLER);
  problems.requireObject('options', given);
  const { stores = [], namespace, startup, ...rest } = given;
  const settings = resolveManagerOptions(CALLER, rest);
  const starts = problems.oneOf('startup', startup, ['lazy', 'require'] as const, 'lazy');
  const isText = namespace === undefined || typeof namespace === 'string';
  problems.require(isText, 'namespace', 'must be a text', namespace);
  const list: readonly unknown[] = Array.isArray(stores) ? stores : [stores];
  const areObjects = list.every((store) => typeof store === 'object' && store !== null);
  problems.require(areObjects, 'stores', 'must be a Keyv, a store of Keyv, or a list of such', stores);
  problems.throwIfAny();
  if (list.length === 0 && 'store' in rest) {
    new Logger('CacheManager').warn(
      `${CALLER}: store is an option of cache-manager 4 and means nothing here: everything is in memory; give stores: [new KeyvRedis(url)]`,
    );
  }

  // The check above has seen that they are objects; what they are is looked at one by one.
  const opened = await Promise.all(
    (list as readonly AnyStore[]).map((store) => open(store, { ttl: settings.ttl, namespace })),
  );
  const memory = new MemoryStore(settings.memory);
  const used = opened.length === 0 ? [memory] : opened;
  for (const store of used) if (registry !== undefined && store instanceof MemoryStore) store.joinRegistry(registry);
  const manager = new Manager(opened, settings, memory);
  if (starts === 'require') await requireAnswers(manager);
  return manager;
}

/** What the cache uses of a store: a Keyv as it is, anything else in one, where it lies under the same keys as ever. */
async function open(
  store: AnyStore,
  options: { ttl: number | undefined; namespace: string | undefined },
): Promise<StoreLike> {
  if (store instanceof MemoryStore || isCacheable(store) || isKeyv5(store) || isKeyv6(store)) return store as StoreLike;
  const adapter = isLegacyStore(store) ? new KeyvAdapter(store) : store;
  const isAdapter = (['get', 'set', 'delete', 'clear'] as const).every(
    (method) => method in adapter && typeof (adapter as Record<string, unknown>)[method] === 'function',
  );
  if (!isAdapter) {
    throw new CacheMisuseError(
      `${CALLER}: one of the stores is none: it must be a Keyv, or have the methods get, set, delete and clear`,
    );
  }
  // A Keyv and what it is opened as are seen by the same methods.
  return (await openKeyv(adapter as AdapterOfKeyv, options, CALLER)) as unknown as StoreLike;
}

async function requireAnswers(manager: Manager): Promise<void> {
  const problem = await manager.probe();
  if (problem === undefined) return;
  await manager.api.disconnect().catch(() => {});
  throw new CacheMisuseError(
    `${CALLER}: the ${problem.store} store does not answer, and startup is 'require'; start its server, or leave startup at 'lazy'`,
    { cause: problem.error },
  );
}
