import { OptionProblems, type Duration } from '../core/index.js';
import type { PolicyFactory, PolicyName } from '../engine/index.js';

/** How the memory of a process is bounded, for every cache whose definition does not say it itself. */
export interface MemoryTierOptions {
  /** How many entries each cache keeps. @defaultValue 10,000; none when `maxMemory` is given */
  readonly maxSize?: number;
  /** How many bytes the keys and values of each cache may take: bytes, or `'64kb'`, `'100mb'`, `'1gb'`. */
  readonly maxMemory?: number | string;
  /** Which entry goes when room runs out. */
  readonly policy?: PolicyName | PolicyFactory;
  /** An entry stays in memory no longer than that, whatever its own ttl; then it comes from the tier below. @defaultValue Infinity */
  readonly ttl?: Duration;
}

/** The first tier of every cache: the memory of its process. */
export interface MemoryTier {
  readonly kind: 'memory';
  readonly options: Pick<MemoryTierOptions, 'maxSize' | 'maxMemory' | 'policy'>;
  readonly maxTtlMs: number;
}

/**
 * Says how caches use memory, as the first of their `tiers`. Without it they use it all the same, with the defaults.
 * Bounds are checked with the options of each cache.
 */
export function memoryTier(options: MemoryTierOptions = {}): MemoryTier {
  const problems = new OptionProblems('memoryTier()');
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['maxSize', 'maxMemory', 'policy', 'ttl']);
  const { ttl, ...bounds } = options;
  const maxTtlMs = problems.duration('ttl', ttl, Infinity);
  problems.require(maxTtlMs > 0, 'ttl', 'must be above 0', ttl);
  problems.throwIfAny();
  return Object.freeze({ kind: 'memory', options: bounds, maxTtlMs });
}

export function isMemoryTier(candidate: unknown): candidate is MemoryTier {
  return typeof candidate === 'object' && candidate !== null && 'kind' in candidate && candidate.kind === 'memory';
}
