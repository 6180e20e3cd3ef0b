import type { EvictionPolicy, PolicyHost } from './eviction-policy.js';
import { COUNTERS_PER_BLOCK, FrequencySketch } from './frequency-sketch.js';
import { TinyLfuRegions } from './tiny-lfu-regions.js';
import { WindowChooser } from './window-chooser.js';

/** Entries that a cache is taken to hold at least: a sketch for fewer is too coarse. */
const FEWEST_ENTRIES = 256;
/** Counters of the sketch an entry: fewer where there are many entries, whose memory counts more. */
const COUNTERS_OF_MANY = 16;
const COUNTERS_OF_FEW = 32;
const MANY_ENTRIES = 65_536;
/** After how many requests an entry what the sketch counted is worth half. */
const REQUESTS_PER_PERIOD = 10;
/** Where the bound is a weight the number of entries is found out, from this on. */
const FIRST_GUESS = 64;
/** How much more or less than thought the number of entries may be. */
const TOLERANCE = 1.25;

/*
 * W-TinyLFU that chooses its window by trying, and admits also what comes back soon. The regions decide who leaves
 * (TinyLfuRegions); the sketch tells them how often keys came (FrequencySketch), the ghost when they were used last
 * (ReuseGhost); shadows try other windows on a sample of the keys (WindowChooser).
 *
 * Everything is made for the number of entries that the cache holds when it is full. Where a weight bounds it, or bounds
 * it before the number does, that is learned from the evictions.
 *
 * A hit is one cache line of the sketch, the state and the links of the slot. Memory: 4 bytes an entry for states, 3
 * for ghosts and 8 for the sketch (3.6 and 16 up to 65,536 entries), and 30 to 120 KB for the shadows.
 */
export class AdaptivePolicy implements EvictionPolicy {
  private sketch!: FrequencySketch;
  private regions!: TinyLfuRegions;
  private chooser!: WindowChooser;
  /** How many entries the cache is thought to hold when it is full. */
  private entries = 0;
  private readonly seed: number;

  constructor(private readonly host: PolicyHost) {
    this.seed = (host.random() * 2 ** 32) | 0;
    this.clear();
  }

  onInsert(slot: number): void {
    this.see(this.host.hashOf(slot));
    this.regions.insert(slot);
    if (this.regions.count > this.entries) this.expect(Math.ceil(this.regions.count * TOLERANCE));
  }

  onAccess(slot: number): void {
    if (this.regions.isCurrent(slot)) return;
    this.see(this.host.hashOf(slot));
    this.regions.access(slot);
  }

  onUpdate(slot: number, previousWeight: number): void {
    this.regions.reweigh(slot, previousWeight);
    this.onAccess(slot);
  }

  onRemove(slot: number): void {
    this.regions.remove(slot);
  }

  onEvict(slot: number): void {
    if (this.regions.count * TOLERANCE < this.entries) this.expect(this.regions.count);
    this.regions.evict(slot);
  }

  nextVictim(): number {
    return this.regions.nextVictim();
  }

  slots(): Iterable<number> {
    return this.regions.slots();
  }

  onMove(from: number, to: number): void {
    this.regions.move(from, to);
  }

  grow(capacity: number): void {
    this.regions.grow(capacity);
    this.fitSketch();
  }

  resize(): void {
    if (this.host.weighted) this.regions.resize(this.regionSize);
    else this.expect(this.host.maximum);
  }

  clear(): void {
    const { host } = this;
    this.entries = host.weighted ? FIRST_GUESS : host.maximum;
    this.sketch = new FrequencySketch(this.sketchBlocks, this.sketchPeriod);
    this.chooser = new WindowChooser(this.entries, this.sketch, host.random, this.seed);
    const { share } = this.chooser;
    this.regions = new TinyLfuRegions(host, this.sketch, this.regionSize, share, host.capacity, this.seed);
  }

  get bytes(): number {
    return this.sketch.bytes + this.regions.bytes + this.chooser.bytes;
  }

  assertStructure(): void {
    this.regions.assertStructure();
  }

  private see(hash: number): void {
    this.sketch.record(hash);
    if (this.chooser.samples(hash) && this.chooser.request(hash)) this.regions.setWindow(this.chooser.share);
  }

  private expect(entries: number): void {
    this.entries = this.host.weighted ? Math.max(FIRST_GUESS, entries) : Math.min(entries, this.host.maximum);
    this.fitSketch();
    this.regions.resize(this.regionSize);
    const { chooser } = this;
    if (this.entries > chooser.entries * 2 || this.entries * 2 < chooser.entries) {
      this.chooser = new WindowChooser(this.entries, this.sketch, this.host.random, this.seed);
      this.regions.setWindow(this.chooser.share);
    }
  }

  private get regionSize() {
    const { maximum, weighted } = this.host;
    const { entries } = this;
    return { maximum: weighted ? maximum : entries, weighted, entries };
  }

  private fitSketch(): void {
    this.sketch.resize(this.sketchBlocks, this.sketchPeriod);
  }

  /** As many as for the expected entries, but while they have not come only as many as for those there may be now. */
  private get sketchBlocks(): number {
    const entries = Math.max(FEWEST_ENTRIES, this.entries);
    const counters = entries > MANY_ENTRIES ? COUNTERS_OF_MANY : COUNTERS_OF_FEW;
    let blocks = Math.ceil((entries * counters) / COUNTERS_PER_BLOCK);
    const needed = Math.max(FEWEST_ENTRIES, this.host.capacity) * (counters / COUNTERS_PER_BLOCK);
    // Halves of it, so that it can grow up to it by doubling.
    while (blocks / 2 >= needed) blocks = Math.ceil(blocks / 2);
    return blocks;
  }

  private get sketchPeriod(): number {
    return REQUESTS_PER_PERIOD * Math.max(FEWEST_ENTRIES, this.entries);
  }
}
