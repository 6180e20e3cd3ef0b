import type { SlotList } from '../slot-list.js';
import { NO_SLOT } from '../slot-table.js';
import { HIGHEST_FREQUENCY, type FrequencySketch } from './frequency-sketch.js';
import { NEVER_USED, ReuseGhost } from './reuse-ghost.js';

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
const PROBATION = 1;
const PROTECTED = 2;

/** Of main: how much may be protected. */
const PROTECTED_SHARE = 0.8;
/** Of the entries: how many that left are remembered; fewer of many, whose memory counts more. */
const GHOST_SHARE = 0.9;
const GHOST_SHARE_OF_MANY = 0.75;
const MANY_ENTRIES = 65_536;
/** From this estimate on a candidate that lost may be let in by chance, once in {@link LUCKY}. */
const WARM_FREQUENCY = 6;
const LUCKY = 128;
/** How many entries may change region for one request: more have to after the window was given another size. */
const MOST_MOVES = 8;

const TICK_MASK = 0xffff;
const REGION_MASK = 0x30000;
const REGION_SHIFT = 16;
const REUSE_SHIFT = 18;
/** No reuse distance is known, or one longer than can be said. */
const NO_REUSE = 2 ** (32 - REUSE_SHIFT) - 1;

/*
 * The regions of W-TinyLFU [1] with a reuse test of LIRS [2]. Newcomers enter a window, least recently used first. What
 * overflows it, the candidate, has to contest the next victim of main: the winner stays in main, the loser leaves. Main
 * is a segmented LRU, probation for what was admitted, protected for what was used there again.
 *
 * The candidate wins when it was requested more often lately than the victim (the sketch knows), or when its last reuse
 * distance is shorter than the time for which the victim has not been used: what comes back that soon will be used
 * before the victim is. The distance is that between its last use before it left the cache, which the ghost remembers,
 * and the request that brought it back. A heavy candidate contests as many victims as have to leave for it. One in 128
 * warm losers is let in, so that nobody who knows the keys can keep newcomers out; which, depends on a secret seed
 * and on nothing that asking changes.
 *
 * Time is counted in insertions, in ticks of 16 bits that wrap after eight turnovers of the cache or more.
 *
 * State of a slot, in 4 bytes: the tick of its last use (16 bits), its region (2), its reuse distance (14).
 * Invariants: a slot is in the list of its region and in no other; the weights of regions are those of their lists.
 * Regions have targets, and may be above them for a while; the bound itself is the store's. Each step is O(1).
 *
 * [1] Einziger, Eytan, Friedman, Manes. Adaptive software cache management. Middleware 2018.
 * [2] Jiang, Zhang. LIRS: an efficient low inter-reference recency set replacement policy. SIGMETRICS 2002.
 */
export class TinyLfuRegions {
  private readonly window: SlotList;
  private readonly probation: SlotList;
  private readonly guarded: SlotList;
  private windowWeight = 0;
  private probationWeight = 0;
  private protectedWeight = 0;
  private windowTarget = 0;
  private mainTarget = 0;
  private protectedTarget = 0;
  private states: Int32Array<ArrayBuffer>;
  private ghost: ReuseGhost | undefined;
  private insertions = 0;
  /** `insertions` of a tick, as a power of two. */
  private tickBits = 0;
  private tick = 0;

  constructor(
    private readonly host: RegionHost,
    private readonly sketch: FrequencySketch,
    private size: RegionSize,
    private windowShare: number,
    capacity: number,
    private readonly seed: number,
  ) {
    this.window = host.newList();
    this.probation = host.newList();
    this.guarded = host.newList();
    this.states = new Int32Array(capacity);
    this.resize(size);
  }

  insert(slot: number): void {
    this.insertions = (this.insertions + 1) | 0;
    this.tick = (this.insertions >>> this.tickBits) & TICK_MASK;
    this.states[slot] = (this.reuseOf(slot) << REUSE_SHIFT) | (WINDOW << REGION_SHIFT) | this.tick;
    this.window.append(slot);
    this.windowWeight += this.weightOf(slot);
    if (this.windowWeight > this.windowTarget) this.moveOn();
  }

  /** Whether the entry was used in this very tick: to be told of that once more would change next to nothing. */
  isCurrent(slot: number): boolean {
    return ((this.states[slot] as number) & TICK_MASK) === this.tick;
  }

  access(slot: number): void {
    const state = this.states[slot] as number;
    const region = state & REGION_MASK;
    if (region === PROTECTED << REGION_SHIFT) {
      this.states[slot] = (state & ~TICK_MASK) | this.tick;
      this.guarded.moveToEnd(slot);
    } else if (region === WINDOW << REGION_SHIFT) {
      this.states[slot] = (state & ~TICK_MASK) | this.tick;
      this.window.moveToEnd(slot);
    } else {
      this.protect(slot);
    }
  }

  /** The weight of an entry was `previousWeight` and is another now. */
  reweigh(slot: number, previousWeight: number): void {
    if (!this.size.weighted) return;
    const added = this.weightOf(slot) - previousWeight;
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
    if (this.ghost !== undefined) this.ghost.add(this.host.hashOf(slot), state & TICK_MASK);
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
    this.setTickBits(Math.max(0, Math.ceil(Math.log2(8 * size.entries)) - 16));
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

  clear(capacity: number): void {
    this.window.clear();
    this.probation.clear();
    this.guarded.clear();
    this.windowWeight = 0;
    this.probationWeight = 0;
    this.protectedWeight = 0;
    this.states = new Int32Array(capacity);
    this.ghost = undefined;
  }

  /** All slots, the next victim first. */
  *slots(): Iterable<number> {
    const victim = this.nextVictim();
    if (victim !== NO_SLOT) yield victim;
    for (const list of [this.probation, this.window, this.guarded]) {
      for (const slot of list) if (slot !== victim) yield slot;
    }
  }

  get count(): number {
    return this.window.size + this.probation.size + this.guarded.size;
  }

  get bytes(): number {
    return this.states.byteLength + (this.ghost?.bytes ?? 0);
  }

  /** Throws when an invariant does not hold; for tests. */
  assertStructure(): void {
    const regions: readonly (readonly [SlotList, number, number])[] = [
      [this.window, WINDOW, this.windowWeight],
      [this.probation, PROBATION, this.probationWeight],
      [this.guarded, PROTECTED, this.protectedWeight],
    ];
    for (const [list, region, weight] of regions) {
      let sum = 0;
      for (const slot of list) {
        if (((this.states[slot] as number) & REGION_MASK) >>> REGION_SHIFT !== region) {
          throw new Error(`structure: slot ${slot} is in the list of region ${region}, but says otherwise`);
        }
        sum += this.weightOf(slot);
      }
      if (Math.abs(sum - weight) > 1e-9 * Math.max(1, sum)) {
        throw new Error(`structure: region ${region} weighs ${sum}, not ${weight}`);
      }
    }
  }

  private newGhost(): ReuseGhost {
    const entries = Math.min(this.count, this.size.entries);
    return new ReuseGhost(entries * (entries > MANY_ENTRIES ? GHOST_SHARE_OF_MANY : GHOST_SHARE));
  }

  private weightOf(slot: number): number {
    return this.size.weighted ? this.host.weightOf(slot) : 1;
  }

  /** Whether the next to leave is found by a contest. An overfull main shrinks without one while the window grows. */
  private get isContested(): boolean {
    return this.windowWeight >= this.windowTarget && this.window.first !== NO_SLOT;
  }

  private wins(candidate: number, victim: number): boolean {
    const reuse = (this.states[candidate] as number) >>> REUSE_SHIFT;
    if (reuse < NO_REUSE && reuse < ((this.tick - (this.states[victim] as number)) & TICK_MASK)) return true;
    const hash = this.host.hashOf(candidate);
    const frequency = this.sketch.estimate(hash);
    if (frequency > this.frequencyOfVictims(victim, candidate)) return true;
    return frequency >= WARM_FREQUENCY && this.isLucky(hash);
  }

  /** How often what leaves for the candidate was requested: the victim, and those after it where it is not heavy enough. */
  private frequencyOfVictims(victim: number, candidate: number): number {
    let frequency = this.sketch.estimate(this.host.hashOf(victim));
    if (!this.size.weighted) return frequency;
    let missing = this.host.weightOf(candidate) - this.host.weightOf(victim);
    let next = this.probation.first === NO_SLOT ? NO_SLOT : this.probation.nextOf(victim);
    while (missing > 0 && next !== NO_SLOT && frequency < HIGHEST_FREQUENCY) {
      // Each counts, also one that was forgotten: so the walk ends, and many for one are a loss.
      frequency += Math.max(1, this.sketch.estimate(this.host.hashOf(next)));
      missing -= this.host.weightOf(next);
      next = this.probation.nextOf(next);
    }
    return frequency;
  }

  private isLucky(hash: number): boolean {
    const mixed = Math.imul(hash ^ this.seed ^ Math.imul(this.insertions, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) % LUCKY === 0;
  }

  /** How long ago a key that comes back was used, in ticks. */
  private reuseOf(slot: number): number {
    if (this.ghost === undefined) return NO_REUSE;
    const lastUse = this.ghost.take(this.host.hashOf(slot));
    return lastUse === NEVER_USED ? NO_REUSE : Math.min(NO_REUSE, (this.tick - lastUse) & TICK_MASK);
  }

  /** What the window holds too much goes on to main, as far as there is room. */
  private moveOn(): void {
    for (let moves = 0; moves < MOST_MOVES && this.windowWeight > this.windowTarget; moves++) {
      const first = this.window.first;
      if (this.probationWeight + this.protectedWeight + this.weightOf(first) > this.mainTarget) return;
      this.admit(first);
    }
  }

  private admit(slot: number): void {
    this.leaveWindow(slot);
    this.enterProbation(slot);
  }

  private protect(slot: number): void {
    this.leaveProbation(slot);
    this.states[slot] = (NO_REUSE << REUSE_SHIFT) | (PROTECTED << REGION_SHIFT) | this.tick;
    this.guarded.append(slot);
    this.protectedWeight += this.weightOf(slot);
    this.demote();
  }

  private demote(): void {
    for (let moves = 0; moves < MOST_MOVES && this.protectedWeight > this.protectedTarget; moves++) {
      const first = this.guarded.first;
      this.leaveProtected(first);
      this.enterProbation(first);
    }
  }

  private enterProbation(slot: number): void {
    this.states[slot] = ((this.states[slot] as number) & ~REGION_MASK) | (PROBATION << REGION_SHIFT);
    this.probation.append(slot);
    this.probationWeight += this.weightOf(slot);
  }

  private leaveWindow(slot: number): void {
    this.window.remove(slot);
    this.windowWeight = this.window.size === 0 ? 0 : this.windowWeight - this.weightOf(slot);
  }

  private leaveProbation(slot: number): void {
    this.probation.remove(slot);
    this.probationWeight = this.probation.size === 0 ? 0 : this.probationWeight - this.weightOf(slot);
  }

  private leaveProtected(slot: number): void {
    this.guarded.remove(slot);
    this.protectedWeight = this.guarded.size === 0 ? 0 : this.protectedWeight - this.weightOf(slot);
  }

  /** Ages keep their length, in ticks that are now longer or shorter. */
  private setTickBits(bits: number): void {
    if (bits === this.tickBits) return;
    const tick = (this.insertions >>> bits) & TICK_MASK;
    const scale = 2 ** (this.tickBits - bits);
    for (const slot of this.slots()) {
      const state = this.states[slot] as number;
      const age = Math.min(TICK_MASK, Math.round(((this.tick - state) & TICK_MASK) * scale));
      const reuse = state >>> REUSE_SHIFT;
      const newReuse = reuse === NO_REUSE ? NO_REUSE : Math.min(NO_REUSE, Math.round(reuse * scale));
      this.states[slot] = (newReuse << REUSE_SHIFT) | (state & REGION_MASK) | ((tick - age) & TICK_MASK);
    }
    this.tickBits = bits;
    this.tick = tick;
    this.ghost = undefined;
  }
}
