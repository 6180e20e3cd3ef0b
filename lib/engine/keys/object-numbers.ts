import type { KeyHash } from './key-hash.js';

/** A generation is full of so many numbers for each key of the cache: ghosts know about as many keys that left. */
const NUMBERS_PER_KEY = 2;

/*
 * Numbers in the place of hashes, for keys that are objects: a number that is the same when the object comes back has to be
 * remembered with it, in a WeakMap. That is the dearest thing that a put of a new object does, and the larger the map the dearer, to
 * garbage collection as well; and it would grow with all objects that went through the cache and are alive somewhere.
 *
 * So there are two generations. A full one takes the place of the older, whose objects have not come since it was full itself, and
 * are forgotten: no more are remembered than four for each key of the cache. O(1).
 */
export class ObjectNumbers {
  private younger = new WeakMap<object, number>();
  private older = new WeakMap<object, number>();
  /** How many numbers the younger generation was given. */
  private remembered = 0;
  private given = 0;

  constructor(private readonly hash: KeyHash) {}

  /** 32 bits (as a signed integer) for an object that comes into a cache of so many keys. */
  of(key: object, keys: number): number {
    const known = this.younger.get(key);
    if (known !== undefined) return known;
    const number = this.older.get(key) ?? this.hash.integer(this.given++);
    this.remember(key, number, keys);
    return number;
  }

  private remember(key: object, number: number, keys: number): void {
    if (this.remembered >= keys * NUMBERS_PER_KEY) {
      this.older = this.younger;
      this.younger = new WeakMap();
      this.remembered = 0;
    }
    this.younger.set(key, number);
    this.remembered++;
  }
}
