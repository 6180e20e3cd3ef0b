/** Where all chance comes from: a number in [0, 1). Hand in {@link seededRandom} to replay a run. */
export type Random = () => number;

/** The system's. Looked up on each call, so that a test which replaces `Math.random` is seen. */
export const systemRandom: Random = () => Math.random();

/** A reproducible {@link Random} (mulberry32): good enough for jitter and admission, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
