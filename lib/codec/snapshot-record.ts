import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/* A snapshot is a log: entries, those that were written and left or changed before its end, and that all of them did.
 * Whoever replays it in order has what the cache held when the snapshot was done.
 *
 *   1 entry    key text, flags byte, what the flags say in their order, groups, numbers, value
 *   2 removed  key text
 *   3 cleared
 *
 * Flags: 1 left, 2 ttl, 4 left of the ttl (where a tti may end it earlier), 8 tti, as f64; absent ones are Infinity.
 * 16 weight f64. 32 version, 8 bytes. 64 a value follows. 128 the key as a value follows.
 */
const ENTRY = 1;
const REMOVED = 2;
const CLEARED = 3;

const LEFT = 1;
const TTL = 2;
const TTL_LEFT = 4;
const TTI = 8;
const WEIGHT = 16;
const VERSION = 32;
const VALUE = 64;
const KEY = 128;

/** The largest number that a policy may note. */
export const MOST_NOTED = 2 ** 31 - 1;

/** An entry of a snapshot. Times in milliseconds, at the instant at which the snapshot was begun. */
export interface SnapshotEntry {
  readonly kind: 'entry';
  readonly key: string;
  /** The key as a value, where the text does not give it back. */
  readonly keyBytes: Uint8Array | undefined;
  /** `undefined`: it is known that there is none. */
  readonly value: Uint8Array | undefined;
  readonly leftMs: number;
  readonly ttlMs: number;
  readonly ttlLeftMs: number;
  readonly ttiMs: number;
  readonly groups: readonly string[];
  readonly weight: number | undefined;
  /** 16 hexadecimal digits. */
  readonly version: string | undefined;
  /** What the policy knows of it: whole numbers from 0 to {@link MOST_NOTED}. */
  readonly notes: readonly number[];
  /** What else its cache knows. */
  readonly numbers: readonly number[];
}

export type SnapshotRecord =
  SnapshotEntry | { readonly kind: 'removed'; readonly key: string } | { readonly kind: 'cleared' };

export function writeRecord(into: ByteWriter, record: SnapshotRecord): void {
  switch (record.kind) {
    case 'entry':
      into.byte(ENTRY);
      into.text(record.key);
      writeEntry(into, record);
      return;
    case 'removed':
      into.byte(REMOVED);
      into.text(record.key);
      return;
    case 'cleared':
      into.byte(CLEARED);
      return;
    default:
      record satisfies never;
  }
}

/** The records of a block; `undefined` in the place of the first that is none. */
export function* readRecords(block: Buffer): Generator<SnapshotRecord | undefined> {
  const reader = new ByteReader(block, 0);
  while (!reader.isAtEnd) {
    const record = readRecord(reader);
    if (record === undefined || reader.overran) {
      yield undefined;
      return;
    }
    yield record;
  }
}

function readRecord(reader: ByteReader): SnapshotRecord | undefined {
  switch (reader.byte()) {
    case ENTRY:
      return readEntry(reader);
    case REMOVED:
      return { kind: 'removed', key: reader.text() };
    case CLEARED:
      return { kind: 'cleared' };
    default:
      return undefined;
  }
}

function writeEntry(into: ByteWriter, entry: SnapshotEntry): void {
  const { leftMs, ttlMs, ttlLeftMs, ttiMs, weight, version, value, keyBytes, groups, notes, numbers } = entry;
  const hasOwnTtlLeft = ttlLeftMs !== leftMs;
  into.byte(
    (leftMs < Infinity ? LEFT : 0) |
      (ttlMs < Infinity ? TTL : 0) |
      (hasOwnTtlLeft ? TTL_LEFT : 0) |
      (ttiMs < Infinity ? TTI : 0) |
      (weight === undefined ? 0 : WEIGHT) |
      (version === undefined ? 0 : VERSION) |
      (value === undefined ? 0 : VALUE) |
      (keyBytes === undefined ? 0 : KEY),
  );
  if (leftMs < Infinity) into.f64(leftMs);
  if (ttlMs < Infinity) into.f64(ttlMs);
  if (hasOwnTtlLeft) into.f64(ttlLeftMs);
  if (ttiMs < Infinity) into.f64(ttiMs);
  if (weight !== undefined) into.f64(weight);
  if (version !== undefined) into.hex(version, 8);
  into.varint(groups.length);
  for (const group of groups) into.text(group);
  into.varint(notes.length);
  for (const note of notes) into.varint(note);
  into.varint(numbers.length);
  for (const number of numbers) into.f64(number);
  if (value !== undefined) writeBytes(into, value);
  if (keyBytes !== undefined) writeBytes(into, keyBytes);
}

function readEntry(reader: ByteReader): SnapshotEntry {
  const key = reader.text();
  const flags = reader.byte();
  const finite = (flag: number): number => ((flags & flag) === 0 ? Infinity : reader.f64());
  const leftMs = finite(LEFT);
  const ttlMs = finite(TTL);
  const ttlLeftMs = (flags & TTL_LEFT) === 0 ? leftMs : reader.f64();
  const ttiMs = finite(TTI);
  const weight = (flags & WEIGHT) === 0 ? undefined : reader.f64();
  const version = (flags & VERSION) === 0 ? undefined : reader.hex(8);
  const groups = list(reader, () => reader.text());
  const notes = list(reader, () => reader.varint());
  const numbers = list(reader, () => reader.f64());
  const value = (flags & VALUE) === 0 ? undefined : reader.bytes(reader.varint());
  const keyBytes = (flags & KEY) === 0 ? undefined : reader.bytes(reader.varint());
  return {
    kind: 'entry',
    key,
    keyBytes,
    value,
    leftMs,
    ttlMs,
    ttlLeftMs,
    ttiMs,
    groups,
    weight,
    version,
    notes,
    numbers,
  };
}

function list<T>(reader: ByteReader, read: () => T): T[] {
  const values: T[] = [];
  for (let left = reader.varint(); left > 0 && !reader.overran; left--) values.push(read());
  return values;
}

function writeBytes(into: ByteWriter, bytes: Uint8Array): void {
  into.varint(bytes.length);
  into.bytes(bytes);
}
