import { scheduler } from 'node:timers/promises';
import { CacheSnapshotError, type SnapshotSource, type SnapshotTarget } from '../core/index.js';
import { ByteWriter } from './byte-writer.js';
import {
  BLOCK_BYTES,
  BlockSealer,
  MOST_VALUE_BYTES,
  openBlocks,
  type SnapshotEnd,
  type SnapshotHeader,
} from './snapshot-blocks.js';
import { openInput, openSink } from './snapshot-file.js';
import { readRecords, writeRecord, type SnapshotRecord } from './snapshot-record.js';
import type { Serializer } from './serializer.js';

/** A block of records that is being filled. */
export class RecordBlock {
  private readonly writer = new ByteWriter(BLOCK_BYTES + 4_096);

  add(record: SnapshotRecord): void {
    writeRecord(this.writer, record);
  }

  get isFull(): boolean {
    return this.writer.size >= BLOCK_BYTES;
  }

  get written(): Buffer {
    return this.writer.written;
  }
}

/** What a snapshot is made of. */
export interface SnapshotFeed {
  /** Adds records, for no longer than a slice; whether there are more. Throws to end the snapshot without one. */
  addTo(block: RecordBlock): boolean;
  /** All have been added. */
  end(): SnapshotEnd;
}

/**
 * Writes a snapshot, block by block, and gives the event loop its turn after each. What stands under the path stays there
 * until the new one is complete. Returns its size.
 */
export async function writeSnapshot(
  target: string | SnapshotTarget,
  header: SnapshotHeader,
  feed: SnapshotFeed,
): Promise<number> {
  const sink = await openSink(target);
  const sealer = new BlockSealer();
  let bytes = 0;
  const write = async (block: Buffer): Promise<void> => {
    bytes += block.length;
    await sink.write(block);
  };
  try {
    await write(sealer.header(header));
    let end: SnapshotEnd | undefined;
    while (end === undefined) {
      const block = new RecordBlock();
      // In one step with the last record: what happens from here on comes after the snapshot.
      if (!feed.addTo(block)) end = feed.end();
      if (block.written.length > 0) await write(sealer.records(block.written));
      await scheduler.yield();
    }
    await write(sealer.end(end));
  } catch (error) {
    await sink.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  await sink.commit();
  return bytes;
}

/** Who can read a snapshot. */
export interface SnapshotReader {
  readonly kind: SnapshotHeader['kind'];
  readonly cache: string;
  readonly serializer: Serializer;
  /** Sees every record before anything is known to be right; must change nothing. */
  inspect(record: SnapshotRecord, header: SnapshotHeader): void;
}

/** A snapshot that has been checked from beginning to end. */
export interface CheckedSnapshot {
  readonly header: SnapshotHeader;
  readonly end: SnapshotEnd;
  readonly bytes: number;
  /** The records of one block after the other. Read on only when the last ones have been dealt with. */
  blocks(): AsyncIterable<Iterable<SnapshotRecord>>;
}

/**
 * Checks a whole snapshot, every byte of it, and then lets `use` have it. Rejects with {@link CacheSnapshotError}, before
 * `use` has seen anything, when it is not what `reader` can read.
 */
export async function readSnapshot<R>(
  source: string | SnapshotSource,
  reader: SnapshotReader,
  use: (snapshot: CheckedSnapshot) => Promise<R>,
): Promise<R> {
  const { cache } = reader;
  const input = await openInput(cache, source);
  try {
    let bytes = 0;
    let header: SnapshotHeader | undefined;
    let end: SnapshotEnd | undefined;
    const read = input.rewind();
    const counted = async (count: number): Promise<Buffer> => {
      const piece = await read(count);
      bytes += piece.length;
      return piece;
    };
    for await (const block of openBlocks(cache, counted)) {
      if (block.type === 'header') requireReadable(reader, (header = block.header));
      else if (block.type === 'end') end = block.end;
      else if (header !== undefined) {
        for (const record of recordsOf(cache, block.payload)) reader.inspect(record, header);
      }
      await scheduler.yield();
    }
    if (header === undefined || end === undefined) throw damaged(cache);
    const blocks = async function* (): AsyncGenerator<Iterable<SnapshotRecord>> {
      for await (const block of openBlocks(cache, input.rewind())) {
        if (block.type === 'records') yield recordsOf(cache, block.payload);
        await scheduler.yield();
      }
    };
    return await use({ header, end, bytes, blocks });
  } finally {
    await input.close();
  }
}

/** A value as bytes for a snapshot; throws where it has no such form. */
export function bytesForSnapshot(serializer: Serializer, value: unknown): Uint8Array {
  const bytes = serializer.encode(value);
  if (bytes.length <= MOST_VALUE_BYTES) return bytes;
  throw new RangeError(`the value has ${bytes.length} bytes, and a snapshot takes ${MOST_VALUE_BYTES}`);
}

/** A value from the bytes of a snapshot. */
export function valueFromSnapshot(serializer: Serializer, bytes: Uint8Array): unknown {
  // A serializer that is not ours may keep the bytes in the value, and with them the whole block.
  return serializer.decode(serializer.name === 'tagged' || serializer.name === 'json' ? bytes : Uint8Array.from(bytes));
}

function* recordsOf(cache: string, payload: Buffer): Generator<SnapshotRecord> {
  for (const record of readRecords(payload)) yield requireRecord(cache, record);
}

function requireRecord(cache: string, record: SnapshotRecord | undefined): SnapshotRecord {
  if (record === undefined) throw damaged(cache);
  return record;
}

const KINDS: Readonly<Record<SnapshotHeader['kind'], string>> = {
  memory: 'a snapshot of a MemoryCache',
  cache: 'a snapshot of a Cache',
  'hot-keys': 'a list of hot keys',
};

function requireReadable({ kind, cache, serializer }: SnapshotReader, header: SnapshotHeader): void {
  const refuse = (reason: string): never => {
    throw new CacheSnapshotError(cache, 'foreign', reason);
  };
  if (header.kind !== kind) {
    refuse(`it is ${KINDS[header.kind]}, and ${KINDS[kind]} is needed`);
  }
  if (header.cache !== cache) refuse(`the snapshot is of cache "${header.cache}"`);
  if (header.serializerId !== serializer.id || header.serializer !== serializer.name) {
    refuse(`its values were written by serializer "${header.serializer}", and this cache has "${serializer.name}"`);
  }
}

function damaged(cache: string): CacheSnapshotError {
  return new CacheSnapshotError(cache, 'damaged', 'a record is not one of this format');
}
