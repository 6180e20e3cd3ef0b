/* The bounds of histograms, in seconds: Prometheus's usual 1, 2.5, 5 and so on. */

/** For hits in memory: from a quarter of a microsecond to a millisecond. */
export const FAST_BOUNDS: readonly number[] = [
  2.5e-7, 5e-7, 1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3,
];

/** For everything that waits: from a tenth of a millisecond to ten seconds. */
export const SLOW_BOUNDS: readonly number[] = [
  1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
