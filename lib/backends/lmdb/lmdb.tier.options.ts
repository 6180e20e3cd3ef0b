import { BYTES_RULE, OptionProblems, systemClock, toBytes, type Clock, type Duration } from '../../core/index.js';
import { resolveTierOptions, type TierGuard, type TierOptions } from '../../tiers/index.js';

/** How an {@link lmdbTier} is made. */
export interface LmdbTierOptions extends TierOptions {
  /**
   * The folder of its data file, made when it is not there. The processes of this host that name one folder share what is
   * in it, also one after the other. It belongs on a local disk: a network file system does not keep the locks.
   */
  readonly path: string;
  /**
   * How many bytes entries may take, their keys and indexes included: bytes, or `'64mb'`, `'2gb'`; 1 MB or more. What was
   * written longest ago and not read since goes first. The file grows to at most about 1.3 times that, and never shrinks.
   */
  readonly maxBytes: number | string;
  /** How often expired entries are removed, by one process for all; they are never served meanwhile. @defaultValue '10s' */
  readonly sweepEvery?: Duration;
  /** The time source, for tests. @defaultValue the system's */
  readonly clock?: Clock;
}

/** What {@link LmdbTierOptions} say, checked. */
export interface LmdbTierSettings {
  readonly name: string;
  readonly guard: TierGuard;
  readonly folder: string;
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
  readonly sweepEveryMs: number;
  readonly clock: Clock;
}

const MIN_BYTES = 2 ** 20;
/** One entry may take that part of the whole, so that storing it never empties the tier. */
const LARGEST_SHARE = 1 / 16;
const LARGEST_BYTES = 64 * 2 ** 20;

export function resolveLmdbTierOptions(given: LmdbTierOptions): LmdbTierSettings {
  const problems = new OptionProblems('lmdbTier');
  const { name, guard } = resolveTierOptions(problems, given, { name: 'lmdb', timeoutMs: 1_000 }, [
    'path',
    'maxBytes',
    'sweepEvery',
    'clock',
  ]);
  const { path, clock = systemClock } = given;
  const isPath = typeof path === 'string' && path !== '' && !path.includes('\0');
  problems.require(isPath, 'path', 'must be the folder to keep the data file in', path);
  const bytes = toBytes(given.maxBytes);
  problems.require(bytes !== undefined, 'maxBytes', BYTES_RULE, given.maxBytes);
  const maxBytes = Math.floor(bytes ?? MIN_BYTES);
  problems.require(maxBytes >= MIN_BYTES && maxBytes <= 2 ** 46, 'maxBytes', 'must be 1mb to 64tb', given.maxBytes);
  const sweepEveryMs = problems.duration('sweepEvery', given.sweepEvery, 10_000);
  const isInterval = sweepEveryMs > 0 && sweepEveryMs < Infinity;
  problems.require(isInterval, 'sweepEvery', 'must be above 0 and finite', given.sweepEvery);
  problems.require(typeof clock?.epochMs === 'function', 'clock', 'must be a Clock', clock);
  problems.throwIfAny();
  const maxEntryBytes = Math.min(Math.floor(maxBytes * LARGEST_SHARE), LARGEST_BYTES);
  return { name, guard, folder: path, maxBytes, maxEntryBytes, sweepEveryMs, clock };
}
