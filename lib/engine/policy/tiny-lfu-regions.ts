import type { SlotList } from '../slots/slot-list.js';
import { NO_SLOT } from '../slots/slot-table.js';
import { GhostTable, HIGHEST_FREQUENCY, TICK_BITS, TICK_MASK, UNKNOWN } from './ghost-table.js';

/** What the regions ask about slots. */
export interface RegionHost {
  hashOf(slot: number): number;
  weightOf(slot: number): number;
  newList(): SlotList;
}

/** How large a cache is: its bound, and how many entries it takes to reach it. */
export interface RegionSize {
  readonly maximum: number;
  readonly weighted: boolean;
  readonly entries: number;
}

const WINDOW = 0;
export const PROBATION = 1;
export const PROTECTED = 2;

/** Of main: how much may be protected. */
const PROTECTED_SHARE = 0.8;
/** For each entry so many keys that left are remembered. */
const GHOSTS_PER_ENTRY = 2;
/** After how many turnovers of the cache a frequency is worth half; up to twice as many, so that it is a power of two. */
const TURNOVERS_PER_PERIOD = 8;
/** In a cache of fewer entries a turnover is taken to be as long as if it had so many. */
const FEWEST_ENTRIES = 256;
/** From this estimate on a candidate that lost may be let in by chance, once in {@link LUCKY}. */
const WARM_FREQUENCY = 6;
const LUCKY = 128;
/** An entry that was used within so little of a turnover is taken to be in its place: see {@link TinyLfuRegions.isRecent}. */
const RECENT_SHARE = 1 / 8;
/** How many entries may change region for one request: more have to after the window was given another size. */
const MOST_MOVES = 8;

const FREQUENCY_SHIFT = TICK_BITS;
export const REGION_SHIFT = TICK_BITS + 4;
export const REGION_MASK = 3 << REGION_SHIFT;
export const USE_MASK = (1 << REGION_SHIFT) - 1;
export const REUSE_SHIFT = REGION_SHIFT + 2;
/** No reuse distance is known, or one longer than can be said. */
export const NO_REUSE = 2 ** (32 - REUSE_SHIFT) - 1;

/*
 * The regions of W-TinyLFU [1] with a reuse test of LIRS [2]. Newcomers enter a window, least recently used first. What
 * overflows it, the candidate, has to contest the next victim of main: the winner stays in main, the loser leaves. Main
 * is a segmented LRU, probation for what was admitted, protected for what was used there again.
 *
 * The candidate wins when it was requested more often lately than the victim, or when its last reuse distance is shorter
 * than the time for which the victim has not been used: what comes back that soon will be used before the victim is. The
 * distance is that between its last use before it left the cache, which the ghost remembers, and the request that brought
 * it back. A heavy candidate contests as many victims as have to leave for it. One in 128 warm losers is let in, so that
 * nobody who knows the keys can keep newcomers out; which, depends on a secret seed and on nothing that asking changes.
 *
 * Frequencies, 0 to 15, stand with the entries, and with the ghosts of those that left: where TinyLFU asks a sketch about
 * all keys there ever were, twice as many exact numbers as there are entries say as much, in the lines of memory that the
 * entry and its ghost take anyway. All of them are worth half at the same instants, the beginnings of periods, of which
 * each is told by the tick of its last use: so no request pays for the others' aging.
 *
 * Time is counted in insertions, in ticks of 17 bits that wrap after sixteen turnovers of the cache or more.
 *
 * State of a slot, in 4 bytes: the tick of its last use (17 bits), its frequency then (4), its region (2), its reuse
 * distance (9). Invariants: a slot is in the list of its region and in no other; the weights of regions are those of their
 * lists. Regions have targets, and may be above them for a while; the bound itself is the store's. Each step is O(1).
 *
 * [1] Einziger, Eytan, Friedman, Manes. Adaptive software cache management. Middleware 2018.
 * [2] Jiang, Zhang. LIRS: an efficient low inter-reference recency set replacement policy. SIGMETRICS 2002.
 */
// What is not private here is for region-notes.ts and region-structure.ts.
export class TinyLfuRegions {
  readonly window: SlotList;
  readonly probation: SlotList;
  readonly guarded: SlotList;
  windowWeight = 0;
  probationWeight = 0;
  protectedWeight = 0;
  private windowTarget = 0;
  private mainTarget = 0;
  private protectedTarget = 0;
  states: Int32Array<ArrayBuffer>;
  readonly isWeighted: boolean;
  private ghost: GhostTable | undefined;
  insertions = 0;
  /** `insertions` of a tick, as a power of two. */
  tickBits = 0;
  private tick = 0;
  /** Ticks that are recent, but for the present one. */
  private recent = 0;
  /** Ticks of a period, as a power of two. */
  private periodBits = 0;
  /** Ticks of a unit in which reuse distances are kept, as a power of two. */
  reuseBits = 0;

  constructor(
    readonly host: RegionHost,
    private size: RegionSize,
    private windowShare: number,
    capacity: number,
    private readonly seed: number,
  ) {
    this.window = host.newList();
    this.probation = host.newList();
    this.guarded = host.newList();
    this.states = new Int32Array(capacity);
    this.isWeighted = size.weighted;
    this.resize(size);
  }

  /** An entry comes, with the hash of its key. */
  insert(slot: number, hash: number): void {
    this.resumeAt(this.insertions + 1);
    this.states[slot] = this.newState(hash);
    this.window.append(slot);
    if (this.isWeighted) this.windowWeight += this.host.weightOf(slot);
    if (this.windowLoad > this.windowTarget) this.moveOn();
  }

  /**
   * Whether the entry was used so lately that to hear of it once more would change next to nothing: it stands near the end of its
   * list, and a burst counts once. So a hot hit is one comparison, and moves nothing.
   */
  isRecent(slot: number): boolean {
    return ((this.tick - (this.states[slot] as number)) & TICK_MASK) <= this.recent;
  }

  access(slot: number): void {
    const state = this.states[slot] as number;
    const region = state & REGION_MASK;
    if (region === PROTECTED << REGION_SHIFT) {
      this.states[slot] = (state & ~USE_MASK) | this.usedOnceMore(state);
      this.guarded.moveToEnd(slot);
    } else if (region === WINDOW << REGION_SHIFT) {
      this.states[slot] = (state & ~USE_MASK) | this.usedOnceMore(state);
      this.window.moveToEnd(slot);
    } else {
      this.protect(slot);
    }
  }

  /** The weight of an entry was `previousWeight` and is another now. */
  reweigh(slot: number, previousWeight: number): void {
    if (!this.isWeighted) return;
    const added = this.host.weightOf(slot) - previousWeight;
    const region = (this.states[slot] as number) & REGION_MASK;
    if (region === WINDOW << REGION_SHIFT) this.windowWeight += added;
    else if (region === PROBATION << REGION_SHIFT) this.probationWeight += added;
    else this.protectedWeight += added;
  }

  /** An entry leaves; its last use is remembered. */
  remove(slot: number): void {
    const state = this.states[slot] as number;
    const region = state & REGION_MASK;
    if (region === WINDOW << REGION_SHIFT) this.leaveWindow(slot);
    else if (region === PROBATION << REGION_SHIFT) this.leaveProbation(slot);
    else this.leaveProtected(slot);
    if (this.ghost !== undefined) this.ghost.add(this.host.hashOf(slot), state & USE_MASK);
  }

  /** The victim leaves; the candidate that won against it moves to main. */
  evict(victim: number): void {
    this.ghost ??= this.newGhost();
    const isContested = this.isContested;
    const candidate = this.window.first;
    this.remove(victim);
    if (isContested && candidate !== victim) this.admit(candidate);
  }

  /** Who has to leave next; -1 when nobody is there. Changes nothing that a later answer depends on. */
  nextVictim(): number {
    const victim = this.probation.first === NO_SLOT ? this.guarded.first : this.probation.first;
    if (victim === NO_SLOT) return this.window.first;
    if (!this.isContested) return victim;
    const candidate = this.window.first;
    return this.wins(candidate, victim) ? victim : candidate;
  }

  /** The share of the bound that the window aims at; entries move over as others come. */
  setWindow(share: number): void {
    this.windowShare = share;
    const { maximum, weighted } = this.size;
    this.windowTarget = weighted ? maximum * share : Math.min(maximum, Math.max(1, Math.round(maximum * share)));
    this.mainTarget = maximum - this.windowTarget;
    this.protectedTarget = weighted ? this.mainTarget * PROTECTED_SHARE : Math.round(this.mainTarget * PROTECTED_SHARE);
  }

  resize(size: RegionSize): void {
    const isOtherScale = size.entries > this.size.entries * 2 || size.entries * 2 < this.size.entries;
    this.size = size;
    if (isOtherScale) this.ghost = undefined;
    const { entries } = size;
    this.setTickBits(Math.max(0, Math.ceil(Math.log2(8 * entries)) - 16));
    this.recent = Math.floor(entries * RECENT_SHARE) >>> this.tickBits;
    const turnovers = TURNOVERS_PER_PERIOD * Math.max(FEWEST_ENTRIES, entries);
    this.periodBits = Math.min(TICK_BITS - 1, Math.ceil(Math.log2(turnovers)) - this.tickBits);
    this.reuseBits = Math.max(0, Math.ceil(Math.log2((2 * entries) / NO_REUSE)) - this.tickBits);
    this.setWindow(this.windowShare);
  }

  /** The entry of `from` stands in `to` now, and so do the links of its list. */
  move(from: number, to: number): void {
    const state = this.states[from] as number;
    const region = (state & REGION_MASK) >>> REGION_SHIFT;
    this.states[to] = state;
    if (region === WINDOW) this.window.replace(to);
    else if (region === PROBATION) this.probation.replace(to);
    else this.guarded.replace(to);
  }

  grow(capacity: number): void {
    const states = new Int32Array(capacity);
    states.set(this.states);
    this.states = states;
  }

  shrink(capacity: number): void {
    this.states = this.states.slice(0, capacity);
  }

  /** All slots, the next victim first. */
  *slots(): Iterable<number> {
    const victim = this.nextVictim();
    if (victim !== NO_SLOT) yield victim;
    for (const list of [this.probation, this.window, this.guarded]) {
      for (const slot of list) if (slot !== victim) yield slot;
    }
  }

  /** The same, about, while the store changes. */
  *walk(): Generator<number> {
    for (const list of [this.probation, this.window, this.guarded]) yield* list.walk();
  }

  /** Time goes on from so many insertions. */
  resumeAt(insertions: number): void {
    this.insertions = insertions | 0;
    this.tick = (this.insertions >>> this.tickBits) & TICK_MASK;
  }

  get count(): number {
    return this.window.size + this.probation.size + this.guarded.size;
  }

  get bytes(): number {
    return this.states.byteLength + (this.ghost?.bytes ?? 0);
  }

  private newGhost(): GhostTable {
    return new GhostTable(Math.min(this.count, this.size.entries) * GHOSTS_PER_ENTRY);
  }

  /** What the window holds of the bound: weights are only kept where they are not the number of entries. */
  private get windowLoad(): number {
    return this.isWeighted ? this.windowWeight : this.window.size;
  }

  private get mainLoad(): number {
    return this.isWeighted ? this.probationWeight + this.protectedWeight : this.probation.size + this.guarded.size;
  }

  private get protectedLoad(): number {
    return this.isWeighted ? this.protectedWeight : this.guarded.size;
  }

  /** Whether the next to leave is found by a contest. An overfull main shrinks without one while the window grows. */
  private get isContested(): boolean {
    return this.windowLoad >= this.windowTarget && this.window.first !== NO_SLOT;
  }

  private wins(candidate: number, victim: number): boolean {
    const state = this.states[candidate] as number;
    const reuse = state >>> REUSE_SHIFT;
    const idle = (this.tick - (this.states[victim] as number)) & TICK_MASK;
    if (reuse < NO_REUSE && reuse << this.reuseBits < idle) return true;
    const frequency = this.frequencyIn(state);
    if (frequency > this.frequencyOfVictims(victim, candidate)) return true;
    return frequency >= WARM_FREQUENCY && this.isLucky(this.host.hashOf(candidate));
  }

  /** How often what leaves for the candidate was requested: the victim, and those after it where it is not heavy enough. */
  private frequencyOfVictims(victim: number, candidate: number): number {
    let frequency = this.frequencyIn(this.states[victim] as number);
    if (!this.isWeighted) return frequency;
    let missing = this.host.weightOf(candidate) - this.host.weightOf(victim);
    let next = this.probation.first === NO_SLOT ? NO_SLOT : this.probation.nextOf(victim);
    while (missing > 0 && next !== NO_SLOT && frequency < HIGHEST_FREQUENCY) {
      // Each counts, also one that was forgotten: so the walk ends, and many for one are a loss.
      frequency += Math.max(1, this.frequencyIn(this.states[next] as number));
      missing -= this.host.weightOf(next);
      next = this.probation.nextOf(next);
    }
    return frequency;
  }

  /** The frequency in a state, or in what a ghost has kept of one: halved for each period that has begun since the last use. */
  private frequencyIn(state: number): number {
    const { periodBits } = this;
    const periods = ((this.tick >>> periodBits) - ((state & TICK_MASK) >>> periodBits)) & (TICK_MASK >>> periodBits);
    return ((state >>> FREQUENCY_SHIFT) & HIGHEST_FREQUENCY) >>> Math.min(periods, 4);
  }

  private usedOnceMore(state: number): number {
    const frequency = this.frequencyIn(state);
    return ((frequency < HIGHEST_FREQUENCY ? frequency + 1 : frequency) << FREQUENCY_SHIFT) | this.tick;
  }

  private isLucky(hash: number): boolean {
    const mixed = Math.imul(hash ^ this.seed ^ Math.imul(this.insertions, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) % LUCKY === 0;
  }

  /** Of a newcomer, which may be one that comes back. */
  private newState(hash: number): number {
    const known = this.ghost === undefined ? UNKNOWN : this.ghost.take(hash);
    if (known === UNKNOWN) return (NO_REUSE << REUSE_SHIFT) | (1 << FREQUENCY_SHIFT) | this.tick;
    const distance = (this.tick - known) & TICK_MASK;
    const reuse = Math.min(NO_REUSE, distance >>> this.reuseBits);
    return (reuse << REUSE_SHIFT) | this.usedOnceMore(known);
  }

  /** What the window holds too much goes on to main, as far as there is room. */
  private moveOn(): void {
    for (let moves = 0; moves < MOST_MOVES && this.windowLoad > this.windowTarget; moves++) {
      const first = this.window.first;
      const weight = this.isWeighted ? this.host.weightOf(first) : 1;
      if (this.mainLoad + weight > this.mainTarget) return;
      this.admit(first);
    }
  }

  /** From the window. */
  admit(slot: number): void {
    this.leaveWindow(slot);
    this.enterProbation(slot);
  }

  private protect(slot: number): void {
    this.leaveProbation(slot);
    this.states[slot] = (NO_REUSE << REUSE_SHIFT) | this.usedOnceMore(this.states[slot] as number);
    this.enterProtected(slot);
    this.demote();
  }

  private enterProtected(slot: number): void {
    this.states[slot] = ((this.states[slot] as number) & ~REGION_MASK) | (PROTECTED << REGION_SHIFT);
    this.guarded.append(slot);
    if (this.isWeighted) this.protectedWeight += this.host.weightOf(slot);
  }

  /** From the window. */
  guard(slot: number): void {
    this.leaveWindow(slot);
    this.enterProtected(slot);
  }

  private demote(): void {
    for (let moves = 0; moves < MOST_MOVES && this.protectedLoad > this.protectedTarget; moves++) {
      const first = this.guarded.first;
      this.leaveProtected(first);
      this.enterProbation(first);
    }
  }

  private enterProbation(slot: number): void {
    this.states[slot] = ((this.states[slot] as number) & ~REGION_MASK) | (PROBATION << REGION_SHIFT);
    this.probation.append(slot);
    if (this.isWeighted) this.probationWeight += this.host.weightOf(slot);
  }

  private leaveWindow(slot: number): void {
    this.window.remove(slot);
    if (!this.isWeighted) return;
    this.windowWeight = this.window.size === 0 ? 0 : this.windowWeight - this.host.weightOf(slot);
  }

  private leaveProbation(slot: number): void {
    this.probation.remove(slot);
    if (!this.isWeighted) return;
    this.probationWeight = this.probation.size === 0 ? 0 : this.probationWeight - this.host.weightOf(slot);
  }

  private leaveProtected(slot: number): void {
    this.guarded.remove(slot);
    if (!this.isWeighted) return;
    this.protectedWeight = this.guarded.size === 0 ? 0 : this.protectedWeight - this.host.weightOf(slot);
  }

  /** Ages keep their length, in ticks that are now longer or shorter. */
  private setTickBits(bits: number): void {
    if (bits === this.tickBits) return;
    const tick = (this.insertions >>> bits) & TICK_MASK;
    const scale = 2 ** (this.tickBits - bits);
    for (const slot of this.slots()) {
      const state = this.states[slot] as number;
      const age = Math.min(TICK_MASK, Math.round(((this.tick - state) & TICK_MASK) * scale));
      this.states[slot] = (state & ~TICK_MASK) | ((tick - age) & TICK_MASK);
    }
    this.tickBits = bits;
    this.tick = tick;
    this.ghost = undefined;
  }
}
