import type { CacheOptions } from '../../lib/cache/index.js';

/** What a node is started with. */
export interface NodePlan {
  readonly node: string;
  readonly seed: number;
  /** Of the servers, or of the proxy before the only one. */
  readonly urls: readonly string[];
  readonly isCluster: boolean;
  /** Where the source of truth is. */
  readonly folder: string;
  readonly log: string;
}

/** What a node tells while it runs: how many operations it has done since it last told. */
export interface Progress {
  readonly operations: number;
}

/** The caches of every node, by name. In those that throw, a change that is acknowledged has reached the tier. */
export const CACHES: Readonly<Record<string, CacheOptions<string, string>>> = {
  users: { maxSize: 1_000, ttl: '2m' },
  orders: { maxSize: 1_000, ttl: '2m', onTierError: 'throw' },
  stock: { maxSize: 6, ttl: '1m', staleWhileRevalidate: '10s', staleIfError: '1m', lock: true },
};

export const KEYS: readonly string[] = Array.from({ length: 12 }, (_, at) => `k${at}`);
export const GROUPS: readonly string[] = ['a', 'b', 'c'];

/** The group that each key is in. */
export function groupOf(key: string): string {
  return GROUPS[KEYS.indexOf(key) % GROUPS.length] as string;
}

/** The host's clock, which all processes share, in milliseconds. */
export function hostMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
