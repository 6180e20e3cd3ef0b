/*
 * How many hits a cache would have at other sizes: reuse distances of a sample of its keys [1]. The distance of a use is the
 * weight of all keys that were used since the last use of the same key, its own included: a cache that evicts the least
 * recently used hits it from that size on. Other policies keep more of what is hot, so for them this tells less how many
 * hits there are than how many more or fewer room is worth, which is all it is asked.
 *
 * A key is in the sample when its hash is below a threshold, so all of its uses are; each stands for as many as the
 * threshold leaves out. The threshold halves when more than 512 keys are tracked, and doubles when few are. Distances are
 * added up by a binary indexed tree over the order of last use; they are counted in buckets, four to each doubling, and
 * fade by half when told. About 40 KB; O(log 512) for one in four uses at most, and for fewer the more keys there are.
 *
 * [1] Waldspurger, Park, Garthwaite, Ahmad. Efficient MRC Construction with SHARDS. FAST 2015.
 */

const MOST_TRACKED = 512;
const FEW_TRACKED = MOST_TRACKED / 8;
/** Places in the order of use; when none is left those in use are moved together. */
const PLACES = MOST_TRACKED * 2;
const HIGHEST_THRESHOLD = 2 ** 30;
const ALL_HASHES = 2 ** 32;
const BUCKETS_PER_DOUBLING = 4;
const BUCKETS = 48 * BUCKETS_PER_DOUBLING;
/** So many sampled uses that came back say something, and so do so many that did not. */
const ENOUGH_HITS = 16;
const ENOUGH_USES = 2_048;
/** Fewer are enough of a cache that went through more than twice what it holds; one that was only filled has yet to be asked. */
const FEW_USES = 64;
const TIMES_HELD = 2;

export class ReuseSample {
  private threshold = HIGHEST_THRESHOLD;
  /** What is further away than this needs no tracking. */
  farthest = Infinity;
  /** Where a tracked key stands in the order of use, by its hash; in that order. */
  private readonly places = new Map<number, number>();
  private readonly weights = new Float64Array(PLACES);
  /** A binary indexed tree of the weights. */
  private readonly sums = new Float64Array(PLACES + 1);
  private next = 0;
  private total = 0;
  private readonly hits = new Float64Array(BUCKETS);
  /** The hits in the buckets before each; made when asked for. */
  private readonly hitsBefore = new Float64Array(BUCKETS);
  private areSummed = false;
  /** Sampled uses, and those among them that came back. */
  private uses = 0;
  private known = 0;

  /** Whether the uses of a key are to be told. */
  wants(hash: number): boolean {
    // Mixed once more: the bits of a key's hash are not all its own.
    return Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0 < this.threshold;
  }

  /** A key was read, or came in again. */
  used(hash: number, weight: number): void {
    const place = this.places.get(hash);
    this.uses++;
    if (place !== undefined) {
      const distance = this.total - this.sumBefore(place);
      const times = ALL_HASHES / this.threshold;
      const bucket = bucketOf(distance * times);
      this.hits[bucket] = (this.hits[bucket] as number) + times;
      this.areSummed = false;
      this.known++;
      this.take(hash, place);
    }
    this.append(hash, weight);
    if (this.places.size > MOST_TRACKED) this.trackFewer();
  }

  /** A key was removed by its owner or has expired: more room would not have kept it. */
  forget(hash: number): void {
    const place = this.places.get(hash);
    if (place !== undefined) this.take(hash, place);
  }

  forgetAll(): void {
    this.places.clear();
    this.weights.fill(0);
    this.sums.fill(0);
    this.next = 0;
    this.total = 0;
  }

  /** Whether it knows enough of a cache that holds this weight to be asked. */
  knows(heldWeight: number): boolean {
    if (this.known >= ENOUGH_HITS || this.uses >= ENOUGH_USES) return true;
    return this.uses >= FEW_USES && this.total * (ALL_HASHES / this.threshold) > TIMES_HELD * heldWeight;
  }

  /** How many hits a cache of this weight would have had lately. */
  hitsWithin(weight: number): number {
    if (!this.areSummed) this.sumHits();
    const last = bucketOf(weight);
    const hits = this.hitsBefore[last] as number;
    // Of the bucket that the weight falls into, the part below it.
    const from = weightOf(last);
    return hits + ((this.hits[last] as number) * (weight - from)) / (weightOf(last + 1) - from);
  }

  /** What was counted up to now counts half. */
  fade(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.hits[bucket] = (this.hits[bucket] as number) / 2;
    this.areSummed = false;
    this.known /= 2;
    this.uses /= 2;
    if (this.places.size < FEW_TRACKED) this.threshold = Math.min(HIGHEST_THRESHOLD, this.threshold * 2);
  }

  get bytes(): number {
    return this.weights.byteLength + this.sums.byteLength + this.hits.byteLength + this.hitsBefore.byteLength;
  }

  private sumHits(): void {
    let sum = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.hitsBefore[bucket] = sum;
      sum += this.hits[bucket] as number;
    }
    this.areSummed = true;
  }

  private append(hash: number, weight: number): void {
    if (this.next === PLACES) this.moveTogether();
    const place = this.next++;
    this.places.set(hash, place);
    this.weights[place] = weight;
    this.add(place, weight);
  }

  private take(hash: number, place: number): void {
    this.add(place, -(this.weights[place] as number));
    this.weights[place] = 0;
    this.places.delete(hash);
  }

  /** Gives up the key that was used longest ago where that is too far away; else all keys above half the threshold. */
  private trackFewer(): void {
    const isFar = this.total * (ALL_HASHES / this.threshold) > this.farthest;
    if (!isFar) this.threshold /= 2;
    for (const [hash, place] of this.places) {
      if (isFar || !this.wants(hash)) this.take(hash, place);
      if (isFar) return;
    }
  }

  private moveTogether(): void {
    const inOrder = [...this.places].map(([hash, place]) => [hash, this.weights[place] as number] as const);
    this.forgetAll();
    for (const [hash, weight] of inOrder) this.append(hash, weight);
  }

  private add(place: number, weight: number): void {
    this.total += weight;
    for (let at = place + 1; at <= PLACES; at += at & -at) this.sums[at] = (this.sums[at] as number) + weight;
  }

  private sumBefore(place: number): number {
    let sum = 0;
    for (let at = place; at > 0; at -= at & -at) sum += this.sums[at] as number;
    return sum;
  }
}

function bucketOf(weight: number): number {
  if (weight < 1) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(weight) * BUCKETS_PER_DOUBLING));
}

function weightOf(bucket: number): number {
  return bucket === 0 ? 0 : 2 ** (bucket / BUCKETS_PER_DOUBLING);
}
