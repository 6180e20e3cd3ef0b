import type { Fence } from '../resilience/index.js';
import { emit, type CacheParts } from './cache-parts.js';
import { groupsFrom, type PreparedOptions } from './entry-options.js';

/** A value on its way into the cache. */
export interface Write<K, V> {
  readonly index: unknown;
  readonly key: K;
  /** `undefined` is absence: what stands there is removed. */
  readonly value: V | undefined;
  readonly cause: 'put' | 'load' | 'refresh';
  /** Taken before the value was computed. */
  readonly fence: Fence;
  readonly options: PreparedOptions;
  /** What the loader said about this value; wins over `options`. */
  readonly ttlMs?: number;
  /** What the loader said, added to the others. */
  readonly groups?: readonly string[];
}

/**
 * The only place that writes to a tier, and it refuses what its fence does not permit. Returns whether the fence
 * permitted it. A weigher or `groups` function that throws does so before anything changed.
 */
export function write<K, V>(parts: CacheParts<K, V>, write: Write<K, V>): boolean {
  const { settings, store, changes, clock, random, codec } = parts;
  const { index, key, value, options, cause } = write;
  const groups = value === undefined ? [] : groupsOf(parts, write, value);
  if (!changes.permits(write.fence, { index, key, groups })) return false;

  const ttlMs = write.ttlMs ?? options.ttlMs ?? settings.ttlMs;
  if (value === undefined || ttlMs <= 0) {
    store.remove(index);
    return true;
  }
  const jitter = settings.ttlJitter === 0 ? 1 : 1 - settings.ttlJitter * random();
  const ownKey = codec.key(index) === undefined ? key : undefined;
  const entry = new settings.Entry(value, ownKey, clock.now());
  const stored = store.put(index, entry, ttlMs * jitter, options.ttiMs ?? settings.ttiMs, groups, options.weight);
  if (parts.events.observed) {
    if (stored) emit(parts, 'put', { key, value, cause });
    else emit(parts, 'evict', { key, value, cause: 'too-heavy' });
  }
  return true;
}

function groupsOf<K, V>(
  { settings, name }: CacheParts<K, V>,
  { key, options, groups }: Write<K, V>,
  value: V,
): readonly string[] {
  const all = [...settings.staticGroups, ...(options.groups ?? []), ...(groups ?? [])];
  if (settings.groupsOf !== undefined)
    all.push(...groupsFrom(`the groups function of cache "${name}"`, settings.groupsOf(value, key)));
  return all.length < 2 ? all : [...new Set(all)];
}
