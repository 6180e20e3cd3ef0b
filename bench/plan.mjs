/*
 * What is measured: workloads, each with the libraries that take part, the one that all are compared with, and the bar
 * that ours has to keep.
 */
import { SHAPES } from './decorated/shapes.mjs';
import { MIXES } from './memory/mixes.mjs';

const PEERS = ['bare-literal', 'map', 'lru-cache', 'layered-loader', 'cache-manager', 'bentocache', 'type-cacheable'];
const OURS = ['strata-named', 'strata-own'];

export const TITLES = {
  bare: 'bare async method',
  'bare-literal': 'the same with nothing to find',
  map: 'Map by hand',
  'lru-cache': 'lru-cache',
  'layered-loader': 'layered-loader',
  'cache-manager': 'cache-manager wrap',
  bentocache: 'bentocache getOrSet',
  'type-cacheable': '@type-cacheable, lru-cache adapter',
  mnemonist: 'mnemonist LRUMap',
  strata: 'MemoryCache, lru',
  'strata-named': '@Cacheable(Users, { key })',
  'strata-own': "@Cacheable({ ttl: '5m' })",
};

/** All workloads of a run, in the order in which they are measured and reported. */
export function planWorkloads({ quick, only }) {
  return [...decorated(quick), ...memory(quick)]
    .map((workload) => select(workload, only))
    .filter(({ libraries }) => libraries.length > 0);
}

function decorated(quick) {
  const times = quick ? { warmUpMs: 500, measureMs: 400 } : { warmUpMs: 1_500, measureMs: 1_000 };
  return Object.keys(SHAPES)
    .filter((shape) => !quick || shape !== 'busy')
    .map((shape) => ({
      id: `decorated/${shape}`,
      part: 'decorated',
      shape,
      base: 'bare',
      libraries: ['bare', ...OURS, ...(shape === 'busy' || (quick && shape !== 'string') ? [] : PEERS)],
      // One argument: issue's bar. Two: none yet.
      bar: shape === 'two' ? undefined : 1.5,
      job: { part: 'decorated', shape, ...times },
    }));
}

function memory(quick) {
  const workloads = [];
  for (const capacity of quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000]) {
    for (const keys of ['string', 'number']) {
      for (const ttl of [false, true]) {
        for (const mix of Object.keys(MIXES)) {
          if (mix === 'fresh' && keys === 'number') continue;
          if (quick && !isQuick({ capacity, keys, ttl, mix })) continue;
          workloads.push(memoryWorkload({ capacity, keys, ttl, mix, quick }));
        }
      }
    }
  }
  return workloads;
}

function memoryWorkload({ capacity, keys, ttl, mix, quick }) {
  // Enough for a Map to meet its rehash, which comes once in as many puts as it has entries.
  const operations = quick ? 500_000 : Math.max(1_500_000, 2 * capacity);
  return {
    id: `memory/${capacity}/${keys}${ttl ? '/ttl' : ''}/${mix}`,
    part: 'memory',
    capacity,
    keys,
    ttl,
    mix,
    base: 'lru-cache',
    libraries: ['lru-cache', 'strata', ...(ttl ? [] : ['mnemonist']), 'map'],
    bar: 1,
    job: { part: 'memory', capacity, keys, ttl, mix, operations },
  };
}

/** A quick run looks at each mix once, and at each kind of key and lifetime with the mix that matters most. */
function isQuick({ capacity, keys, ttl, mix }) {
  if (capacity === 100_000) return keys === 'string' && !ttl;
  return mix === 'get-or-put' || (mix === 'hit' && ttl);
}

/** The libraries whose row matches; with them the base, without which a row says nothing. */
function select(workload, only) {
  if (only === undefined) return workload;
  const { id, base, libraries } = workload;
  const chosen = libraries.filter((library) => only.test(`${id} ${library}`));
  if (chosen.length > 0 && !chosen.includes(base)) chosen.unshift(base);
  return { ...workload, libraries: chosen };
}
