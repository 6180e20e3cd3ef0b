/*
 * What the server and the page say to each other. The page is compiled on its own, for browsers, and shares these types
 * and nothing else with the server.
 */

/** The process that answers. */
export interface NodeIdentity {
  /** `host (pid)`, or what the options call it, with the process's id. */
  readonly name: string;
  /** Differs for every start of every process. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The version of Node. */
  readonly runtime: string;
}

/** The columns of a {@link CacheSample}: counts of an interval, then gauges at its end, then latencies in milliseconds. */
export const METRICS = [
  'hits',
  'misses',
  'staleHits',
  'joins',
  'loads',
  'loadErrors',
  'puts',
  'refreshes',
  'invalidations',
  'evictedBySize',
  'evictedByWeight',
  'evictedByMemory',
  'expirations',
  'size',
  'weight',
  'hitP50',
  'hitP90',
  'hitP99',
  'missP50',
  'missP90',
  'missP99',
  'loadP50',
  'loadP90',
  'loadP99',
] as const;

export type Metric = (typeof METRICS)[number];

/** A cache's name and its values in the order of {@link METRICS}; `null` where nothing was measured. */
export type CacheSample = readonly [cache: string, values: readonly (number | null)[]];

/** One interval. Caches that did nothing in it, and whose gauges stayed as they were, are left out. */
export interface Sample {
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  /** How long it was, in milliseconds. */
  readonly ms: number;
  readonly caches: readonly CacheSample[];
}

/** Latencies in milliseconds since the start of the cache. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** A tier of a cache, the fastest first. */
export interface TierState {
  readonly name: string;
  readonly hits: number;
  readonly misses: number;
  readonly size: number | null;
  readonly errors: number | null;
  /** `null` of memory, which needs none. */
  readonly breaker: 'closed' | 'open' | 'half-open' | null;
  /** How many changes wait until it takes them. */
  readonly recoveryQueue: number | null;
  readonly read: LatencySummary | null;
  readonly write: LatencySummary | null;
}

/** How a cache hears of the changes of other nodes. */
export interface BusState {
  readonly name: string;
  readonly trusted: boolean;
  /** How many other nodes are heard. */
  readonly nodes: number;
  readonly waiting: number;
  readonly sent: number;
  readonly received: number;
  readonly distrusts: number;
}

/** Something that a cache does by itself, and has not ended. */
export interface WorkState {
  readonly type: 'snapshot' | 'restore' | 'warm';
  /** `null`: it has just begun. */
  readonly progress: Progress | null;
}

/** How far a snapshot, a restore or a warming has come. */
export interface Progress {
  /** Entries, or keys. */
  readonly done: number;
  readonly failed: number;
  /** `null`: nobody knows. */
  readonly total: number | null;
  /** Milliseconds that the rest will take; `null`: nobody knows. */
  readonly etaMs: number | null;
}

/** What a cache is, and has done since its start. */
export interface CacheState {
  readonly name: string;
  readonly kind: 'cache' | 'memory';
  readonly enabled: boolean;
  /** `null`: not bounded so. */
  readonly maxSize: number | null;
  readonly maxWeight: number | null;
  /** Whether the weight is estimated bytes. */
  readonly isWeighedInBytes: boolean;
  readonly overheadBytes: number | null;
  readonly size: number;
  readonly weight: number;
  readonly hits: number;
  readonly misses: number;
  readonly staleHits: number;
  readonly joins: number;
  /** Keys that are being loaded. */
  readonly flights: number;
  readonly loads: number;
  readonly loadErrors: number;
  readonly puts: number;
  readonly refreshes: number;
  readonly invalidations: number;
  readonly evictions: number;
  readonly expirations: number;
  readonly latency: {
    readonly hit: LatencySummary;
    readonly miss: LatencySummary;
    readonly load: LatencySummary;
  } | null;
  readonly tiers: readonly TierState[];
  readonly bus: BusState | null;
  readonly work: readonly WorkState[];
}

/** The first message of a live stream. */
export interface Hello {
  readonly node: NodeIdentity;
  readonly intervalMs: number;
  /** How far back the node keeps samples. */
  readonly historyMs: number;
  readonly metrics: readonly Metric[];
  readonly actions: boolean;
  /** Whether one of them is to save a snapshot. */
  readonly snapshots: boolean;
  /** Every type of event that there is. */
  readonly eventTypes: readonly string[];
  readonly caches: readonly CacheState[];
  /** What the node has kept, after the instant that the page asked for. */
  readonly samples: readonly Sample[];
}

/** A message of a live stream at the end of each interval; of several, to a reader who was slow. */
export interface Tick {
  readonly samples: readonly Sample[];
  /** Those that changed in them. */
  readonly caches: readonly CacheState[];
}

/** A key as the page shows it and sends it back. */
export interface KeyLabel {
  /** Tells the key from every other one of its cache. */
  readonly id: string;
  /** Shortened, on one line, without characters that change the order of others. */
  readonly text: string;
  /** `string`, `number`, `object`, … */
  readonly kind: string;
  /** How many characters the whole text has. */
  readonly length: number;
}

/** A key that is asked for often, by estimates that fade. */
export interface HotKeyLine {
  readonly key: KeyLabel;
  readonly hitRate: number;
  /** Of all lookups of the cache, 0 to 1. */
  readonly share: number;
  readonly lookups: number;
  /** `null`: it has no entry in memory at the moment. */
  readonly weight: number | null;
}

/** The keys of a cache that are asked for most. */
export interface HotKeyList {
  readonly node: string;
  readonly cache: string;
  readonly keys: readonly HotKeyLine[];
}

/** A page of the keys of a cache. */
export interface KeyPage {
  readonly node: string;
  readonly cache: string;
  readonly keys: readonly KeyLabel[];
  readonly offset: number;
  /** How many keys match in all. */
  readonly matches: number;
  /** How many there are. */
  readonly size: number;
}

/** What is known of an entry. */
export interface EntryDetail {
  readonly node: string;
  readonly cache: string;
  readonly key: KeyLabel;
  /** The whole key, within a bound. */
  readonly keyText: string;
  /** `null`: it has left the cache. */
  readonly entry: {
    readonly ageMs: number | null;
    /** `null`: it does not expire. */
    readonly ttlLeftMs: number | null;
    readonly groups: readonly string[];
    readonly tier: string;
    readonly weight: number | null;
    readonly stale: boolean;
    readonly value: ValuePreview | null;
  } | null;
}

/** A value as text, within a bound. */
export interface ValuePreview {
  readonly text: string;
  readonly kind: string;
  /** Whether there is more than is shown. */
  readonly isTruncated: boolean;
}

/** An event of a cache as the page shows it. */
export interface EventLine {
  readonly type: string;
  readonly cache: string;
  readonly at: number;
  readonly key?: KeyLabel;
  readonly group?: string;
  readonly pattern?: string;
  readonly tier?: string;
  readonly cause?: string;
  readonly durationMs?: number;
  readonly progress?: Progress;
  readonly error?: string;
}

/** Events since the last such message. */
export interface EventLines {
  readonly events: readonly EventLine[];
  /** How many more there were than this reader could take. */
  readonly missed: number;
}

/** What the page may ask for. */
export type Action =
  | { readonly action: 'invalidateKey'; readonly cache: string; readonly key: string }
  | { readonly action: 'invalidateGroup'; readonly cache: string | null; readonly group: string }
  | { readonly action: 'invalidateMatching'; readonly cache: string; readonly pattern: string }
  | { readonly action: 'clear'; readonly cache: string }
  | { readonly action: 'saveSnapshot'; readonly cache: string };

/** What came of it. */
export interface ActionReport {
  readonly node: string;
  /** How many entries left this node's memory. */
  readonly removed: number;
  /** Of a snapshot. */
  readonly saved?: { readonly file: string; readonly entries: number; readonly leftOut: number };
}
