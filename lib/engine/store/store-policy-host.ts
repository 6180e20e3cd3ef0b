import type { Random } from '../../core/index.js';
import type { KeyIndex } from '../keys/key-index.js';
import type { PolicyHost } from '../policy/eviction-policy.js';
import { SlotList } from '../slots/slot-list.js';
import { SlotLists } from '../slots/slot-lists.js';
import type { SlotTable } from '../slots/slot-table.js';

/** The parts of a store that a policy may ask about. */
interface Store {
  readonly slots: SlotTable;
  readonly index: KeyIndex;
  readonly maxSize: number;
  readonly maxWeight: number;
  weightOf(slot: number): number;
}

/** A store as its policy sees it. */
export class StorePolicyHost implements PolicyHost {
  constructor(
    private readonly store: Store,
    readonly random: Random,
  ) {}

  get maximum(): number {
    return this.weighted ? this.store.maxWeight : this.store.maxSize;
  }

  get weighted(): boolean {
    return this.store.maxSize === Infinity;
  }

  get capacity(): number {
    return this.store.slots.capacity;
  }

  newList(): SlotList {
    return new SlotList(this.store.slots);
  }

  newLists(count: number): SlotLists {
    return new SlotLists(this.store.slots, count);
  }

  hashOf(slot: number): number {
    return this.store.index.hashOf(slot);
  }

  weightOf(slot: number): number {
    return this.store.weightOf(slot);
  }
}
