import type { Random } from '../../core/index.js';

/*
 * The hash of the index. Both the start and the two multipliers are drawn per cache, so that keys which come from
 * outside cannot be chosen to collide. Two characters a round, and two multiplications: a difference in the highest bit
 * passes one multiplication unchanged, and an attacker could cancel it with the next characters; the second one, by a
 * number that the attacker does not know, spreads it first.
 */

/** Up to so many characters sampling reads every one. */
const WHOLLY_READ = 96;
/** How many it reads at either end of more, and between them. */
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
   * Of the length of a string and of what it has in [from, until), which is read whole up to 96 characters; of more the
   * first and the last 32, and 32 spread over those between. Never for lookups.
   */
  sample(key: string, from: number, until: number): number {
    const start = this.start ^ key.length;
    if (until - from <= WHOLLY_READ) return this.integer(this.mixed(start, key, from, until, 1));
    const step = Math.ceil((until - from - SAMPLED * 2) / SAMPLED);
    let hash = this.mixed(start, key, from, from + SAMPLED, 1);
    hash = this.mixed(hash, key, from + SAMPLED, until - SAMPLED, step);
    return this.integer(this.mixed(hash, key, until - SAMPLED, until, 1));
  }

  private mixed(start: number, key: string, from: number, until: number, step: number): number {
    const { first } = this;
    let hash = start;
    for (let at = from; at < until; at += step) {
      hash = Math.imul(hash ^ key.charCodeAt(at), first);
      hash ^= hash >>> 15;
    }
    return hash;
  }
}

function draw(random: Random): number {
  return (random() * 2 ** 32) | 0;
}
