import type { CacheDefinition } from '../../cache/index.js';
import type { EvictOptions } from '../operations/decorator.options.js';
import { parseEvict } from '../operations/operation-parser.js';
import { decorateMethod, requireMethod } from '../calls/method-wrapper.js';
import type { EvictDecorator } from '../operations/method-types.js';

/**
 * Evicts when the method has ended well: one key, a group, what matches a pattern, or all. Several may stand on one
 * method. Without a cache, a group is evicted in every cache of the app.
 */
export function CacheEvict<
  K,
  V,
  KA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
  MA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
>(cache: CacheDefinition<K, V>, options: EvictOptions<K, KA, GA, MA, CA>): EvictDecorator<KA, GA, MA, CA>;
export function CacheEvict<
  KA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
  MA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
>(cacheName: string, options: EvictOptions<unknown, KA, GA, MA, CA>): EvictDecorator<KA, GA, MA, CA>;
export function CacheEvict<
  KA extends unknown[] = unknown[],
  GA extends unknown[] = unknown[],
  MA extends unknown[] = unknown[],
  CA extends unknown[] = unknown[],
>(options: EvictOptions<unknown, KA, GA, MA, CA>): EvictDecorator<KA, GA, MA, CA>;
export function CacheEvict(...given: readonly unknown[]) {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = { target, name, descriptor };
    const label = `@CacheEvict of ${requireMethod('@CacheEvict', method)}`;
    decorateMethod(method, parseEvict(label, given));
  };
}
