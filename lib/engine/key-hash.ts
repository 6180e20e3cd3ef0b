import type { Random } from '../core/index.js';

/*
 * The hash of the index. Both the start and the two multipliers are drawn per cache, so that keys which come from
 * outside cannot be chosen to collide. Two characters a round, and two multiplications: a difference in the highest bit
 * passes one multiplication unchanged, and an attacker could cancel it with the next characters; the second one, by a
 * number that the attacker does not know, spreads it first.
 */

/** Up to this length sampling reads every character. */
const WHOLLY_READ = 96;
/** How many characters it reads at either end of longer strings, and between them. */
const SAMPLED = 32;

/** Hashes integers and short strings to 32 bits (as a signed integer). */
export class KeyHash {
  private readonly start: number;
  private readonly first: number;
  private readonly second: number;

  constructor(random: Random) {
    this.start = draw(random);
    this.first = draw(random) | 1;
    this.second = draw(random) | 1;
  }

  integer(key: number): number {
    let hash = Math.imul(key ^ this.start, this.first);
    hash = Math.imul(hash ^ (hash >>> 15), this.second);
    return hash ^ (hash >>> 16);
  }

  /** For strings of a few characters: it reads all of them. */
  string(key: string): number {
    const length = key.length;
    const first = this.first;
    const second = this.second;
    let hash = this.start ^ length;
    let at = 1;
    for (; at < length; at += 2) {
      hash = Math.imul(hash ^ key.charCodeAt(at - 1) ^ (key.charCodeAt(at) << 16), first);
      hash = Math.imul(hash ^ (hash >>> 15), second);
    }
    if (at === length) {
      hash = Math.imul(hash ^ key.charCodeAt(at - 1), first);
      hash = Math.imul(hash ^ (hash >>> 15), second);
    }
    return hash ^ (hash >>> 16);
  }

  /**
   * For strings of any length: all of up to 96 characters; of longer ones the length, the first and the last 32, and 32
   * spread over those between. Never for lookups.
   */
  sample(key: string): number {
    const { length } = key;
    if (length <= WHOLLY_READ) return this.string(key);
    let hash = this.string(key.slice(0, SAMPLED)) ^ length;
    const step = (length - SAMPLED * 2) / SAMPLED;
    for (let at = SAMPLED; at < length - SAMPLED; at += step) {
      hash = Math.imul(hash ^ key.charCodeAt(Math.floor(at)), this.first);
      hash ^= hash >>> 15;
    }
    return this.integer(hash ^ this.string(key.slice(-SAMPLED)));
  }
}

function draw(random: Random): number {
  return (random() * 2 ** 32) | 0;
}
