import { resolveCodec, type Serializer } from '../../codec/index.js';
import { OptionProblems } from '../../core/index.js';
import { resolveStoreOptions, type ResolvedStoreOptions } from '../../engine/index.js';
import type { CacheOptions, CachePorts } from '../api/cache.options.js';
import { settingsOfCache, type CallSettings } from './call-settings.js';
import { ValueKeyCodec, type KeyCodec } from '../keys/key-codec.js';
import type { BulkLoader, Loader } from '../api/loader.js';
import { levelsOf, resolveShared, type SharedSettings, type Surroundings } from './shared-settings.js';
import { resolveSnapshot, type SnapshotSettings } from '../api/snapshot.options.js';
import { ClonedEntry, keyOf, StoredEntry } from '../entries/stored-entry.js';
import { resolveWarm, type CacheWarmSettings } from '../api/warm.options.js';

const DEFAULT_MAX_SIZE = 10_000;
const DEFAULT_BATCH_SIZE = 100;

const OPTION_NAMES: readonly (keyof CacheOptions)[] = [
  'ttl',
  'tti',
  'ttlJitter',
  'maxSize',
  'maxMemory',
  'maxWeight',
  'weigher',
  'policy',
  'groups',
  'loader',
  'bulkLoader',
  'negativeTtl',
  'errorTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'staleBackoff',
  'refreshAhead',
  'loadTimeout',
  'abortWhenAbandoned',
  'batch',
  'clone',
  'enabled',
  'keyCodec',
  'lock',
  'tiers',
  'tiering',
  'bus',
  'codec',
  'compression',
  'onTierError',
  'snapshot',
  'warm',
];

const DEFAULT_NAMES = [
  'ttl',
  'tti',
  'ttlJitter',
  'maxSize',
  'maxMemory',
  'policy',
  'negativeTtl',
  'errorTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'staleBackoff',
  'refreshAhead',
  'loadTimeout',
  'abortWhenAbandoned',
  'clone',
  'enabled',
  'lock',
  'codec',
  'compression',
  'onTierError',
  'tiering',
] as const satisfies readonly (keyof CacheOptions)[];

/** Options that a module can give to all of its caches: those that do not depend on the types of one cache. */
export type CacheDefaults = Pick<CacheOptions, (typeof DEFAULT_NAMES)[number]>;

/** Checks what all caches of a module take over, whether or not there is one yet. */
export function checkDefaults(defaults: CacheDefaults): void {
  const problems = new OptionProblems('defaults');
  problems.requireObject('defaults', defaults);
  problems.refuseUnknown(defaults, DEFAULT_NAMES);
  problems.throwIfAny();
  resolveSettings('any, by the defaults', {}, defaults);
}

/** Checks what a cache takes from its surroundings. */
export function checkPorts({ clock, random, heap }: CachePorts): void {
  const problems = new OptionProblems('cache');
  const isClock =
    clock === undefined ||
    (['now', 'coarse', 'epochMs', 'after'] as const).every((name) => typeof clock?.[name] === 'function');
  problems.require(isClock, 'clock', 'must be a Clock: now(), coarse(), epochMs() and after()', clock);
  problems.require(random === undefined || typeof random === 'function', 'random', 'must be a function', random);
  const isHeap =
    heap === undefined || (['read', 'onCollected'] as const).every((name) => typeof heap?.[name] === 'function');
  problems.require(isHeap, 'heap', 'must be a Heap: read() and onCollected()', heap);
  problems.throwIfAny();
}

/** A cache's options, checked, with every default in place: what the steps read. */
export interface CacheSettings<K, V> {
  /** Of a call that says nothing of its own. */
  readonly call: CallSettings;
  /** 0 to 1. */
  readonly ttlJitter: number;
  readonly store: Pick<ResolvedStoreOptions<unknown, StoredEntry<K, V>>, 'bound' | 'policy'>;
  readonly groupsOf: ((value: V, key: K) => readonly string[]) | undefined;
  readonly loader: Loader<K, V> | undefined;
  readonly bulkLoader: BulkLoader<K, V> | undefined;
  /** How many keys one run of the bulk loader gets at most. */
  readonly batchSize: number | undefined;
  /** Whether single loads are collected for it. */
  readonly batched: boolean;
  readonly Entry: typeof StoredEntry<K, V>;
  readonly cloned: boolean;
  readonly enabled: boolean;
  readonly codec: KeyCodec<K>;
  readonly snapshot: SnapshotSettings | undefined;
  readonly warm: CacheWarmSettings<K> | undefined;
  /** How values become bytes. */
  readonly serializer: Serializer;
  /** `undefined`: memory is all there is, and no other node hears of it. */
  readonly shared: SharedSettings | undefined;
}

/** Checks a cache's options over its module's defaults; throws all problems in one error. */
export function resolveSettings<K, V>(
  name: string,
  own: CacheOptions<K, V>,
  defaults: CacheDefaults = {},
  methodCodec?: KeyCodec<K>,
  surroundings: Surroundings = {},
  sharedBytes?: number,
): CacheSettings<K, V> {
  const problems = new OptionProblems(`cache "${name}"`);
  problems.refuseUnknown(own, OPTION_NAMES);
  const levels = levelsOf(problems, own.tiers ?? surroundings.tiers ?? []);
  const base = overlay<K, V>(levels.memory?.options ?? {}, defaults as CacheOptions<K, V>);
  const given = overlay(base, own);

  const { ttlJitter = 0, groups, batch = false } = given;
  problems.require(isFraction(ttlJitter), 'ttlJitter', 'must be a number from 0 to 1', ttlJitter);
  problems.require(isBatch(batch), 'batch', 'must be true, false or { maxSize }, a whole number above 0', batch);
  const batched = batch !== false;
  problems.require(!batched || given.bulkLoader !== undefined, 'batch', 'needs bulkLoader', batch);
  const cloned = problems.oneOf('clone', given.clone, ['none', 'structured'], 'none') === 'structured';

  const bytes = resolveCodec(problems, given.codec, given.compression);
  const codec = methodCodec ?? new ValueKeyCodec<K>(problems.function('keyCodec', given.keyCodec, undefined));
  const snapshot = resolveSnapshot(problems, given.snapshot);
  const settings: CacheSettings<K, V> = {
    call: settingsOfCache(problems, [defaults, { ...own, groups: typeof groups === 'function' ? undefined : groups }]),
    ttlJitter,
    store: resolveStoreOptions<unknown, StoredEntry<K, V>>(
      problems,
      {
        maxSize: given.maxSize,
        maxMemory: given.maxMemory,
        maxWeight: given.maxWeight,
        policy: given.policy,
        weigher: entryWeigher(given, codec),
      },
      { maxSize: DEFAULT_MAX_SIZE, policy: 'adaptive', sharedBytes },
    ),
    groupsOf: typeof groups === 'function' ? groups : undefined,
    loader: problems.function('loader', given.loader, undefined),
    bulkLoader: problems.function('bulkLoader', given.bulkLoader, undefined),
    batchSize: typeof batch === 'object' ? batch.maxSize : batched ? DEFAULT_BATCH_SIZE : undefined,
    batched,
    Entry: cloned ? ClonedEntry<K, V> : StoredEntry<K, V>,
    cloned,
    enabled: problems.oneOf('enabled', given.enabled, [true, false], true),
    codec,
    snapshot,
    warm: resolveWarm(problems, given.warm, {
      loads: (given.loader ?? given.bulkLoader) !== undefined,
      tiers: levels.below.map((tier) => tier.name),
      snapshotPath: snapshot?.path,
    }),
    serializer: bytes.serializer,
    shared: resolveShared(problems, name, { ...given, ...bytes }, levels, surroundings),
  };
  problems.throwIfAny();
  return settings;
}

/**
 * `own` over `base`, where an explicit `undefined` hides nothing. A cache that names a bound of its own takes none from
 * its module: `maxMemory` of one and `maxSize` of the other were never meant together.
 */
function overlay<K, V>(base: CacheOptions<K, V>, own: CacheOptions<K, V>): CacheOptions<K, V> {
  const namesBound = own.maxSize !== undefined || own.maxMemory !== undefined || own.maxWeight !== undefined;
  const inherited = namesBound ? { ...base, maxSize: undefined, maxMemory: undefined } : base;
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...inherited, ...Object.fromEntries(given) };
}

/** The user's weigher sees keys and values; the store holds indexes and entries. */
function entryWeigher<K, V>({ weigher }: CacheOptions<K, V>, codec: KeyCodec<K>) {
  if (typeof weigher !== 'function') return weigher;
  return (entry: StoredEntry<K, V>, index: unknown): number => weigher(entry.read(), keyOf(codec, index, entry));
}

function isFraction(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function isBatch(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value !== 'object' || value === null || !('maxSize' in value)) return false;
  return typeof value.maxSize === 'number' && Number.isInteger(value.maxSize) && value.maxSize > 0;
}
