import { CacheOptionsError } from '../../core/index.js';
import type { MemoryCacheOptions } from '../../engine/index.js';
import type { CacheOptions } from './cache.options.js';
import type { SnapshotOptions } from './snapshot.options.js';

/** The same symbol in every copy of this package, so that a definition made with one is known to all. */
const BRAND = Symbol.for('nestjs-strata:definition');

interface Definition<Kind extends string, O> {
  readonly kind: Kind;
  /** What the cache is called: by `@Cacheable('name')`, `CacheRegistry.get('name')`, events and statistics. */
  readonly name: string;
  readonly options: O;
}

/** Names a cache for injection, decorators and events alike, and carries its types. */
export interface CacheDefinition<K, V> extends Definition<'cache', CacheOptions<K, V>> {
  /** Never there at run time; keeps the types of key and value in the type. */
  readonly __types?: (key: K, value: V) => [K, V];
}

/** What `new MemoryCache()` takes, and what the application does for the cache. */
export interface MemoryDefinitionOptions<K = unknown, V = unknown> extends MemoryCacheOptions<K, V> {
  /** Starts the cache with what it held at the last shutdown. @defaultValue it starts empty */
  readonly snapshot?: SnapshotOptions;
}

/** Names an injectable `MemoryCache`: the synchronous engine, under the same names and statistics. */
export interface MemoryCacheDefinition<K, V> extends Definition<'memory', MemoryDefinitionOptions<K, V>> {
  /** Never there at run time; keeps the types of key and value in the type. */
  readonly __types?: (key: K, value: V) => [K, V];
}

/** Any definition, whatever its types. */
export type AnyDefinition = Definition<'cache', object> | Definition<'memory', object>;

/**
 * Defines a cache. The result is a plain frozen value: export it, hand it to `CacheModule.forRoot({ caches: [...] })`,
 * and name it in decorators. Options are checked when the cache is made: at bootstrap, or by `createCache`.
 */
export function defineCache<K, V>(name: string, options: CacheOptions<K, V> = {}): CacheDefinition<K, V> {
  return define('cache', name, options);
}

/** Defines an injectable `MemoryCache`. */
export function defineMemoryCache<K, V>(
  name: string,
  options: MemoryDefinitionOptions<K, V> = {},
): MemoryCacheDefinition<K, V> {
  return define('memory', name, options);
}

export function isDefinition(candidate: unknown): candidate is AnyDefinition {
  return typeof candidate === 'object' && candidate !== null && BRAND in candidate;
}

function define<Kind extends string, O extends object>(kind: Kind, name: string, options: O): Definition<Kind, O> {
  if (typeof name !== 'string' || name === '') {
    throw new CacheOptionsError('cache definition', [
      { option: 'name', rule: "must be a text that is not empty, such as 'users'", received: name },
    ]);
  }
  if (typeof options !== 'object' || options === null) {
    throw new CacheOptionsError(`cache "${name}"`, [
      { option: 'options', rule: 'must be an object', received: options },
    ]);
  }
  return Object.freeze({ kind, name, options: Object.freeze({ ...options }), [BRAND]: true });
}
