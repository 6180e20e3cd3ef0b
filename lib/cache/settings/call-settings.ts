import { OptionProblems } from '../../core/index.js';
import type { LoadOptions, RefreshAhead } from '../api/cache.options.js';
import { requireGroups } from './call-values.js';

/** What an operation may say for its own call, over what its cache says. */
const CALL_OPTIONS: readonly (keyof LoadOptions)[] = [
  'ttl',
  'tti',
  'groups',
  'weight',
  'signal',
  'negativeTtl',
  'errorTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'staleBackoff',
  'refreshAhead',
  'loadTimeout',
  'abortWhenAbandoned',
  'lock',
];

/** The options of one call over those of its decorator and its cache: checked, parsed and complete. */
export interface CallSettings {
  readonly ttlMs: number;
  readonly ttiMs: number;
  readonly groups: readonly string[];
  readonly weight: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** `undefined`: null is kept as long as any value. */
  readonly nullTtlMs: number | undefined;
  readonly undefinedTtlMs: number;
  readonly errorTtlMs: number;
  readonly revalidateMs: number;
  readonly ifErrorMs: number;
  readonly backoffMs: number;
  readonly refreshAhead: RefreshAhead | undefined;
  readonly softMs: number;
  readonly hardMs: number;
  readonly holdMs: number;
  readonly abortWhenAbandoned: boolean;
  readonly lock: boolean;
}

/** What holds where nobody says anything. */
const DEFAULTS: CallSettings = {
  ttlMs: 300_000,
  ttiMs: Infinity,
  groups: [],
  weight: undefined,
  signal: undefined,
  nullTtlMs: undefined,
  undefinedTtlMs: 0,
  errorTtlMs: 0,
  revalidateMs: 0,
  ifErrorMs: 0,
  backoffMs: 10_000,
  refreshAhead: undefined,
  softMs: Infinity,
  hardMs: Infinity,
  holdMs: 60_000,
  abortWhenAbandoned: false,
  lock: false,
};

/** All of them but what only the caller's wait is about, and the field of `refreshAhead`. */
const ASKED_OF_LOADS = [
  ...Object.keys(DEFAULTS).filter((name) => !['signal', 'softMs', 'hardMs'].includes(name)),
  'beta',
];

/** The settings of a cache's calls, level over level: its module's defaults, then its definition. */
export function settingsOfCache(problems: OptionProblems, levels: readonly LoadOptions[]): CallSettings {
  return levels.reduce((base, given) => resolve(problems, given, base), DEFAULTS);
}

/** The settings of one call, or of all calls of a decorated method, over those of its class or its cache. */
export function settingsOfCall(caller: string, given: LoadOptions | undefined, base: CallSettings): CallSettings {
  if (given === undefined) return base;
  const problems = new OptionProblems(caller);
  problems.requireObject('options', given);
  problems.refuseUnknown(given, CALL_OPTIONS);
  const settings = resolve(problems, given, base);
  problems.throwIfAny();
  return settings;
}

/** The one place where an option of a call, a decorator and a definition meet. */
function resolve(problems: OptionProblems, given: LoadOptions, base: CallSettings): CallSettings {
  const { groups, weight, signal, refreshAhead, loadTimeout = {} } = given;
  if (groups !== undefined) requireGroups(problems, 'groups', groups);
  problems.require(isWeight(weight), 'weight', 'must be a finite number, 0 or more', weight);
  problems.require(signal === undefined || signal instanceof AbortSignal, 'signal', 'must be an AbortSignal', signal);
  const valid = refreshAhead === undefined || isRefreshAhead(refreshAhead);
  problems.require(valid, 'refreshAhead', 'must be a number above 0 and below 1, or { beta } above 0', refreshAhead);
  if (typeof loadTimeout === 'object' && loadTimeout !== null) {
    problems.refuseUnknown(loadTimeout, ['soft', 'hard', 'hold']);
  } else {
    problems.add('loadTimeout', 'must be an object with soft, hard and hold', loadTimeout);
  }
  const negativeMs = problems.duration('negativeTtl', given.negativeTtl, undefined);
  const softMs = problems.duration('loadTimeout.soft', loadTimeout?.soft, base.softMs);
  const hardMs = problems.duration('loadTimeout.hard', loadTimeout?.hard, base.hardMs);
  const holdMs = problems.duration('loadTimeout.hold', loadTimeout?.hold, base.holdMs);
  const isOrdered = loadTimeout?.soft === undefined || softMs < hardMs || hardMs === Infinity;
  problems.require(isOrdered, 'loadTimeout.soft', `must be below loadTimeout.hard (${hardMs} ms)`, loadTimeout?.soft);
  problems.require(holdMs > 0, 'loadTimeout.hold', 'must be above 0', loadTimeout?.hold);
  return {
    ttlMs: problems.duration('ttl', given.ttl, base.ttlMs),
    ttiMs: problems.duration('tti', given.tti, base.ttiMs),
    groups: Array.isArray(groups) ? [...base.groups, ...groups] : base.groups,
    weight,
    signal,
    nullTtlMs: negativeMs ?? base.nullTtlMs,
    undefinedTtlMs: negativeMs ?? base.undefinedTtlMs,
    errorTtlMs: problems.duration('errorTtl', given.errorTtl, base.errorTtlMs),
    revalidateMs: problems.duration('staleWhileRevalidate', given.staleWhileRevalidate, base.revalidateMs),
    ifErrorMs: problems.duration('staleIfError', given.staleIfError, base.ifErrorMs),
    backoffMs: problems.duration('staleBackoff', given.staleBackoff, base.backoffMs),
    refreshAhead: refreshAhead ?? base.refreshAhead,
    softMs,
    hardMs,
    holdMs,
    abortWhenAbandoned: problems.oneOf(
      'abortWhenAbandoned',
      given.abortWhenAbandoned,
      [true, false],
      base.abortWhenAbandoned,
    ),
    lock: problems.oneOf('lock', given.lock, [true, false], base.lock),
  };
}

/** A text that is the same for calls that mean the same load: they may differ in how long their callers wait. */
export function loadKind(call: CallSettings): string {
  return JSON.stringify(call, ASKED_OF_LOADS);
}

function isWeight(weight: unknown): boolean {
  return weight === undefined || (typeof weight === 'number' && Number.isFinite(weight) && weight >= 0);
}

function isRefreshAhead(given: unknown): boolean {
  if (typeof given === 'number') return given > 0 && given < 1;
  if (typeof given !== 'object' || given === null || !('beta' in given)) return false;
  return typeof given.beta === 'number' && given.beta > 0 && given.beta < Infinity;
}
