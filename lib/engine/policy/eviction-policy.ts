import type { Random } from '../../core/index.js';
import type { SlotList } from '../slots/slot-list.js';
import type { SlotLists } from '../slots/slot-lists.js';

/**
 * Decides which entry goes when room runs out. It knows entries by their slots, small numbers that are used again after
 * an entry has left. A policy keeps every slot it was told of until it is told that the slot left.
 *
 * The store calls it; it never calls the store. Nothing may be allocated in {@link onAccess}.
 */
export interface EvictionPolicy {
  /** A new entry took the slot. */
  onInsert(slot: number): void;
  /** The entry was read. */
  onAccess(slot: number): void;
  /** The entry's value was replaced; its weight was `previousWeight` before. */
  onUpdate(slot: number, previousWeight: number): void;
  /** The entry leaves, but not because it was the victim: invalidated or expired. */
  onRemove(slot: number): void;
  /** The entry leaves because {@link nextVictim} named it. */
  onEvict(slot: number): void;
  /**
   * The entry of `from` stands in `to` now; the links of its list are copied there already. Told when a store that has
   * become far smaller gives memory back, which it does only for policies that have this method.
   */
  onMove?(from: number, to: number): void;
  /** The slot whose entry goes next, -1 when there is none. Changes nothing: asked twice, it answers the same. */
  nextVictim(): number;
  /** All slots, the next victim first. The store does not change while it is iterated. */
  slots(): Iterable<number>;
  /** Slots up to `capacity` may come now: time to enlarge arrays that are indexed by slot. */
  grow(capacity: number): void;
  /** Slots are below `capacity` from now on, which is less than it was: arrays that are indexed by slot can be cut. */
  shrink?(capacity: number): void;
  /** The bound was changed; evictions that follow from it are done by the store. */
  resize(maximum: number): void;
  /** All entries left at once; capacity is back at what {@link PolicyHost.capacity} says. */
  clear(): void;
  /** Names the form of its notes, in a snapshot. Absent: a snapshot keeps the order of {@link slots} alone. */
  readonly notedAs?: string;
  /**
   * All slots, about the next victim first, and those of one list in the list's order. Slots may come, move and leave
   * during the walk; it is begun anew, or given up, when they are given other numbers.
   */
  walk?(): Iterator<number>;
  /** What it knows of an entry: whole numbers from 0 to 2^31 - 1. */
  notesOf?(slot: number): readonly number[];
  /** What it knows of the cache as a whole. */
  state?(): readonly number[];
  /** An entry comes from a snapshot, in the place of {@link onInsert}, with what `notesOf` and `state` gave for it there. */
  onRestore?(slot: number, notes: readonly number[], state: readonly number[]): void;
  /** Bytes of the policy's own arrays. @defaultValue 0 */
  readonly bytes?: number;
  /** Throws an Error that says which invariant of its own does not hold. For tests; nothing calls it in production. */
  assertStructure?(): void;
}

/** What a policy may ask of the store that it works for. */
export interface PolicyHost {
  /** How many entries, or how much weight where the bound is a weight. */
  readonly maximum: number;
  /** Whether {@link maximum} is a weight. */
  readonly weighted: boolean;
  /** Slots are below this number; {@link EvictionPolicy.grow} tells when it rises. */
  readonly capacity: number;
  readonly random: Random;
  /** A list of slots. All lists of one store share their links, so a slot is in one list at a time. */
  newList(): SlotList;
  /** `count` lists of slots, where one per region or frequency is needed. */
  newLists(count: number): SlotLists;
  /** 32 bits that are the same whenever the same key comes back. */
  hashOf(slot: number): number;
  /** The entry's weight; 1 where the bound is a number of entries. */
  weightOf(slot: number): number;
}

/** Makes the policy of one cache. */
export type PolicyFactory = (host: PolicyHost) => EvictionPolicy;

/** What is wrong with a policy whose next victim is not there. */
export function wrongVictim(slot: number): string {
  return `the eviction policy named slot ${slot}, where no entry is; it must name one it was told of`;
}
