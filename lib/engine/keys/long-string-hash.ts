import type { KeyHash } from './key-hash.js';

/** So many strings teach what all have in common, and from then on one in {@link LOOK_EVERY}. */
const FIRST_LOOKS = 64;
const LOOK_EVERY = 64;
/** Longer strings teach nothing: what they had in common would be kept with the whole string that it is a part of. */
const LONGEST_TAUGHT = 2_048;
/** What is in common counts in steps of so many characters, so that counters and dates at its edge do not change it often. */
const STEP = 8;

/*
 * Hashes of long strings, for statistics alone: they may err, and lookups may not. The long keys of a cache are mostly made
 * alike, with one beginning, one end, and between them what tells them apart: an address, or a prefix and the name of a view.
 * So what is read is the length and what stands between the beginning and the end that all of them have had in common, as
 * far as has been seen: a few characters in one line of memory. A string of 1,000 that differs from others in its middle costs
 * as much as a short one, and is told from them where a sample of its characters would miss the difference.
 *
 * Invariant: the beginning and the end only become shorter. When they do, a key that left before may not be known again; that
 * comes to pass at most once for each eight characters of them.
 */
export class LongStringHash {
  private beginning: string | undefined;
  private end = '';
  private untilLook = 0;
  private looks = 0;

  constructor(private readonly hash: KeyHash) {}

  /** 32 bits (as a signed integer). */
  of(key: string): number {
    if (--this.untilLook < 0) this.look(key);
    const from = this.beginning?.length ?? 0;
    return this.hash.sample(key, from, key.length - this.end.length);
  }

  private look(key: string): void {
    this.looks++;
    this.untilLook = this.looks < FIRST_LOOKS ? 0 : LOOK_EVERY - 1;
    if (key.length > LONGEST_TAUGHT) return;
    if (this.beginning === undefined) {
      this.beginning = key;
      this.end = key;
      return;
    }
    if (!key.startsWith(this.beginning)) this.beginning = commonBeginning(this.beginning, key);
    if (!key.endsWith(this.end)) this.end = commonEnd(this.end, key);
  }
}

function commonBeginning(one: string, other: string): string {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return one.slice(0, length - (length % STEP));
}

function commonEnd(one: string, other: string): string {
  let length = 0;
  while (length < one.length && length < other.length && one.at(-1 - length) === other.at(-1 - length)) length++;
  return one.slice(one.length - length + (length % STEP));
}
