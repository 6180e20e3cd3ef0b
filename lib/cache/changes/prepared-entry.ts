import type { Fence } from '../../resilience/index.js';
import { hasStages, Life, staleMs } from '../entries/life.js';
import { AbsentEntry, FailedEntry, type StoredEntry } from '../entries/stored-entry.js';
import type { CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import { groupsFrom } from '../settings/call-values.js';
import type { SharedFence } from '../shared/lower-tiers.js';
import type { TierHit } from '../shared/tier-hit.js';

/** What came out of a load or from a caller. */
export type Outcome<V> = { readonly value: V | undefined } | { readonly error: unknown };

/** An outcome on its way into the cache. */
export interface Write<K, V> {
  readonly index: unknown;
  readonly key: K;
  readonly outcome: Outcome<V>;
  /** `touch`: the same value again, of which nobody has to hear. `demote`: memory has evicted it. */
  readonly cause: 'put' | 'load' | 'refresh' | 'promote' | 'touch' | 'demote';
  /** Taken before the value was computed. */
  readonly fence: Fence;
  /**
   * Taken from the tiers before the value was computed; a tier that gave none is not written to. `'newest'`: a caller's
   * own value, which needs none. Absent: for memory alone.
   */
  readonly shared?: SharedFence | 'newest' | undefined;
  readonly call: CallSettings;
  /** What the loader said about this value; wins over `call`. */
  readonly ttlMs?: number;
  /** What the loader said, added to the others. */
  readonly groups?: readonly string[];
  /** Nobody asked for this key, so nobody could tell that a pattern meant it. */
  readonly isUnasked?: boolean;
  /** How long the load took. */
  readonly loadMs?: number;
  /** What a tier below said of the value that it gave; wins over everything else. */
  readonly found?: TierHit<V>;
  /** What is to be replaced: something else that has come meanwhile is not, unless it is this very write of the key. */
  readonly replaces?: StoredEntry<K, V> | 'nothing';
  /** Given by who has to know this write again. */
  readonly version?: string;
  /** The entry that memory evicted; the same. */
  readonly demoted?: StoredEntry<K, V>;
}

/** An entry and its lifetimes. */
export class Prepared<K, V> {
  constructor(
    readonly entry: StoredEntry<K, V>,
    /** How long it is of any use: 0 for one that is not to be kept. */
    readonly lifetimeMs: number,
    readonly freshLeftMs: number,
  ) {}
}

/** The entry that a write makes. Throws where the value cannot be copied. */
export function entryOf<K, V>(parts: CacheParts<K, V>, write: Write<K, V>): Prepared<K, V> {
  const { settings, codec, clock, random } = parts;
  const { index, key, outcome, cause, call, ttlMs: ttlOfLoader, loadMs = 0, found, demoted } = write;
  const nowMs = clock.now();
  const ownKey = codec.key(index) === undefined ? key : undefined;
  if ('error' in outcome) {
    const { errorTtlMs: lifetimeMs } = call;
    return new Prepared(new FailedEntry(outcome.error, ownKey, nowMs, lifetimeMs), lifetimeMs, lifetimeMs);
  }
  const { value } = outcome;
  if (value === undefined) {
    const ttlMs = ttlOfLoader ?? call.undefinedTtlMs;
    const lifetimeMs = call.undefinedTtlMs > 0 ? ttlMs : 0;
    return new Prepared(new AbsentEntry(ownKey, nowMs, ttlMs), lifetimeMs, lifetimeMs);
  }
  if (found !== undefined) return promoted(parts, ownKey, found, call);
  if (demoted !== undefined) return evicted(parts, demoted, call);
  const isKnownNothing = value === null && cause !== 'put';
  const ttlMs = ttlOfLoader ?? (isKnownNothing ? call.nullTtlMs : undefined) ?? call.ttlMs;
  const jitter = settings.ttlJitter === 0 ? 1 : 1 - settings.ttlJitter * random();
  const freshMs = ttlMs * jitter;
  const life = hasStages(call) ? new Life(nowMs, freshMs, call, loadMs) : undefined;
  const entry = new settings.Entry(value, ownKey, nowMs, ttlMs, life);
  return new Prepared(entry, ttlMs <= 0 ? 0 : freshMs + staleMs(call), freshMs);
}

/** An entry as it stood in a tier below: it lives no longer than that one. */
function promoted<K, V>(
  { settings, clock }: CacheParts<K, V>,
  ownKey: K | undefined,
  { value, ttlMs, freshLeftMs, leftMs, writtenAtEpochMs, version }: TierHit<V>,
  call: CallSettings,
): Prepared<K, V> {
  const nowMs = clock.now();
  // Two clocks may disagree; an age is never negative.
  const ageMs = ttlMs === Infinity ? Math.max(0, clock.epochMs() - writtenAtEpochMs) : ttlMs - freshLeftMs;
  const life = hasStages(call) ? new Life(nowMs - ageMs, ageMs + freshLeftMs, call, 0) : undefined;
  const entry = new settings.Entry(value, ownKey, nowMs - ageMs, ttlMs, life);
  entry.version = version;
  return new Prepared(entry, Math.min(leftMs, freshLeftMs + staleMs(call)), freshLeftMs);
}

/** An entry as it stood in memory: it lives no longer below. */
function evicted<K, V>({ clock }: CacheParts<K, V>, entry: StoredEntry<K, V>, call: CallSettings): Prepared<K, V> {
  const nowMs = clock.now();
  const freshLeftMs = entry.life?.freshLeftMs(nowMs) ?? entry.writtenAtMs + entry.ttlMs - nowMs;
  return new Prepared(entry, freshLeftMs + staleMs(call), freshLeftMs);
}

/** The groups of what is written: those of the call, of the loader and of the cache's own function, which may throw. */
export function groupsOf<K, V>(
  { settings, name }: CacheParts<K, V>,
  { key, call, groups, outcome, found, demoted }: Write<K, V>,
): readonly string[] {
  if (found !== undefined) return found.groups;
  if (demoted !== undefined) return groups ?? [];
  if (groups === undefined && settings.groupsOf === undefined && call.groups.length < 2) return call.groups;
  const all = [...call.groups, ...(groups ?? [])];
  if (settings.groupsOf !== undefined && 'value' in outcome && outcome.value !== undefined) {
    all.push(...groupsFrom(`the groups function of cache "${name}"`, settings.groupsOf(outcome.value, key)));
  }
  return all.length < 2 ? all : [...new Set(all)];
}
