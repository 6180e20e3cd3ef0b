/**
 * What is known of a record without its bytes, as it is stored under its key: 46 bytes, the name where the key only holds
 * its hash, and the bytes themselves where they are few. More bytes stand apart, under the id: what is overwritten,
 * removed or evicted is then never read.
 */
export interface Head {
  /** Its own, never given again: 1, 2, 3, … in the order in which records were written. */
  readonly id: number;
  /** Where it stands in the queue of eviction; at first its id. */
  readonly position: number;
  /** By the clock of this host. */
  readonly writtenAtMs: number;
  /** Infinity: never. */
  readonly expiresAtMs: number;
  /** What it takes of `maxBytes`. */
  readonly weight: number;
  /** Whether it was read since it took its position. */
  readonly isVisited: boolean;
  readonly name: string | undefined;
  /** `undefined`: they stand apart. */
  readonly inline: Buffer | undefined;
}

/** Up to so many bytes are kept in the head. */
export const MAX_INLINE_BYTES = 256;
/** How far the clock of this host may go back before what was written under the later one is missing. */
const MAX_STEP_BACK_MS = 1_000;

const FIXED_BYTES = 46;
const VISITED = 1;
const APART = 2;

export function encodeHead(head: Head): Buffer {
  const { name = '', inline } = head;
  const bytes = Buffer.allocUnsafe(headBytes(name, inline));
  bytes.writeDoubleBE(head.id, 0);
  bytes.writeDoubleBE(head.position, 8);
  bytes.writeDoubleBE(head.writtenAtMs, 16);
  bytes.writeDoubleBE(head.expiresAtMs, 24);
  bytes.writeDoubleBE(head.weight, 32);
  bytes.writeUInt16BE((head.isVisited ? VISITED : 0) | (inline === undefined ? APART : 0), 40);
  bytes.writeUInt32BE(name.length, 42);
  bytes.write(name, FIXED_BYTES, 'utf16le');
  if (inline !== undefined) bytes.set(inline, FIXED_BYTES + 2 * name.length);
  return bytes;
}

/** Takes over `bytes`: what it returns refers to them. */
export function decodeHead(bytes: Buffer): Head {
  const flags = bytes.readUInt16BE(40);
  const nameEnd = FIXED_BYTES + 2 * bytes.readUInt32BE(42);
  return {
    id: bytes.readDoubleBE(0),
    position: bytes.readDoubleBE(8),
    writtenAtMs: bytes.readDoubleBE(16),
    expiresAtMs: bytes.readDoubleBE(24),
    weight: bytes.readDoubleBE(32),
    isVisited: (flags & VISITED) !== 0,
    name: nameEnd === FIXED_BYTES ? undefined : bytes.toString('utf16le', FIXED_BYTES, nameEnd),
    inline: (flags & APART) === 0 ? bytes.subarray(nameEnd) : undefined,
  };
}

/**
 * How long a record may still be used; 0 or less: not at all. A clock that was set back makes what was written later
 * than now unusable, else it would outlive its ttl by as much.
 */
export function ttlLeftMs({ writtenAtMs, expiresAtMs }: Head, nowMs: number): number {
  if (writtenAtMs > nowMs + MAX_STEP_BACK_MS) return 0;
  return Math.min(expiresAtMs - nowMs, expiresAtMs - writtenAtMs);
}

const PAGE_BYTES = 4_096;
/** LMDB gives a larger node pages of its own. */
const MAX_NODE_BYTES = 2_030;
const NODE_BYTES = 10;
/** Trees in the order of their keys are about two thirds full, those that are only appended to are full. */
const RANDOM_FILL = 1.5;

/** What a record takes of the file: its head, its place in the queue, its place in the order of expiry, and its bytes. */
export function weightOf(key: Uint8Array, head: Omit<Head, 'weight'>, size: number): number {
  const inKeyOrder = nodeBytes(key.length, headBytes(head.name ?? '', head.inline));
  const inQueue = nodeBytes(8, key.length);
  const inExpiry = head.expiresAtMs === Infinity ? 0 : nodeBytes(16, key.length);
  const apart = head.inline === undefined ? nodeBytes(8, size) : 0;
  return Math.ceil(inKeyOrder * RANDOM_FILL + inQueue + inExpiry * RANDOM_FILL + apart);
}

function nodeBytes(key: number, value: number): number {
  const bytes = NODE_BYTES + key + value;
  if (bytes <= MAX_NODE_BYTES) return bytes;
  return NODE_BYTES + key + 8 + Math.ceil((value + 24) / PAGE_BYTES) * PAGE_BYTES;
}

function headBytes(name: string, inline: Uint8Array | undefined): number {
  return FIXED_BYTES + 2 * name.length + (inline?.length ?? 0);
}
