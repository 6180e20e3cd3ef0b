import { parseArgs } from 'node:util';
import { SettingsError } from './settings-error.js';

/** A tier below memory that this app can be started with. */
export type TierName = 'lmdb' | 'redis';

/** What `npm start -- …` says about the caches. */
export interface CacheLevels {
  /** Below memory, fastest first. */
  readonly tiers: readonly TierName[];
  /** Where the tier `redis` and the bus are. */
  readonly redisUrl: string | undefined;
}

const USAGE = `usage: npm start -- [--tiers memory,lmdb] [--redis redis://localhost:6379]

  --tiers   the levels of the caches, fastest first: memory, then lmdb (on disk), redis, or both
  --redis   where Redis or Valkey is: the level that nodes share, and the bus by which they hear of changes`;

/** Reads the arguments of the command line; without any, memory is all there is. */
export function cacheLevels(args: readonly string[]): CacheLevels {
  const { tiers: named, redis: redisUrl } = parsed(args);
  const levels = named?.split(',') ?? (redisUrl === undefined ? ['memory'] : ['memory', 'redis']);
  const [first, ...tiers] = levels;
  if (first !== 'memory') throw refusal(`--tiers begins with memory, not "${first}"`);
  const stranger = tiers.find((tier) => tier !== 'lmdb' && tier !== 'redis');
  if (stranger !== undefined) throw refusal(`there is no tier "${stranger}"; there are memory, lmdb and redis`);
  if (new Set(tiers).size < tiers.length) throw refusal(`--tiers names a tier twice: ${named}`);
  if (tiers.indexOf('redis') >= 0 && tiers.indexOf('redis') < tiers.length - 1) {
    throw refusal('the disk is nearer than Redis; write --tiers memory,lmdb,redis');
  }
  if (tiers.includes('redis') && redisUrl === undefined) {
    throw refusal('the tier redis needs to know where Redis is: add --redis redis://localhost:6379');
  }
  if (redisUrl !== undefined && !tiers.includes('redis')) {
    throw refusal(`with --redis there is a tier redis; write --tiers ${levels.join(',')},redis`);
  }
  if (redisUrl !== undefined && !isRedisUrl(redisUrl)) {
    throw refusal('--redis takes an address such as redis://user:password@localhost:6379/0');
  }
  return { tiers: tiers as TierName[], redisUrl }; // strangers were refused
}

function parsed(args: readonly string[]): { tiers?: string; redis?: string } {
  try {
    return parseArgs({ args: [...args], options: { tiers: { type: 'string' }, redis: { type: 'string' } } }).values;
  } catch (error) {
    // Its first sentence says what is wrong; the others speak of positional arguments, which we have none of.
    throw refusal(String(error instanceof Error ? error.message : error).split('. ')[0] ?? '');
  }
}

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ['redis:', 'rediss:', 'valkey:', 'valkeys:'].includes(new URL(text).protocol);
}

function refusal(problem: string): SettingsError {
  return new SettingsError(`${problem}\n\n${USAGE}`);
}
