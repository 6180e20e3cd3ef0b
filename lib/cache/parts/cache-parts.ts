import type { CacheEvent, CacheEventType, Clock, Emitter, Random } from '../../core/index.js';
import type { BoundedStore } from '../../engine/index.js';
import type { ChangeLog, FlightTable } from '../../resilience/index.js';
import type { CacheSettings } from '../settings/settings.js';
import type { KeyCodec } from '../keys/key-codec.js';
import type { HotKeys } from '../statistics/hot-keys.js';
import type { Instruments } from '../statistics/instruments.js';
import type { Numbers } from '../statistics/numbers.js';
import type { LowerTiers } from '../shared/lower-tiers.js';
import type { OwnWrites } from './own-writes.js';
import type { SpaceTier } from '../shared/space-tier.js';
import type { Spread } from '../shared/spread.js';
import type { StoredEntry } from '../entries/stored-entry.js';

/** What the steps of one cache share: its state, and nothing that decides. */
export interface CacheParts<K, V> {
  readonly name: string;
  readonly settings: CacheSettings<K, V>;
  readonly codec: KeyCodec<K>;
  readonly store: BoundedStore<unknown, StoredEntry<K, V>>;
  readonly changes: ChangeLog;
  readonly flights: FlightTable<K, V>;
  /** What callers write themselves, on its way to the tiers. */
  readonly ownWrites: OwnWrites<K>;
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
  /** Whether others may be changing things at the moment that this node does not hear of. */
  readonly isCutOff: () => boolean;
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
