/*
 * What keeping the numbers costs, each part alone. They stand inside of the package, so they are imported from its files.
 * Each kind gives a step to repeat, and a check that it did something.
 */
const PACKAGE = '../../node_modules/nestjs-strata/dist/esm';

export const KINDS = {
  clock: async () => {
    const { systemClock } = await import(`${PACKAGE}/core/index.js`);
    let sum = 0;
    return { step: () => (sum += systemClock.now()), check: () => sum > 0 };
  },
  'latency recorded': async () => {
    const { LatencyHistogram } = await import(`${PACKAGE}/core/index.js`);
    const histogram = new LatencyHistogram();
    const latencies = Float64Array.from({ length: 1_024 }, (_, at) => 0.0003 * 1.02 ** (at % 700));
    let at = 0;
    return {
      step: () => histogram.record(latencies[at++ & 1_023], 128),
      check: () => histogram.snapshot().count === at * 128,
    };
  },
  'key counted, a hot one': () => keyCounts((at) => at & 127),
  'key counted, a new one': () => keyCounts((at) => at),
  'stats()': async () => {
    const cache = await usedCache();
    let gets = 0;
    return { step: () => (gets = cache.stats().gets), check: () => gets > 0 };
  },
  'stats().minus()': async () => {
    const cache = await usedCache();
    const earlier = cache.stats();
    const later = cache.stats();
    let gets = 1;
    return { step: () => (gets = later.minus(earlier).gets), check: () => gets === 0 };
  },
  'hotKeys(10)': async () => {
    const cache = await usedCache();
    let found = 0;
    return { step: () => (found = cache.hotKeys(10).length), check: () => found === 10 };
  },
};

async function keyCounts(keyAt) {
  const { KeyCounts } = await import(`${PACKAGE}/cache/statistics/key-counts.js`);
  const counts = new KeyCounts();
  let at = 0;
  return {
    step: () => counts.add(`user:${keyAt(at++)}`, undefined, true, 128),
    check: () => counts.total === at * 128,
  };
}

/** A cache whose histograms and hot keys have something to tell. */
async function usedCache() {
  const { createCache, defineCache } = await import('nestjs-strata');
  const cache = createCache(defineCache('users', { loader: async (key) => ({ id: key }) }));
  for (let at = 0; at < 20_000; at++) await cache.getOrLoad(`user:${(at * at) % 1_000}`);
  return cache;
}
