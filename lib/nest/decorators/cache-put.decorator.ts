import type { CacheDefinition } from '../../cache/index.js';
import type { Keyed, StoreOptions } from '../operations/decorator.options.js';
import { parsePut } from '../operations/operation-parser.js';
import { decorateMethod, requireMethod } from '../calls/method-wrapper.js';
import type { StoreDecorator } from '../operations/method-types.js';

/**
 * Runs the method every time and stores what it returns: `@CachePut(Users, { key: (user: User) => user.id })`. Loads that
 * run for the same key meanwhile are outdated by it.
 *
 * `key` may be left out only beside a `@Cacheable` of the same cache on the same method.
 */
export function CachePut<
  V,
  R = V | null | undefined,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  cache: CacheDefinition<string, V>,
  options?: StoreOptions<string, R, KA, CA, UA, TA, GA>,
): StoreDecorator<V, R, KA, CA, UA, TA, GA>;
export function CachePut<
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
  options: Keyed<StoreOptions<K, R, KA, CA, UA, TA, GA>>,
): StoreDecorator<V, R, KA, CA, UA, TA, GA>;
export function CachePut<
  R = unknown,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  cacheName: string,
  options?: StoreOptions<unknown, R, KA, CA, UA, TA, GA>,
): StoreDecorator<unknown, R, KA, CA, UA, TA, GA>;
export function CachePut<
  R = unknown,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(options?: StoreOptions<unknown, R, KA, CA, UA, TA, GA>): StoreDecorator<unknown, R, KA, CA, UA, TA, GA>;
export function CachePut(...given: readonly unknown[]) {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = { target, name, descriptor };
    const label = `@CachePut of ${requireMethod('@CachePut', method)}`;
    decorateMethod(method, parsePut(label, given));
  };
}
