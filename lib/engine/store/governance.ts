import type { Random } from '../../core/index.js';
import type { SlotTable } from '../slots/slot-table.js';
import type { ReuseSample } from './reuse-sample.js';
import type { StoreBounds } from './store-bounds.js';

/** How a store is governed from outside. */
export interface StoreGovernance {
  /** Told of the use of its keys. */
  readonly reuse: ReuseSample;
  /** The store has been made; returns what it is to call before each put, see {@link Governable.limit}. */
  attach(store: Governable): () => void;
}

/** Who shares memory out among stores. */
export interface StoreGovernor {
  /** What they may take together; `undefined` where each has bounds of its own alone. */
  readonly budgetBytes: number | undefined;
  /** What a store needs to be governed: `governance` when it is made, `join` when it is, which returns what ends it. */
  membership(
    name: string,
    isInBytes: boolean,
    random: Random,
  ): { readonly governance: StoreGovernance; join(): () => void };
}

/** What of a store is looked at and changed from outside. */
export interface Governable {
  readonly size: number;
  readonly weight: number;
  readonly slots: SlotTable;
  readonly bounds: StoreBounds;
  weightOf(slot: number): number;
  limit(ceiling: number): void;
}
