import type { CodecSettings, CompressionSettings, Serializer } from '../../codec/index.js';
import type { OptionProblems } from '../../core/index.js';
import { isMemoryTier, type Bus, type MemoryTier, type Tier } from '../../tiers/index.js';
import type { CacheOptions } from '../api/cache.options.js';
import type { MemoryOption } from '../api/memory.options.js';

const DEFAULT_NAMESPACE = 'strata';

/** What the caches of an application share. */
export interface Surroundings {
  /** Begins the names of everything in tiers and on the bus, so that applications do not meet there. @defaultValue 'strata' */
  readonly namespace?: string;
  /** The levels of every cache that names none itself, fastest first; memory comes first in any case. */
  readonly tiers?: readonly (MemoryTier | Tier)[];
  /** How the nodes hear of each other's changes. */
  readonly bus?: Bus;
  /**
   * Gives memory back when the heap is short of it: `true`. A number of bytes, or `'512mb'`: besides, what all caches may
   * take together. @defaultValue false: each cache keeps what its own bounds allow, whatever becomes of the process
   */
  readonly memory?: MemoryOption;
}

/** The levels of one cache. */
export interface Levels {
  readonly memory: MemoryTier | undefined;
  /** Fastest first. */
  readonly below: readonly Tier[];
}

/** What a cache has beside its memory: checked, with every default in place. */
export interface SharedSettings {
  readonly tiers: readonly Tier[];
  readonly bus: Bus | undefined;
  /** What the bus is shared under. */
  readonly channel: string;
  /** This cache's part of each tier. */
  readonly space: string;
  /** An entry stays in memory no longer than that. */
  readonly memoryTtlMs: number;
  readonly serializer: Serializer;
  readonly compression: CompressionSettings | undefined;
  readonly throwsTierErrors: boolean;
  /** Whether only what memory evicts is stored below. */
  readonly isExclusive: boolean;
}

/** Tells memory from what is below it. */
export function levelsOf(problems: OptionProblems, tiers: readonly (MemoryTier | Tier)[]): Levels {
  if (!Array.isArray(tiers)) {
    problems.add('tiers', 'must be a list, fastest first', tiers);
    return { memory: undefined, below: [] };
  }
  const [first] = tiers;
  const memory = isMemoryTier(first) ? first : undefined;
  const below = (memory === undefined ? tiers : tiers.slice(1)) as readonly Tier[];
  problems.require(!below.some(isMemoryTier), 'tiers', 'can have memoryTier() only once, and first', tiers);
  problems.require(below.every(isTier), 'tiers', 'must be made by memoryTier(), redisTier(), …', tiers);
  const names = below.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  problems.require(twice === undefined, 'tiers', 'have the same name twice; give one of them another', twice);
  return { memory, below: below.filter(isTier) };
}

/** Checks what the caches of an application share, whether or not there is one yet. */
export function checkSurroundings(problems: OptionProblems, { namespace, tiers = [], bus }: Surroundings): void {
  levelsOf(problems, tiers);
  const isName = namespace === undefined || (typeof namespace === 'string' && /^[^\s\p{Cc}]{1,100}$/u.test(namespace));
  problems.require(isName, 'namespace', 'must be a text of 1 to 100 characters without spaces', namespace);
  problems.require(bus === undefined || isBus(bus), 'bus', 'must be made by redisBus(), clusterBus(), …', bus);
}

/** `undefined` for a cache that has nothing but its memory. */
export function resolveShared(
  problems: OptionProblems,
  name: string,
  given: Pick<CacheOptions, 'bus' | 'onTierError' | 'tiering'> & CodecSettings,
  { memory, below }: Levels,
  { namespace = DEFAULT_NAMESPACE, bus: common }: Surroundings,
): SharedSettings | undefined {
  const bus = given.bus ?? common;
  problems.require(!bus || isBus(bus), 'bus', 'must be false, or made by redisBus(), clusterBus(), …', bus);
  const { serializer, compression } = given;
  const onTierError = problems.oneOf('onTierError', given.onTierError, ['recover', 'throw'], 'recover');
  const tiering = problems.oneOf('tiering', given.tiering, ['inclusive', 'exclusive'], 'inclusive');
  if (below.length === 0 && !bus && memory?.maxTtlMs === undefined) return undefined;
  return {
    tiers: below,
    bus: bus === false ? undefined : bus,
    channel: namespace,
    space: `${namespace}:${name}`,
    memoryTtlMs: memory?.maxTtlMs ?? Infinity,
    serializer,
    compression,
    throwsTierErrors: onTierError === 'throw',
    isExclusive: tiering === 'exclusive',
  };
}

function isTier(candidate: unknown): candidate is Tier {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'read' in candidate &&
    typeof candidate.read === 'function' &&
    'guard' in candidate
  );
}

function isBus(candidate: unknown): candidate is Bus {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'publish' in candidate &&
    typeof candidate.publish === 'function'
  );
}
