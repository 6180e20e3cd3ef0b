import { CacheMisuseError, show } from './errors.js';

/** Latencies in milliseconds. A percentile is within 1.6 % of the latency at its rank, from 61 ns to 4.6 hours. */
export interface LatencyStats {
  readonly count: number;
  /** All of them together; 0 without any. */
  readonly sum: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /**
   * The percentiles of what came after an earlier snapshot of the same latency. `max` is exact where it grew since, and
   * else that of its bucket, within 1.6 %.
   */
  minus(earlier: LatencyStats): LatencyStats;
  /** How many were at most as long as each of these bounds, which ascend; a bound is met within 1.6 %. */
  countsUpTo(boundsMs: readonly number[]): number[];
}

/** Leading bits of the fraction that choose a bucket: each doubling is cut into 32. */
const FRACTION_BITS = 5;
const BUCKETS_PER_OCTAVE = 2 ** FRACTION_BITS;
/** The shortest latency told apart from 0: 2⁻¹⁴ ms, 61 ns. */
const MIN_EXPONENT = -14;
/** The longest latency with a bucket of its own: just under 2²⁴ ms, 4.6 hours. */
const END_EXPONENT = 24;
const MIN_MS = 2 ** MIN_EXPONENT;
const END_MS = 2 ** END_EXPONENT;
const BUCKETS = (END_EXPONENT - MIN_EXPONENT) * BUCKETS_PER_OCTAVE + 2;
/** Where the exponent and the leading fraction bits begin in the upper half of a double. */
const SHIFT = 20 - FRACTION_BITS;
/** What 2⁻¹⁴ begins with: its exponent as a double stores it, and five bits of fraction, all 0. */
const FIRST_LEADING_BITS = (MIN_EXPONENT + 1023) * BUCKETS_PER_OCTAVE;
const MAX_COUNT = 2 ** 32 - 1;

/**
 * Counts latencies in buckets whose width grows with the value: 32 to each doubling, found by the leading bits of the
 * number itself, so that recording costs O(1) and the memory stays 4.8 KiB, taken with the first latency recorded.
 *
 * A percentile is the middle of its bucket: within 1/64 (1.6 %) of the latency at that rank from 61 ns to 4.6 hours.
 * Shorter ones are told apart only from longer ones (within 61 ns); longer ones are reported as the largest. `max`,
 * `count` and `sum` are exact.
 */
export class LatencyHistogram {
  /** Bucket 0 holds what is shorter than 61 ns, the last one what is longer than 4.6 hours. */
  private counts: Uint32Array | undefined;
  private double: DataView | undefined;
  private recorded = 0;
  private sum = 0;
  private longest = 0;
  private halvings = 0;

  /**
   * Adds a latency. A negative one, or NaN, counts as 0: it is a clock's mistake, not a reason to fail.
   * `times` is how many equal latencies it stands for, a whole number below 2³²: 64 where one in 64 is measured.
   */
  record(milliseconds: number, times = 1): void {
    this.counts ??= new Uint32Array(BUCKETS);
    const latency = milliseconds > 0 ? milliseconds : 0;
    const bucket = this.bucketOf(latency);
    // Halving all keeps their proportions, and those are what a percentile reads.
    while ((this.counts[bucket] as number) > MAX_COUNT - times) {
      this.counts = this.counts.map((count) => count >>> 1);
      this.halvings++;
    }
    this.counts[bucket] = (this.counts[bucket] as number) + times;
    this.recorded += times;
    this.sum += latency * times;
    if (latency > this.longest) this.longest = latency;
  }

  /** The percentiles of all latencies so far. */
  snapshot(): LatencyStats {
    const { counts, recorded, sum, longest, halvings } = this;
    return new LatencySnapshot({ counts: counts?.slice(), recorded, sum, longest, halvings });
  }

  /* A double is sign, exponent, fraction from its highest bit down, so of positive numbers the greater one also has the
   * greater leading bits: cut after the fifth bit of the fraction, they number the buckets. */
  private bucketOf(latency: number): number {
    if (latency < MIN_MS) return 0;
    if (latency >= END_MS) return BUCKETS - 1;
    this.double ??= new DataView(new ArrayBuffer(8));
    this.double.setFloat64(0, latency);
    return (this.double.getUint32(0) >>> SHIFT) - FIRST_LEADING_BITS + 1;
  }
}

/** What a histogram held at one moment, or between two. */
interface Held {
  /** Absent as long as nothing was recorded. */
  readonly counts: Uint32Array | undefined;
  readonly recorded: number;
  readonly sum: number;
  readonly longest: number;
  /** How often all counts were halved to make room. */
  readonly halvings: number;
}

class LatencySnapshot implements LatencyStats {
  readonly count: number;
  readonly sum: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly #held: Held;

  constructor(held: Held) {
    const [p50, p90, p99, p999] = percentiles(held);
    this.#held = held;
    this.count = held.recorded;
    this.sum = held.sum;
    this.p50 = p50;
    this.p90 = p90;
    this.p99 = p99;
    this.p999 = p999;
    this.max = held.longest;
    Object.freeze(this);
  }

  minus(earlier: LatencyStats): LatencyStats {
    if (typeof earlier !== 'object' || earlier === null || !(#held in earlier)) {
      throw new CacheMisuseError(
        `latencies can be subtracted only as stats() returned them (received ${show(earlier)})`,
      );
    }
    const [to, from] = [this.#held, earlier.#held];
    if (to.counts === undefined || from.counts === undefined) return this;
    const halvings = to.halvings - from.halvings;
    const before = from.counts;
    const counts = new Uint32Array(BUCKETS);
    let last = -1;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const since = (to.counts[bucket] as number) - ((before[bucket] as number) >>> halvings);
      if (since <= 0) continue;
      counts[bucket] = since;
      last = bucket;
    }
    const longest = last < 0 ? 0 : to.longest > from.longest ? to.longest : latencyOf(last, to.longest);
    const [recorded, sum] = [to.recorded - from.recorded, Math.max(0, to.sum - from.sum)];
    return new LatencySnapshot({ counts, recorded, sum, longest, halvings: to.halvings });
  }

  countsUpTo(boundsMs: readonly number[]): number[] {
    const { counts, recorded, longest } = this.#held;
    if (counts === undefined) return boundsMs.map(() => 0);
    const kept = sumOf(counts);
    let bucket = 0;
    let seen = 0;
    return boundsMs.map((boundMs) => {
      while (bucket < BUCKETS && latencyOf(bucket, longest) <= boundMs) seen += counts[bucket++] as number;
      // Where counts were halved they tell shares of all that was recorded.
      return kept === recorded ? seen : Math.round((seen / kept) * recorded);
    });
  }
}

/** The latencies of the ranks ⌈p · count⌉ among all in order, for p of 0.5, 0.9, 0.99 and 0.999. */
function percentiles({ counts, longest }: Held): readonly [number, number, number, number] {
  const total = counts === undefined ? 0 : sumOf(counts);
  if (counts === undefined || total === 0) return [0, 0, 0, 0];
  let bucket = 0;
  let seen = counts[0] as number;
  const percentile = (share: number): number => {
    const rank = Math.ceil(share * total);
    while (seen < rank) seen += counts[++bucket] as number;
    return latencyOf(bucket, longest);
  };
  // Ascending, since each search goes on where the one before it ended.
  return [percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999)];
}

/** A loop, since taking the numbers of many caches is mostly this. */
function sumOf(counts: Uint32Array): number {
  let sum = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) sum += counts[bucket] as number;
  return sum;
}

/** What a latency in this bucket is reported as. */
function latencyOf(bucket: number, longest: number): number {
  return bucket === BUCKETS - 1 ? longest : Math.min(middleOf(bucket), longest);
}

function middleOf(bucket: number): number {
  if (bucket === 0) return MIN_MS / 2;
  const octave = Math.floor((bucket - 1) / BUCKETS_PER_OCTAVE);
  const step = (bucket - 1) % BUCKETS_PER_OCTAVE;
  return 2 ** (MIN_EXPONENT + octave) * (1 + (step + 0.5) / BUCKETS_PER_OCTAVE);
}
