import { OptionProblems } from '../core/index.js';
import { resolveStoreOptions, type ResolvedStoreOptions } from '../engine/index.js';
import { keyOf } from './cache-parts.js';
import type { CacheOptions } from './cache.options.js';
import { requireGroups } from './entry-options.js';
import { ValueKeyCodec, type KeyCodec } from './key-codec.js';
import type { BulkLoader, Loader } from './loader.js';
import { ClonedEntry, StoredEntry } from './stored-entry.js';

export const DEFAULT_TTL_MS = 300_000;
export const DEFAULT_MAX_SIZE = 10_000;
export const DEFAULT_HOLD_MS = 60_000;

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
  'loadTimeout',
  'clone',
  'enabled',
  'keyCodec',
];

/** Options that a module can give to all of its caches: those that do not depend on the types of one cache. */
export type CacheDefaults = Pick<
  CacheOptions,
  'ttl' | 'tti' | 'ttlJitter' | 'maxSize' | 'maxMemory' | 'policy' | 'loadTimeout' | 'clone' | 'enabled'
>;

/** A cache's options, checked, with every default in place: what the steps read. */
export interface CacheSettings<K, V> {
  readonly ttlMs: number;
  readonly ttiMs: number;
  /** 0 to 1. */
  readonly ttlJitter: number;
  readonly store: Pick<ResolvedStoreOptions<unknown, StoredEntry<K, V>>, 'bound' | 'policy'>;
  readonly staticGroups: readonly string[];
  readonly groupsOf: ((value: V, key: K) => readonly string[]) | undefined;
  readonly loader: Loader<K, V> | undefined;
  readonly bulkLoader: BulkLoader<K, V> | undefined;
  readonly holdMs: number;
  readonly Entry: typeof StoredEntry<K, V>;
  readonly cloned: boolean;
  readonly enabled: boolean;
  readonly codec: KeyCodec<K>;
}

/** Checks a cache's options over its module's defaults; throws all problems in one error. */
export function resolveSettings<K, V>(
  name: string,
  own: CacheOptions<K, V>,
  defaults: CacheDefaults = {},
  methodCodec?: KeyCodec<K>,
): CacheSettings<K, V> {
  const problems = new OptionProblems(`cache "${name}"`);
  problems.refuseUnknown(own, OPTION_NAMES);
  const given = overlay(defaults as CacheOptions<K, V>, own);

  const { ttlJitter = 0, groups, loadTimeout = {} } = given;
  problems.require(isFraction(ttlJitter), 'ttlJitter', 'must be a number from 0 to 1', ttlJitter);
  if (groups !== undefined && typeof groups !== 'function') requireGroups(problems, 'groups', groups);
  if (isObject(problems, 'loadTimeout', loadTimeout)) problems.refuseUnknown(loadTimeout, ['hold']);
  const cloned = problems.oneOf('clone', given.clone, ['none', 'structured'], 'none') === 'structured';

  const codec = methodCodec ?? new ValueKeyCodec<K>(problems.function('keyCodec', given.keyCodec, undefined));
  const settings: CacheSettings<K, V> = {
    ttlMs: problems.duration('ttl', given.ttl, DEFAULT_TTL_MS),
    ttiMs: problems.duration('tti', given.tti, Infinity),
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
      { maxSize: DEFAULT_MAX_SIZE, policy: 'lru' },
    ),
    staticGroups: typeof groups === 'function' ? [] : (groups ?? []),
    groupsOf: typeof groups === 'function' ? groups : undefined,
    loader: problems.function('loader', given.loader, undefined),
    bulkLoader: problems.function('bulkLoader', given.bulkLoader, undefined),
    holdMs: problems.duration('loadTimeout.hold', loadTimeout.hold, DEFAULT_HOLD_MS),
    Entry: cloned ? ClonedEntry<K, V> : StoredEntry<K, V>,
    cloned,
    enabled: problems.oneOf('enabled', given.enabled, [true, false], true),
    codec,
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

function isObject(problems: OptionProblems, option: string, value: unknown): value is object {
  const valid = typeof value === 'object' && value !== null;
  problems.require(valid, option, 'must be an object', value);
  return valid;
}
