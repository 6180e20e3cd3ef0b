import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as after } from 'node:timers/promises';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { SPANS } from './spans.mjs';
import { STORES } from './stores.mjs';

const KEYS = 10_000;
const FILL = 500;
/** Far from the one before, so that nothing is asked for twice in a row. */
const STRIDE = 7_919;
const HITS_PER_READING = 1_000;
/** What is put before the bus is heard stays in memory for its staleness bound only. */
const BUS_HEARD_MS = 1_000;

export function measure(job) {
  if (job.kind === 'spans') return measureSpans(job);
  return job.kind === 'memory-hit' ? measureHits(job) : measureStore(job);
}

/** Concurrent callers of a store, one batch after the other. */
async function measureStore({ library, operation, callers, warmUpMs, measureMs }) {
  const store = await STORES[library]();
  const keys = Array.from({ length: KEYS }, (_, index) => `user:profile:${index}`);
  for (let at = 0; at < KEYS; at += FILL) await store.put(keys.slice(at, at + FILL));
  let at = 0;
  const batch = () => Array.from({ length: callers }, () => keys[(at = (at + STRIDE) % KEYS)]);
  const found = await store.get(batch());
  assert.ok(found.length === callers && found.every((one) => one !== undefined && one !== null), 'all are there');
  const run = async (ms) => {
    let operations = 0;
    for (const endMs = performance.now() + ms; performance.now() < endMs; operations += callers) {
      await store[operation](batch());
    }
    return operations;
  };
  await run(warmUpMs);
  const stop = startStopwatch();
  const operations = await run(measureMs);
  return { ...stop(), operations, tally: 0, cpuSource };
}

/** A hit in memory, with and without a shared tier and a bus behind it. */
async function measureHits({ library, warmUpMs, measureMs }) {
  const { createCache, defineCache } = await import('nestjs-strata');
  const behind = library === 'none' ? {} : await redisBehind();
  const cache = createCache(defineCache('users', { ttl: '10m' }), behind);
  const keys = Array.from({ length: 1_000 }, (_, index) => `user:${index}`);
  await after(BUS_HEARD_MS);
  await cache.putAll(keys.map((key) => [key, { key }]));
  const run = async (ms) => {
    let operations = 0;
    for (const endMs = performance.now() + ms; performance.now() < endMs; operations += HITS_PER_READING) {
      for (const key of keys) await cache.getOrLoad(key, refuse);
      // So that the bus is heard.
      await nextTurn();
    }
    return operations;
  };
  await run(warmUpMs);
  const stop = startStopwatch();
  const operations = await run(measureMs);
  return { ...stop(), operations, tally: 0, cpuSource };
}

async function redisBehind() {
  const { redisBus, redisTier } = await import('nestjs-strata/redis');
  const { startServer } = await import('./server.mjs');
  const { url } = await startServer();
  return { tiers: [redisTier({ url })], bus: redisBus({ url }) };
}

function refuse() {
  throw new Error('it was in memory');
}

async function measureSpans({ library, entries }) {
  const stop = startStopwatch();
  const numbers = await SPANS[library]({ entries });
  return { ...stop(), operations: 1, tally: 0, cpuSource, numbers };
}
