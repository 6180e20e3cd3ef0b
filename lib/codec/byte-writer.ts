/** The characters of a text whose length takes one byte. */
const MAX_SHORT = 63;

/** Writes numbers and texts one behind the other; little-endian. Grows as needed. */
export class ByteWriter {
  private buffer: Buffer;
  private length = 0;

  constructor(expectedBytes: number) {
    this.buffer = Buffer.allocUnsafe(expectedBytes);
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.buffer.writeUInt32LE(value, at);
  }

  f64(value: number): void {
    const at = this.reserve(8);
    this.buffer.writeDoubleLE(value, at);
  }

  /** 7 bits to a byte, the lowest first; a byte of 128 or more says that another follows. Up to 2^31 - 1. */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** Exactly `count` bytes of hexadecimal text; `false` when the text is something else. */
  hex(text: string, count: number): boolean {
    const at = this.reserve(count);
    return text.length === 2 * count && this.buffer.write(text, at, count, 'hex') === count;
  }

  /** Its length in bytes doubled, plus 1 for UTF-16, then the text: in UTF-8 unless lone surrogates forbid it. */
  text(text: string): void {
    if (text.length <= MAX_SHORT && this.shortAscii(text)) return;
    const encoding = hasLoneSurrogate(text) ? 'utf16le' : 'utf8';
    const count = Buffer.byteLength(text, encoding);
    this.varint(count * 2 + (encoding === 'utf16le' ? 1 : 0));
    const at = this.reserve(count);
    this.buffer.write(text, at, count, encoding);
  }

  /** A text alone, of so many bytes in UTF-8. */
  utf8(text: string, count: number): void {
    const at = this.reserve(count);
    this.buffer.write(text, at, count, 'utf8');
  }

  bytes(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.buffer.set(bytes, at);
  }

  /** How many bytes have been written. */
  get size(): number {
    return this.length;
  }

  /** Everything written so far; not a copy. */
  get written(): Buffer {
    return this.length === this.buffer.length ? this.buffer : this.buffer.subarray(0, this.length);
  }

  /** Most names and tokens: two calls into the runtime would take longer than their characters. `false`: nothing is written. */
  private shortAscii(text: string): boolean {
    const start = this.length;
    const at = this.reserve(text.length + 1);
    const { buffer } = this;
    buffer[at] = text.length * 2;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.length = start;
        return false;
      }
      buffer[at + 1 + i] = unit;
    }
    return true;
  }

  /** Where so many bytes are to be written. May replace the buffer. */
  private reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.length, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
    }
    return at;
  }
}

function hasLoneSurrogate(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return true;
    i++;
  }
  return false;
}
