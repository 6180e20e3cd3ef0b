import { firstDefined, type Duration, type OptionProblems } from '../core/index.js';
import type { BreakerSettings, CallPolicy, TierGuard } from './tier.js';

/** What every tier can be told. */
export interface TierOptions {
  /** Its name in `entry()`, events and statistics; unique among the tiers of a cache. @defaultValue the kind: 'redis', 'lmdb' */
  readonly name?: string;
  /** An entry stays in this tier no longer than that, whatever its own ttl. @defaultValue Infinity */
  readonly ttl?: Duration;
  /** How long a call may take before it counts as failed; the caller never waits longer for this tier. @defaultValue the tier's own */
  readonly timeout?: Duration;
  /** When calls stop being tried for a while. */
  readonly breaker?: BreakerOptions;
  /** Runs every call, besides the limits above: a policy of cockatiel's, or an object whose `execute` hands the call to a breaker of opossum's. */
  readonly policy?: CallPolicy;
}

/** A circuit breaker: after too many failures calls are not tried for `open`, then one is; it decides. */
export interface BreakerOptions {
  /** Opens at this fraction of failed calls, above 0 to 1. @defaultValue 0.5 */
  readonly failureRate?: number;
  /** Fewer calls than that within the window say nothing. @defaultValue 5 */
  readonly minCalls?: number;
  /** Over which the rate is taken. @defaultValue '10s' */
  readonly window?: Duration;
  /** How long it stays open before one call is tried. @defaultValue '1s' */
  readonly open?: Duration;
}

const TIER_OPTIONS: readonly (keyof TierOptions)[] = ['name', 'ttl', 'timeout', 'breaker', 'policy'];
const BREAKER_OPTIONS: readonly (keyof BreakerOptions)[] = ['failureRate', 'minCalls', 'window', 'open'];

/** What every tier resolves alike: its name and how it is guarded. */
export interface TierSettings {
  readonly name: string;
  readonly guard: TierGuard;
}

/** Checks the options that all tiers share; `more` are the names of the tier's own. */
export function resolveTierOptions(
  problems: OptionProblems,
  given: TierOptions,
  defaults: { readonly name: string; readonly timeoutMs: number },
  more: readonly string[],
): TierSettings {
  problems.requireObject('options', given);
  problems.refuseUnknown(given, [...TIER_OPTIONS, ...more]);
  const name = firstDefined(given.name, defaults.name) as string;
  const isName = typeof name === 'string' && /^[\w-]{1,64}$/.test(name) && name !== 'memory';
  problems.require(isName, 'name', 'must be 1 to 64 letters, digits, "-" or "_", and not "memory"', given.name);
  const timeoutMs = problems.duration('timeout', given.timeout, defaults.timeoutMs);
  problems.require(timeoutMs > 0, 'timeout', 'must be above 0', given.timeout);
  const maxTtlMs = problems.duration('ttl', given.ttl, Infinity);
  problems.require(maxTtlMs > 0, 'ttl', 'must be above 0; leave the tier out where nothing may stay in it', given.ttl);
  const { policy } = given;
  const isPolicy = policy === undefined || typeof policy?.execute === 'function';
  problems.require(isPolicy, 'policy', 'must have a method execute(call)', policy);
  return { name, guard: { timeoutMs, maxTtlMs, breaker: resolveBreaker(problems, given.breaker ?? {}), policy } };
}

function resolveBreaker(problems: OptionProblems, given: BreakerOptions): BreakerSettings {
  problems.requireObject('breaker', given);
  problems.refuseUnknown(given, BREAKER_OPTIONS);
  const { failureRate = 0.5 } = given;
  const isRate = typeof failureRate === 'number' && failureRate > 0 && failureRate <= 1;
  problems.require(isRate, 'breaker.failureRate', 'must be a number above 0, up to 1', failureRate);
  const windowMs = problems.duration('breaker.window', given.window, 10_000);
  problems.require(windowMs > 0 && windowMs < Infinity, 'breaker.window', 'must be above 0 and finite', given.window);
  return {
    failureRate,
    minCalls: problems.positiveInteger('breaker.minCalls', given.minCalls, 5),
    windowMs,
    openMs: problems.duration('breaker.open', given.open, 1_000),
  };
}
