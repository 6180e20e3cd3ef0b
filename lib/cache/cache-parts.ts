import type { CacheEvent, CacheEventType, Clock, Emitter, Random } from '../core/index.js';
import type { BoundedStore } from '../engine/index.js';
import type { ChangeLog, FlightTable } from '../resilience/index.js';
import type { CacheSettings } from './settings.js';
import type { KeyCodec } from './key-codec.js';
import type { HotKeys } from './hot-keys.js';
import type { Instruments } from './instruments.js';
import type { Numbers } from './numbers.js';
import type { LowerTiers } from './lower-tiers.js';
import type { SpaceTier } from './space-tier.js';
import type { Spread } from './spread.js';
import type { StoredEntry } from './stored-entry.js';

/** A put on its way to the tiers. */
export interface PutUnderway<K> {
  readonly index: unknown;
  readonly key: K;
  done: Promise<void>;
}

/** What the steps of one cache share: its state, and nothing that decides. */
export interface CacheParts<K, V> {
  readonly name: string;
  readonly settings: CacheSettings<K, V>;
  readonly codec: KeyCodec<K>;
  readonly store: BoundedStore<unknown, StoredEntry<K, V>>;
  readonly changes: ChangeLog;
  readonly flights: FlightTable<K, V>;
  /** The last put of each key, while it is on its way to the tiers. */
  readonly putsUnderway: Map<unknown, PutUnderway<K>>;
  readonly numbers: Numbers;
  readonly hotKeys: HotKeys<K>;
  readonly instruments: Instruments;
  readonly events: Emitter<CacheEvent<K, V>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Absent without tiers below memory. */
  readonly lower: LowerTiers<V> | undefined;
  /** Absent where nobody else has to hear of changes. */
  readonly spread: Spread<K, V> | undefined;
  /** Who knows whether what this node had in memory at an earlier time is current still; absent where only this node changes it. */
  readonly judge: SpaceTier<V> | 'nobody' | undefined;
  /** How long an entry may stay in memory at most, as things are; absent without any such limit. */
  readonly memoryLimitMs: (() => number) | undefined;
}

/** Tells the observers; call it only where `events.observed` holds, so that nobody listening costs one branch. */
export function emit<K, V>(
  { name, events, clock }: Pick<CacheParts<K, V>, 'name' | 'events' | 'clock'>,
  type: CacheEventType,
  details: Omit<CacheEvent<K, V>, 'type' | 'cache' | 'at'> = {},
): void {
  if (!events.hears(type)) return;
  events.emit({ type, cache: name, at: clock.epochMs(), ...details });
}

/** The caller's key of an entry. */
export function keyOf<K, V>(codec: KeyCodec<K>, index: unknown, entry: StoredEntry<K, V> | undefined): K {
  // An index that does not give its key back belongs to an entry that keeps it.
  return entry?.key ?? (codec.key(index) as K);
}
