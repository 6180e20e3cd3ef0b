/*
 * How often keys came lately: a count-min sketch [1] of 4-bit counters with TinyLFU's aging [2]. A key has four counters,
 * one in each quarter of a block of 64 bytes, so that counting touches one cache line; the lowest of them, 0 to 15, is the
 * estimate. After every `period` requests all counters are halved. No request waits for that: each block remembers in
 * which period it was last touched, and is halved for those it missed when it is touched again.
 *
 * The block of a key is picked by the high bits of its hash, so the sketch grows by doubling (block b becomes 2b and
 * 2b + 1, and every estimate survives) and shrinks by joining neighbours. O(1); 65 bytes a block.
 *
 * [1] Cormode, Muthukrishnan. An improved data stream summary: the count-min sketch and its applications. J. Algorithms
 *     55(1), 2005.
 * [2] Einziger, Friedman, Manes. TinyLFU: a highly efficient cache admission policy. ACM Trans. Storage 13(4), 2017.
 */

/** Counters in a block. */
export const COUNTERS_PER_BLOCK = 128;
/** The highest estimate. */
export const HIGHEST_FREQUENCY = 15;

const WORDS_PER_BLOCK = 16;
const PERIODS_KNOWN = 256;
/** What a word's nibbles keep when the word is shifted right by the index. */
const KEPT_BY_HALVINGS = [-1, 0x77777777, 0x33333333, 0x11111111] as const;

export class FrequencySketch {
  private words: Int32Array<ArrayBuffer>;
  /** The period, modulo {@link PERIODS_KNOWN}, in which each block was touched last. */
  private touchedIn: Uint8Array<ArrayBuffer>;
  private period = 0;
  private requestsLeft: number;
  /** From a hash to its block. */
  private scale = 0;

  /** @param blocks 1 or more @param requestsPerPeriod how many requests later counts are worth half */
  constructor(
    blocks: number,
    private requestsPerPeriod: number,
  ) {
    this.words = new Int32Array(blocks * WORDS_PER_BLOCK);
    this.touchedIn = new Uint8Array(blocks);
    this.scale = blocks / 2 ** 32;
    this.requestsLeft = requestsPerPeriod;
  }

  /** Counts a request for the key with this hash. */
  record(hash: number): void {
    if (--this.requestsLeft <= 0) this.beginPeriod();
    const { words } = this;
    const from = this.freshBlock(hash);
    const spots = spotsOf(hash);
    raise(words, from + (spots & 3), spots & 28);
    raise(words, from + 4 + ((spots >>> 5) & 3), (spots >>> 5) & 28);
    raise(words, from + 8 + ((spots >>> 10) & 3), (spots >>> 10) & 28);
    raise(words, from + 12 + ((spots >>> 15) & 3), (spots >>> 15) & 28);
  }

  /** How often the key came lately: 0 to 15, never less than was counted. */
  estimate(hash: number): number {
    const { words } = this;
    const from = this.freshBlock(hash);
    const spots = spotsOf(hash);
    const first = countAt(words, from + (spots & 3), spots & 28);
    const second = countAt(words, from + 4 + ((spots >>> 5) & 3), (spots >>> 5) & 28);
    const third = countAt(words, from + 8 + ((spots >>> 10) & 3), (spots >>> 10) & 28);
    const fourth = countAt(words, from + 12 + ((spots >>> 15) & 3), (spots >>> 15) & 28);
    return Math.min(first, second, third, fourth);
  }

  get blocks(): number {
    return this.touchedIn.length;
  }

  get bytes(): number {
    return this.words.byteLength + this.touchedIn.byteLength;
  }

  /** Makes it as large as this, or up to twice that where it has to grow and up to half where it has to shrink. */
  resize(blocks: number, requestsPerPeriod: number): void {
    while (this.blocks < blocks) this.double();
    while (this.blocks >= blocks * 2 && this.blocks % 2 === 0) this.halve();
    this.requestsPerPeriod = requestsPerPeriod;
    this.requestsLeft = Math.min(this.requestsLeft, requestsPerPeriod);
  }

  private beginPeriod(): void {
    this.requestsLeft = this.requestsPerPeriod;
    this.period = (this.period + 1) % PERIODS_KNOWN;
  }

  /** Where the block of a hash begins; it has been halved as often as is due. */
  private freshBlock(hash: number): number {
    const block = ((hash >>> 0) * this.scale) | 0;
    if (this.touchedIn[block] !== this.period) this.catchUp(block);
    return block * WORDS_PER_BLOCK;
  }

  private catchUp(block: number): void {
    const missed = (this.period - (this.touchedIn[block] as number) + PERIODS_KNOWN) % PERIODS_KNOWN;
    this.touchedIn[block] = this.period;
    const from = block * WORDS_PER_BLOCK;
    const kept = KEPT_BY_HALVINGS[missed] ?? 0;
    for (let at = from; at < from + WORDS_PER_BLOCK; at++) {
      this.words[at] = ((this.words[at] as number) >>> missed) & kept;
    }
  }

  private double(): void {
    const { words, touchedIn, blocks } = this;
    this.allocate(blocks * 2);
    for (let block = 0; block < blocks; block++) {
      const from = block * WORDS_PER_BLOCK;
      for (let at = from; at < from + WORDS_PER_BLOCK; at++) {
        const word = words[at] as number;
        this.words[from + at] = word;
        this.words[from + at + WORDS_PER_BLOCK] = word;
      }
      this.touchedIn[block * 2] = touchedIn[block] as number;
      this.touchedIn[block * 2 + 1] = touchedIn[block] as number;
    }
  }

  /** Of two counters that become one the higher one stays, so that no estimate is lowered. */
  private halve(): void {
    const { words, blocks } = this;
    for (let block = 0; block < blocks; block++) this.catchUp(block);
    this.allocate(blocks / 2);
    this.touchedIn.fill(this.period);
    for (let at = 0; at < this.words.length; at++) {
      const even = at + (at & -WORDS_PER_BLOCK);
      this.words[at] = higherNibbles(words[even] as number, words[even + WORDS_PER_BLOCK] as number);
    }
  }

  private allocate(blocks: number): void {
    this.words = new Int32Array(blocks * WORDS_PER_BLOCK);
    this.touchedIn = new Uint8Array(blocks);
    this.scale = blocks / 2 ** 32;
  }
}

/** Five bits for each of the four counters: two choose the word in its quarter, three the counter in the word. */
function spotsOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 16), 0x9e3779b1) >>> 12;
}

function countAt(words: Int32Array, at: number, shift: number): number {
  return ((words[at] as number) >>> shift) & HIGHEST_FREQUENCY;
}

function raise(words: Int32Array, at: number, shift: number): void {
  const word = words[at] as number;
  if (((word >>> shift) & HIGHEST_FREQUENCY) < HIGHEST_FREQUENCY) words[at] = word + (1 << shift);
}

function higherNibbles(one: number, other: number): number {
  let higher = 0;
  for (let shift = 0; shift < 32; shift += 4) {
    higher |= Math.max((one >>> shift) & HIGHEST_FREQUENCY, (other >>> shift) & HIGHEST_FREQUENCY) << shift;
  }
  return higher;
}
