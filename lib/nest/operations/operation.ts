import type { Duration } from '../../core/index.js';
import type { AnyDefinition, CacheOptions, LoadOptions } from '../../cache/index.js';

/** How a decorator names a cache: by its definition or by its name. */
export type CacheReference = AnyDefinition | string;

/** A user's function, called with the arguments of the method (some also with its result before them). */
export type UserFunction<T> = (...args: readonly unknown[]) => T;

/** Options of a decorator that are resolved over those of its class and its cache. */
export type DecoratorLoadOptions = Omit<LoadOptions, 'groups' | 'weight' | 'signal'>;

/** Which result is stored, where, and how: what the decorators that store have in common. */
export interface StoreOperation {
  /** Absent: the class's `@CacheDefaults({ cache })`, else the method's own. */
  readonly cache: CacheReference | undefined;
  readonly key: UserFunction<unknown> | undefined;
  readonly condition: UserFunction<unknown> | undefined;
  readonly unless: UserFunction<unknown> | undefined;
  /** Only a function; a fixed one is in `load`. */
  readonly ttlOf: UserFunction<Duration | undefined> | undefined;
  readonly load: DecoratorLoadOptions;
  readonly groups: readonly string[] | UserFunction<readonly string[]> | undefined;
}

export interface CacheableOperation extends StoreOperation {
  readonly kind: 'cacheable';
  /** How many values of an Observable or AsyncIterable are kept in a cache of the method's own. */
  readonly maxItems: number | undefined;
  /** The name of a cache of the method's own, instead of `Class.method`. */
  readonly name: string | undefined;
  /** How a cache of the method's own behaves. */
  readonly own: CacheOptions;
}

/** Takes a list of ids and stores a value for each. */
export interface CacheableAllOperation extends StoreOperation {
  readonly kind: 'cacheableAll';
  readonly key: UserFunction<unknown>;
}

export interface PutOperation extends StoreOperation {
  readonly kind: 'put';
}

/** What is evicted. A predicate is given the key, then the arguments of the method. */
export type EvictTarget =
  | { readonly by: 'key'; readonly key: UserFunction<unknown> }
  | { readonly by: 'group'; readonly group: string | UserFunction<unknown> }
  | { readonly by: 'matching'; readonly pattern: string | RegExp | UserFunction<boolean> }
  | { readonly by: 'all' };

export interface EvictOperation {
  readonly kind: 'evict';
  /** Absent: the class's `@CacheDefaults({ cache })`, else, by group, every cache of the app. */
  readonly cache: CacheReference | undefined;
  readonly target: EvictTarget;
  readonly before: boolean;
  readonly condition: UserFunction<unknown> | undefined;
}

/** A group of everything a method stores. */
export interface GroupOperation {
  readonly kind: 'group';
  readonly group: string | UserFunction<unknown>;
}

/** What one decorator asks for, checked and never changed afterwards. */
export type Operation = CacheableOperation | CacheableAllOperation | PutOperation | EvictOperation | GroupOperation;

/** What `@CacheDefaults` gives to the operations of a class. */
export interface ClassDefaults {
  readonly cache: CacheReference | undefined;
  readonly load: DecoratorLoadOptions;
  readonly condition: UserFunction<unknown> | undefined;
  readonly unless: UserFunction<unknown> | undefined;
  readonly maxItems: number | undefined;
  readonly own: CacheOptions;
}

export function nameOf(cache: CacheReference): string {
  return typeof cache === 'string' ? cache : cache.name;
}
