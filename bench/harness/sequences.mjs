/* Sequences of keys that are the same in every process, so that every library gets the same work. */

/** A seeded source of numbers in [0, 1): mulberry32. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `length` indices, all equally likely. */
export function uniform(length, universe, seed) {
  const random = seeded(seed);
  return filled(length, () => Math.floor(random() * universe));
}

/**
 * `length` indices of which the k-th most popular is asked for in proportion to k^-exponent, by rejection-inversion [1].
 * Popularity is scattered over the indices: neighbours in memory are not neighbours in rank.
 *
 * [1] Hörmann, Derflinger. Rejection-inversion to generate variates from monotone discrete distributions. ACM TOMACS
 *     6(3), 1996.
 */
export function zipf(length, universe, exponent, seed) {
  const random = seeded(seed);
  const q = 1 - exponent;
  const integral = (x) => Math.expm1(q * Math.log(x)) / q;
  const inverse = (y) => Math.exp(Math.log1p(y * q) / q);
  const density = (x) => x ** -exponent;
  const first = integral(1.5) - 1;
  const last = integral(universe + 0.5);
  const squeeze = 2 - inverse(integral(2.5) - density(2));
  const draw = () => {
    for (;;) {
      const y = last + random() * (first - last);
      const x = inverse(y);
      const rank = Math.min(Math.max(Math.round(x), 1), universe);
      if (rank - x <= squeeze || y >= integral(rank + 0.5) - density(rank)) return rank - 1;
    }
  };
  const step = coprimeTo(universe);
  return filled(length, () => (draw() * step) % universe);
}

/** The indices from 0 to `universe`, each once, in a scattered order. */
export function permutation(universe) {
  const step = coprimeTo(universe);
  return filled(universe, (index) => (index * step) % universe);
}

/** What `Int32Array.from` does, a few times faster. */
export function filled(length, draw) {
  const indices = new Int32Array(length);
  for (let index = 0; index < length; index++) indices[index] = draw(index);
  return indices;
}

/** A factor that maps [0, universe) one to one onto itself, far from the order it had. */
function coprimeTo(universe) {
  const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));
  let step = Math.floor(universe * 0.6180339887) | 1;
  while (divisor(step, universe) !== 1) step += 2;
  return step;
}
