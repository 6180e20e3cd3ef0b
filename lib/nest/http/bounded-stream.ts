import { Readable } from 'node:stream';
import { CapturedBody } from './captured-body.js';

/** What came of reading a stream up to a bound. */
export type Gathered =
  | { readonly kind: 'whole'; readonly body: Uint8Array }
  /** A stream of all of it: what was read, then what is left. */
  | { readonly kind: 'larger'; readonly whole: () => Readable }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Reads a stream to its end, or as far as the bound. */
export async function gather(stream: AsyncIterable<unknown>, maxBytes: number): Promise<Gathered> {
  const body = new CapturedBody(maxBytes);
  const iterator = stream[Symbol.asyncIterator]();
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (!body.add(next.value)) return { kind: 'larger', whole: () => Readable.from(joined(body.sofar, iterator)) };
    }
    return { kind: 'whole', body: body.sofar };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

export function isReadable(payload: unknown): payload is Readable {
  return payload instanceof Readable;
}

async function* joined(sofar: Uint8Array, rest: AsyncIterator<unknown>): AsyncGenerator<unknown> {
  try {
    yield sofar;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    // Whoever stops reading stops the source.
    await rest.return?.();
  }
}

/** A stream that fails as the one did that was read. */
export function failedStream(error: unknown): Readable {
  return new Readable({
    read(): void {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    },
  });
}
