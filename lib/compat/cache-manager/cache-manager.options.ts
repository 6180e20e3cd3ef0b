import {
  BYTES_RULE,
  OptionProblems,
  systemClock,
  systemRandom,
  toBytes,
  toMilliseconds,
  type Clock,
  type Duration,
} from '../../core/index.js';
import type { StoreLike } from './store-values.js';

/** What cache-manager's `createCache` takes, and beside it what is ours. */
export interface CreateCacheOptions {
  /** Keyvs of version 5 or 6, the fastest first. @defaultValue one store in memory, bounded by `max` */
  stores?: StoreLike[];
  /** Milliseconds of what is stored without a ttl; `0` is without end. @defaultValue without end */
  ttl?: number;
  /** `wrap` loads a value with less than that many milliseconds left anew behind. @defaultValue not at all */
  refreshThreshold?: number;
  /** Whether a value that is loaded anew goes to every store, or only to those down to the one that had it. @defaultValue false */
  refreshAllStores?: boolean;
  /** Reads ask all stores at once, and the first value wins; writes are not waited for. @defaultValue false */
  nonBlocking?: boolean;
  /** Its name: what `cacheId()` returns, and in the `CacheRegistry` of an app that has one. @defaultValue by chance; in the registry 'cache-manager' */
  cacheId?: string;
  /** How many entries the store in memory keeps. @defaultValue 10,000; none when `maxMemory` is given */
  max?: number;
  /** How many bytes the store in memory may take, by estimate: bytes, or `'64kb'`, `'100mb'`. */
  maxMemory?: number | string;
  /**
   * What readers of the store in memory get: `'plain'`, a copy of plain data, so that changing it changes nothing that is
   * cached; `'none'`, the stored object itself. Instances of classes are never copied. @defaultValue 'plain'
   */
  clone?: 'plain' | 'none';
  /** How long a store may take for a call before that counts as failed. @defaultValue '1s' */
  timeout?: Duration;
  /**
   * `'strict'`: what `@nestjs/cache-manager` does where it may give wrong answers. URLs are keys as they are, those of
   * requests with credentials too; `null` is a miss to the interceptor; the store in memory hands out its own objects.
   * @defaultValue 'fixed'
   */
  compat?: 'fixed' | 'strict';
  /** The time source, for tests. @defaultValue the system's */
  clock?: Clock;
}

/** The options checked, with every default in place. */
export interface ManagerSettings {
  readonly ttl: number | undefined;
  readonly refreshThreshold: number | undefined;
  readonly refreshAllStores: boolean;
  readonly nonBlocking: boolean;
  readonly cacheId: string;
  readonly memory: MemoryStoreOptions;
  readonly timeoutMs: number;
  readonly isStrict: boolean;
  readonly clock: Clock;
}

/** How a store in memory is made. */
export interface MemoryStoreOptions extends Pick<CreateCacheOptions, 'max' | 'maxMemory' | 'clone' | 'clock'> {
  /** Its name in the `CacheRegistry` of an app that has one. @defaultValue 'cache-manager' */
  readonly name?: string;
}

/** Throws every problem in one error. What only other stores know (`host`, `url`) is let through, as ever. */
export function resolveManagerOptions(caller: string, given: CreateCacheOptions): ManagerSettings {
  const problems = new OptionProblems(caller);
  problems.requireObject('options', given);
  const isStrict = problems.oneOf('compat', given.compat, ['fixed', 'strict'] as const, 'fixed') === 'strict';
  const { clock = systemClock } = given;
  problems.require(typeof clock?.epochMs === 'function', 'clock', 'must be a Clock', clock);
  const timeoutMs = problems.duration('timeout', given.timeout, 1_000);
  problems.require(timeoutMs > 0, 'timeout', 'must be above 0', given.timeout);
  const isId = given.cacheId === undefined || (typeof given.cacheId === 'string' && given.cacheId !== '');
  problems.require(isId, 'cacheId', 'must be a text that is not empty', given.cacheId);
  const settings: ManagerSettings = {
    ttl: milliseconds(problems, 'ttl', given.ttl),
    refreshThreshold: milliseconds(problems, 'refreshThreshold', given.refreshThreshold),
    refreshAllStores: given.refreshAllStores ?? false,
    nonBlocking: given.nonBlocking ?? false,
    cacheId: given.cacheId ?? systemRandom().toString(36).slice(2),
    memory: {
      max: given.max,
      maxMemory: given.maxMemory,
      clone: given.clone ?? (isStrict ? 'none' : undefined),
      clock,
      name: given.cacheId,
    },
    timeoutMs,
    isStrict,
    clock,
  };
  problems.throwIfAny();
  checkMemoryStoreOptions(caller, settings.memory);
  return settings;
}

/** Checks what a store in memory is told, before anybody uses it. */
export function checkMemoryStoreOptions(caller: string, given: MemoryStoreOptions): void {
  const problems = new OptionProblems(caller);
  problems.requireObject('options', given);
  problems.refuseUnknown(given, ['max', 'maxMemory', 'clone', 'clock', 'name']);
  problems.positiveInteger('max', given.max, undefined);
  const isBytes = given.maxMemory === undefined || toBytes(given.maxMemory) !== undefined;
  problems.require(isBytes, 'maxMemory', BYTES_RULE, given.maxMemory);
  problems.oneOf('clone', given.clone, ['plain', 'none'] as const, 'plain');
  const { name } = given;
  problems.require(name === undefined || (typeof name === 'string' && name !== ''), 'name', 'must be a text', name);
  problems.throwIfAny();
}

/** Only numbers: a text such as '5m' would have been no ttl at all to cache-manager. */
function milliseconds(problems: OptionProblems, option: string, given: unknown): number | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === 'number' && toMilliseconds(given) !== undefined) return given;
  problems.add(option, 'must be a number of milliseconds, 0 or more', given);
  return undefined;
}
