import { CACHE_EVENT_TYPES, CacheMisuseError, type CacheEvent, type CacheEventType } from '../../core/index.js';
import {
  isDefinition,
  type AnyDefinition,
  type CacheDefinition,
  type MemoryCacheDefinition,
} from '../../cache/index.js';
import { addEventHandler } from '../operations/metadata.js';
import { requireMethod } from '../calls/method-wrapper.js';
import { undefinedCache } from '../operations/operation-parser.js';
import type { EventHandlerDecorator } from '../operations/method-types.js';

/** One type of event, or several. */
type Types = CacheEventType | readonly CacheEventType[];

/**
 * Calls the method for events of a cache, or of all caches: `@OnCacheEvent(Users, 'evict')`, `@OnCacheEvent(undefined,
 * ['evict', 'expire'])`, `@OnCacheEvent()`. From the bootstrap until the app shuts down; the provider must be a singleton.
 * Events are delivered synchronously, so keep it short. What it throws or rejects with is logged once and harms nobody.
 */
export function OnCacheEvent<K, V>(
  cache: CacheDefinition<K, V> | MemoryCacheDefinition<K, V>,
  types?: Types,
): EventHandlerDecorator<CacheEvent<K, V>>;
export function OnCacheEvent(cacheName?: string, types?: Types): EventHandlerDecorator<CacheEvent>;
export function OnCacheEvent(...given: [cache?: AnyDefinition | string, types?: Types]) {
  const [cache, types] = given;
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const label = `@OnCacheEvent of ${requireMethod('@OnCacheEvent', { target, name, descriptor })}`;
    // Beside types, undefined is how all caches are named.
    if (given.length === 1 && cache === undefined) throw undefinedCache(label);
    if (cache !== undefined && typeof cache !== 'string' && !isDefinition(cache)) {
      throw new CacheMisuseError(`${label}: the first argument must be a cache's definition, its name, or undefined`);
    }
    const listed = types === undefined ? undefined : typeof types === 'string' ? [types] : types;
    for (const type of listed ?? []) {
      if (CACHE_EVENT_TYPES.includes(type)) continue;
      throw new CacheMisuseError(
        `${label}: ${JSON.stringify(type)} is no type of event; there are ${CACHE_EVENT_TYPES.join(', ')}`,
      );
    }
    addEventHandler(target, { name, cache: typeof cache === 'object' ? cache.name : cache, types: listed });
  };
}
