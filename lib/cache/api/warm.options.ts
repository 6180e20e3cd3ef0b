import { resolve } from 'node:path';
import { firstDefined, type Duration, type OptionProblems } from '../../core/index.js';

/** Keys, or lists of arguments, one after the other; a function is asked each time. */
export type WarmList<T> =
  Iterable<T> | AsyncIterable<T> | (() => Iterable<T> | AsyncIterable<T> | Promise<Iterable<T> | AsyncIterable<T>>);

/** When values are loaded before anybody asks for them, and how gently. */
export interface WarmSchedule {
  /** `'bootstrap'`: when the application has started. `'schedule'`: by `every` or `cron` alone. @defaultValue 'bootstrap' */
  readonly on?: 'bootstrap' | 'schedule';
  /** Whether the application is ready only when the first warming has ended, whatever came of it. @defaultValue false */
  readonly wait?: boolean;
  /** So long after one warming has ended the next one begins. @defaultValue not at all */
  readonly every?: Duration;
  /** A cron expression, such as `'0 6 * * *'`: needs `ScheduleModule.forRoot()` of `@nestjs/schedule`. @defaultValue not at all */
  readonly cron?: string;
  /** How many are loaded at a time, 1 to 1,000. @defaultValue 4 */
  readonly concurrency?: number;
  /** How many are begun in a second at most. @defaultValue no limit */
  readonly rate?: number;
  /**
   * Whether one node of many does it: the one that takes a lease in the last tier that has leases. Where there is none, or it
   * cannot be asked, each node warms for itself. @defaultValue false
   */
  readonly lock?: boolean;
  /** How often a load that fails is tried again, 0 to 100. @defaultValue 2 */
  readonly retries?: number;
  /** How long after the first failure that is; twice as long after each further one. @defaultValue '1s' */
  readonly backoff?: Duration;
}

/** What a cache loads before anybody asks for it: of each source that is named, in this order. Present and fresh entries stay. */
export interface WarmOptions<K> extends WarmSchedule {
  /** The path of a snapshot, of an earlier run or of another node. */
  readonly snapshot?: string;
  /** The path of a file in which the cache keeps its hottest keys, 100 at most, with how often they were asked for: those of the last run are loaded, the hottest first. */
  readonly hotKeys?: string;
  /** The name of a tier below memory, which another node may have filled: what it has comes to memory, as much as there is room for. */
  readonly tier?: string;
  /** Keys to load, by the cache's own `loader` or `bulkLoader`. */
  readonly keys?: WarmList<K>;
}

/** How a warming runs, checked. */
export interface WarmSettings {
  readonly atStart: boolean;
  readonly waits: boolean;
  /** Infinity: not at all. */
  readonly everyMs: number;
  readonly cron: string | undefined;
  readonly concurrency: number;
  /** Infinity: no limit. */
  readonly perSecond: number;
  readonly locked: boolean;
  readonly retries: number;
  readonly backoffMs: number;
}

/** A definition's warming, checked. */
export interface CacheWarmSettings<K> extends WarmSettings {
  readonly snapshot: string | undefined;
  readonly hotKeys: string | undefined;
  readonly tier: string | undefined;
  readonly keys: WarmList<K> | undefined;
}

const SCHEDULE_NAMES: readonly (keyof WarmSchedule)[] = [
  'on',
  'wait',
  'every',
  'cron',
  'concurrency',
  'rate',
  'lock',
  'retries',
  'backoff',
];
const SOURCES = ['snapshot', 'hotKeys', 'tier', 'keys'] as const;

/** What of the other options of a cache its warming depends on. */
export interface WarmedBy {
  /** Whether it can load by itself. */
  readonly loads: boolean;
  /** The names of the tiers below memory. */
  readonly tiers: readonly string[];
  /** Where its own snapshot is kept. */
  readonly snapshotPath: string | undefined;
}

/** Checks `warm` of a definition. */
export function resolveWarm<K>(
  problems: OptionProblems,
  given: WarmOptions<K> | undefined,
  { loads, tiers, snapshotPath }: WarmedBy,
): CacheWarmSettings<K> | undefined {
  if (given === undefined) return undefined;
  problems.requireObject('warm', given);
  const schedule = resolveWarmSchedule(problems, given, 'warm', SOURCES);
  const { snapshot, hotKeys, tier, keys } = given;
  for (const [option, received] of Object.entries({ snapshot, hotKeys, tier })) {
    const isText = received === undefined || (typeof received === 'string' && received !== '');
    problems.require(isText, `warm.${option}`, 'must be a text that is not empty', received);
  }
  const isTier = typeof tier !== 'string' || tier === '' || tiers.includes(tier);
  const known = tiers.length === 0 ? 'it has none' : `it has ${tiers.join(', ')}`;
  problems.require(isTier, 'warm.tier', `must be the name of a tier below memory: ${known}`, tier);
  const isOwnFile = typeof hotKeys !== 'string' || snapshotPath === undefined || !isSameFile(hotKeys, snapshotPath);
  problems.require(isOwnFile, 'warm.hotKeys', 'must be another file than snapshot.path', hotKeys);
  problems.require(keys === undefined || isWarmList(keys), 'warm.keys', WARM_LIST_RULE, keys);
  const isAny = firstDefined<unknown>(snapshot, hotKeys, tier, keys) !== undefined;
  problems.require(isAny, 'warm', `must name what to load, by ${SOURCES.join(', ')}`, given);
  const needsLoader = (keys ?? hotKeys) !== undefined && !loads;
  problems.require(!needsLoader, 'warm', 'with keys or hotKeys needs loader or bulkLoader', given);
  return { ...schedule, snapshot, hotKeys, tier, keys };
}

/** Checks when and how gently; `more` are names of other options of the same object. */
export function resolveWarmSchedule(
  problems: OptionProblems,
  given: WarmSchedule,
  prefix: string,
  more: readonly string[],
): WarmSettings {
  const named = (option: string): string => (prefix === '' ? option : `${prefix}.${option}`);
  problems.refuseUnknown(given, [...SCHEDULE_NAMES, ...more]);
  const { cron, rate, retries = 2 } = given;
  problems.require(
    cron === undefined || (typeof cron === 'string' && cron.trim() !== ''),
    named('cron'),
    "must be a cron expression, such as '0 6 * * *'",
    cron,
  );
  const isRate = rate === undefined || (typeof rate === 'number' && rate > 0);
  problems.require(isRate, named('rate'), 'must be a number above 0', rate);
  const areRetries = Number.isInteger(retries) && retries >= 0 && retries <= 100;
  problems.require(areRetries, named('retries'), 'must be a whole number from 0 to 100', retries);
  const everyMs = problems.duration(named('every'), given.every, Infinity);
  problems.require(everyMs > 0, named('every'), 'must be above 0', given.every);
  const on = problems.oneOf(named('on'), given.on, ['bootstrap', 'schedule'] as const, 'bootstrap');
  const isScheduled = everyMs < Infinity || cron !== undefined;
  problems.require(on === 'bootstrap' || isScheduled, named('on'), "'schedule' needs every or cron", on);
  const waits = problems.oneOf(named('wait'), given.wait, [true, false], false);
  problems.require(!waits || on === 'bootstrap', named('wait'), "needs on: 'bootstrap'", waits);
  return {
    atStart: on === 'bootstrap',
    waits,
    everyMs,
    cron,
    concurrency: problems.positiveInteger(named('concurrency'), given.concurrency, 4, 1_000),
    perSecond: rate ?? Infinity,
    locked: problems.oneOf(named('lock'), given.lock, [true, false], false),
    retries,
    backoffMs: problems.duration(named('backoff'), given.backoff, 1_000),
  };
}

function isSameFile(one: string, other: string): boolean {
  return resolve(one) === resolve(other);
}

export const WARM_LIST_RULE = 'must be a list, another iterable, or a function that returns one';

export function isWarmList(given: unknown): boolean {
  if (typeof given === 'function') return true;
  return typeof given === 'object' && given !== null && (Symbol.iterator in given || Symbol.asyncIterator in given);
}
