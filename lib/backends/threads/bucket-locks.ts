import type { Geometry } from './geometry.js';
import type { Words } from './words.js';

/* Who may change a bucket, in a memory whose threads may end at any instant.
 *
 * A bucket is: a lock word, a word of visited bits, and its slots. A slot refers to a block (above 0) or is empty (0 or
 * below). The lock word is a sequence: even when nobody changes the bucket, odd while somebody does; whoever makes it odd
 * has that value as a *ticket*, and no other holder ever had it (32 bits: they repeat after 2^31 changes of one bucket).
 *
 * Nobody can tell a thread that has ended from one that stands still, so nobody tries. Who waits for long *takes the lock
 * over*, and the protocol makes harmless whatever the former holder does when it goes on after all:
 *
 * 1. A slot is changed by compare-and-exchange only. It goes from a block to empty (`unlink`) or from empty to a block
 *    (`link`), never from one block to another.
 * 2. An empty slot carries a stamp: the ticket of who emptied it. `link` first gives it the own ticket, then looks whether
 *    the lock is still its own, then exchanges exactly that stamp for the block.
 * 3. Who takes over gives every empty slot its own stamp before it does anything else.
 *
 * So a link succeeds only if nobody who took over had begun its own work: had it stamped the slot before, the exchange
 * would fail, and the look at the lock comes after the own stamp. Everything that a holder has read before it links, such
 * as that a fence is intact, is therefore still true at that instant; the link is the instant at which its change happens.
 * A change that links nothing happens when `release` succeeds, which says that the lock was its own all the while; else it
 * is done again. A late `unlink` removes an entry that it should not, which is an eviction.
 *
 * A holder that dies leaves a prefix of: unlink, unlink, link. Each prefix is a bucket from which something was evicted.
 *
 * Readers take no lock and wait for nothing. That the word was even and is the same afterwards tells them that what they
 * did not find was not there.
 *
 * Checked by: test/backends/threads/interleavings.spec.ts, every order of steps of small programs, with a takeover and a
 * death at every step.
 */
export class BucketLocks {
  constructor(
    private readonly words: Words,
    private readonly geometry: Geometry,
  ) {}

  /** Waits for the lock; takes it over from who has held it for too long. */
  acquire(bucketAt: number): number {
    const { words } = this;
    for (;;) {
      const seen = words.load(bucketAt);
      if ((seen & 1) === 0) {
        if (words.exchange(bucketAt, seen, (seen + 1) | 0)) return (seen + 1) | 0;
      } else if (!words.changes(bucketAt, seen)) {
        const ticket = (seen + 2) | 0;
        if (words.exchange(bucketAt, seen, ticket)) {
          this.stampAll(bucketAt, ticket);
          return ticket;
        }
      }
    }
  }

  /** A ticket, or 0 while somebody else has the lock. */
  tryAcquire(bucketAt: number): number {
    const seen = this.words.load(bucketAt);
    return (seen & 1) === 0 && this.words.exchange(bucketAt, seen, (seen + 1) | 0) ? (seen + 1) | 0 : 0;
  }

  /** Whether the lock was the holder's own all the while. */
  release(bucketAt: number, ticket: number): boolean {
    return this.words.exchange(bucketAt, ticket, (ticket + 1) | 0);
  }

  /** Empties a slot that refers to a block; `false` when it has changed. */
  unlink(slotAt: number, slot: number, ticket: number): boolean {
    return this.words.exchange(slotAt, slot, stampOf(ticket));
  }

  /** Makes an empty slot refer to a block; `false` when the lock was lost, and nothing is linked. */
  link(bucketAt: number, slotAt: number, slot: number, ticket: number): boolean {
    const { words } = this;
    const stamp = stampOf(ticket);
    const empty = words.load(slotAt);
    if (!isEmpty(empty)) return false;
    if (empty !== stamp && !words.exchange(slotAt, empty, stamp)) return false;
    // After the stamp: a takeover from here on replaces it before it does anything.
    if (words.load(bucketAt) !== ticket) return false;
    return words.exchange(slotAt, stamp, slot);
  }

  private stampAll(bucketAt: number, ticket: number): void {
    const { words, geometry } = this;
    const end = bucketAt + 2 + geometry.ways;
    for (let slotAt = bucketAt + 2; slotAt < end; slotAt++) {
      for (let slot = words.load(slotAt); isEmpty(slot); slot = words.load(slotAt)) {
        if (words.exchange(slotAt, slot, stampOf(ticket))) break;
        // Lost as well: whoever took over from here stamps them all.
        if (words.load(bucketAt) !== ticket) return;
      }
    }
  }
}

export function isEmpty(slot: number): boolean {
  return slot <= 0;
}

function stampOf(ticket: number): number {
  return (ticket >>> 1) | 0x80000000;
}
