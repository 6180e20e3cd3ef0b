import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencyHistogram } from '../../lib/core/index.js';

// Spread evenly over the magnitudes, as latencies are, rather than over the numbers.
const latency = fc.oneof(
  fc.double({ min: -14, max: 23.9, noNaN: true }).map((exponent) => 2 ** exponent),
  fc.double({ min: 0, max: 20, noNaN: true }).map((ms) => ms + 0.001),
);

describe('LatencyHistogram', () => {
  it('reports each percentile within 1/64 of the latency of its rank, and count and maximum exactly', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (latencies) => {
        const histogram = new LatencyHistogram();
        for (const each of latencies) histogram.record(each);
        const stats = histogram.snapshot();
        const sorted = [...latencies].sort((a, b) => a - b);
        for (const [share, reported] of [
          [0.5, stats.p50],
          [0.9, stats.p90],
          [0.99, stats.p99],
          [0.999, stats.p999],
        ] as const) {
          const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
          expect(Math.abs(reported - exact)).toBeLessThanOrEqual(exact / 64);
        }
        expect(stats.count).toBe(latencies.length);
        expect(stats.max).toBe(sorted.at(-1));
      }),
      { numRuns: 500 },
    );
  });
});
