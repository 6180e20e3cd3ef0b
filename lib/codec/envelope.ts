import { crc32 } from 'node:zlib';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';

/* The bytes of an entry in a tier. Numbers are little-endian, texts as ByteWriter writes them.
 *
 *    0  magic         C1 53       C1 stands in no UTF-8 text and begins no MessagePack, so other people's bytes are told
 *    2  format        01          what follows depends on it
 *    3  checksum      u32         CRC-32 of everything behind it
 *    7  serializer    byte        Serializer.id
 *    8  compression   byte        0 none, 1 brotli, 2 gzip
 *    9  raw length    u32         of the payload before compression
 *   13  written at    f64         milliseconds since 1970
 *   21  ttl           f64         milliseconds of freshness it was written with; may be Infinity
 *   29  stale         f64         milliseconds beyond that; may be Infinity
 *   37  version       8 bytes     random for each write
 *   45  key           text
 *       generations   varint, then for each its name and its token as texts
 *       payload       the rest
 *
 * The first three bytes are compared, and the checksum covers the others, so a flipped bit anywhere, two, or a burst of up
 * to 32 is always found, and anything else but for one time in 2^32. It guards against accidents, not against somebody
 * who can write to the tier: the reader checks what it reads all the same.
 *
 * A reader refuses a format it does not know, newer or older, by a problem that its user takes for a miss.
 */
const MAGIC_0 = 0xc1;
const MAGIC_1 = 0x53;
const FORMAT = 1;
const CHECKSUM_AT = 3;
const CHECKED_FROM = 7;
/** All of fixed length, and some room for a key and a generation. */
const USUAL_HEAD_BYTES = 45 + 128;

/** What stands in an envelope beside the value. */
export interface EnvelopeFields {
  readonly key: string;
  /** 16 hexadecimal digits, random for each write: two entries with one version are one. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly writtenAtMs: number;
  /** How long it is fresh, counted from then; Infinity never ends. */
  readonly ttlMs: number;
  /** For how long beyond that it may be served as stale. */
  readonly staleMs: number;
  /** Which it was computed under; `''` is that of the whole space, the other names are the entry's groups. */
  readonly generations: readonly (readonly [name: string, token: string])[];
}

/** Why bytes are no entry of ours. */
export interface EnvelopeProblem {
  readonly kind: 'problem';
  /**
   * `foreign`: somebody else's bytes. `version`: a format of another version of this library. `damaged`: not the bytes
   * that were written. `serializer`, `compression`: by one that is not known here, or beyond its limit.
   */
  readonly reason: 'foreign' | 'version' | 'damaged' | 'serializer' | 'compression';
  readonly message: string;
}

/* What is read in batches is of classes, not literals: what V8 sees survive from a literal a few hundred times, as it does
 * when a collection falls into a batch, it puts among the old objects from then on, with all that such objects lead to. */

/** How the payload of an envelope is to be read. */
export class Payload {
  constructor(
    readonly serializer: number,
    readonly compression: number,
    readonly rawLength: number,
    readonly bytes: Uint8Array,
  ) {}
}

/** A payload to be written: bytes, or the text whose UTF-8 they are, which is `rawLength` of them. */
export type Sealable = Omit<Payload, 'bytes'> & { readonly bytes: Uint8Array | string };

class ReadFields implements EnvelopeFields {
  constructor(
    readonly key: string,
    readonly version: string,
    readonly writtenAtMs: number,
    readonly ttlMs: number,
    readonly staleMs: number,
    readonly generations: readonly (readonly [name: string, token: string])[],
  ) {}
}

export class Envelope {
  readonly kind = 'envelope';

  constructor(
    readonly fields: EnvelopeFields,
    readonly payload: Payload,
  ) {}
}

/** The bytes of an envelope. */
export function sealEnvelope(fields: EnvelopeFields, payload: Sealable): Uint8Array {
  const { bytes } = payload;
  const count = typeof bytes === 'string' ? payload.rawLength : bytes.length;
  const writer = new ByteWriter(USUAL_HEAD_BYTES + fields.key.length + count);
  writer.byte(MAGIC_0);
  writer.byte(MAGIC_1);
  writer.byte(FORMAT);
  writer.u32(0);
  writer.byte(payload.serializer);
  writer.byte(payload.compression);
  writer.u32(payload.rawLength);
  writer.f64(fields.writtenAtMs);
  writer.f64(fields.ttlMs);
  writer.f64(fields.staleMs);
  if (!writer.hex(fields.version, 8))
    throw new TypeError(`the version "${fields.version}" is not 16 hexadecimal digits`);
  writer.text(fields.key);
  writer.varint(fields.generations.length);
  for (const [name, token] of fields.generations) {
    writer.text(name);
    writer.text(token);
  }
  if (typeof bytes === 'string') writer.utf8(bytes, count);
  else writer.bytes(bytes);
  const envelope = writer.written;
  envelope.writeUInt32LE(crc32(envelope.subarray(CHECKED_FROM)), CHECKSUM_AT);
  return envelope;
}

/** What stands in these bytes. Never throws. */
export function openEnvelope(bytes: Uint8Array): Envelope | EnvelopeProblem {
  if (!(bytes instanceof Uint8Array)) return problem('foreign', 'they are no bytes');
  if (bytes[0] !== MAGIC_0 || bytes[1] !== MAGIC_1) return problem('foreign', 'they begin like no envelope');
  if (bytes[2] !== FORMAT) return problem('version', `they have format ${bytes[2] ?? 'none'}, known is ${FORMAT}`);
  if (bytes.length < CHECKED_FROM) return problem('damaged', 'they end too early');
  const checked = bufferOf(bytes, CHECKED_FROM);
  if (checksumOf(bytes) !== crc32(checked)) return problem('damaged', 'their checksum is another');
  const reader = new ByteReader(checked, 0);
  const serializer = reader.byte();
  const compression = reader.byte();
  const rawLength = reader.u32();
  const writtenAtMs = reader.f64();
  const ttlMs = reader.f64();
  const staleMs = reader.f64();
  const version = reader.hex(8);
  const key = reader.text();
  const generations: [string, string][] = [];
  for (let left = reader.varint(); left > 0 && !reader.overran; left--)
    generations.push([reader.text(), reader.text()]);
  const isSound = Number.isFinite(writtenAtMs) && ttlMs >= 0 && staleMs >= 0;
  if (reader.overran || !isSound) return problem('damaged', 'they were not written by this library');
  return new Envelope(
    new ReadFields(key, version, writtenAtMs, ttlMs, staleMs, generations),
    new Payload(serializer, compression, rawLength, reader.rest()),
  );
}

function checksumOf(bytes: Uint8Array): number {
  const byte = (offset: number): number => bytes[CHECKSUM_AT + offset] as number;
  return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
}

/** From there on; not a copy. */
function bufferOf(bytes: Uint8Array, start: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
}

export function problem(reason: EnvelopeProblem['reason'], what: string): EnvelopeProblem {
  return { kind: 'problem', reason, message: `the bytes are not an entry of this cache: ${what}` };
}
