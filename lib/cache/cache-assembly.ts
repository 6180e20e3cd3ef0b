import { Emitter, systemClock, systemRandom, type CacheEvent } from '../core/index.js';
import { BoundedStore } from '../engine/index.js';
import { ChangeLog, FlightTable, type BusLink } from '../resilience/index.js';
import type { CacheParts } from './parts/cache-parts.js';
import { stepsOf, type CacheSteps } from './cache-steps.js';
import type { CachePorts } from './api/cache.options.js';
import { runawayWarning } from './events/event-stream.js';
import { HotKeys } from './statistics/hot-keys.js';
import { Instruments } from './statistics/instruments.js';
import type { MemoryGovernor } from './memory/memory-governor.js';
import { Numbers } from './statistics/numbers.js';
import { OwnWrites } from './parts/own-writes.js';
import { Removals } from './changes/removals.js';
import type { CacheSettings } from './settings/settings.js';
import { joinShared, watchShared } from './shared-parts.js';
import type { StoredEntry } from './entries/stored-entry.js';
import type { TierLinks } from './shared/tier-links.js';

/** A cache put together: its state, what is done with it, and what it shares with others. */
export interface Assembly<K, V> {
  readonly parts: CacheParts<K, V>;
  readonly steps: CacheSteps<K, V>;
  readonly bus: BusLink | undefined;
  /** Ends what the cache hears of tiers, other nodes and the heap. */
  unwatch(): void;
}

/** What the caches of an application have in common. */
export interface Company {
  readonly links?: TierLinks | undefined;
  readonly instruments?: Instruments;
  /** Who shares memory among them. */
  readonly governor?: MemoryGovernor | undefined;
}

/** @param track told of work that nobody waits for */
export function assemble<K, V>(
  name: string,
  settings: CacheSettings<K, V>,
  { clock = systemClock, random = systemRandom }: CachePorts,
  { links, instruments = new Instruments(), governor }: Company,
  track: (work: Promise<unknown>) => void,
): Assembly<K, V> {
  const events = new Emitter<CacheEvent<K, V>>(runawayWarning(() => name));
  const membership = governor?.membership(name, settings.store.bound.kind === 'memory', random);
  const store = new BoundedStore<unknown, StoredEntry<K, V>>({
    ...settings.store,
    clock,
    random,
    governance: membership?.governance,
    onRemoval: (index, entry, cause) => removals.happened(index, entry, cause),
    onRunaway: events.onRunaway,
  });
  const numbers = new Numbers(clock.now());
  const joined = joinShared<K, V>(settings, links, () => parts);
  const parts: CacheParts<K, V> = {
    name,
    settings,
    codec: settings.codec,
    store,
    changes: new ChangeLog(),
    flights: new FlightTable<K, V>(),
    ownWrites: new OwnWrites<K>(),
    numbers,
    hotKeys: new HotKeys(() => numbers.relaxSampling()),
    instruments,
    events,
    clock,
    random,
    lower: joined?.lower,
    spread: joined?.spread,
    isCutOff: () => joined?.bus?.isTrusted === false,
    memoryLimitMs: joined?.memoryLimitMs,
    judge: joined?.judge,
  };
  settings.codec.attach?.(() => store.size);
  const steps = stepsOf(parts);
  const removals = new Removals(parts, track, governor);
  const unwatchShared = joined === undefined ? () => {} : watchShared(parts, joined, steps.invalidation);
  const leave = membership?.join();
  const unwatch = (): void => {
    unwatchShared();
    leave?.();
  };
  return { parts, steps, bus: joined?.bus, unwatch };
}
