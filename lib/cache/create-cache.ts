import { CacheMisuseError, CacheOptionsError, OptionProblems, show, systemClock, systemRandom } from '../core/index.js';
import type { Cache } from './cache.js';
import type { CachePorts } from './cache.options.js';
import type { CacheDefinition } from './definition.js';
import { DisabledCache } from './disabled-cache.js';
import type { IndexedCache } from './indexed-cache.js';
import type { Instruments } from './instruments.js';
import type { KeyCodec } from './key-codec.js';
import { LoadingCache } from './loading-cache.js';
import { isDefinition } from './definition.js';
import { checkDefaults, checkPorts, resolveSettings, type CacheDefaults } from './settings.js';
import { checkSurroundings, type Surroundings } from './shared-settings.js';
import { TierLinks } from './tier-links.js';

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
  checkApplication('createCache()', options);
  const links = new TierLinks(portsOf(options));
  const cache = buildCache<K, V>(definition, options, links);
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

/** Checks what the caches of an application share. */
export function checkApplication(
  caller: string,
  { defaults, clock, random, ...surroundings }: CreateCacheOptions,
): void {
  checkPorts({ clock, random });
  const problems = new OptionProblems(caller);
  checkSurroundings(problems, surroundings);
  problems.throwIfAny();
  if (defaults !== undefined) checkDefaults(defaults);
}

/** Time and chance, as an application has them. */
export function portsOf({ clock = systemClock, random = systemRandom }: CachePorts): Required<CachePorts> {
  return { clock, random };
}

/**
 * The same with the inside that decorators use; a method's own cache brings the codec of its keys. The links are the
 * application's, which closes them.
 */
export function buildCache<K, V>(
  { name, options }: Pick<CacheDefinition<K, V>, 'name' | 'options'>,
  given: CreateCacheOptions,
  links: TierLinks,
  { methodCodec, instruments }: { readonly methodCodec?: KeyCodec<K>; readonly instruments?: Instruments } = {},
): IndexedCache<K, V> {
  const settings = resolveSettings<K, V>(name, options, given.defaults, methodCodec, given);
  const ports = portsOf(given);
  return settings.enabled
    ? new LoadingCache(name, settings, ports, links, instruments)
    : new DisabledCache(name, settings, ports);
}
