import type { CacheProgress } from './snapshot.js';

/** Every type of event. */
export const CACHE_EVENT_TYPES = [
  'hit',
  'miss',
  'put',
  'load',
  'loadError',
  'refresh',
  'stale',
  'evict',
  'expire',
  'invalidate',
  'clear',
  'promote',
  'demote',
  'tierError',
  'breaker',
  'bus',
  'recovered',
  'snapshot',
  'restore',
  'warm',
] as const;

export type CacheEventType = (typeof CACHE_EVENT_TYPES)[number];

/**
 * Why it happened. `put`: who stored (`put` a caller, `load`, `refresh`). `evict`: which bound ran out (`size`,
 * `weight`, `memory`), or `too-heavy` for an entry that alone is above the bound. `invalidate`: by `key`, `group` or
 * `pattern`. `loadError`: of a `load` or a `refresh`. `tierError`: what the tier was asked for (`connection`: nothing).
 * `breaker`: its new state. `bus`: what another node changed (`keys`, `group`, `pattern`, `clear`), `distrust` when
 * changes may have been missed and memory was dropped, or `trouble`. `snapshot`, `restore`, `warm`: that it began (`begin`), how
 * far it has come (`progress`), that it is done (`end`) or failed (`failure`).
 */
export type CacheEventCause =
  | 'put'
  | 'load'
  | 'refresh'
  | 'promote'
  | 'size'
  | 'weight'
  | 'memory'
  | 'too-heavy'
  | 'key'
  | 'keys'
  | 'group'
  | 'pattern'
  | 'clear'
  | TierOperation
  | 'open'
  | 'half-open'
  | 'closed'
  | 'distrust'
  | 'trouble'
  | 'begin'
  | 'progress'
  | 'end'
  | 'failure';

/** What a tier is asked for. */
export type TierOperation = 'read' | 'fence' | 'write' | 'remove' | 'renew' | 'keys' | 'lease' | 'connection';

/**
 * Something that happened in a cache; delivered synchronously after the state changed and before the call returns or
 * its promise resolves.
 */
export interface CacheEvent<K = unknown, V = unknown> {
  readonly type: CacheEventType;
  /** The cache's name. */
  readonly cache: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly key?: K;
  readonly value?: V;
  readonly group?: string;
  /** The glob or the regular expression as text; `'(predicate)'` for a function. */
  readonly pattern?: string;
  readonly tier?: string;
  readonly cause?: CacheEventCause;
  readonly durationMs?: number;
  readonly error?: unknown;
  /** Of what takes its time. */
  readonly progress?: CacheProgress;
}
