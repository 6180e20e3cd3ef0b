import { CacheMisuseError, show } from '../core/index.js';
import type { Cache } from './cache.js';
import type { CachePorts } from './cache.options.js';
import type { CacheDefinition } from './definition.js';
import { DisabledCache } from './disabled-cache.js';
import type { IndexedCache } from './indexed-cache.js';
import type { KeyCodec } from './key-codec.js';
import { LoadingCache } from './loading-cache.js';
import { isDefinition } from './definition.js';
import { checkDefaults, checkPorts, resolveSettings, type CacheDefaults } from './settings.js';

/** What `createCache` takes beside the definition. */
export interface CreateCacheOptions extends CachePorts {
  /** Under the definition's own options. */
  readonly defaults?: CacheDefaults;
}

/** A cache outside of Nest has no application to close it: whoever made it does. */
export interface ClosableCache<K, V> extends Cache<K, V> {
  /** Refuses new calls, waits for running loads (5 s at most), and lets go of every entry. */
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
  if (options.defaults !== undefined) checkDefaults(options.defaults);
  return buildCache<K, V>(definition, options);
}

/** The same with the inside that decorators use; a method's own cache brings the codec of its keys. */
export function buildCache<K, V>(
  { name, options }: Pick<CacheDefinition<K, V>, 'name' | 'options'>,
  { defaults, ...ports }: CreateCacheOptions = {},
  methodCodec?: KeyCodec<K>,
): IndexedCache<K, V> {
  checkPorts(ports);
  const settings = resolveSettings<K, V>(name, options, defaults, methodCodec);
  return settings.enabled ? new LoadingCache(name, settings, ports) : new DisabledCache(name, settings, ports);
}
