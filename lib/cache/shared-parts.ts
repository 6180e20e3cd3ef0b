import { EntryCodec } from '../codec/index.js';
import type { CacheEventCause, TierOperation } from '../core/index.js';
import { LOSS_MS, type BusLink } from '../resilience/index.js';
import { emit, type CacheParts } from './parts/cache-parts.js';
import { generationOf, WHOLE } from './shared/generations.js';
import { LowerTiers } from './shared/lower-tiers.js';
import type { Invalidation } from './changes/invalidation.js';
import { RemoteChanges } from './changes/remote-changes.js';
import { Spread } from './shared/spread.js';
import type { CacheSettings } from './settings/settings.js';
import { SpaceTier } from './shared/space-tier.js';
import type { TierLink, TierLinks } from './shared/tier-links.js';

/** Values of more bytes stay in memory; what is compressed to less than its limit may still be expanded to this much. */
const MAX_VALUE_BYTES = 64 * 2 ** 20;

/** A cache's own part of everything that it shares with other caches and other nodes. */
export interface SharedParts<K, V> {
  readonly lower: LowerTiers<V> | undefined;
  readonly spread: Spread<K, V> | undefined;
  readonly bus: BusLink | undefined;
  readonly memoryLimitMs: (() => number) | undefined;
  readonly judge: SpaceTier<V> | 'nobody' | undefined;
  readonly links: readonly TierLink[];
  readonly space: string;
}

/**
 * Joins a cache to the tiers and the bus of its settings; `undefined` where it has none. `parts` are looked at when
 * something is to be told.
 */
export function joinShared<K, V>(
  { shared, codec, call }: CacheSettings<K, V>,
  links: TierLinks | undefined,
  parts: () => CacheParts<K, V>,
): SharedParts<K, V> | undefined {
  if (shared === undefined || links === undefined) return undefined;
  const bus = shared.bus === undefined ? undefined : links.bus(shared.bus, shared.channel);
  const tierLinks = shared.tiers.map((tier) => links.tier(tier));
  const { memoryTtlMs } = shared;
  const trouble = (tier: string, cause: TierOperation, error: unknown, name?: string): void => {
    const { events, codec, numbers } = parts();
    numbers.tier(tier).errors++;
    if (!events.observed) return;
    const key = name === undefined ? undefined : codec.key(codec.indexOfName(name));
    emit(parts(), 'tierError', { tier, cause, error, ...(key !== undefined && { key }) });
  };
  const tiers = tierLinks.map(
    (link) =>
      new SpaceTier<V>(link, {
        space: shared.space,
        codec: new EntryCodec({
          serializer: shared.serializer,
          compression: shared.compression,
          maxEntryBytes: MAX_VALUE_BYTES,
        }),
        usualGenerations: [WHOLE, ...call.groups.map(generationOf)],
        throwsErrors: shared.throwsTierErrors,
        trouble,
        timed: (tier, operation, startedMs, ended) => {
          // A call that was not tried took no time.
          if (!ended.ok && ended.skipped) return;
          const { name, numbers, clock, instruments } = parts();
          const durationMs = clock.now() - startedMs;
          numbers.tier(tier)[operation].record(durationMs);
          if (!instruments.any) return;
          const error = ended.ok ? undefined : ended.error;
          instruments.measured({ cache: name, kind: operation, tier, durationMs, ...(!ended.ok && { error }) });
        },
        clock: () => parts().clock.now(),
      }),
  );
  const limits = bus !== undefined || memoryTtlMs < Infinity;
  const lower = tiers.length === 0 ? undefined : new LowerTiers(tiers, shared.isExclusive);
  const isAlone = lower === undefined && bus === undefined;
  return {
    lower,
    spread: isAlone ? undefined : new Spread(codec, shared.space, lower, bus, () => parts().numbers.bus.sent++),
    bus,
    // Cut off from the others a node serves from memory only what is younger than the staleness bound.
    memoryLimitMs: limits
      ? () => (bus === undefined || bus.isTrusted ? memoryTtlMs : Math.min(memoryTtlMs, LOSS_MS))
      : undefined,
    judge: lower?.judge(bus?.scope) ?? (bus === undefined ? undefined : 'nobody'),
    links: tierLinks,
    space: shared.space,
  };
}

/**
 * Applies what other nodes change, tells the cache's observers what happens to its tiers, and the other nodes when what
 * a tier could not take has been done. Returns what ends that.
 */
export function watchShared<K, V>(
  parts: CacheParts<K, V>,
  { bus, lower, links, space }: SharedParts<K, V>,
  invalidation: Invalidation<K, V>,
): () => void {
  const tell = (
    type: 'breaker' | 'recovered' | 'tierError',
    tier: string,
    details: { readonly cause?: CacheEventCause; readonly error?: unknown } = {},
  ): void => {
    if (parts.events.observed) emit(parts, type, { tier, ...details });
  };
  const stops = links.flatMap((link) => {
    const { name } = link.guarded;
    return [
      link.guarded.onBreaker((state) => tell('breaker', name, { cause: state })),
      link.onTrouble((error) => tell('tierError', name, { cause: 'connection', error })),
      link.onRecovered(() => {
        tell('recovered', name);
        const waiting = links.filter(({ recovery }) => recovery.sizeOf(space) > 0);
        if (!waiting.includes(link)) parts.spread?.recovered(waiting.length === 0);
      }),
    ];
  });
  if (bus !== undefined) {
    // Another node may have changed what this one was about to hand down.
    const own = lower?.isExclusive === true ? lower : lower?.narrowerThan(bus.scope);
    const spread = own === undefined ? undefined : new Spread<K, V>(parts.codec, space, own, undefined);
    stops.push(bus.subscribe(space, new RemoteChanges(parts, invalidation, spread)));
  }
  return () => {
    for (const stop of stops) stop();
  };
}
