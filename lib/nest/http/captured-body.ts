import type { Captured, Headers } from './http-message.js';
import type { CaptureResult } from './http-platform.js';

/** The pieces of a body up to a bound, and the promise of the whole response. */
export class CapturedBody {
  readonly result: Promise<CaptureResult>;
  isDone = false;
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;
  private resolve: (result: CaptureResult) => void = () => {};
  private reject: (error: unknown) => void = () => {};

  constructor(private readonly maxBytes: number) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever waits hears of it; where nobody does, nothing is lost.
    this.result.catch(() => {});
  }

  /** Whether there was room. */
  add(chunk: unknown, encoding?: unknown): boolean {
    if (chunk === undefined || chunk === null || typeof chunk === 'function') return true;
    const piece = bytesOf(chunk, encoding);
    this.chunks.push(piece);
    this.bytes += piece.byteLength;
    return this.bytes <= this.maxBytes;
  }

  get sofar(): Uint8Array {
    return this.chunks.length === 1 && this.chunks[0] !== undefined ? this.chunks[0] : Buffer.concat(this.chunks);
  }

  end(status: number, headers: Headers): void {
    if (this.isDone) return;
    this.isDone = true;
    const captured: Captured = { status, headers, body: this.sofar };
    this.resolve(captured);
  }

  pass(): void {
    this.isDone = true;
    this.resolve('passed');
  }

  fail(error: unknown): void {
    this.isDone = true;
    this.reject(error);
  }
}

export function bytesOf(chunk: unknown, encoding?: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  return Buffer.from(String(chunk), typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

/** Headers as Node has them, with every value a text or a list of texts. */
export function plainHeaders(headers: Readonly<Record<string, unknown>>): Headers {
  const plain: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return plain;
}

/** Headers of a response that has been sent, as the pipeline goes on to set them. */
export class DetachedHeaders {
  private readonly values: Map<string, unknown>;

  constructor(initial: Headers) {
    this.values = new Map(Object.entries(initial));
  }

  get(name: string): unknown {
    return this.values.get(String(name).toLowerCase());
  }

  has(name: string): boolean {
    return this.values.has(String(name).toLowerCase());
  }

  set(name: string, value: unknown): void {
    this.values.set(String(name).toLowerCase(), value);
  }

  append(name: string, value: unknown): void {
    const known = this.get(name);
    this.set(name, known === undefined ? value : [known, value].flat());
  }

  delete(name: string): void {
    this.values.delete(String(name).toLowerCase());
  }

  all(): Headers {
    return plainHeaders(Object.fromEntries(this.values));
  }
}
