import type { Database } from 'lmdb';
import type { RecentReads } from './recent-reads.js';
import type { RecordKey, RecordKeys } from './record-key.js';
import { DamagedFileError } from './damaged-file.js';
import { decodeHead, encodeHead, MAX_INLINE_BYTES, ttlLeftMs, weightOf, type Head } from './record.js';
import type { Slice } from './slice.js';

/** The trees of the data file. */
export interface Trees {
  /** Key → {@link Head}. */
  readonly heads: Tree;
  /** Id → the bytes that are too many for the head. */
  readonly bodies: Tree;
  /** Position → key: the queue of eviction, oldest first. */
  readonly queue: Tree;
  /** Instant of expiry and id → key. */
  readonly expiry: Tree;
  /** Single records: the totals, and who sweeps. */
  readonly single: Tree;
}

export type Tree = Database<Uint8Array, Buffer>;

/** A record that may be used. */
export interface FoundRecord {
  readonly head: Head;
  readonly bytes: Buffer;
  readonly ttlLeftMs: number;
}

export interface NewRecord {
  readonly bytes: Uint8Array;
  /** Infinity: until it is evicted. */
  readonly ttlMs: number;
}

/** Some of the names of one kind and space, in the order of their keys. */
export interface NameBatch {
  readonly names: readonly string[];
  /** Where the next batch starts; `undefined` after the last. */
  readonly next: Buffer | undefined;
}

const TOTALS = Buffer.from('totals');
const VICTIMS_AT_ONCE = 16;
const NAMES_AT_ONCE = 500;

/**
 * The records, read and changed by every process of the host. One transaction at a time changes them, so what is said
 * here holds whenever none runs, and a process that dies leaves the state before its transaction.
 *
 * Invariants: a head has exactly one place in the queue, one in the order of expiry where it expires, and a body where its
 * bytes are not in it; `usedBytes` is the sum of their weights, and at most `maxBytes` after each step that stored.
 *
 * Eviction is FIFO with a second chance [1]: the oldest record goes, unless it was read since it took its position; then
 * it becomes the youngest. A read only remembers that it happened, in memory; see {@link RecentReads}. So a hit writes
 * nothing, and the cost of an eviction is O(log n) for each tree, with no pass over anything.
 *
 * [1] Corbató. A Paging Experiment with the Multics System. MIT, 1968.
 */
export class RecordTable {
  /** Within a transaction only. */
  private usedBytes = 0;
  private nextId = 1;
  private victims: readonly { readonly key: Buffer; readonly value: Buffer }[] = [];
  private nextVictim = 0;

  constructor(
    private readonly trees: Trees,
    private readonly maxBytes: number,
    private readonly recentReads: RecentReads,
  ) {}

  /** Takes up what the last transaction left, of whichever process. */
  begin(): void {
    ({ usedBytes: this.usedBytes, nextId: this.nextId } = this.totals());
    this.victims = [];
    this.nextVictim = 0;
  }

  /** Leaves it to the next. */
  end(): void {
    this.trees.single.putSync(TOTALS, pair(this.usedBytes, this.nextId));
  }

  totals(): { readonly usedBytes: number; readonly nextId: number } {
    const totals = this.trees.single.getBinary(TOTALS);
    return totals === undefined
      ? { usedBytes: 0, nextId: 1 }
      : { usedBytes: totals.readDoubleBE(0), nextId: totals.readDoubleBE(8) };
  }

  /** A copy of what stands under a key and may still be used. */
  find({ bytes: key }: RecordKey, nowMs: number): FoundRecord | undefined {
    const head = this.head(key);
    if (head === undefined) return undefined;
    const leftMs = ttlLeftMs(head, nowMs);
    if (leftMs <= 0) {
      // What expired, the sweep finds; what a clock that was set back makes unusable is found by chance only.
      if (head.expiresAtMs > nowMs) this.recentReads.unusable(key, head.id);
      return undefined;
    }
    const bytes = head.inline ?? this.trees.bodies.getBinary(number(head.id));
    if (bytes === undefined) return undefined;
    if (!head.isVisited) this.recentReads.add(key, head.id);
    return { head, bytes, ttlLeftMs: leftMs };
  }

  /** Lets the next reads see what other processes committed up to now. */
  refresh(): void {
    this.trees.heads.resetReadTxn();
  }

  list(keys: RecordKeys, start: Buffer, nowMs: number): NameBatch {
    const range = { start, end: keys.end, exclusiveStart: true, limit: NAMES_AT_ONCE };
    const found = this.trees.heads.getRange(range).asArray as unknown as Place[];
    const names: string[] = [];
    for (const { key, value } of found) {
      const head = decodeHead(value);
      const name = keys.nameIn(key) ?? head.name;
      if (name !== undefined && ttlLeftMs(head, nowMs) > 0) names.push(name);
    }
    return { names, next: found.length < NAMES_AT_ONCE ? undefined : found.at(-1)?.key };
  }

  head(key: Buffer): Head | undefined {
    const bytes = this.trees.heads.getBinary(key);
    return bytes === undefined ? undefined : decodeHead(bytes);
  }

  /** Stores a record in the place of what stood under its key; `false` when there is no room for it within this slice. */
  put({ bytes: key, name }: RecordKey, { bytes, ttlMs }: NewRecord, nowMs: number, slice: Slice): boolean {
    const expiresAtMs = nowMs + ttlMs;
    this.remove(key);
    const inline = bytes.length <= MAX_INLINE_BYTES ? Buffer.from(bytes) : undefined;
    const plain = { id: 0, position: 0, writtenAtMs: nowMs, expiresAtMs, isVisited: false, name, inline };
    const weight = weightOf(key, plain, bytes.length);
    if (!this.makeRoom(weight, slice)) return false;

    const id = this.nextId++;
    append(this.trees.queue, number(id), key);
    if (inline === undefined) append(this.trees.bodies, number(id), bytes);
    if (expiresAtMs < Infinity) this.trees.expiry.putSync(pair(expiresAtMs, id), key);
    this.trees.heads.putSync(key, encodeHead({ ...plain, id, position: id, weight }));
    this.usedBytes += weight;
    return true;
  }

  remove(key: Buffer): void {
    const head = this.head(key);
    if (head !== undefined) this.drop(key, head);
  }

  /** Removes what is under the key if it is still that record. */
  removeRecord(key: Buffer, id: number): void {
    const head = this.head(key);
    if (head?.id === id) this.drop(key, head);
  }

  /** Keeps a record from being evicted at its next turn, if it is still that record. */
  visit(key: Buffer, id: number): void {
    const head = this.head(key);
    if (head?.id === id && !head.isVisited) this.trees.heads.putSync(key, encodeHead({ ...head, isVisited: true }));
  }

  /** Removes what has expired, the longest ago first; `false` when more is left after this slice. */
  sweep(nowMs: number, slice: Slice): boolean {
    const end = pair(nowMs, Infinity);
    while (slice.lasts()) {
      const expired = this.trees.expiry.getRange({ end, limit: VICTIMS_AT_ONCE }).asArray as unknown as Place[];
      for (const { key: place, value: key } of expired) {
        slice.spend();
        const head = this.head(key);
        if (head !== undefined && head.id === place.readDoubleBE(8)) this.drop(key, head);
        else this.trees.expiry.removeSync(place);
      }
      if (expired.length < VICTIMS_AT_ONCE) return true;
    }
    return false;
  }

  /** Evicts until `weight` fits; `false` when it does not yet after this slice. */
  makeRoom(weight: number, slice: Slice): boolean {
    while (this.usedBytes + weight > this.maxBytes) {
      if (!slice.lasts()) return false;
      slice.spend();
      const oldest = this.oldest();
      // Nothing is left, so nothing is used.
      if (oldest === undefined) return (this.usedBytes = 0) + weight <= this.maxBytes;
      this.evict(oldest);
    }
    return true;
  }

  private evict({ key: place, value: key }: Place): void {
    const head = this.head(key);
    const position = place.readDoubleBE(0);
    if (head?.position !== position) {
      this.trees.queue.removeSync(place);
    } else if (head.isVisited || this.recentReads.take(head.id)) {
      const last = this.nextId++;
      this.trees.queue.removeSync(place);
      append(this.trees.queue, number(last), key);
      this.trees.heads.putSync(key, encodeHead({ ...head, position: last, isVisited: false }));
    } else {
      this.drop(key, head);
    }
  }

  private oldest(): Place | undefined {
    if (this.nextVictim === this.victims.length) {
      this.victims = this.trees.queue.getRange({ limit: VICTIMS_AT_ONCE }).asArray as unknown as Place[];
      this.nextVictim = 0;
    }
    return this.victims[this.nextVictim++];
  }

  private drop(key: Buffer, { id, position, expiresAtMs, weight, inline }: Head): void {
    this.trees.heads.removeSync(key);
    this.trees.queue.removeSync(number(position));
    if (expiresAtMs < Infinity) this.trees.expiry.removeSync(pair(expiresAtMs, id));
    if (inline === undefined) this.trees.bodies.removeSync(number(id));
    this.usedBytes -= weight;
  }
}

interface Place {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Behind all keys that are there, which costs LMDB no search and leaves no page half empty. */
function append(tree: Tree, key: Buffer, value: Uint8Array): void {
  // Declared as void, it tells whether the key stands behind all others.
  const isLast: unknown = tree.putSync(key, value, { append: true });
  if (isLast !== true) throw new DamagedFileError('a record that was never written stands behind all others');
}

/** As IEEE numbers of 0 or more are ordered, so are their bytes, the most significant one first. */
function number(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

function pair(first: number, second: number): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeDoubleBE(first);
  bytes.writeDoubleBE(second, 8);
  return bytes;
}
