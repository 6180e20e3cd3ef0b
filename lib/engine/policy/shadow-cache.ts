import type { Random } from '../../core/index.js';
import { KeyIndex } from '../key-index.js';
import { SlotList } from '../slot-list.js';
import { NO_SLOT, SlotTable } from '../slot-table.js';
import type { FrequencySketch } from './frequency-sketch.js';
import { TinyLfuRegions, type RegionHost } from './tiny-lfu-regions.js';

/** What a cache of a few entries would hit: the same regions over keys alone, which are the hashes of the real keys. */
export class ShadowCache implements RegionHost {
  private readonly table: SlotTable;
  private readonly index: KeyIndex;
  private readonly regions: TinyLfuRegions;

  /** @param entries how many keys it holds @param windowShare the share of them that its window aims at */
  constructor(
    private readonly entries: number,
    windowShare: number,
    sketch: FrequencySketch,
    random: Random,
    seed: number,
  ) {
    this.table = new SlotTable(() => entries);
    this.index = new KeyIndex(this.table, random);
    const size = { maximum: entries, weighted: false, entries };
    this.regions = new TinyLfuRegions(this, sketch, size, windowShare, this.table.capacity, seed);
  }

  /** Asks for a key and stores it if it is not there; whether it was. */
  request(hash: number): boolean {
    const found = this.index.find(hash);
    if (found !== NO_SLOT) {
      this.regions.access(found);
      return true;
    }
    if (this.table.size >= this.entries) this.evict();
    if (this.table.isFull) {
      this.table.grow();
      this.regions.grow(this.table.capacity);
    }
    const slot = this.table.allocate(hash, undefined);
    this.index.insert(slot, hash);
    this.regions.insert(slot);
    return false;
  }

  hashOf(slot: number): number {
    return this.table.keyOf(slot) as number;
  }

  weightOf(): number {
    return 1;
  }

  newList(): SlotList {
    return new SlotList(this.table);
  }

  get bytes(): number {
    return this.table.bytes + this.index.bytes + this.regions.bytes;
  }

  private evict(): void {
    const victim = this.regions.nextVictim();
    this.regions.evict(victim);
    this.index.remove(victim);
    this.table.release(victim);
  }
}
