import { COARSE_MARGIN_MS, type Clock } from '../../core/index.js';
import { ExpirySweeper, type Expiring } from './expiry-sweeper.js';
import { NEVER, type SlotTable } from '../slots/slot-table.js';

const DEADLINE = 3;
/** Lifetimes from here on are counted from the coarse clock: an error of a few hundred milliseconds at most, and early. */
const COARSE_LIFETIME_MS = 30_000;
/** In the record of an entry whose deadline does not fit there; it stands in a map of its own. */
const FAR = NEVER - 1;
/** When so many ticks have passed, or the clock has gone back so far, all of them are counted from a new start. */
const REBASE_TICKS = 2 ** 30;

/** A lifetime that has begun. */
export interface Remaining {
  /** What it was given. */
  readonly ttlMs: number;
  readonly ttiMs: number;
  /** What is left of the ttl, and until the entry expires by ttl or tti. */
  readonly ttlLeftMs: number;
  readonly leftMs: number;
}

/*
 * When entries expire. A deadline is a tick: whole milliseconds since the cache's own start, in 31 bits of the slot's
 * record, so that a hit finds it in the cache line that it has read anyway. It is rounded down: an entry never lives
 * longer than it was given, and at most a millisecond less. Deadlines of more than 24 days stand in a map.
 *
 * An entry with `tti` is due `tti` after its last read, and at the latest when its `ttl` ends. A hit writes the deadline
 * and nothing else; the sweeper finds that out when the old one has come.
 *
 * Most caches have one ttl for all entries. There a write and a hit compare whole numbers that were worked out when the
 * coarse clock was last renewed, and a write that only moves its deadline on does not look at the schedule.
 *
 * What only some caches need (a ttl that differs between entries, tti) is in arrays that exist from its first use on.
 */
export class Lifetimes {
  /** Whether any entry has had a lifetime yet; until then nothing of this class costs anything. */
  inUse = false;
  readonly sweeper: ExpirySweeper;
  private startMs: number;
  private far: Map<number, number> | undefined;
  /** The ttl of all entries, as long as there is only one. */
  private commonTtlMs: number | undefined;
  private ttlsMs: Float64Array | undefined;
  private ttisMs: Float64Array | undefined;
  /** The tick at which the ttl ends, where a tti may end the entry earlier. */
  private ttlTicks: Float64Array | undefined;
  /** The ttl of all entries, as long as nothing else has to be kept for them; 0 when that is not so. */
  private plainTtlMs = 0;
  /** The reading of the coarse clock for which the next two hold. */
  private readingMs = 0;
  /** What is due after this tick has not expired, however late the coarse clock may be. */
  private safeTick = 0;
  /** The deadline of what is written now with the plain ttl. */
  private plainDeadline = 0;

  constructor(
    private readonly slots: SlotTable,
    private readonly clock: Clock,
    owner: Pick<Expiring, 'expireBetween' | 'sliceDone'>,
  ) {
    this.startMs = clock.now();
    this.keepReading(Math.floor(this.startMs));
    this.sweeper = new ExpirySweeper(clock, {
      nowTick: () => this.nowTick(),
      beginSlice: () => {
        if (this.nowTick() > REBASE_TICKS) this.rebase();
        return Math.floor(this.nowTick());
      },
      earliestBetween: (from, until) => this.earliestBetween(from, until),
      expireBetween: (from, until, nowTick) => owner.expireBetween(from, until, nowTick),
      sliceDone: () => owner.sliceDone(),
    });
  }

  nowTick(): number {
    return this.clock.now() - this.startMs;
  }

  /** Slots up to `capacity` may come now. */
  grow(capacity: number): void {
    if (this.inUse) this.sweeper.grow(capacity);
  }

  /** The entry lives from now on for `ttlMs`, and for `ttiMs` after each read. Both above 0; Infinity is none. */
  start(slot: number, ttlMs: number, ttiMs: number): void {
    if (ttlMs !== this.plainTtlMs || ttiMs !== Infinity || !this.startPlain(slot)) this.startAny(slot, ttlMs, ttiMs);
  }

  /** The entry comes with a lifetime that began earlier; what is left of it is given beside what it was given then. */
  resume(slot: number, { ttlMs, ttiMs, ttlLeftMs, leftMs }: Remaining): void {
    this.start(slot, ttlMs, ttiMs);
    if (!this.inUse) return;
    const now = this.nowTick();
    if (this.ttlTicks !== undefined) this.ttlTicks[slot] = now + ttlLeftMs;
    this.setDeadline(slot, now + Math.min(leftMs, ttlLeftMs));
  }

  /** The entry is read: whether it has not expired; its idle time starts again then. */
  read(slot: number): boolean {
    if (this.hasExpired(slot)) return false;
    if (this.ttisMs !== undefined) this.restartIdleTime(slot);
    return true;
  }

  private restartIdleTime(slot: number): void {
    const ttiMs = this.ttiOf(slot);
    if (ttiMs === Infinity) return;
    this.setDeadline(slot, Math.min(this.ttlTickOf(slot), this.tickFor(ttiMs) + ttiMs));
  }

  /** Whether the entry has expired; asks for the exact time only when that is near. */
  hasExpired(slot: number): boolean {
    const deadline = this.slots.records[(slot << 2) + DEADLINE] as number;
    const reading = this.clock.coarse();
    if (reading !== this.readingMs) this.keepReading(reading);
    return deadline <= this.safeTick && this.isDue(slot);
  }

  /** Whether the entry has expired at a time that the caller has read already. */
  hasExpiredAt(slot: number, nowTick: number): boolean {
    return (this.slots.records[(slot << 2) + DEADLINE] as number) <= nowTick && this.deadlineOf(slot) <= nowTick;
  }

  /** The entry of `from` stands in `to` now, and so does its record; {@link shrink} follows. */
  move(from: number, to: number): void {
    const far = this.far?.get(from);
    if (far !== undefined) {
      this.far?.delete(from);
      this.far?.set(to, far);
    }
    for (const array of [this.ttlsMs, this.ttisMs, this.ttlTicks]) {
      array?.copyWithin(to, from, from + 1);
    }
  }

  /** The slots have been compacted. */
  shrink(): void {
    if (!this.inUse) return;
    const { capacity, used } = this.slots;
    this.ttlsMs = this.ttlsMs?.slice(0, capacity);
    this.ttisMs = this.ttisMs?.slice(0, capacity);
    this.ttlTicks = this.ttlTicks?.slice(0, capacity);
    this.sweeper.clear();
    this.sweeper.grow(capacity);
    for (let slot = 0; slot < used; slot++) {
      const tick = this.slots.records[(slot << 2) + DEADLINE] as number;
      if (tick !== NEVER) this.sweeper.schedule(slot, tick);
    }
  }

  /** The slot is about to be released. */
  forget(slot: number): void {
    this.far?.delete(slot);
  }

  /** Milliseconds until the entry expires, by ttl or tti; Infinity when it does not. */
  leftMs(slot: number): number {
    return this.deadlineOf(slot) - this.nowTick();
  }

  /** Milliseconds since the lifetime began; `undefined` when the entry has no ttl to tell it by. */
  ageMs(slot: number): number | undefined {
    const ttlMs = this.ttlOf(slot);
    if (ttlMs === Infinity) return undefined;
    const end = this.ttisMs === undefined ? this.deadlineOf(slot) : this.ttlTickOf(slot);
    return Math.max(0, ttlMs - (end - this.nowTick()));
  }

  /** Milliseconds until its ttl ends, whatever its tti says; Infinity when it has none. */
  ttlLeftMs(slot: number): number {
    return this.ttlTickOf(slot) - this.nowTick();
  }

  /** The ttl that the entry was given. */
  ttlOf(slot: number): number {
    return this.ttlsMs?.[slot] ?? this.commonTtlMs ?? Infinity;
  }

  /** The tti that the entry was given. */
  ttiOf(slot: number): number {
    return this.ttisMs?.[slot] ?? Infinity;
  }

  /** The tick at which the entry expires; Infinity when it does not. */
  deadlineOf(slot: number): number {
    const deadline = this.slots.records[(slot << 2) + DEADLINE] as number;
    if (deadline === NEVER) return Infinity;
    return deadline === FAR ? (this.far?.get(slot) ?? FAR) : deadline;
  }

  clear(): void {
    this.sweeper.clear();
    this.far = undefined;
    this.commonTtlMs = undefined;
    this.ttlsMs = undefined;
    this.ttisMs = undefined;
    this.ttlTicks = undefined;
    this.inUse = false;
    this.plainTtlMs = 0;
  }

  get bytes(): number {
    const arrays = [this.ttlsMs, this.ttisMs, this.ttlTicks];
    return arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), this.sweeper.bytes);
  }

  /** `false` when the plain ttl has just ceased to be plain. */
  private startPlain(slot: number): boolean {
    const reading = this.clock.coarse();
    if (reading !== this.readingMs) {
      this.keepReading(reading);
      if (this.plainTtlMs === 0) return false;
    }
    const { records } = this.slots;
    const place = (slot << 2) + DEADLINE;
    const before = records[place] as number;
    records[place] = this.plainDeadline;
    // A deadline that it had before has its block come up early enough.
    if (before > this.plainDeadline) this.sweeper.schedule(slot, this.plainDeadline);
    return true;
  }

  private startAny(slot: number, ttlMs: number, ttiMs: number): void {
    if (!this.inUse) {
      if (ttlMs === Infinity && ttiMs === Infinity) return;
      this.inUse = true;
      this.grow(this.slots.capacity);
    }
    const now = this.tickFor(ttlMs < ttiMs ? ttlMs : ttiMs);
    if (Math.abs(now) > REBASE_TICKS) {
      this.rebase();
      this.startAny(slot, ttlMs, ttiMs);
      return;
    }
    if (ttlMs !== this.commonTtlMs || this.ttlsMs !== undefined) this.keepTtl(slot, ttlMs);
    let deadline = now + ttlMs;
    if (ttiMs !== Infinity || this.ttisMs !== undefined) {
      this.keepIdleTime(slot, ttiMs, deadline);
      deadline = Math.min(deadline, now + ttiMs);
    }
    this.setDeadline(slot, deadline);
    this.notePlainTtl();
  }

  private notePlainTtl(): void {
    const ttlMs = this.commonTtlMs ?? Infinity;
    const isAlone = this.ttlsMs === undefined && this.ttisMs === undefined && this.far === undefined;
    const plainTtlMs = isAlone && ttlMs >= COARSE_LIFETIME_MS && ttlMs < REBASE_TICKS ? ttlMs : 0;
    if (plainTtlMs === this.plainTtlMs) return;
    this.plainTtlMs = plainTtlMs;
    this.keepReading(this.readingMs);
  }

  private keepReading(reading: number): void {
    const tick = reading - this.startMs;
    this.readingMs = reading;
    this.safeTick = Math.floor(tick + COARSE_MARGIN_MS);
    this.plainDeadline = Math.floor(tick + this.plainTtlMs);
    if (Math.abs(tick) > REBASE_TICKS) this.plainTtlMs = 0;
  }

  private isDue(slot: number): boolean {
    return this.nowTick() >= this.deadlineOf(slot);
  }

  private tickFor(lifetimeMs: number): number {
    return (lifetimeMs >= COARSE_LIFETIME_MS ? this.clock.coarse() : this.clock.now()) - this.startMs;
  }

  private setDeadline(slot: number, deadline: number): void {
    let tick = NEVER;
    if (deadline < FAR) tick = Math.floor(deadline);
    else if (deadline !== Infinity) tick = FAR;
    if (tick === FAR) (this.far ??= new Map()).set(slot, deadline);
    else if (this.far !== undefined) this.far.delete(slot);
    this.slots.records[(slot << 2) + DEADLINE] = tick;
    if (tick !== NEVER) this.sweeper.schedule(slot, tick);
  }

  private keepTtl(slot: number, ttlMs: number): void {
    if (this.commonTtlMs === undefined && this.ttlsMs === undefined) {
      this.commonTtlMs = ttlMs;
      // What came before the first lifetime has none.
      if (this.slots.size <= 1) return;
      this.commonTtlMs = Infinity;
    }
    this.ttlsMs = roomFor(slot, this.ttlsMs, this.slots.capacity, this.commonTtlMs ?? Infinity);
    this.ttlsMs[slot] = ttlMs;
  }

  private keepIdleTime(slot: number, ttiMs: number, ttlTick: number): void {
    this.ttisMs = roomFor(slot, this.ttisMs, this.slots.capacity, Infinity);
    this.ttisMs[slot] = ttiMs;
    this.ttlTicks = roomFor(slot, this.ttlTicks, this.slots.capacity, NaN);
    this.ttlTicks[slot] = ttlTick;
  }

  /** Entries from before the first tti are due when their ttl ends. */
  private ttlTickOf(slot: number): number {
    const tick = this.ttlTicks?.[slot];
    return tick === undefined || Number.isNaN(tick) ? this.deadlineOf(slot) : tick;
  }

  private earliestBetween(from: number, until: number): number {
    const { records } = this.slots;
    let earliest = NEVER;
    for (let slot = from; slot < until && slot < this.slots.used; slot++) {
      earliest = Math.min(earliest, records[(slot << 2) + DEADLINE] as number);
    }
    return earliest;
  }

  /** Counts the ticks from now on, before they no longer fit; once in twelve days. The clock may have gone back as far. */
  private rebase(): void {
    const passed = Math.floor(this.nowTick());
    this.startMs += passed;
    this.keepReading(this.readingMs);
    this.sweeper.rebase(passed);
    this.sweeper.grow(this.slots.capacity);
    this.ttlTicks?.forEach((tick, slot, ticks) => (ticks[slot] = tick - passed));
    for (let slot = 0; slot < this.slots.used; slot++) {
      const deadline = this.deadlineOf(slot);
      if (deadline !== Infinity) this.setDeadline(slot, Math.max(deadline - passed, -FAR));
    }
  }
}

/** The array, enlarged if the slot is beyond its end; new places hold `filler`. */
function roomFor(slot: number, array: Float64Array | undefined, capacity: number, filler: number): Float64Array {
  if (array !== undefined && slot < array.length) return array;
  const larger = new Float64Array(capacity).fill(filler);
  if (array !== undefined) larger.set(array);
  return larger;
}
