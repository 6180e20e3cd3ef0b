/** What a key in the store is of: an entry, an open fence, a generation. */
export type TextKind = 'e' | 'f' | 'g';

/** Half a surrogate pair, which no encoding of text keeps. */
const HALF = '[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]';
const UNSAFE_IN_NAMES = new RegExp(`[%\\u0000-\\u001f\\u007f]|${HALF}`, 'g');
const UNSAFE_IN_SPACES = new RegExp(`[%:\\u0000-\\u001f\\u007f]|${HALF}`, 'g');

/**
 * The keys of one kind in one space: `%%space:kind:name`, with `%` and four hexadecimal digits for each character that some
 * store would not keep. The `%%` is in no name, and keeps Keyv from taking a space for its own namespace.
 */
export class KeyvKeys {
  private readonly prefix: string;

  constructor(space: string, kind: TextKind) {
    this.prefix = `%%${escaped(space, UNSAFE_IN_SPACES)}:${kind}:`;
  }

  of(name: string): string {
    return this.prefix + escaped(name, UNSAFE_IN_NAMES);
  }

  /** The name in a key, whatever its store put before it; `undefined` where it is none of these. */
  nameIn(key: string): string | undefined {
    const at = key.indexOf(this.prefix);
    // `%%` is in no name, so this is where it begins.
    return at < 0 ? undefined : unescaped(key.slice(at + this.prefix.length));
  }
}

/** An entry as text, so that every serializer of Keyv keeps it: the instant it was written, its ttl, its bytes. */
export function encodeStored(bytes: Uint8Array, ttlMs: number, nowMs: number): string {
  return `1:${nowMs}:${ttlMs}:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;
}

const STORED = /^1:(\d+(?:\.\d+)?):(\d+(?:\.\d+)?(?:e[+-]\d+)?|Infinity):([A-Za-z0-9+/]*={0,2})$/;

/** What an entry still has to live and its bytes; `undefined` for what has expired, and for what we did not write. */
export function decodeStored(stored: unknown, nowMs: number): { bytes: Buffer; ttlLeftMs: number } | undefined {
  const parts = typeof stored === 'string' ? STORED.exec(stored) : null;
  if (parts === null) return undefined;
  const [, writtenAtMs, ttlMs, text = ''] = parts;
  // Where the clocks of two nodes differ, an entry lives no longer than it was given.
  const ttlLeftMs = Math.min(Number(writtenAtMs) + Number(ttlMs) - nowMs, Number(ttlMs));
  return ttlLeftMs > 0 ? { bytes: Buffer.from(text, 'base64'), ttlLeftMs } : undefined;
}

function escaped(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
