import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from '../../../lib/core/index.js';

/** The stated relative error of a percentile. */
const ERROR = 1 / 64;

function histogramOf(...latencies: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latency of latencies) histogram.record(latency);
  return histogram;
}

describe('LatencyHistogram', () => {
  it('promise Numbers: is 0 throughout without data', () => {
    expect(new LatencyHistogram().snapshot()).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
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
    expect(histogramOf(-5, NaN).snapshot()).toEqual({ count: 2, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
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
});
