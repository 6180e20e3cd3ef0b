import type { KeyIndex } from './key-index.js';
import { NO_SLOT, type SlotTable } from '../slots/slot-table.js';

/**
 * A key with the slot in which it was found last. That is a guess, which is right when the slot holds that very key: so it
 * may be kept for as long as one likes, and dropped whenever one likes. For who asks for the same key again and again.
 */
export class KeyPlace<K extends {}> {
  private slot = NO_SLOT;

  constructor(readonly key: K) {}

  /** The slot of the key, or -1. */
  find(slots: SlotTable, index: KeyIndex): number {
    if (!slots.holds(this.slot, this.key)) this.slot = index.find(this.key);
    return this.slot;
  }
}
