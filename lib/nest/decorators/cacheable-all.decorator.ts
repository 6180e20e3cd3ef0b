import type { CacheDefinition } from '../../cache/index.js';
import type { Keyed, MethodLoadOptions, StoreOptions } from '../operations/decorator.options.js';
import { parseCacheableAll } from '../operations/operation-parser.js';
import { decorateMethod, requireMethod } from '../calls/method-wrapper.js';
import type { StoreAllDecorator } from '../operations/method-types.js';

/**
 * Keeps each of the values that a method returns for a list of ids: `@CacheableAll(Users, { key: (id: string) => id })` on
 * `findAll(ids: string[]): Promise<User[]>`. Only the ids whose values are neither cached nor being loaded reach the
 * method, in one call (or as many as the cache's `batch.maxSize` asks for), each once, with the further arguments unchanged; its result has a value for each of them, in
 * their order, `null` or `undefined` where there is none. The caller gets the values in the order of its own ids. No
 * ids, no call.
 *
 * `key` and the functions of `@CacheGroup` see the call as if it were for one id, `(id, ...further)`; `unless`, `ttl` and
 * `groups` get its value before that. `condition` is asked once, with the method's own arguments. A `@Cacheable` of the
 * same cache and key shares the values, and the loads that run.
 */
export function CacheableAll<
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
): StoreAllDecorator<V, R, KA, CA, UA, TA, GA>;
export function CacheableAll<
  R = unknown,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  cacheName: string,
  options: Keyed<StoreOptions<unknown, R, KA, CA, UA, TA, GA>> & MethodLoadOptions,
): StoreAllDecorator<unknown, R, KA, CA, UA, TA, GA>;
export function CacheableAll<
  R = unknown,
  KA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
  UA extends unknown[] = unknown[],
  TA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
>(
  options: Keyed<StoreOptions<unknown, R, KA, CA, UA, TA, GA>> & MethodLoadOptions,
): StoreAllDecorator<unknown, R, KA, CA, UA, TA, GA>;
export function CacheableAll(...given: readonly unknown[]) {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = { target, name, descriptor };
    const label = `@CacheableAll of ${requireMethod('@CacheableAll', method)}`;
    decorateMethod(method, parseCacheableAll(label, given));
  };
}
