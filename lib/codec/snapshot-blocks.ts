import { crc32 } from 'node:zlib';
import { CacheSnapshotError, type SnapshotFailure } from '../core/index.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';

/* The bytes of a snapshot. Numbers are little-endian, texts as ByteWriter writes them.
 *
 *    0  magic    C1 53 'SNAP' 0D 0A   no other file begins so, nor does one that was changed as if it were text
 *    8  format   u16                  what follows depends on it
 *   10  blocks
 *
 *   block: type (1 header, 2 records, 3 end), u32 length, u32 checksum, payload
 *
 * The checksum is the CRC-32 of all checksums and payloads so far: it goes on from that of the block before. So a block
 * that is changed, missing, repeated, moved, or of another file is found by the first checksum behind it; that the end is
 * missing is told by the type of the last block. Nothing follows the end.
 */
const MAGIC = Buffer.from([0xc1, 0x53, 0x53, 0x4e, 0x41, 0x50, 0x0d, 0x0a]);
const FORMAT = 1;
const START_BYTES = MAGIC.length + 2;
const HEAD_BYTES = 9;
/** A block of records is written when it has so many bytes; one larger record makes a larger block. */
export const BLOCK_BYTES = 65_536;
/** The most bytes of one value, and about those of one block. */
export const MOST_VALUE_BYTES = 64 * 2 ** 20;
const MOST_BLOCK_BYTES = MOST_VALUE_BYTES + 2 ** 21;

const HEADER = 1;
const RECORDS = 2;
const END = 3;

export type SnapshotKind = 'memory' | 'cache' | 'hot-keys';

/** Whose snapshot it is. */
export interface SnapshotHeader {
  /** `memory`: of a MemoryCache; `cache`: of a Cache; `hot-keys`: keys alone. Their entries have different forms. */
  readonly kind: SnapshotKind;
  readonly cache: string;
  /** Milliseconds since 1970. */
  readonly takenAtMs: number;
  readonly serializerId: number;
  readonly serializer: string;
  /** Whose notes the entries have; empty for none. */
  readonly policy: string;
  /** What bounds the cache, and is the unit of weights. */
  readonly bound: 'size' | 'weight' | 'memory';
}

/** What is known when all records have been written. */
export interface SnapshotEnd {
  /** Records of entries, those that were removed again included. */
  readonly entries: number;
  /** What the policy knows of the cache as a whole. */
  readonly state: readonly number[];
}

/** Reads so many bytes, or fewer at the end. */
export type ReadBytes = (count: number) => Promise<Buffer>;

/** A block that has been checked. */
export type SnapshotBlock =
  | { readonly type: 'header'; readonly header: SnapshotHeader }
  | { readonly type: 'records'; readonly payload: Buffer }
  | { readonly type: 'end'; readonly end: SnapshotEnd };

/** Makes the blocks of one snapshot, in their order. */
export class BlockSealer {
  private checksum = 0;

  header(header: SnapshotHeader): Buffer {
    const start = Buffer.alloc(START_BYTES);
    MAGIC.copy(start);
    start.writeUInt16LE(FORMAT, MAGIC.length);
    this.checksum = crc32(start);
    const payload = new ByteWriter(256);
    payload.text(header.kind);
    payload.text(header.cache);
    payload.f64(header.takenAtMs);
    payload.byte(header.serializerId);
    payload.text(header.serializer);
    payload.text(header.policy);
    payload.text(header.bound);
    return Buffer.concat([start, this.seal(HEADER, payload.written)]);
  }

  records(payload: Buffer): Buffer {
    return this.seal(RECORDS, payload);
  }

  end({ entries, state }: SnapshotEnd): Buffer {
    const payload = new ByteWriter(64);
    payload.f64(entries);
    payload.varint(state.length);
    for (const number of state) payload.f64(number);
    return this.seal(END, payload.written);
  }

  private seal(type: number, payload: Buffer): Buffer {
    const block = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
    block.writeUInt8(type, 0);
    block.writeUInt32LE(payload.length, 1);
    this.checksum = checksumOf(block.subarray(0, 5), payload, this.checksum);
    block.writeUInt32LE(this.checksum, 5);
    payload.copy(block, HEAD_BYTES);
    return block;
  }
}

/** The blocks of a snapshot: checks each before it is given out, and throws {@link CacheSnapshotError} at the first that is wrong. */
export async function* openBlocks(cache: string, read: ReadBytes): AsyncGenerator<SnapshotBlock> {
  const refuse = (failure: SnapshotFailure, reason: string): never => {
    throw new CacheSnapshotError(cache, failure, reason);
  };
  const start = await read(START_BYTES);
  if (!start.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, start.length)) || start.length === 0) {
    refuse('foreign', 'the file is no snapshot of this library');
  }
  if (start.length < START_BYTES) refuse('truncated', 'the snapshot ends within its first bytes');
  const format = start.readUInt16LE(MAGIC.length);
  if (format !== FORMAT) {
    refuse('newer', `the snapshot has format ${format}, and this version reads format ${FORMAT}`);
  }
  let checksum = crc32(start);
  for (let expected: 'header' | 'more' = 'header'; ; expected = 'more') {
    const head = await read(HEAD_BYTES);
    if (head.length < HEAD_BYTES) refuse('truncated', 'the snapshot ends before its last block');
    const length = head.readUInt32LE(1);
    if (length > MOST_BLOCK_BYTES) refuse('damaged', `a block says that it has ${length} bytes`);
    const payload = await read(length);
    if (payload.length < length) refuse('truncated', 'the snapshot ends within a block');
    checksum = checksumOf(head.subarray(0, 5), payload, checksum);
    if (checksum !== head.readUInt32LE(5)) refuse('damaged', 'a block has another checksum than was written');
    const block = blockOf(head.readUInt8(0), payload);
    const isExpected = (block?.type === 'header') === (expected === 'header');
    if (block === undefined || !isExpected) return refuse('damaged', 'a block is not one of this format');
    if (block.type === 'end' && (await read(1)).length > 0) refuse('damaged', 'something follows its last block');
    yield block;
    if (block.type === 'end') return;
  }
}

function blockOf(type: number, payload: Buffer): SnapshotBlock | undefined {
  if (type === RECORDS) return { type: 'records', payload };
  const reader = new ByteReader(payload, 0);
  const block = type === HEADER ? headerOf(reader) : type === END ? endOf(reader) : undefined;
  return reader.overran || !reader.isAtEnd ? undefined : block;
}

function headerOf(reader: ByteReader): SnapshotBlock | undefined {
  const kind = reader.text();
  const cache = reader.text();
  const takenAtMs = reader.f64();
  const serializerId = reader.byte();
  const serializer = reader.text();
  const policy = reader.text();
  const bound = reader.text();
  if (kind !== 'memory' && kind !== 'cache' && kind !== 'hot-keys') return undefined;
  if (bound !== 'size' && bound !== 'weight' && bound !== 'memory') return undefined;
  return { type: 'header', header: { kind, cache, takenAtMs, serializerId, serializer, policy, bound } };
}

function endOf(reader: ByteReader): SnapshotBlock {
  const entries = reader.f64();
  const state: number[] = [];
  for (let left = reader.varint(); left > 0 && !reader.overran; left--) state.push(reader.f64());
  return { type: 'end', end: { entries, state } };
}

function checksumOf(head: Buffer, payload: Buffer, before: number): number {
  return crc32(payload, crc32(head, before));
}
