/** Redis counts whole milliseconds, at least one; what is longer than it can count is without end to it. */
export function wholeMs(ms: number): string {
  return String(Math.min(Math.max(1, Math.ceil(ms)), Number.MAX_SAFE_INTEGER / 2));
}

/** What `PTTL` says of a key that has no end, and of one that is not there. */
const WITHOUT_END = -1;

/** How long a key is there, by the answer of `PTTL`; `undefined` of one that is not there any more. */
export function lifeLeftOf(pttl: number | undefined): number | undefined {
  if (pttl === WITHOUT_END) return Infinity;
  return pttl === undefined || pttl < 0 ? undefined : pttl;
}
