import type { EvictionPolicy, PolicyHost } from './eviction-policy.js';
import { notesOf, restoreNoted, scaleOf } from './region-notes.js';
import { assertRegions } from './region-structure.js';
import { TinyLfuRegions } from './tiny-lfu-regions.js';
import { WindowChooser } from './window-chooser.js';

/** Where the bound is a weight the number of entries is found out, from this on. */
const FIRST_GUESS = 64;
/** How much more or less than thought the number of entries may be. */
const TOLERANCE = 1.25;
/** A snapshot that says more is not believed. */
const MOST_ENTRIES = 2 ** 28;

/*
 * W-TinyLFU that chooses its window by trying, and admits also what comes back soon. The regions decide who leaves
 * (TinyLfuRegions), by how often and when keys were used, which ghosts remember of those that left (GhostTable); shadows
 * try other windows on a sample of the keys (WindowChooser).
 *
 * Everything is made for the number of entries that the cache holds when it is full. Where a weight bounds it, or bounds
 * it before the number does, that is learned from the evictions.
 *
 * A hit is the state and the links of the slot, and in bursts the state alone. Memory: 4 bytes an entry for states, 8 for
 * ghosts, and 13 to 100 KB for the shadows.
 */
export class AdaptivePolicy implements EvictionPolicy {
  readonly notedAs = 'adaptive';
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
    const hash = this.host.hashOf(slot);
    this.see(hash);
    this.regions.insert(slot, hash);
    if (this.regions.count > this.entries) this.expect(Math.ceil(this.regions.count * TOLERANCE));
  }

  onAccess(slot: number): void {
    if (!this.regions.isRecent(slot)) this.use(slot);
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

  walk(): Iterator<number> {
    return this.regions.walk();
  }

  /** Ghosts and shadows are hashes under a seed of this process, and stay here. */
  notesOf(slot: number): readonly number[] {
    return notesOf(this.regions, slot);
  }

  state(): readonly number[] {
    const { insertions, tickBits, reuseBits } = scaleOf(this.regions);
    return [insertions, tickBits, reuseBits, this.entries, this.chooser.choice];
  }

  onRestore(slot: number, notes: readonly number[], state: readonly number[]): void {
    const [insertions = 0, tickBits = 0, reuseBits = 0, entries = 0, choice = 0] = state;
    if (this.regions.count === 0) {
      if (this.host.weighted && entries > this.entries) this.expect(Math.min(entries, MOST_ENTRIES));
      this.chooser.choose(choice);
      this.regions.setWindow(this.chooser.share);
    }
    restoreNoted(this.regions, slot, notes, { insertions, tickBits, reuseBits });
    if (this.regions.count > this.entries) this.expect(Math.ceil(this.regions.count * TOLERANCE));
  }

  onMove(from: number, to: number): void {
    this.regions.move(from, to);
  }

  grow(capacity: number): void {
    this.regions.grow(capacity);
  }

  shrink(capacity: number): void {
    this.regions.shrink(capacity);
  }

  resize(): void {
    if (this.host.weighted) this.regions.resize(this.regionSize);
    else this.expect(this.host.maximum);
  }

  clear(): void {
    const { host } = this;
    this.entries = host.weighted ? FIRST_GUESS : host.maximum;
    this.chooser = new WindowChooser(this.entries, this.seed);
    const { share } = this.chooser;
    this.regions = new TinyLfuRegions(host, this.regionSize, share, host.capacity, this.seed);
  }

  get bytes(): number {
    return this.regions.bytes + this.chooser.bytes;
  }

  assertStructure(): void {
    assertRegions(this.regions);
  }

  private use(slot: number): void {
    this.see(this.host.hashOf(slot));
    this.regions.access(slot);
  }

  private see(hash: number): void {
    const { chooser } = this;
    const isOther = chooser.samples(hash) ? chooser.request(hash) : chooser.isBusy && chooser.step();
    if (isOther) this.regions.setWindow(chooser.share);
  }

  private expect(entries: number): void {
    this.entries = this.host.weighted ? Math.max(FIRST_GUESS, entries) : Math.min(entries, this.host.maximum);
    this.regions.resize(this.regionSize);
    const { chooser } = this;
    if (this.entries > chooser.entries * 2 || this.entries * 2 < chooser.entries) {
      this.chooser = new WindowChooser(this.entries, this.seed);
      this.regions.setWindow(this.chooser.share);
    }
  }

  private get regionSize() {
    const { maximum, weighted } = this.host;
    const { entries } = this;
    return { maximum: weighted ? maximum : entries, weighted, entries };
  }
}
