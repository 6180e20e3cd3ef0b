import type { CacheDefaults as ModuleDefaults, CacheDefinition, CacheOptions, LoadOptions } from '../../cache/index.js';
import type { Duration } from '../../core/index.js';

/* In these options each function has a type parameter of its own for the arguments that it takes: a function may leave
 * out the last ones, and the decorator compares each list with the method's. `R` is the result as `unless`, `ttl` and
 * `groups` declare it; undeclared, it is `V | null | undefined`. */

/** How a stored value ages; resolved over `@CacheDefaults` of the class, over the cache's definition. */
export type AgeOptions = Pick<LoadOptions, 'tti' | 'staleWhileRevalidate' | 'staleIfError' | 'refreshAhead'>;

/** How a method is called for values that are missing or stale; resolved in the same way. */
export type MethodLoadOptions = AgeOptions &
  Pick<LoadOptions, 'negativeTtl' | 'errorTtl' | 'staleBackoff' | 'loadTimeout' | 'abortWhenAbandoned'>;

/** What `@CachePut` takes, and `@Cacheable` and `@CacheableAll` too. */
export interface StoreOptions<
  K,
  R,
  KeyArgs extends unknown[],
  ConditionArgs extends unknown[],
  UnlessArgs extends unknown[],
  TtlArgs extends unknown[],
  GroupArgs extends unknown[],
> extends AgeOptions {
  /**
   * The key of a call, from its arguments; evaluated once, before the method runs. `null` and `undefined` are refused.
   * @defaultValue all arguments, told apart by class and method
   */
  readonly key?: (...args: KeyArgs) => K;
  /** `false`: this call is neither looked up nor stored. */
  readonly condition?: (...args: ConditionArgs) => boolean;
  /** `true`: this result is returned but not stored. Not asked on a hit. */
  readonly unless?: (result: R, ...args: UnlessArgs) => boolean;
  /** How long the value is fresh; a function returns `undefined` for the default. `0` stores nothing. @defaultValue the cache's */
  readonly ttl?: Duration | ((result: R, ...args: TtlArgs) => Duration | undefined);
  /** Groups of the value, beside those of `@CacheGroup` and of the cache. */
  readonly groups?: readonly string[] | ((result: R, ...args: GroupArgs) => readonly string[]);
}

/** The options of `@Cacheable` that describe a cache of the method's own: only without a named cache. */
export interface OwnCacheOptions
  extends Omit<ModuleDefaults, 'ttl' | keyof MethodLoadOptions>, Pick<CacheOptions, 'maxWeight' | 'weigher'> {
  /** Never: a definition is no options object, though both have a name. */
  readonly kind?: never;
  /** The cache's name. @defaultValue `Class.method` */
  readonly name?: string;
  /** How many values of an Observable or AsyncIterable are kept; a longer sequence is not stored. @defaultValue 10,000 */
  readonly maxItems?: number;
}

/** The same options with `key`, for caches whose keys are not text: no default key fits them. */
export type Keyed<Options extends { readonly key?: unknown }> = Options & {
  readonly key: NonNullable<Options['key']>;
};

/** What `@CacheEvict` takes: what to evict, exactly one of the four, and when. */
export type EvictOptions<
  K,
  KeyArgs extends unknown[],
  GroupArgs extends unknown[],
  MatchingArgs extends unknown[],
  ConditionArgs extends unknown[],
> = EvictTargetOptions<K, KeyArgs, GroupArgs, MatchingArgs> & {
  /** `true`: before the method runs, whether or not it fails. @defaultValue false: after it, unless it failed */
  readonly before?: boolean;
  /** `false`: this call evicts nothing. */
  readonly condition?: (...args: ConditionArgs) => boolean;
};

type EvictTargetOptions<K, KeyArgs extends unknown[], GroupArgs extends unknown[], MatchingArgs extends unknown[]> =
  | {
      /** The key of the entry, from the arguments. */
      readonly key: (...args: KeyArgs) => K;
      readonly group?: undefined;
      readonly matching?: undefined;
      readonly all?: undefined;
    }
  | {
      /** All entries of a group, or of each group of a list. Without a cache: in every cache of the app. */
      readonly group: string | ((...args: GroupArgs) => string | readonly string[]);
      readonly key?: undefined;
      readonly matching?: undefined;
      readonly all?: undefined;
    }
  | {
      /** All entries whose keys match: a glob, a regular expression, or a function of the key and the arguments. */
      readonly matching: string | RegExp | ((key: K, ...args: MatchingArgs) => boolean);
      readonly key?: undefined;
      readonly group?: undefined;
      readonly all?: undefined;
    }
  | {
      /** Everything in the cache. */
      readonly all: true;
      readonly key?: undefined;
      readonly group?: undefined;
      readonly matching?: undefined;
    };

/** What `@CacheDefaults` takes. */
export interface ClassDefaultOptions extends Omit<OwnCacheOptions, 'name'>, MethodLoadOptions {
  /** For operations that name no cache. */
  readonly cache?: CacheNamed | string;
  readonly ttl?: Duration;
  readonly condition?: (...args: never[]) => boolean;
  readonly unless?: (...args: never[]) => boolean;
}

/** The definition of a cache, whatever its types. */
export type CacheNamed = Pick<CacheDefinition<never, never>, 'kind' | 'name'> & { readonly options: object };
