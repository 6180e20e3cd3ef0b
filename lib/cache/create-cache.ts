import { CacheMisuseError, CacheOptionsError, OptionProblems, show, systemClock, systemRandom } from '../core/index.js';
import type { Cache } from './api/cache.js';
import type { Company } from './cache-assembly.js';
import type { CachePorts } from './api/cache.options.js';
import type { CacheDefinition } from './api/definition.js';
import { DisabledCache } from './disabled-cache.js';
import type { IndexedCache } from './indexed-cache.js';
import type { KeyCodec } from './keys/key-codec.js';
import { LoadingCache } from './loading-cache.js';
import { isDefinition } from './api/definition.js';
import { MemoryGovernor } from './memory/memory-governor.js';
import { resolveMemory, type MemorySettings } from './api/memory.options.js';
import { checkDefaults, checkPorts, resolveSettings, type CacheDefaults } from './settings/settings.js';
import { checkSurroundings, type Surroundings } from './settings/shared-settings.js';
import { systemHeap } from './memory/system-heap.js';
import { TierLinks } from './shared/tier-links.js';

/** What `createCache` takes beside the definition. */
export interface CreateCacheOptions extends CachePorts, Surroundings {
  /** Under the definition's own options. */
  readonly defaults?: CacheDefaults;
}

/** A cache outside of Nest has no application to close it: whoever made it does. */
export interface ClosableCache<K, V> extends Cache<K, V> {
  /**
   * Resolves when what the definition wants before the cache is used has been done: its snapshot is restored, and what
   * is to be waited for is warm. Never rejects: what goes wrong is an event.
   */
  ready(): Promise<void>;
  /**
   * Refuses new calls, stops warming, waits for running loads and writes (5 s at most), saves what the definition wants to
   * be saved, and lets go of every entry.
   */
  close(): Promise<void>;
}

/**
 * The cache of a definition without Nest, for scripts, workers and tests: each call makes another one. Throws
 * `CacheOptionsError` with every problem of the options.
 */
export function createCache<K, V>(
  definition: CacheDefinition<K, V>,
  options: CreateCacheOptions = {},
): ClosableCache<K, V> {
  if (!isDefinition(definition)) {
    throw new CacheMisuseError(`createCache() needs what defineCache() returns (received ${show(definition)})`);
  }
  const governor = governorOf(checkApplication('createCache()', options), options);
  const links = new TierLinks(portsOf(options));
  const cache = buildCache<K, V>(definition, options, { links, governor });
  const { background } = cache;
  const [onCron] = background?.onCron ?? [];
  if (onCron !== undefined) {
    void links.close();
    throw cronNeedsNest(definition.name, onCron.settings.cron);
  }
  // Whoever made it may listen to its events first.
  const begun = Promise.resolve()
    .then(() => background?.open())
    .then(() => background?.warm());
  // The links are this cache's alone.
  const close = cache.close.bind(cache);
  return Object.assign(cache, {
    ready: () => begun,
    close: async () => {
      await close();
      await links.close();
    },
  });
}

function cronNeedsNest(cache: string, received: unknown): CacheOptionsError {
  const rule = 'needs CacheModule and the ScheduleModule of @nestjs/schedule; outside of Nest use every';
  return new CacheOptionsError(`cache "${cache}"`, [{ option: 'warm.cron', rule, received }]);
}

/** Checks what the caches of an application share; returns how they share memory, `undefined` where each keeps its own. */
export function checkApplication(
  caller: string,
  { defaults, clock, random, heap, memory, ...surroundings }: CreateCacheOptions,
): MemorySettings | undefined {
  checkPorts({ clock, random, heap });
  const problems = new OptionProblems(caller);
  checkSurroundings(problems, surroundings);
  const settings = resolveMemory(problems, memory);
  problems.throwIfAny();
  if (defaults !== undefined) checkDefaults(defaults);
  return settings;
}

/** Time, chance and the heap, as an application has them. */
export function portsOf({
  clock = systemClock,
  random = systemRandom,
  heap = systemHeap,
}: CachePorts): Required<CachePorts> {
  return { clock, random, heap };
}

/** Who shares memory among the caches of an application; nobody where it does not say how. */
export function governorOf(settings: MemorySettings | undefined, ports: CachePorts): MemoryGovernor | undefined {
  return settings && new MemoryGovernor(settings, portsOf(ports));
}

/**
 * The same with the inside that decorators use; a method's own cache brings the codec of its keys. What it has in common with
 * others is the application's, which closes it.
 */
export function buildCache<K, V>(
  { name, options }: Pick<CacheDefinition<K, V>, 'name' | 'options'>,
  given: CreateCacheOptions,
  company: Company,
  methodCodec?: KeyCodec<K>,
): IndexedCache<K, V> {
  const settings = resolveSettings<K, V>(
    name,
    options,
    given.defaults,
    methodCodec,
    given,
    company.governor?.budgetBytes,
  );
  const ports = portsOf(given);
  return settings.enabled ? new LoadingCache(name, settings, ports, company) : new DisabledCache(name, settings, ports);
}
