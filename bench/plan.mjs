/*
 * What is measured: workloads, each with the libraries that take part, the one that all are compared with, and the bar
 * that ours has to keep.
 */
import { SHAPES } from './decorated/shapes.mjs';
import { OPTIONS } from './loading/options.mjs';
import { STAMPEDES } from './loading/stampede.mjs';
import { MIXES } from './memory/mixes.mjs';
import { isInstalled } from './harness/installed.mjs';
import { HTTP_BARS, HTTP_LIBRARIES, PLATFORMS } from './http/libraries.mjs';
import { KINDS } from './numbers/kinds.mjs';

const PEERS = ['bare-literal', 'map', 'lru-cache', 'layered-loader', 'cache-manager', 'bentocache', 'type-cacheable'];
/** Kinds of keys that are looked up in a Map, and those that an attacker would choose. */
const OTHER_KEYS = ['string-40', 'string-1000', 'object', 'mixed', 'multiples'];
const OURS = ['strata-named', 'strata-own'];
/** Of a hit, to the bare async method. */
const DECORATED_BARS = { string: 1, number: 1.5, two: 1.3, busy: 1.5 };
/** Of `lru` with string keys, to lru-cache, where more is asked for than that nothing is slower. */
const LRU_BARS = {
  100_000: { 'get-or-put': 0.65, put: 0.5, delete: 0.55 },
  1_000_000: { 'get-or-put': 0.5, put: 0.5, delete: 0.5 },
};
/** Of many callers of the tier, to the raw client: at least 0.8 of its throughput. */
const RAW_CLIENT_BAR = 1.25;
/** Of a hit in memory with tiers below, to one without: the same, but for what measuring again brings about. */
const HIT_ABOVE_REDIS_BAR = 1.1;
/** Of a million entries: bytes of each, and pauses as ratios to lru-cache. */
const LIMIT_BARS = {
  strata: { filled: 44, churned: 44, evicting: 0.5, p999: 2 },
  'strata-default': { filled: 56, churned: 56, evicting: 0.5, p999: 2 },
};
const REQUESTS = { warmUps: 10_000, requests: 10_000 };
const QUICK_REQUESTS = { warmUps: 5_000, requests: 4_000 };

export const TITLES = {
  bare: 'bare async method',
  'bare-literal': 'bare async method with nothing to find',
  map: 'Map by hand',
  'lru-cache': 'lru-cache',
  'layered-loader': 'layered-loader',
  'cache-manager': 'cache-manager wrap',
  bentocache: 'bentocache getOrSet',
  'type-cacheable': '@type-cacheable, lru-cache adapter',
  mnemonist: 'mnemonist LRUMap',
  strata: 'MemoryCache, lru',
  'strata-default': 'MemoryCache, default policy',
  'threads-store': 'ThreadsStore, bytes of another thread',
  'threads-tier': 'threadsTier, one key',
  message: 'asking another thread by postMessage',
  'strata-limited': 'Cache, with loadTimeout.hard',
  'strata-named': '@Cacheable(Users, { key })',
  'strata-own': "@Cacheable({ ttl: '5m' })",
  none: 'no cache',
  'cache-interceptor': '@nestjs/cache-manager CacheInterceptor',
  'strata-http': '@HttpCache',
  'strata-public': '@HttpCache, public',
  hook: 'by hand, before the router',
  'strata-beside': 'bare async method, beside cached ones',
  ioredis: 'ioredis, pipelined by hand',
  'redis-tier': 'redisTier',
  redis: 'Cache, a hit in memory above Redis',
  'redis-cache': 'Cache over redisTier',
  'lmdb-tier': 'lmdbTier',
  cacheable: 'cacheable, @keyv/redis',
  'keyv-sqlite': 'keyv, @keyv/sqlite',
};

/** All workloads of a run, in the order in which they are measured and reported. */
export function planWorkloads({ quick, only }) {
  return [
    ...decorated(quick),
    ...loading(quick),
    ...numbers(quick),
    ...http(quick),
    ...memory(quick),
    ...limits(quick),
    ...tiers(quick),
    ...threads(quick),
  ]
    .map((workload) => select(workload, only))
    .filter(({ libraries }) => libraries.length > 0);
}

function decorated(quick) {
  const times = quick ? { warmUpMs: 400, measureMs: 300 } : { warmUpMs: 1_000, measureMs: 700 };
  return Object.keys(SHAPES)
    .filter((shape) => !quick || shape !== 'busy')
    .map((shape) => {
      const beside = shape === 'string' ? ['strata-beside'] : [];
      const peers = shape === 'busy' || (quick && shape !== 'string') ? [] : PEERS;
      return {
        id: `decorated/${shape}`,
        part: 'decorated',
        shape,
        base: 'bare',
        libraries: ['bare', ...OURS, ...beside, ...peers],
        bar: { libraries: OURS, atMost: DECORATED_BARS[shape] },
        job: { part: 'decorated', shape, ...times },
      };
    });
}

function loading(quick) {
  const times = quick ? { warmUpMs: 400, measureMs: 300 } : { warmUpMs: 1_000, measureMs: 700 };
  return [
    {
      id: 'loading/stampede',
      part: 'loading',
      kind: 'stampede',
      base: 'map',
      libraries: Object.keys(STAMPEDES),
      job: { part: 'loading', kind: 'stampede', callers: 10_000, warmUps: quick ? 2 : 4, stampedes: quick ? 5 : 20 },
    },
    {
      id: 'loading/hit',
      part: 'loading',
      kind: 'hit',
      base: 'none',
      libraries: Object.keys(OPTIONS),
      job: { part: 'loading', kind: 'hit', ...times },
    },
  ];
}

/** What a cached request costs, in comparison to one whose handler answers at once; and how often a handler runs. */
function http(quick) {
  const hits = PLATFORMS.map((platform) => ({
    id: `http/${platform}`,
    part: 'http',
    kind: 'hits',
    platform,
    base: 'none',
    libraries: HTTP_LIBRARIES,
    bar: { libraries: Object.keys(HTTP_BARS), atMost: barsOn(platform) },
    job: { part: 'http', kind: 'hits', platform, ...(quick ? QUICK_REQUESTS : REQUESTS) },
  }));
  const cold = PLATFORMS.map((platform) => ({
    id: `http/${platform}/cold`,
    part: 'http',
    kind: 'cold',
    platform,
    base: 'none',
    libraries: HTTP_LIBRARIES.filter((library) => library !== 'hook'),
    job: { part: 'http', kind: 'cold', platform },
  }));
  return [...hits, ...cold];
}

function barsOn(platform) {
  return Object.fromEntries(Object.entries(HTTP_BARS).map(([library, bars]) => [library, bars[platform]]));
}

/** What keeping the numbers costs, against one reading of the clock. */
function numbers(quick) {
  const times = quick ? { warmUpMs: 200, measureMs: 200 } : { warmUpMs: 400, measureMs: 400 };
  const job = { part: 'numbers', ...times };
  return [{ id: 'numbers', part: 'numbers', base: 'clock', libraries: Object.keys(KINDS), job }];
}

function memory(quick) {
  const workloads = [];
  for (const capacity of [10_000, 100_000, 1_000_000]) {
    for (const keys of ['string', 'number', ...OTHER_KEYS]) {
      for (const ttl of [false, true]) {
        for (const mix of Object.keys(MIXES)) {
          const kind = { capacity, keys, ttl, mix };
          if (quick ? isQuick(kind) : isMeasured(kind)) workloads.push(memoryWorkload({ ...kind, quick }));
        }
      }
    }
  }
  return workloads;
}

function memoryWorkload({ capacity, keys, ttl, mix, quick }) {
  return {
    id: `memory/${capacity}/${keys}${ttl ? '/ttl' : ''}/${mix}`,
    part: 'memory',
    capacity,
    keys,
    ttl,
    mix,
    base: 'lru-cache',
    libraries: ['lru-cache', 'strata', 'strata-default', ...(ttl ? [] : ['mnemonist']), 'map'],
    bar: { libraries: ['strata', 'strata-default'], atMost: memoryBars({ capacity, keys, ttl, mix }) },
    job: { part: 'memory', capacity, keys, ttl, mix, ...lengths(capacity, quick) },
  };
}

function memoryBars({ capacity, keys, ttl, mix }) {
  if (OTHER_KEYS.includes(keys)) return { strata: 1.1, 'strata-default': 1.1 };
  const lru = keys === 'string' && !ttl ? LRU_BARS[capacity]?.[mix] : undefined;
  return { strata: lru ?? 1, 'strata-default': 1 };
}

/** What a store takes, and for how long it stops the program. */
function limits(quick) {
  const capacity = quick ? 100_000 : 1_000_000;
  const kinds = [
    { kind: 'bytes', ttl: false },
    { kind: 'bytes', ttl: true },
    { kind: 'pauses', ttl: false },
  ];
  return kinds.map(({ kind, ttl }) => ({
    id: `limits/${capacity}${ttl ? '/ttl' : ''}/${kind}`,
    part: 'limits',
    capacity,
    ttl,
    kind,
    base: 'lru-cache',
    libraries: ['lru-cache', 'strata', 'strata-default', 'map'],
    ...(!quick && { bar: { libraries: ['strata', 'strata-default'], limits: LIMIT_BARS } }),
    job: { part: 'limits', capacity, ttl, kind },
  }));
}

/** Entries of 1 KB outside the process, hits in memory before them, and what takes how long between processes. */
function tiers(quick) {
  const times = quick ? { warmUpMs: 300, measureMs: 400 } : { warmUpMs: 700, measureMs: 1_500 };
  const onDisk = isInstalled('@keyv/sqlite') ? ['lmdb-tier', 'keyv-sqlite'] : ['lmdb-tier'];
  const stores = ['get', 'put'].flatMap((operation) =>
    [100, 1].map((callers) => ({
      id: `tiers/${operation}/${callers}`,
      part: 'tiers',
      kind: 'store',
      operation,
      callers,
      base: 'ioredis',
      libraries: ['ioredis', 'redis-tier', 'redis-cache', 'cache-manager', 'cacheable', 'bentocache', ...onDisk],
      ...(callers === 100 && { bar: { libraries: ['redis-tier'], atMost: RAW_CLIENT_BAR, time: 'wall' } }),
      job: { part: 'tiers', kind: 'store', operation, callers, ...times },
    })),
  );
  return [
    ...stores,
    {
      id: 'tiers/memory-hit',
      part: 'tiers',
      kind: 'memory-hit',
      base: 'none',
      libraries: ['none', 'redis'],
      bar: { libraries: ['redis'], atMost: HIT_ABOVE_REDIS_BAR },
      job: { part: 'tiers', kind: 'memory-hit', ...times },
    },
    {
      id: 'tiers/spans',
      part: 'tiers',
      kind: 'spans',
      base: 'group',
      libraries: ['group', 'bus', 'scan'],
      entries: quick ? 100_000 : 1_000_000,
      job: { part: 'tiers', kind: 'spans', entries: quick ? 100_000 : 1_000_000 },
    },
  ];
}

/** Bytes that another thread has put, as a thread gets at them. */
function threads(quick) {
  return [5_000, 100_000].flatMap((keys) =>
    [100, 1_000].map((bytes) => ({
      id: `threads/${keys}/${bytes}`,
      part: 'threads',
      keys,
      bytes,
      base: 'lru-cache',
      libraries: ['lru-cache', 'threads-store', 'threads-tier', 'message'],
      job: { part: 'threads', keys, bytes, length: quick ? 500_000 : 2_000_000, warmUps: 1 },
    })),
  );
}

/** So many operations that a measurement takes some hundred milliseconds, and the compiler is done before. */
function lengths(capacity, quick) {
  if (capacity === 10_000) return { length: 400_000, warmUps: quick ? 2 : 4, passes: quick ? 4 : 10 };
  if (capacity === 100_000) return { length: 400_000, warmUps: quick ? 1 : 2, passes: quick ? 1 : 3 };
  // In as many puts as a Map has entries it meets its rehash once.
  return { length: 1_000_000, warmUps: 1, passes: 1 };
}

/** Every mix with every kind of key, lifetime and size, less what says the same again and takes long. */
function isMeasured({ capacity, keys, ttl, mix }) {
  if (OTHER_KEYS.includes(keys)) return isOtherRow({ capacity, ttl, mix });
  // A number is never built per call.
  if (keys === 'number' && mix === 'fresh') return false;
  if (capacity === 1_000_000 && (keys === 'number' || ttl)) return mix === 'get-or-put' || (mix === 'put' && !ttl);
  return keys === 'string' || !ttl || mix === 'get-or-put' || mix === 'hit';
}

/** A quick run looks at each mix once, and at each kind of key and lifetime with the mixes that matter most. */
function isQuick({ capacity, keys, ttl, mix }) {
  if (capacity === 1_000_000) return false;
  if (OTHER_KEYS.includes(keys)) return isOtherRow({ capacity, ttl, mix }) && mix === 'get-or-put';
  if (capacity === 100_000) return keys === 'string' && !ttl;
  return mix === 'get-or-put' || mix === 'hit';
}

function isOtherRow({ capacity, ttl, mix }) {
  return capacity === 10_000 && !ttl && (mix === 'get-or-put' || mix === 'hit' || mix === 'put');
}

/** The libraries whose row matches; with them the base, without which a row says nothing. */
function select(workload, only) {
  if (only === undefined) return workload;
  const { id, base, libraries } = workload;
  const chosen = libraries.filter((library) => only.test(`${id} ${library}`));
  if (chosen.length > 0 && !chosen.includes(base)) chosen.unshift(base);
  return { ...workload, libraries: chosen };
}
