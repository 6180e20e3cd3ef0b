import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram, type LatencyStats } from '../../../lib/core/index.js';

/** The stated relative error of a percentile. */
const ERROR = 1 / 64;

function histogramOf(...latencies: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latency of latencies) histogram.record(latency);
  return histogram;
}

describe('LatencyHistogram', () => {
  it('promise Numbers: is 0 throughout without data', () => {
    expect(new LatencyHistogram().snapshot()).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, sum: 0 });
  });

  it('takes no memory for counts before the first latency', () => {
    const histogram = new LatencyHistogram();
    histogram.snapshot();
    const arrays = Object.values(histogram).filter((field) => ArrayBuffer.isView(field));
    expect(arrays).toEqual([]);
  });

  it('promise Numbers: carries p50, p90, p99 and p999 of the ranks they name', () => {
    const stats = histogramOf(...Array.from({ length: 10_000 }, (_, i) => i + 1)).snapshot();
    expect(stats.count).toBe(10_000);
    expect(stats.max).toBe(10_000);
    for (const [reported, exact] of [
      [stats.p50, 5_000],
      [stats.p90, 9_000],
      [stats.p99, 9_900],
      [stats.p999, 9_990],
    ] as const) {
      expect(Math.abs(reported - exact)).toBeLessThanOrEqual(exact * ERROR);
    }
  });

  it('stays within 1/64 of a latency from 61 nanoseconds to 4.6 hours', () => {
    for (let latency = 2 ** -14; latency < 2 ** 24; latency *= 1.0137) {
      // The second, longer one keeps the exact maximum from answering for the percentile.
      const { p50 } = histogramOf(latency, latency * 2).snapshot();
      expect(Math.abs(p50 - latency)).toBeLessThanOrEqual(latency * ERROR);
    }
  });

  it('tells 1.000 from 1.032 milliseconds: a bucket is at most 1/32 wide', () => {
    expect(histogramOf(1, 10).snapshot().p50).toBeLessThan(histogramOf(1.032, 10).snapshot().p50);
  });

  it('reports one latency exactly or less by its error, and never more than the maximum', () => {
    for (const latency of [0.25, 1, 3.3, 1_000]) {
      const stats = histogramOf(latency).snapshot();
      expect(stats.max).toBe(latency);
      expect(stats.p999).toBeLessThanOrEqual(latency);
      expect(stats.p50).toBe(stats.p999);
    }
  });

  it('counts what is shorter than 61 nanoseconds within 61 nanoseconds', () => {
    expect(histogramOf(0, 0, 0).snapshot()).toMatchObject({ count: 3, p50: 0, max: 0 });
    expect(histogramOf(1e-9, 1).snapshot().p50).toBeLessThan(0.000061);
  });

  it('counts a negative latency and NaN as 0', () => {
    expect(histogramOf(-5, NaN).snapshot()).toEqual({ count: 2, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, sum: 0 });
  });

  it('reports the largest for latencies beyond 4.6 hours', () => {
    expect(histogramOf(1e8, 2e8).snapshot()).toMatchObject({ p50: 2e8, max: 2e8 });
    expect(histogramOf(1, 1, 1, Infinity).snapshot()).toMatchObject({ count: 4, max: Infinity, p999: Infinity });
  });

  it('lets one latency stand for several', () => {
    const histogram = histogramOf(1);
    histogram.record(8, 64);
    const { count, p50 } = histogram.snapshot();
    expect(count).toBe(65);
    expect(Math.abs(p50 - 8)).toBeLessThanOrEqual(8 * ERROR);
  });

  it('keeps the percentiles when a bucket is full', () => {
    const histogram = new LatencyHistogram();
    histogram.record(1, 2 ** 32 - 1);
    histogram.record(100, 2 ** 30);
    histogram.record(1, 2 ** 31);
    const stats = histogram.snapshot();
    expect(stats.count).toBe(2 ** 32 - 1 + 2 ** 30 + 2 ** 31);
    expect(Math.abs(stats.p50 - 1)).toBeLessThanOrEqual(ERROR);
    expect(Math.abs(stats.p99 - 100)).toBeLessThanOrEqual(100 * ERROR);
  });

  it('gives snapshots that later latencies do not change', () => {
    const histogram = histogramOf(1);
    const before = histogram.snapshot();
    histogram.record(50);
    expect(before).toMatchObject({ count: 1, max: 1 });
  });

  describe('minus an earlier snapshot', () => {
    it('promise Numbers: holds the percentiles of what came since', () => {
      const histogram = histogramOf(...Array.from({ length: 1_000 }, () => 500));
      const earlier = histogram.snapshot();
      for (const latency of [1, 2, 3, 4]) histogram.record(latency);
      const { count, p50, p999, max } = histogram.snapshot().minus(earlier);
      expect(count).toBe(4);
      expect(Math.abs(p50 - 2)).toBeLessThanOrEqual(2 * ERROR);
      expect(Math.abs(p999 - 4)).toBeLessThanOrEqual(4 * ERROR);
      expect(Math.abs(max - 4)).toBeLessThanOrEqual(4 * ERROR);
    });

    it('has the exact maximum where that grew', () => {
      const histogram = histogramOf(5);
      const earlier = histogram.snapshot();
      histogram.record(7.123);
      expect(histogram.snapshot().minus(earlier)).toMatchObject({ count: 1, max: 7.123 });
    });

    it('is all of it when nothing had been recorded, and 0 when nothing was since', () => {
      const histogram = histogramOf();
      const none = histogram.snapshot();
      expect(none.minus(none)).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, sum: 0 });
      histogram.record(3);
      const some = histogram.snapshot();
      expect(some.minus(none)).toEqual(some);
      expect(some.minus(some)).toEqual(none);
    });

    it('can be subtracted from in turn', () => {
      const histogram = histogramOf(9);
      const first = histogram.snapshot();
      histogram.record(2);
      const second = histogram.snapshot();
      histogram.record(4);
      const both = histogram.snapshot().minus(first);
      expect(both.minus(second.minus(first))).toMatchObject({ count: 1 });
      expect(Math.abs(both.minus(second.minus(first)).p50 - 4)).toBeLessThanOrEqual(4 * ERROR);
    });

    it('keeps the proportions when a bucket became full in between', () => {
      const histogram = new LatencyHistogram();
      histogram.record(1, 2 ** 32 - 1);
      const earlier = histogram.snapshot();
      histogram.record(1, 2 ** 10);
      histogram.record(64, 2 ** 20);
      const { count, p50 } = histogram.snapshot().minus(earlier);
      expect(count).toBe(2 ** 10 + 2 ** 20);
      expect(Math.abs(p50 - 64)).toBeLessThanOrEqual(64 * ERROR);
    });

    it('refuses what is no snapshot, saying what to give', () => {
      const { count } = histogramOf(1).snapshot();
      expect(() =>
        histogramOf(1)
          .snapshot()
          .minus({ count } as LatencyStats),
      ).toThrow('only as stats() returned them');
    });
  });

  describe('countsUpTo', () => {
    it('tells how many were at most as long as each bound, within a bucket, up to all of them', () => {
      const stats = histogramOf(0.1, 0.9, 1.5, 20, 20, 300).snapshot();
      expect(stats.countsUpTo([0.05, 0.5, 1, 2, 25, 1_000, Infinity])).toEqual([0, 1, 2, 3, 5, 6, 6]);
      expect(histogramOf().snapshot().countsUpTo([1, 2])).toEqual([0, 0]);
    });

    it('agrees with the sums of what came after an earlier snapshot', () => {
      const histogram = histogramOf(1, 100);
      const earlier = histogram.snapshot();
      histogram.record(10, 3);
      const since = histogram.snapshot().minus(earlier);
      expect(since.countsUpTo([5, 50, 500])).toEqual([0, 3, 3]);
      expect(since).toMatchObject({ count: 3, sum: 30 });
    });
  });
});
