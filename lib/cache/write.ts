import type { Fence } from '../resilience/index.js';
import { emit, type CacheParts } from './cache-parts.js';
import type { CallSettings } from './call-settings.js';
import { groupsFrom } from './call-values.js';
import { hasStages, Life, staleMs } from './life.js';
import { AbsentEntry, FailedEntry, type StoredEntry } from './stored-entry.js';

/** What came out of a load or from a caller. */
export type Outcome<V> = { readonly value: V | undefined } | { readonly error: unknown };

/** An outcome on its way into the cache. */
export interface Write<K, V> {
  readonly index: unknown;
  readonly key: K;
  readonly outcome: Outcome<V>;
  readonly cause: 'put' | 'load' | 'refresh';
  /** Taken before the value was computed. */
  readonly fence: Fence;
  readonly call: CallSettings;
  /** What the loader said about this value; wins over `call`. */
  readonly ttlMs?: number;
  /** What the loader said, added to the others. */
  readonly groups?: readonly string[];
  /** Nobody asked for this key, so nobody could tell that a pattern meant it. */
  readonly isUnasked?: boolean;
  /** How long the load took. */
  readonly loadMs?: number;
}

/**
 * The only place that writes to a tier, and it refuses what its fence does not permit. Returns whether the fence
 * permitted it. A weigher or `groups` function that throws does so before anything changed.
 */
export function write<K, V>(parts: CacheParts<K, V>, write: Write<K, V>): boolean {
  const { store, changes } = parts;
  const { index, key, call, cause } = write;
  const groups = groupsOf(parts, write);
  const target = { index, groups };
  const permitted = write.isUnasked
    ? changes.permitsUnasked(write.fence, target)
    : changes.permits(write.fence, target);
  if (!permitted) return false;

  const { entry, lifetimeMs } = entryOf(parts, write);
  if (lifetimeMs <= 0) {
    store.remove(index);
    return true;
  }
  const stored = store.put(index, entry, lifetimeMs, call.ttiMs, groups, call.weight);
  if (parts.events.observed && entry.isValue) {
    const value = entry.read();
    if (stored) emit(parts, 'put', { key, value, cause });
    else emit(parts, 'evict', { key, value, cause: 'too-heavy' });
  }
  return true;
}

/** The entry, and how long it is of any use: 0 for one that is not to be kept. */
function entryOf<K, V>(
  { settings, codec, clock, random }: CacheParts<K, V>,
  { index, key, outcome, cause, call, ttlMs: ttlOfLoader, loadMs = 0 }: Write<K, V>,
): { readonly entry: StoredEntry<K, V>; readonly lifetimeMs: number } {
  const nowMs = clock.now();
  const ownKey = codec.key(index) === undefined ? key : undefined;
  if ('error' in outcome) {
    const { errorTtlMs: lifetimeMs } = call;
    return { entry: new FailedEntry(outcome.error, ownKey, nowMs, lifetimeMs), lifetimeMs };
  }
  const { value } = outcome;
  if (value === undefined) {
    const lifetimeMs = ttlOfLoader ?? call.undefinedTtlMs;
    return { entry: new AbsentEntry(ownKey, nowMs, lifetimeMs), lifetimeMs: call.undefinedTtlMs > 0 ? lifetimeMs : 0 };
  }
  const isKnownNothing = value === null && cause !== 'put';
  const ttlMs = ttlOfLoader ?? (isKnownNothing ? call.nullTtlMs : undefined) ?? call.ttlMs;
  const jitter = settings.ttlJitter === 0 ? 1 : 1 - settings.ttlJitter * random();
  const freshMs = ttlMs * jitter;
  const life = hasStages(call) ? new Life(nowMs, freshMs, call, loadMs) : undefined;
  const entry = new settings.Entry(value, ownKey, nowMs, ttlMs, life);
  return { entry, lifetimeMs: ttlMs <= 0 ? 0 : freshMs + staleMs(call) };
}

function groupsOf<K, V>(
  { settings, name }: CacheParts<K, V>,
  { key, call, groups, outcome }: Write<K, V>,
): readonly string[] {
  const all = [...call.groups, ...(groups ?? [])];
  if (settings.groupsOf !== undefined && 'value' in outcome && outcome.value !== undefined) {
    all.push(...groupsFrom(`the groups function of cache "${name}"`, settings.groupsOf(outcome.value, key)));
  }
  return all.length < 2 ? all : [...new Set(all)];
}
