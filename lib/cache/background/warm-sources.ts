import type { CacheParts } from '../parts/cache-parts.js';
import type { Cache } from '../api/cache.js';
import { keysBelow } from '../reads/keys-below.js';
import type { Snapshots } from './snapshots.js';
import type { WarmPiece, WarmWork } from './warm-run.js';
import type { CacheWarmSettings, WarmList } from '../api/warm.options.js';

/** What warming asks of a cache: what anybody does. */
export type WarmableCache<K, V> = Pick<Cache<K, V>, 'get' | 'getOrLoad' | 'getOrLoadAll'>;

/** As many as come up from a tier where no number bounds the cache. */
const MOST_FROM_TIER = 10_000;

/** What `warm` of a definition names, one source after the other. */
export async function warmWorkOf<K, V>(
  parts: CacheParts<K, V>,
  settings: CacheWarmSettings<K>,
  cache: WarmableCache<K, V>,
  snapshots: Snapshots<K, V>,
  hottest: readonly K[],
): Promise<WarmWork> {
  const { snapshot, tier } = settings;
  const keys = settings.keys === undefined ? [] : await listOf(settings.keys);
  const total = totalOf(keys);
  const others = hottest.length + (snapshot === undefined ? 0 : 1);
  const load = piecesOf(parts, cache);
  const pieces = async function* (): AsyncGenerator<WarmPiece> {
    // A file that is wrong is wrong the next time too.
    if (snapshot !== undefined) yield { keys: 1, retries: 0, load: () => snapshots.read(snapshot) };
    yield* load(hottest);
    if (tier !== undefined) yield* fromTier(parts, tier, cache);
    yield* load(keys);
  };
  return { total: total === undefined || tier !== undefined ? undefined : total + others, pieces: pieces() };
}

/** The list itself, or what the function returns now. */
export async function listOf<T>(list: WarmList<T>): Promise<Iterable<T> | AsyncIterable<T>> {
  return typeof list === 'function' ? await list() : list;
}

/** How many there are, where that is known without a look at them. */
export function totalOf(list: object): number | undefined {
  if (Array.isArray(list)) return list.length;
  return list instanceof Set || list instanceof Map ? list.size : undefined;
}

/** Loads of keys: one by one, or many at once where there is a bulk loader. What is there and fresh stays. */
function piecesOf<K, V>(
  { settings }: CacheParts<K, V>,
  cache: WarmableCache<K, V>,
): (keys: Iterable<K> | AsyncIterable<K>) => AsyncGenerator<WarmPiece> {
  const { bulkLoader, batchSize = MOST_AT_ONCE } = settings;
  return async function* (keys) {
    if (bulkLoader === undefined) {
      for await (const key of keys) yield { keys: 1, load: () => cache.getOrLoad(key) };
      return;
    }
    for await (const some of inGroups(keys, batchSize)) {
      yield { keys: some.length, load: () => cache.getOrLoadAll(some) };
    }
  };
}

const MOST_AT_ONCE = 100;

async function* inGroups<T>(values: Iterable<T> | AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const value of values) {
    group.push(value);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** What a tier holds comes to memory by being read. */
async function* fromTier<K, V>(
  parts: CacheParts<K, V>,
  tier: string,
  cache: WarmableCache<K, V>,
): AsyncGenerator<WarmPiece> {
  const { maxSize } = parts.store;
  const most = maxSize === Infinity ? MOST_FROM_TIER : maxSize;
  let taken = 0;
  for await (const key of keysBelow(parts, undefined, tier)) {
    if (taken++ >= most) return;
    yield { keys: 1, load: () => cache.get(key) };
  }
}
