import {
  CacheMisuseError,
  DURATION_RULE,
  OptionProblems,
  show,
  systemClock,
  systemRandom,
  toMilliseconds,
  type Clock,
  type Duration,
  type Random,
  type ValueSerializer,
} from '../core/index.js';
import type { PolicyFactory } from './policy/eviction-policy.js';
import type { PolicyName } from './policy/policies.js';
import { resolveStoreOptions, type ResolvedStoreOptions } from './store/store.options.js';
import { checkedWeight, type Weigher } from './weight/weigher.js';

const DEFAULT_MAX_SIZE = 10_000;

/** How a MemoryCache behaves. Everything is optional. */
export interface MemoryCacheOptions<K = unknown, V = unknown> {
  /** Names the cache in events and errors. @defaultValue 'memory' */
  readonly name?: string;
  /** How many entries are kept. @defaultValue 10,000; none when `maxMemory` or `maxWeight` is given */
  readonly maxSize?: number;
  /**
   * How many bytes keys, values and our own structures may take, by the built-in estimate: bytes, or `'64kb'`, `'100mb'`,
   * `'1gb'`. Excludes `maxWeight` and `weigher`.
   */
  readonly maxMemory?: number | string;
  /** How much the entries may weigh together, in the weigher's unit. Needs `weigher`. */
  readonly maxWeight?: number;
  /** The weight of an entry: a finite number, 0 or more. Needs `maxWeight`. */
  readonly weigher?: Weigher<V, K>;
  /** Which entry goes when room runs out. @defaultValue 'adaptive' */
  readonly policy?: PolicyName | PolicyFactory;
  /** How long an entry lives, counted from its write. `0` stores nothing, `Infinity` never expires. @defaultValue Infinity */
  readonly ttl?: Duration;
  /** How long an entry may stay unread; each `get` starts it again, and `ttl` remains the cap. @defaultValue Infinity */
  readonly tti?: Duration;
  /** Shortens each ttl by a random fraction of up to this much, 0 to 1, so that what was written together does not expire together. @defaultValue 0 */
  readonly ttlJitter?: number;
  /** Groups of every entry: a list, or a function of the value and the key. */
  readonly groups?: readonly string[] | ((value: V, key: K) => readonly string[]);
  /**
   * How values become bytes in a snapshot: `taggedSerializer({ classes })`, `msgpackSerializer(packr)`, or one of your own.
   * @defaultValue taggedSerializer(): JSON with Date, Map, Set, bigint and more kept
   */
  readonly codec?: ValueSerializer;
  /** Where time comes from. @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Where chance comes from: the seed of the index, and the jitter. @defaultValue Math.random */
  readonly random?: Random;
}

/** Options of one write; they win over the cache's. */
export interface MemoryEntryOptions {
  readonly ttl?: Duration;
  readonly tti?: Duration;
  /** Added to the cache's groups. */
  readonly groups?: readonly string[];
  /** Instead of the weigher's: a finite number, 0 or more. */
  readonly weight?: number;
}

/** The options of a MemoryCache, checked. */
export interface ResolvedMemoryCacheOptions<K, V> extends Omit<
  ResolvedStoreOptions<K, V>,
  'onRemoval' | 'removalsHeard'
> {
  readonly name: string;
  readonly ttlMs: number;
  readonly ttiMs: number;
  readonly ttlJitter: number;
  readonly groups: readonly string[] | ((value: V, key: K) => readonly string[]) | undefined;
  readonly codec: ValueSerializer | undefined;
}

const NAMES: readonly (keyof MemoryCacheOptions)[] = [
  'name',
  'maxSize',
  'maxMemory',
  'maxWeight',
  'weigher',
  'policy',
  'ttl',
  'tti',
  'ttlJitter',
  'groups',
  'codec',
  'clock',
  'random',
];

/** Checks the options of a MemoryCache; everything that is wrong is in one CacheOptionsError. */
export function resolveMemoryCacheOptions<K, V>(
  given: MemoryCacheOptions<K, V>,
  sharedBytes?: number,
): ResolvedMemoryCacheOptions<K, V> {
  const problems = new OptionProblems('MemoryCache');
  if (typeof given !== 'object' || given === null) {
    problems.add('options', 'must be an object', given);
    problems.throwIfAny();
  }
  const { name, ttlJitter, groups, codec, clock, random } = given;
  problems.refuseUnknown(given, NAMES);
  problems.require(
    name === undefined || (typeof name === 'string' && name !== ''),
    'name',
    'must be a text that is not empty',
    name,
  );
  const isFraction = ttlJitter === undefined || (typeof ttlJitter === 'number' && ttlJitter >= 0 && ttlJitter <= 1);
  problems.require(isFraction, 'ttlJitter', 'must be a number from 0 to 1', ttlJitter);
  const isGroups = groups === undefined || typeof groups === 'function' || isListOfTexts(groups);
  problems.require(isGroups, 'groups', 'must be a list of texts, or a function (value, key) => texts', groups);
  const isCodec =
    codec === undefined ||
    (Number.isInteger(codec?.id) && typeof codec.encode === 'function' && typeof codec.decode === 'function');
  problems.require(isCodec, 'codec', 'must be a serializer: { id, name, encode(value), decode(bytes) }', codec);
  const isClock = clock === undefined || CLOCK_METHODS.every((method) => typeof clock?.[method] === 'function');
  problems.require(isClock, 'clock', `must have the methods ${CLOCK_METHODS.join(', ')}`, clock);
  const resolved = {
    name: name ?? 'memory',
    ...resolveStoreOptions(problems, given, { maxSize: DEFAULT_MAX_SIZE, policy: 'adaptive', sharedBytes }),
    ttlMs: problems.duration('ttl', given.ttl, Infinity),
    ttiMs: problems.duration('tti', given.tti, Infinity),
    ttlJitter: ttlJitter ?? 0,
    groups,
    codec,
    clock: clock ?? systemClock,
    random: problems.function('random', random, systemRandom),
  };
  problems.throwIfAny();
  return resolved;
}

/** A duration given to a call. */
export function durationOfCall(option: string, given: unknown): number {
  const milliseconds = toMilliseconds(given);
  if (milliseconds === undefined) throw new CacheMisuseError(`${option} ${DURATION_RULE} (received ${show(given)})`);
  return milliseconds;
}

/** Groups given to a call or by a `groups` function. */
export function groupsOfCall(given: unknown): readonly string[] {
  if (isListOfTexts(given)) return given;
  throw new CacheMisuseError(`groups must be a list of texts (received ${show(given)})`);
}

/** The groups of an entry: the cache's, and those given with it. */
export function allGroups<K, V>(
  own: readonly string[] | ((value: V, key: K) => readonly string[]),
  given: readonly string[] | undefined,
  key: K,
  value: V,
): readonly string[] {
  const groups = typeof own === 'function' ? groupsOfCall(own(value, key)) : own;
  return given === undefined ? groups : [...groups, ...given];
}

/** A weight given to a call. */
export function weightOfCall(given: unknown, key: unknown): number {
  return checkedWeight(given, () => 'the weight option', key);
}

const CLOCK_METHODS = ['now', 'coarse', 'epochMs', 'after'] as const;

function isListOfTexts(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((group) => typeof group === 'string');
}
