import type { CacheStats, TierStats } from '../../cache/index.js';
import type { LatencyStats } from '../../core/index.js';
import { FAST_BOUNDS, SLOW_BOUNDS } from './bounds.js';

/** The numbers of any cache: those of a `MemoryCache` have fewer. */
type AnyStats = Omit<Partial<CacheStats>, 'minus'> & Pick<CacheStats, 'hits' | 'misses'>;

/** One value of a metric, and what tells it from the others of the same cache. */
export interface Value<T> {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: T;
}

interface MetricBase<T> {
  /** With dots, below `strata.`: `cache.lookups`. */
  readonly name: string;
  /** By UCUM, as OpenTelemetry writes it: `{lookup}`, `s`, `By`. */
  readonly unit: string;
  readonly help: string;
  /** The labels of its values, beside the cache's name. */
  readonly labels: readonly string[];
  /** Its values for one cache; none where the cache does not have it. */
  values(stats: AnyStats): readonly Value<T>[];
}

/** A number that only grows, or one that is as it is. */
export interface NumberMetric extends MetricBase<number> {
  readonly kind: 'counter' | 'gauge';
  /** Of a gauge: whether the values of several caches or nodes can be added. */
  readonly isSum?: boolean;
}

export interface LatencyMetric extends MetricBase<LatencyStats> {
  readonly kind: 'latency';
  /** Of its histogram, in seconds. */
  readonly bounds: readonly number[];
}

export type Metric = NumberMetric | LatencyMetric;

const BREAKER_STATES = ['closed', 'half-open', 'open'] as const;

/** What every exporter tells of a cache, under the same names. */
export const METRICS: readonly Metric[] = [
  {
    kind: 'counter',
    name: 'cache.lookups',
    unit: '{lookup}',
    help: 'Lookups that found a value, in whatever tier, and that did not.',
    labels: ['result'],
    values: ({ hits, misses }) => results(hits, misses),
  },
  count('stale_hits', '{hit}', 'Lookups that were answered with a stale value.', ({ staleHits }) => staleHits),
  count('puts', '{put}', 'Values that callers stored.', ({ puts }) => puts),
  count('loads', '{load}', 'Runs of loaders; one for a bulk load.', ({ loads }) => loads),
  count('load_errors', '{error}', 'Runs of loaders that failed.', ({ loadErrors }) => loadErrors),
  count('joins', '{call}', 'Callers that waited for a load that was already running.', ({ joins }) => joins),
  count('refreshes', '{load}', 'Values replaced while they were still served.', ({ refreshes }) => refreshes),
  count('invalidations', '{entry}', 'Entries in memory that were invalidated.', ({ invalidations }) => invalidations),
  count('expirations', '{entry}', 'Entries in memory whose lifetime ended.', ({ expirations }) => expirations),
  {
    kind: 'counter',
    name: 'cache.evictions',
    unit: '{entry}',
    help: 'Entries that had to leave memory, by the bound that ran out.',
    labels: ['cause'],
    values: ({ evictions }) => Object.entries(evictions ?? {}).map(([cause, value]) => ({ labels: { cause }, value })),
  },
  sum('flights', '{load}', 'Keys that are being loaded.', ({ flights }) => flights),
  sum('entries', '{entry}', 'Entries in memory.', ({ size }) => size),
  gauge('max_entries', '{entry}', 'How many entries memory may hold.', ({ maxSize }) => maxSize),
  sum('weight', '1', 'Weight of the entries in memory, in the unit of the weigher.', ({ weight }) => weight),
  gauge('max_weight', '1', 'How much weight memory may hold.', ({ maxWeight }) => maxWeight),
  sum('memory.used', 'By', 'Estimated bytes of keys and values.', ({ memory }) => memory?.usedBytes),
  gauge('memory.limit', 'By', 'How many bytes keys and values may take.', ({ memory }) => memory?.maxBytes),
  sum('memory.overhead', 'By', 'Bytes of the structures themselves.', ({ memory }) => memory?.overheadBytes),
  latency('hit', 'Hits in memory; estimated from a sample.', FAST_BOUNDS, ({ latency: all }) => all?.hit),
  latency('miss', 'From the miss until the caller has its value.', SLOW_BOUNDS, ({ latency: all }) => all?.miss),
  latency('load', 'Runs of loaders.', SLOW_BOUNDS, ({ latency: all }) => all?.load),
  {
    kind: 'counter',
    name: 'tier.lookups',
    unit: '{lookup}',
    help: 'Lookups that a tier answered, and that went on.',
    labels: ['tier', 'result'],
    values: ofTiers(({ hits, misses }) => results(hits, misses)),
  },
  {
    kind: 'counter',
    name: 'tier.errors',
    unit: '{error}',
    help: 'Calls of a tier that failed or were late, and entries that could not be used.',
    labels: ['tier'],
    values: ofTiers(({ errors }) => only(errors)),
  },
  {
    kind: 'gauge',
    name: 'tier.breaker.state',
    unit: '1',
    help: 'Whether the breaker of a tier is in this state: 1 or 0.',
    labels: ['tier', 'state'],
    values: ofTiers(({ breaker }) =>
      breaker === undefined
        ? []
        : BREAKER_STATES.map((state) => ({ labels: { state }, value: state === breaker ? 1 : 0 })),
    ),
  },
  {
    kind: 'gauge',
    isSum: true,
    name: 'tier.recovery_queue',
    unit: '{change}',
    help: 'Changes that wait until a tier takes them.',
    labels: ['tier'],
    values: ofTiers(({ recoveryQueue }) => only(recoveryQueue)),
  },
  {
    kind: 'latency',
    name: 'tier.operation.duration',
    unit: 's',
    help: 'Calls of a tier, each of which may be about many keys.',
    labels: ['tier', 'operation'],
    bounds: SLOW_BOUNDS,
    values: ofTiers(({ latency: calls }) =>
      Object.entries(calls ?? {}).map(([operation, value]) => ({ labels: { operation }, value })),
    ),
  },
  ofBus(
    'gauge',
    'trusted',
    '1',
    'Whether every change of another node is heard of: 1 or 0.',
    ({ trusted }) => +trusted,
  ),
  ofBus('gauge', 'nodes', '{node}', 'Other nodes that are heard.', ({ nodes }) => nodes),
  ofBus('gauge', 'waiting', '{message}', 'Messages that the bus has not taken yet.', ({ waiting }) => waiting),
  ofBus('counter', 'sent', '{change}', 'Changes that were announced to other nodes.', ({ sent }) => sent),
  ofBus('counter', 'received', '{change}', 'Changes that other nodes announced.', ({ received }) => received),
  ofBus('counter', 'distrusts', '{time}', 'How often memory was dropped, as changes may have been missed.', (bus) => {
    return bus.distrusts;
  }),
];

function count(name: string, unit: string, help: string, read: (stats: AnyStats) => number | undefined): NumberMetric {
  return { kind: 'counter', name: `cache.${name}`, unit, help, labels: [], values: (stats) => only(read(stats)) };
}

/** What has no bound has no bound to tell. */
function gauge(name: string, unit: string, help: string, read: (stats: AnyStats) => number | undefined): NumberMetric {
  const values = (stats: AnyStats): readonly Value<number>[] =>
    only(read(stats)).filter(({ value }) => value < Infinity);
  return { kind: 'gauge', name: `cache.${name}`, unit, help, labels: [], values };
}

/** A gauge whose values of several caches can be added. */
function sum(...given: Parameters<typeof gauge>): NumberMetric {
  return { ...gauge(...given), isSum: true };
}

function latency(
  name: string,
  help: string,
  bounds: readonly number[],
  read: (stats: AnyStats) => LatencyStats | undefined,
): LatencyMetric {
  const values = (stats: AnyStats): readonly Value<LatencyStats>[] => only(read(stats));
  return { kind: 'latency', name: `cache.${name}.duration`, unit: 's', help, labels: [], bounds, values };
}

function ofBus(
  kind: NumberMetric['kind'],
  name: string,
  unit: string,
  help: string,
  read: (bus: Required<CacheStats>['bus']) => number,
): NumberMetric {
  const values = ({ bus }: AnyStats): readonly Value<number>[] =>
    bus === undefined ? [] : [{ labels: { bus: bus.name }, value: read(bus) }];
  return { kind, name: `bus.${name}`, unit, help, labels: ['bus'], values };
}

function ofTiers<T>(read: (tier: TierStats) => readonly Value<T>[]): (stats: AnyStats) => readonly Value<T>[] {
  return ({ tiers = {} }) =>
    Object.entries(tiers).flatMap(([tier, stats]) =>
      read(stats).map(({ labels, value }) => ({ labels: { tier, ...labels }, value })),
    );
}

function results(hits: number, misses: number): readonly Value<number>[] {
  return [
    { labels: { result: 'hit' }, value: hits },
    { labels: { result: 'miss' }, value: misses },
  ];
}

function only<T>(value: T | undefined): readonly Value<T>[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}
