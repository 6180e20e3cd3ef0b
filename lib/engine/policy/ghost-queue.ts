const NONE = -1;

/**
 * The keys that left last, by their hashes, at most `length` of them: first in, first forgotten. A key that comes back is
 * taken out and leaves its place to another. O(1); 20 to 24 bytes a key.
 */
export class GhostQueue {
  private readonly hashes: Int32Array<ArrayBuffer>;
  /** Of each place: the one that came before it and the one that came after it; the latter also links the free places. */
  private readonly older: Int32Array<ArrayBuffer>;
  private readonly newer: Int32Array<ArrayBuffer>;
  /** The first place of each chain of hashes that are equal in their low bits, and the next one after each place. */
  private readonly chains: Int32Array<ArrayBuffer>;
  private readonly following: Int32Array<ArrayBuffer>;
  private oldest = NONE;
  private newest = NONE;
  private firstFree = NONE;
  private used = 0;

  /** @param length how many keys are remembered; 0 remembers none */
  constructor(readonly length: number) {
    this.hashes = new Int32Array(length);
    this.older = new Int32Array(length);
    this.newer = new Int32Array(length);
    this.following = new Int32Array(length);
    this.chains = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, length)))).fill(NONE);
  }

  /** The newest one; where the queue is full the oldest is forgotten. */
  add(hash: number): void {
    if (this.length === 0) return;
    this.take(hash);
    const place = this.freePlace();
    const chain = this.chainOf(hash);
    this.hashes[place] = hash;
    this.following[place] = this.chains[chain] as number;
    this.chains[chain] = place;
    this.older[place] = this.newest;
    this.newer[place] = NONE;
    if (this.newest === NONE) this.oldest = place;
    else this.newer[this.newest] = place;
    this.newest = place;
  }

  /** Whether the hash was there; it is not from now on. */
  take(hash: number): boolean {
    let place = this.chains[this.chainOf(hash)] as number;
    while (place !== NONE && this.hashes[place] !== hash) place = this.following[place] as number;
    if (place === NONE) return false;
    this.forget(place);
    return true;
  }

  /** The hashes, the oldest first. */
  *[Symbol.iterator](): Iterator<number> {
    for (let place = this.oldest; place !== NONE; place = this.newer[place] as number) {
      yield this.hashes[place] as number;
    }
  }

  /** The same keys, as many of the newest as `length` lets. */
  resized(length: number): GhostQueue {
    const other = new GhostQueue(length);
    for (const hash of this) other.add(hash);
    return other;
  }

  get bytes(): number {
    return this.length * 16 + this.chains.byteLength;
  }

  private freePlace(): number {
    if (this.firstFree === NONE) {
      if (this.used < this.length) return this.used++;
      this.forget(this.oldest);
    }
    const place = this.firstFree;
    this.firstFree = this.newer[place] as number;
    return place;
  }

  private forget(place: number): void {
    this.unchain(place);
    const older = this.older[place] as number;
    const newer = this.newer[place] as number;
    if (older === NONE) this.oldest = newer;
    else this.newer[older] = newer;
    if (newer === NONE) this.newest = older;
    else this.older[newer] = older;
    this.newer[place] = this.firstFree;
    this.firstFree = place;
  }

  private unchain(place: number): void {
    const chain = this.chainOf(this.hashes[place] as number);
    const next = this.following[place] as number;
    let at = this.chains[chain] as number;
    if (at === place) {
      this.chains[chain] = next;
      return;
    }
    while (this.following[at] !== place) at = this.following[at] as number;
    this.following[at] = next;
  }

  private chainOf(hash: number): number {
    return hash & (this.chains.length - 1);
  }
}
