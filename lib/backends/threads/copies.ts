const POOL_BYTES = 16_384;
/** A larger one has memory of its own, so that keeping a small one keeps no more than a pool. */
const LARGEST_POOLED = 2_048;

/** Memory for the values that are read: small ones share a buffer, as those of `Buffer.allocUnsafe` do. */
export class Copies {
  cells = new Int32Array(0);
  /** Where the next one begins, in words. */
  at = 0;

  /** Makes room for so many bytes at `at`; those before are not given out again. */
  reserve(bytes: number): void {
    const words = (bytes + 3) >>> 2;
    if (this.at + words <= this.cells.length) return;
    this.cells = new Int32Array(bytes > LARGEST_POOLED ? words : POOL_BYTES / 4);
    this.at = 0;
  }

  /** What has been put into the room. */
  take(bytes: number): Uint8Array {
    const taken = new Uint8Array(this.cells.buffer, this.at * 4, bytes);
    this.at += (bytes + 3) >>> 2;
    return taken;
  }
}
