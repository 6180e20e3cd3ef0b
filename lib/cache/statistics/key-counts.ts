/** How many keys are counted at a time. */
const CAPACITY = 256;
/** Below that, after a fading, a key is not worth its place. */
const LEAST = 0.25;

/** What was counted of one key. */
export interface KeyCount<K> {
  readonly index: unknown;
  /** As the caller gave it; absent where the index gives it back. */
  readonly key: K | undefined;
  readonly hits: number;
  readonly misses: number;
}

/* Which keys are asked for most: the Space-Saving summary [1], with weights, and hits and misses apart.
 *
 * 256 keys are counted. A key that comes when all places are taken takes that of the key with the smallest count, which
 * it inherits as its error: it may have been asked for that often before. So a key that makes up more than 1/256 of all
 * lookups has a place, whatever the number of keys. What is told of it is what was seen since it has the place: never
 * more than the truth, and less by its error at most. Where no key is asked for more than others they push each other out,
 * and none looks hot.
 *
 * O(1) for a key that has a place, a search through at most 256 numbers for another. 20 KB, the keys themselves not
 * counted.
 *
 * [1] Metwally, Agrawal, El Abbadi. Efficient computation of frequent and top-k elements in data streams. ICDT 2005.
 */
export class KeyCounts<K> {
  private readonly places = new Map<unknown, number>();
  private readonly indexes: unknown[] = [];
  private readonly keys: (K | undefined)[] = [];
  private readonly hits = new Float64Array(CAPACITY);
  private readonly misses = new Float64Array(CAPACITY);
  private readonly errors = new Float64Array(CAPACITY);
  /** Of all keys, those without a place included. */
  total = 0;
  /** The smallest count, when it was last looked for, and the place where it was found. */
  private least = 0;
  private found = 0;

  add(index: unknown, key: K | undefined, isHit: boolean, times: number): void {
    const place = this.places.get(index) ?? this.enter(index, key);
    const counts = isHit ? this.hits : this.misses;
    counts[place] = (counts[place] as number) + times;
    this.total += times;
  }

  /** Makes every count worth this share of it, above 0 and below 1. */
  fade(share: number): void {
    this.least = 0;
    const kept: number[] = [];
    for (let place = 0; place < this.indexes.length; place++) {
      for (const counts of [this.hits, this.misses, this.errors]) counts[place] = (counts[place] as number) * share;
      if (this.seen(place) >= LEAST) kept.push(place);
    }
    kept.forEach((from, to) => this.move(from, to));
    for (const index of this.indexes.splice(kept.length)) this.places.delete(index);
    this.keys.length = kept.length;
    // What is left of keys without a place, and of those that lose theirs, is next to nothing then.
    this.total = kept.length === 0 ? 0 : this.total * share;
  }

  /** The keys that were seen most, the first most often. */
  top(most: number): KeyCount<K>[] {
    return this.indexes
      .map((_, place) => place)
      .sort((one, other) => this.seen(other) - this.seen(one))
      .slice(0, most)
      .map((place) => ({
        index: this.indexes[place],
        key: this.keys[place],
        hits: this.hits[place] as number,
        misses: this.misses[place] as number,
      }));
  }

  private seen(place: number): number {
    return (this.hits[place] as number) + (this.misses[place] as number);
  }

  private enter(index: unknown, key: K | undefined): number {
    const isFull = this.indexes.length === CAPACITY;
    const place = isFull ? this.leastCounted() : this.indexes.length;
    this.errors[place] = isFull ? this.counted(place) : 0;
    if (isFull) this.places.delete(this.indexes[place]);
    this.hits[place] = this.misses[place] = 0;
    this.indexes[place] = index;
    this.keys[place] = key;
    this.places.set(index, place);
    return place;
  }

  /** What it may have been asked for at most. */
  private counted(place: number): number {
    return this.seen(place) + (this.errors[place] as number);
  }

  /**
   * Goes on from the last one. Between two fadings counts only grow, and with them the smallest: one that is as small as
   * the smallest has been is it, and of those that come once there are many.
   */
  private leastCounted(): number {
    let found = this.found;
    let least = Infinity;
    for (let left = CAPACITY, place = this.found; left > 0; left--) {
      place = place + 1 === CAPACITY ? 0 : place + 1;
      const count = this.counted(place);
      if (count >= least) continue;
      [found, least] = [place, count];
      if (count <= this.least) break;
    }
    this.least = least;
    this.found = found;
    return found;
  }

  /** To a place that is free or the same. */
  private move(from: number, to: number): void {
    if (from === to) return;
    for (const counts of [this.hits, this.misses, this.errors]) counts[to] = counts[from] as number;
    // The one that stood there has moved already, or is to go.
    const dropped = this.indexes[to];
    this.indexes[to] = this.indexes[from];
    this.keys[to] = this.keys[from];
    this.places.set(this.indexes[to], to);
    this.indexes[from] = dropped;
  }
}
