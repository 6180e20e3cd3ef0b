import type { Tree } from './record-table.js';

const KEY = Buffer.from('sweeper');

/** Who sweeps the data file, one process of the host at a time: a record with the holder and the instant at which it ends. */
export class SweepLease {
  constructor(private readonly holder: Buffer) {}

  /** Takes or renews it, within a transaction; `false` while another process has it. */
  take(single: Tree, nowMs: number, ttlMs: number): boolean {
    const record = single.getBinary(KEY);
    if (record !== undefined && !record.subarray(8).equals(this.holder)) {
      const leftMs = record.readDoubleBE(0) - nowMs;
      // One that lasts longer than any was taken under a clock that has been set back since.
      if (leftMs > 0 && leftMs <= ttlMs) return false;
    }
    const renewed = Buffer.allocUnsafe(8);
    renewed.writeDoubleBE(nowMs + ttlMs);
    single.putSync(KEY, Buffer.concat([renewed, this.holder]));
    return true;
  }
}
