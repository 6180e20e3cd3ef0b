import type { Random } from '../../core/index.js';
import { BucketLocks } from './bucket-locks.js';
import { Claims, isOld, isTaken, type Block } from './claims.js';
import type { Geometry } from './geometry.js';
import type { Records } from './records.js';
import { Segments } from './segments.js';
import { ENTRY, type Slots } from './slots.js';
import type { Words } from './words.js';

/** So many blocks are looked at for one that was not read lately; then the next one goes whatever it is. */
const FAIR_STEPS = 48;
const MAX_STEPS = 160;
/** With each segment that the hand leaves, one of another class is taken by this chance: so all classes keep what they have about as long. */
const TAKE_CHANCE = 1 / 8;
const TAKE_ATTEMPTS = 16;
/** How many blocks a thread remembers to have freed. */
const MAX_FREED = 64;

/** The parts of a memory that an {@link Arena} works on. */
export interface ArenaParts {
  readonly words: Words;
  readonly geometry: Geometry;
  readonly locks: BucketLocks;
  readonly slots: Slots;
  readonly records: Records;
  readonly claims: Claims;
  readonly random: Random;
}

/* Gives out blocks. Each size class has a hand that all threads move over its blocks: it takes what is free, and else what
 * was not read since it last came by (CLOCK: reading sets a bit, the hand clears it). So the hand is allocator and evictor
 * at once; there is no free list that a dying thread could leave half changed.
 *
 * What a thread frees itself it remembers, and tries first: a hint, since the claim decides.
 */
export class Arena {
  readonly segments: Segments;
  private readonly freed: number[][];

  constructor(private readonly parts: ArenaParts) {
    this.segments = new Segments(parts.words, parts.geometry);
    this.freed = parts.geometry.classes.map(() => []);
  }

  /** A block for so many words; `undefined` when none could be had, or none is that large. */
  take(words: number, nowMs: number): Block | undefined {
    const sizeClass = this.classOf(Math.ceil(words / this.parts.geometry.unitWords));
    return sizeClass === -1 ? undefined : (this.takeFreed(sizeClass, nowMs) ?? this.takeAtHand(sizeClass, nowMs));
  }

  /** Frees a block that nothing refers to. */
  free(block: Block): void {
    if (!this.parts.claims.free(block)) return;
    const freed = this.freed[this.segments.classOf(this.segments.load(this.segments.ofUnit(block.unit)))];
    if (freed !== undefined && freed.length < MAX_FREED) freed.push(block.unit);
  }

  /** The smallest class with blocks of so many units; -1 when none has. */
  private classOf(units: number): number {
    const { classes } = this.parts.geometry;
    let low = 0;
    let high = classes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((classes[middle] as number) < units) low = middle + 1;
      else high = middle;
    }
    return low === classes.length ? -1 : low;
  }

  private takeFreed(sizeClass: number, nowMs: number): Block | undefined {
    const freed = this.freed[sizeClass] as number[]; // one for each class
    for (let unit = freed.pop(); unit !== undefined; unit = freed.pop()) {
      if (!this.segments.isBlock(unit, sizeClass)) continue;
      const seen = this.parts.claims.load(unit);
      const block = isTaken(seen) ? undefined : this.claim(unit, seen, sizeClass, nowMs);
      if (block !== undefined) return block;
    }
    return undefined;
  }

  private takeAtHand(sizeClass: number, nowMs: number): Block | undefined {
    for (let step = 0; step < MAX_STEPS; step++) {
      const unit = this.advance(sizeClass, nowMs);
      if (unit === -1) return undefined;
      const seen = this.parts.claims.load(unit);
      if (isTaken(seen) && !this.detach(unit, seen, nowMs, step < FAIR_STEPS ? 'unread' : 'any')) continue;
      const block = this.claim(unit, seen, sizeClass, nowMs);
      if (block !== undefined) return block;
      // Its segment has become another class's since the hand was there: what nothing refers to any more is nobody's.
      if (isTaken(seen)) this.parts.claims.free({ unit, claim: seen });
    }
    return undefined;
  }

  /** Takes a block, if its segment still is of the class when that is done. */
  private claim(unit: number, seen: number, sizeClass: number, nowMs: number): Block | undefined {
    const segment = this.segments.ofUnit(unit);
    const word = this.segments.load(segment);
    if (!this.segments.isOf(word, sizeClass)) return undefined;
    const block = this.parts.claims.take(unit, seen, nowMs);
    if (block === undefined || this.segments.load(segment) === word) return block;
    this.parts.claims.free(block);
    return undefined;
  }

  /** The block at the hand of a class, which moves on; -1 when the class has no segment and gets none. */
  private advance(sizeClass: number, nowMs: number): number {
    const { words, geometry } = this.parts;
    const handAt = geometry.handsAt + sizeClass;
    const blocks = this.segments.blocksOf(sizeClass);
    for (;;) {
      const hand = words.load(handAt);
      const [segment, block] = [Math.floor(hand / blocks), hand % blocks];
      const isHere = this.segments.isOf(this.segments.load(segment), sizeClass);
      if (isHere && block < blocks - 1) {
        if (words.exchange(handAt, hand, hand + 1)) return this.segments.unitOf(segment, sizeClass, block);
        continue;
      }
      const next = this.nextSegment(sizeClass, segment, nowMs);
      if (!isHere && next === -1) return -1;
      if (words.exchange(handAt, hand, (next === -1 ? segment : next) * blocks) && isHere) {
        return this.segments.unitOf(segment, sizeClass, block);
      }
    }
  }

  /** Where a hand goes after a segment: to an unused one, sometimes to one of another class, else to the next of its own. */
  private nextSegment(sizeClass: number, after: number, nowMs: number): number {
    const { random, geometry } = this.parts;
    const unused = this.segments.takeUnused(sizeClass);
    if (unused !== -1) return unused;
    if (random() < TAKE_CHANCE) {
      const taken = this.takeSegment(sizeClass, nowMs);
      if (taken !== -1) return taken;
    }
    for (let attempt = 0; attempt < TAKE_ATTEMPTS; attempt++) {
      // Each time: another thread may have taken one for this class meanwhile.
      for (let step = 1; step <= geometry.segmentCount; step++) {
        const segment = (after + step) % geometry.segmentCount;
        if (this.segments.isOf(this.segments.load(segment), sizeClass)) return segment;
      }
      const taken = this.takeSegment(sizeClass, nowMs);
      if (taken !== -1) return taken;
    }
    return -1;
  }

  /** Takes a segment at random, whatever is in it; -1 when that one cannot be had. */
  private takeSegment(sizeClass: number, nowMs: number): number {
    const { random, geometry } = this.parts;
    const segment = Math.floor(random() * geometry.segmentCount);
    return this.segments.take(segment, sizeClass, (unit) => this.empty(unit, nowMs)) ? segment : -1;
  }

  private empty(unit: number, nowMs: number): boolean {
    const { claims } = this.parts;
    const seen = claims.load(unit);
    if (!isTaken(seen)) return true;
    return this.detach(unit, seen, nowMs, 'now') && claims.free({ unit, claim: seen });
  }

  /**
   * Makes sure that no slot refers to a block whose word was `seen`.
   * `'unread'`: not if it was read since the last time, is no entry, or its bucket is locked; `'any'`: unless that is
   * locked; `'now'`: waits for that.
   */
  private detach(unit: number, seen: number, nowMs: number, which: 'unread' | 'any' | 'now'): boolean {
    const { words, locks, slots, records, claims } = this.parts;
    const recordAt = slots.recordAt(unit);
    const bucketAt = slots.bucketAt(records.hashAt(recordAt));
    const slotAt = this.slotOf(bucketAt, unit);
    if (slotAt === -1) return isOld(seen, nowMs);
    if (which === 'unread' && records.expiresAtMs(recordAt) > nowMs) {
      if (slots.kindOf(words.peek(slotAt)) !== ENTRY) return false;
      const bit = 1 << (slotAt - bucketAt - 2);
      if ((words.peek(bucketAt + 1) & bit) !== 0) {
        words.clearBits(bucketAt + 1, bit);
        return false;
      }
    }
    const ticket = which === 'now' ? locks.acquire(bucketAt) : locks.tryAcquire(bucketAt);
    if (ticket === 0) return false;
    const slot = words.load(slotAt);
    // In this order: while the slot refers to the block, its claim is that of what is in it.
    const isIt = slot > 0 && slots.unitOf(slot) === unit && claims.load(unit) === seen;
    const isDetached = isIt && locks.unlink(slotAt, slot, ticket);
    locks.release(bucketAt, ticket);
    return isDetached;
  }

  private slotOf(bucketAt: number, unit: number): number {
    const { words, geometry, slots } = this.parts;
    const end = bucketAt + 2 + geometry.ways;
    for (let slotAt = bucketAt + 2; slotAt < end; slotAt++) {
      const slot = words.peek(slotAt);
      if (slot > 0 && slots.unitOf(slot) === unit) return slotAt;
    }
    return -1;
  }
}
