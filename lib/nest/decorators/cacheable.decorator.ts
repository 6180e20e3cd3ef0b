import type { CacheDefinition } from '../../cache/index.js';
import type { Keyed, MethodLoadOptions, OwnCacheOptions, StoreOptions } from '../operations/decorator.options.js';
import { parseCacheable } from '../operations/operation-parser.js';
import { decorateMethod, requireMethod } from '../calls/method-wrapper.js';
import type { OwnStoreDecorator, StoreDecorator } from '../operations/method-types.js';
import type { Operation } from '../operations/operation.js';

/**
 * Keeps what a method returns and answers later calls from there: `@Cacheable(Users, { key: (id: string) => id })`. The
 * method runs once for all callers that ask for the same key meanwhile. Without a cache the method gets one of its own,
 * named `Class.method`, with the module's defaults.
 *
 * The method returns a Promise, an Observable or an AsyncIterable. Outside of an app that imports `CacheModule`, it runs
 * uncached.
 */
export function Cacheable<
  V,
  R = V | null | undefined,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  cache: CacheDefinition<string, V>,
  options?: StoreOptions<string, R, KA, CA, UA, TA, GA> & MethodLoadOptions,
): StoreDecorator<V, R, KA, CA, UA, TA, GA>;
export function Cacheable<
  K,
  V,
  R = V | null | undefined,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  cache: CacheDefinition<K, V>,
  options: Keyed<StoreOptions<K, R, KA, CA, UA, TA, GA>> & MethodLoadOptions,
): StoreDecorator<V, R, KA, CA, UA, TA, GA>;
export function Cacheable<
  R = unknown,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  cacheName: string,
  options?: StoreOptions<unknown, R, KA, CA, UA, TA, GA> & MethodLoadOptions,
): StoreDecorator<unknown, R, KA, CA, UA, TA, GA>;
export function Cacheable<
  R = unknown,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  options?: StoreOptions<unknown, R, KA, CA, UA, TA, GA> & MethodLoadOptions & OwnCacheOptions,
): OwnStoreDecorator<R, KA, CA, UA, TA, GA>;
export function Cacheable(...given: readonly unknown[]) {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = { target, name, descriptor };
    const label = `@Cacheable of ${requireMethod('@Cacheable', method)}`;
    const operation: Operation = parseCacheable(label, given);
    decorateMethod(method, operation);
  };
}
