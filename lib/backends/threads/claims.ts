import type { Geometry } from './geometry.js';
import type { Words } from './words.js';

/** A block that a thread has taken: nobody else writes to it while its claim is the word of its first unit. */
export interface Block {
  readonly unit: number;
  readonly claim: number;
}

const TAKEN = 1;
const TICK_SHIFT = 1;
const TICK_MASK = 0x3fff;
const SEQUENCE_SHIFT = 15;
const TICK_MS = 8_192;
/** A thread fills and links a block within microseconds; one that has not for two ticks, which is 8 s or more, has ended. */
const OLD_TICKS = 2;

/* Who has which block: a word for each unit, of which that of a block's first unit counts. It is free, or a claim: a
 * sequence that grows with each claim, and when that was. A block changes hands by one compare-and-exchange of this word,
 * so it has one holder at a time, and a thread that ends in between leaves it as it was before or after.
 *
 * A block that is taken and that no slot refers to is on its way into a slot or out of one, or was left by a thread that
 * has ended. The time tells these apart, and if it is ever wrong (a thread stood still for seconds between two steps) then
 * two threads write to one block: its checksum holds the claim and everything else, so what is torn is a miss.
 */
export class Claims {
  constructor(
    private readonly words: Words,
    private readonly geometry: Geometry,
  ) {}

  load(unit: number): number {
    return this.words.load(this.geometry.claimsAt + unit);
  }

  /** Whether it still is `claim`, and with it everything that was read of the block meanwhile. */
  confirm(unit: number, claim: number): boolean {
    return this.words.confirm(this.geometry.claimsAt + unit, claim);
  }

  /** Takes a block whose word was `seen`, free or not; `undefined` when somebody else was faster. */
  take(unit: number, seen: number, nowMs: number): Block | undefined {
    const claim = (((seen >>> SEQUENCE_SHIFT) + 1) << SEQUENCE_SHIFT) | (tickOf(nowMs) << TICK_SHIFT) | TAKEN | 0;
    return this.words.exchange(this.geometry.claimsAt + unit, seen, claim) ? { unit, claim } : undefined;
  }

  /** Whether it was this claim that ended. */
  free({ unit, claim }: Block): boolean {
    return this.words.exchange(this.geometry.claimsAt + unit, claim, freed(claim));
  }
}

export function isTaken(word: number): boolean {
  return (word & TAKEN) !== 0;
}

/** Whether the claim was made so long ago that the block is linked by now, if its holder lives. */
export function isOld(word: number, nowMs: number): boolean {
  return ((tickOf(nowMs) - (word >>> TICK_SHIFT)) & TICK_MASK) >= OLD_TICKS;
}

function freed(claim: number): number {
  return claim & (-1 << SEQUENCE_SHIFT);
}

function tickOf(nowMs: number): number {
  return Math.floor(nowMs / TICK_MS) & TICK_MASK;
}
