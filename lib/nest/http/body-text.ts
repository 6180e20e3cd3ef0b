/**
 * Bodies as texts. Node writes head and body at once where the body is a text, and in two pieces where it is bytes, which
 * for the small bodies that most responses have costs more than all the rest of an answer.
 */

/** A larger one is sent as the bytes that it is. */
const MAX_BYTES = 16_000;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const bytesAsText = new WeakMap<Uint8Array, string>();
const utf8AsText = new WeakMap<Uint8Array, string | undefined>();

/** A text with one character for each byte, to be written as `latin1`. */
export function latin1Of(body: Uint8Array): string | undefined {
  if (body.byteLength > MAX_BYTES || body.byteLength === 0) return undefined;
  let text = bytesAsText.get(body);
  if (text === undefined) {
    text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
    bytesAsText.set(body, text);
  }
  return text;
}

/** The text that bytes are in UTF-8; `undefined` where they are none. */
export function utf8Of(body: Uint8Array): string | undefined {
  if (body.byteLength > MAX_BYTES || body.byteLength === 0) return undefined;
  if (utf8AsText.has(body)) return utf8AsText.get(body);
  let text: string | undefined;
  try {
    text = decoder.decode(body);
  } catch {
    // Some other bytes.
  }
  utf8AsText.set(body, text);
  return text;
}
