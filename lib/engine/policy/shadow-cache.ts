import { KeyTable } from '../keys/key-table.js';
import { SlotList } from '../slots/slot-list.js';
import { NO_SLOT } from '../slots/slot-table.js';
import { TinyLfuRegions, type RegionHost } from './tiny-lfu-regions.js';

/**
 * What a cache of a few entries would hit: the same regions over keys alone, which are the hashes of the real keys. Its
 * slots are records as those of a SlotTable, all of them made at once.
 */
export class ShadowCache implements RegionHost {
  readonly records: Int32Array<ArrayBuffer>;
  private readonly table: KeyTable;
  private readonly regions: TinyLfuRegions;
  private size = 0;

  /** @param entries how many keys it holds @param windowShare the share of them that its window aims at */
  constructor(
    private readonly entries: number,
    windowShare: number,
    seed: number,
  ) {
    this.records = new Int32Array(entries * 4);
    this.table = new KeyTable(2 ** Math.ceil(Math.log2(entries * 2)), entries);
    this.regions = new TinyLfuRegions(this, { maximum: entries, weighted: false, entries }, windowShare, entries, seed);
  }

  /** Asks for a key and stores it if it is not there; whether it was. */
  request(hash: number): boolean {
    const found = this.table.findHash(hash, this.records);
    if (found !== NO_SLOT) {
      this.regions.access(found);
      return true;
    }
    const slot = this.size < this.entries ? this.size++ : this.evict();
    this.records[slot << 2] = hash;
    this.table.add(slot, hash);
    this.regions.insert(slot, hash);
    return false;
  }

  hashOf(slot: number): number {
    return this.records[slot << 2] as number;
  }

  weightOf(): number {
    return 1;
  }

  newList(): SlotList {
    return new SlotList(this);
  }

  get bytes(): number {
    return this.records.byteLength + this.table.bytes + this.regions.bytes;
  }

  private evict(): number {
    const victim = this.regions.nextVictim();
    this.regions.evict(victim);
    this.table.remove(victim, this.records);
    return victim;
  }
}
