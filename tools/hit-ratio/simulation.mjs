const SLICE = 2 ** 17;
const SEED = 1;

/** How many of the requests hit a cache of this policy and size: a get, and on a miss a put, from a cold start. */
export function cachedHits(MemoryCache, ids, policy, size, told) {
  const cache = new MemoryCache({ maxSize: size, policy, random: reproducible(SEED) });
  let hits = 0;
  for (let from = 0; from < ids.length; from += SLICE) {
    const until = Math.min(from + SLICE, ids.length);
    for (let at = from; at < until; at++) {
      if (cache.get(ids[at]) === undefined) cache.put(ids[at], true);
      else hits++;
    }
    told(until - from);
  }
  cache.dispose();
  return hits;
}

/** Numbers in [0, 1), the same ones each time (mulberry32), so that a run can be repeated. */
function reproducible(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
