/**
 * Reads what a {@link ByteWriter} wrote. Behind the end there are zeros and empty texts, and {@link overran} says so:
 * ask it once, when everything has been read, before any of it is believed.
 */
export class ByteReader {
  private position: number;
  private passedEnd = false;

  constructor(
    private readonly buffer: Buffer,
    start: number,
  ) {
    this.position = start;
  }

  /** Whether something was read that is not there. */
  get overran(): boolean {
    return this.passedEnd;
  }

  byte(): number {
    const at = this.take(1);
    return at === undefined ? 0 : (this.buffer[at] as number);
  }

  u32(): number {
    const at = this.take(4);
    return at === undefined ? 0 : this.buffer.readUInt32LE(at);
  }

  f64(): number {
    const at = this.take(8);
    return at === undefined ? 0 : this.buffer.readDoubleLE(at);
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    this.passedEnd = true;
    return 0;
  }

  hex(count: number): string {
    const at = this.take(count);
    return at === undefined ? '' : this.buffer.toString('hex', at, at + count);
  }

  text(): string {
    const head = this.varint();
    const count = Math.floor(head / 2);
    const at = this.take(count);
    return at === undefined ? '' : this.buffer.toString(head % 2 === 1 ? 'utf16le' : 'utf8', at, at + count);
  }

  /** So many bytes; not a copy. */
  bytes(count: number): Buffer {
    const at = this.take(count);
    return at === undefined ? Buffer.alloc(0) : this.buffer.subarray(at, at + count);
  }

  /** Whether everything has been read. */
  get isAtEnd(): boolean {
    return this.position >= this.buffer.length;
  }

  /** Everything that is left; not a copy. */
  rest(): Buffer {
    return this.buffer.subarray(this.position);
  }

  private take(count: number): number | undefined {
    const at = this.position;
    if (count > this.buffer.length - at) {
      this.passedEnd = true;
      return undefined;
    }
    this.position = at + count;
    return at;
  }
}
