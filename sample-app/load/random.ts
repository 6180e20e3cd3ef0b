/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Picks from a list as readers do: the second half as often as the first, the third a third as often (Zipf's law). */
export function zipf<T>(items: readonly T[], random: () => number): () => T {
  let total = 0;
  const reaches = items.map((_, rank) => (total += 1 / (rank + 1)));
  return () => {
    const point = random() * total;
    const index = reaches.findIndex((reach) => point < reach);
    return items.at(index) as T; // -1, a rounding error away from the end, is the last one
  };
}
