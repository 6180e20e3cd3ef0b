const BUCKETS = 10;

/**
 * How many of the latest calls failed. The window moves on by tenths of its span, so what it counts is between nine tenths
 * and a whole span old at most. O(1) for a call, 20 numbers in all.
 */
export class FailureWindow {
  private readonly bucketMs: number;
  private readonly callsIn = new Float64Array(BUCKETS);
  private readonly failuresIn = new Float64Array(BUCKETS);
  /** The number of the latest bucket since the clock's start. */
  private latest = -Infinity;

  calls = 0;
  failures = 0;

  constructor(windowMs: number) {
    this.bucketMs = windowMs / BUCKETS;
  }

  record(failed: boolean, nowMs: number): void {
    const bucket = Math.floor(nowMs / this.bucketMs);
    if (bucket > this.latest) this.moveTo(bucket);
    // A clock that went back adds to the latest.
    const at = modulo(this.latest, BUCKETS);
    this.callsIn[at] = (this.callsIn[at] as number) + 1;
    this.calls++;
    if (!failed) return;
    this.failuresIn[at] = (this.failuresIn[at] as number) + 1;
    this.failures++;
  }

  private moveTo(bucket: number): void {
    const from = Math.max(this.latest + 1, bucket - BUCKETS + 1);
    for (let left = from; left <= bucket; left++) {
      const at = modulo(left, BUCKETS);
      this.calls -= this.callsIn[at] as number;
      this.failures -= this.failuresIn[at] as number;
      this.callsIn[at] = this.failuresIn[at] = 0;
    }
    this.latest = bucket;
  }
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
