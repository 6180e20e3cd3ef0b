import { systemRandom, type Random } from '../../core/index.js';
import { Arena } from './arena.js';
import { BucketLocks, isEmpty } from './bucket-locks.js';
import { Claims, isTaken, type Block } from './claims.js';
import { Copies } from './copies.js';
import type { Geometry } from './geometry.js';
import type { RecordName, SpaceName } from './record-name.js';
import { Records } from './records.js';
import { ENTRY, GENERATION, LEASE, Slots, type Kind } from './slots.js';
import type { Words } from './words.js';

/** How often a reader looks again at what changes under its eyes, before it does without. */
const READ_ATTEMPTS = 16;

/** What is to become of the records of one name, in one step. */
export interface Change {
  /** Of these kinds nothing stays. */
  readonly unlinked: readonly Kind[];
  readonly linked?: { readonly kind: Kind; readonly block: Block };
  /** Asked under the lock: whether it may happen. It only reads. */
  permits?(): boolean;
}

/** A value that was found. */
export interface Found {
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
}

/* The records in a shared memory, as one thread has them. What the threads agree on is in {@link BucketLocks}, who writes to
 * a block in {@link Claims}.
 *
 * A reader goes: slot, claim, record, copy; then the claim and the slot again. Both unchanged: what was copied was linked
 * at that instant. A writer fills a block that nobody refers to, and only then takes the lock of the bucket, for the few
 * steps that link it; so readers and writers never wait for the length of a value.
 */
export class RecordTable {
  private readonly locks: BucketLocks;
  private readonly slots: Slots;
  private readonly records: Records;
  private readonly claims: Claims;
  private readonly arena: Arena;
  private readonly copies = new Copies();
  /** What `find` has found. */
  private foundBucketAt = 0;
  private foundAt = 0;
  private foundSlot = 0;
  private foundClaim = 0;

  constructor(
    private readonly words: Words,
    private readonly geometry: Geometry,
    random: Random = systemRandom,
    private readonly readAttempts = READ_ATTEMPTS,
  ) {
    this.locks = new BucketLocks(words, geometry);
    this.slots = new Slots(geometry);
    this.records = new Records(words, geometry.totalBytes / 4);
    this.claims = new Claims(words, geometry);
    const { locks, slots, records, claims } = this;
    this.arena = new Arena({ words, geometry, locks, slots, records, claims, random });
  }

  /** A copy of the value of a live record. */
  read(kind: Kind, name: RecordName, nowMs: number): Found | undefined {
    const bytes = this.copy(kind, name, nowMs, this.readAttempts);
    if (bytes === -1) return undefined;
    return { bytes: this.copies.take(bytes), expiresAtMs: this.records.copiedExpiry };
  }

  /** The value alone. */
  value(kind: Kind, name: RecordName, nowMs: number): Uint8Array | undefined {
    const bytes = this.copy(kind, name, nowMs, this.readAttempts);
    return bytes === -1 ? undefined : this.copies.take(bytes);
  }

  /** The same for who has the lock of the bucket, as {@link Change.permits} does: nothing changes under its eyes. */
  ownValue(kind: Kind, name: RecordName, nowMs: number): Uint8Array | undefined {
    const bytes = this.copy(kind, name, nowMs, 1);
    return bytes === -1 ? undefined : this.copies.take(bytes);
  }

  /** Copies the value into `target`, as far as it fits; its length, or -1 when there is none. */
  copyTo(kind: Kind, name: RecordName, nowMs: number, target: Uint8Array): number {
    const bytes = this.copy(kind, name, nowMs, this.readAttempts);
    if (bytes <= 0) return bytes;
    const { cells, at } = this.copies;
    target.set(new Uint8Array(cells.buffer, at * 4, Math.min(bytes, target.length)));
    return bytes;
  }

  /** When the record expires that was read last. */
  get expiresAtMs(): number {
    return this.records.copiedExpiry;
  }

  /** Whether there is a live record; counts as no read. */
  has(kind: Kind, name: RecordName, nowMs: number): boolean {
    for (let attempt = 0; attempt < this.readAttempts; attempt++) {
      if (!this.find(kind, name, this.readAttempts)) return false;
      const isLive = this.records.expiresAtMs(this.recordAt(this.foundSlot)) > nowMs;
      if (this.isConfirmed()) return isLive;
    }
    return false;
  }

  /** A block with a record in it that nothing refers to yet; `undefined` when there is no room for one. */
  prepare(kind: Kind, name: RecordName, value: Uint8Array, expiresAtMs: number, nowMs: number): Block | undefined {
    const block = this.arena.take(Records.size(name, value.length), nowMs);
    if (block !== undefined) {
      this.records.write(this.slots.recordAt(block.unit), block, kind, name, value, expiresAtMs);
    }
    return block;
  }

  /**
   * Makes a change, if it is permitted. Without a block, or when the block was lost, only the unlinking happens. Whether it
   * was permitted and what was to be linked is; else its block is free again.
   */
  change(name: RecordName, change: Change, nowMs: number): boolean {
    const freed: Block[] = [];
    let outcome: boolean | undefined;
    while (outcome === undefined) outcome = this.tryChange(name, change, freed, nowMs);
    for (const block of freed) this.arena.free(block);
    if (!outcome && change.linked !== undefined) this.arena.free(change.linked.block);
    return outcome;
  }

  /** `undefined` when the lock was lost: it is to be tried again. */
  private tryChange(
    name: RecordName,
    { unlinked, linked, permits }: Change,
    freed: Block[],
    nowMs: number,
  ): boolean | undefined {
    const { locks, claims } = this;
    const bucketAt = this.slots.bucketAt(name.hash);
    const ticket = locks.acquire(bucketAt);
    const isPermitted = permits?.() ?? true;
    const isUnlinked = isPermitted && this.unlinkAll(bucketAt, name, unlinked, ticket, freed);
    const isOurs = linked !== undefined && claims.load(linked.block.unit) === linked.block.claim;
    if (isUnlinked && isOurs && this.link(bucketAt, name, linked, ticket, freed, nowMs)) {
      locks.release(bucketAt, ticket);
      return true;
    }
    const wasHeld = locks.release(bucketAt, ticket);
    if (!isPermitted) return false;
    return isUnlinked && !isOurs && wasHeld ? linked === undefined : undefined;
  }

  /** The keys of live records of these kinds in a part of the buckets. */
  keysOf(space: SpaceName, kinds: readonly Kind[], fromBucket: number, toBucket: number, nowMs: number): string[] {
    const { geometry, words } = this;
    const keys: string[] = [];
    for (let bucket = fromBucket; bucket < Math.min(toBucket, geometry.bucketCount); bucket++) {
      const bucketAt = geometry.bucketsAt + bucket * geometry.bucketWords;
      const before = keys.length;
      for (let slotAt = bucketAt + 2; slotAt < bucketAt + 2 + geometry.ways; slotAt++) {
        const key = isEmpty(words.peek(slotAt)) ? undefined : this.keyAt(slotAt, space, kinds, nowMs);
        if (key !== undefined && !keys.includes(key, before)) keys.push(key);
      }
    }
    return keys;
  }

  private keyAt(slotAt: number, space: SpaceName, kinds: readonly Kind[], nowMs: number): string | undefined {
    for (let attempt = 0; attempt < this.readAttempts; attempt++) {
      const slot = this.words.load(slotAt);
      const kind = this.slots.kindOf(slot);
      if (isEmpty(slot) || !kinds.includes(kind)) return undefined;
      this.foundAt = slotAt;
      this.foundSlot = slot;
      this.foundClaim = this.claims.load(this.slots.unitOf(slot));
      const recordAt = this.recordAt(slot);
      const key = this.records.keyAt(recordAt, kind, space);
      const isLive = this.records.expiresAtMs(recordAt) > nowMs;
      if (this.isConfirmed()) return isLive ? key : undefined;
    }
    return undefined;
  }

  /** Copies the value of a live record to where the next copy is taken; its length, or -1. */
  private copy(kind: Kind, name: RecordName, nowMs: number, attempts: number): number {
    const { records, copies } = this;
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (!this.find(kind, name, attempts)) return -1;
      const recordAt = this.recordAt(this.foundSlot);
      const bytes = records.valueBytes(recordAt, name);
      if (bytes === undefined) continue;
      copies.reserve(bytes);
      const isWhole = records.copy(recordAt, this.foundClaim, name, bytes, copies.cells, copies.at);
      if (!this.isConfirmed()) continue;
      // Torn though nobody has changed it: left by a thread that wrote when the block was no longer its own.
      if (!isWhole || records.copiedExpiry <= nowMs) return -1;
      this.touch();
      return bytes;
    }
    return -1;
  }

  /** Finds the slot of a record, expired or not; what is made of it is to be confirmed. */
  private find(kind: Kind, name: RecordName, attempts: number): boolean {
    const { words, slots, records, claims, geometry } = this;
    const bucketAt = slots.bucketAt(name.hash);
    const prefix = slots.prefix(kind, name.hash);
    const end = bucketAt + 2 + geometry.ways;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const sequence = words.load(bucketAt);
      for (let slotAt = bucketAt + 2; slotAt < end; slotAt++) {
        if (!slots.matches(words.peek(slotAt), prefix)) continue;
        const slot = words.load(slotAt);
        if (!slots.matches(slot, prefix)) continue;
        const unit = slots.unitOf(slot);
        const claim = claims.load(unit);
        if (!isTaken(claim) || !records.matches(slots.recordAt(unit), kind, name)) continue;
        this.foundBucketAt = bucketAt;
        this.foundAt = slotAt;
        this.foundSlot = slot;
        this.foundClaim = claim;
        return true;
      }
      // While the bucket is changed the record may be on its way from one slot to another.
      if ((sequence & 1) === 0 && words.confirm(bucketAt, sequence)) return false;
    }
    return false;
  }

  /** Whether the record that was found is still there, and with it all that was read of it. */
  private isConfirmed(): boolean {
    return (
      this.claims.confirm(this.slots.unitOf(this.foundSlot), this.foundClaim) &&
      this.words.load(this.foundAt) === this.foundSlot
    );
  }

  /** Notes that the record that was found has been read. */
  private touch(): void {
    const bit = visitedBit(this.foundBucketAt, this.foundAt);
    if ((this.words.peek(this.foundBucketAt + 1) & bit) === 0) this.words.setBits(this.foundBucketAt + 1, bit);
  }

  private recordAt(slot: number): number {
    return this.slots.recordAt(this.slots.unitOf(slot));
  }

  /** Unlinks the records of a name that are of these kinds; `false` when the lock was lost. */
  private unlinkAll(
    bucketAt: number,
    name: RecordName,
    kinds: readonly Kind[],
    ticket: number,
    freed: Block[],
  ): boolean {
    const { words, slots, records, geometry } = this;
    for (let slotAt = bucketAt + 2; slotAt < bucketAt + 2 + geometry.ways; slotAt++) {
      const slot = words.load(slotAt);
      if (isEmpty(slot)) continue;
      for (const kind of kinds) {
        if (!slots.matches(slot, slots.prefix(kind, name.hash))) continue;
        if (!records.matches(this.recordAt(slot), kind, name)) continue;
        if (!this.unlink(slotAt, slot, ticket, freed)) return false;
      }
    }
    return true;
  }

  private unlink(slotAt: number, slot: number, ticket: number, freed: Block[]): boolean {
    const unit = this.slots.unitOf(slot);
    // Before it is unlinked: from then on others may take the block, and this claim would be theirs.
    const claim = this.claims.load(unit);
    if (!this.locks.unlink(slotAt, slot, ticket)) return false;
    freed.push({ unit, claim });
    return true;
  }

  /** Links a block in an empty slot, or in that of another record; `false` when the lock was lost. */
  private link(
    bucketAt: number,
    name: RecordName,
    { kind, block }: NonNullable<Change['linked']>,
    ticket: number,
    freed: Block[],
    nowMs: number,
  ): boolean {
    const { words, slots, locks } = this;
    const slotAt = this.roomIn(bucketAt, ticket, freed, nowMs);
    if (slotAt === -1) return false;
    const bit = visitedBit(bucketAt, slotAt);
    if ((words.peek(bucketAt + 1) & bit) !== 0) words.clearBits(bucketAt + 1, bit);
    return locks.link(bucketAt, slotAt, slots.slot(slots.prefix(kind, name.hash), block.unit), ticket);
  }

  /** An empty slot: if there is none, one is made of an expired record, of an entry that was not read lately, of any; -1 when the lock was lost. */
  private roomIn(bucketAt: number, ticket: number, freed: Block[], nowMs: number): number {
    const { words, geometry } = this;
    const first = bucketAt + 2;
    for (let slotAt = first; slotAt < first + geometry.ways; slotAt++) if (isEmpty(words.load(slotAt))) return slotAt;
    // Each change begins elsewhere, so that none of the slots is always the first to go.
    const start = (ticket >>> 1) % geometry.ways;
    let victimAt = -1;
    let least = Infinity;
    for (let step = 0; step < geometry.ways && least > 0; step++) {
      const slotAt = first + ((start + step) % geometry.ways);
      const cost = this.costOf(bucketAt, slotAt, nowMs);
      if (cost < least) [victimAt, least] = [slotAt, cost];
    }
    // The next time, who is not read again in between goes first.
    if (least > 1) words.store(bucketAt + 1, 0);
    return this.unlink(victimAt, words.load(victimAt), ticket, freed) ? victimAt : -1;
  }

  /** How much is lost with a record: nothing if it has expired, much if others would have to be loaded again. */
  private costOf(bucketAt: number, slotAt: number, nowMs: number): number {
    const slot = this.words.load(slotAt);
    if (this.records.expiresAtMs(this.recordAt(slot)) <= nowMs) return 0;
    const isUnread = (this.words.peek(bucketAt + 1) & visitedBit(bucketAt, slotAt)) === 0;
    const kind = this.slots.kindOf(slot);
    if (kind === ENTRY) return isUnread ? 1 : 2;
    return kind === GENERATION || kind === LEASE ? 4 : 3;
  }
}

function visitedBit(bucketAt: number, slotAt: number): number {
  return 1 << (slotAt - bucketAt - 2);
}
