import type { Random } from '../../core/index.js';
import { approximateBytes } from '../weight/byte-weigher.js';
import { ReuseSample } from './reuse-sample.js';
import type { Governable, StoreGovernance } from './governance.js';
import { ENTRY_OVERHEAD_BYTES } from './store.options.js';

/** Entries that are weighed to know what all of them take. */
const WEIGHED = 48;
/** And so many where much depends on it. */
const MANY_WEIGHED = 512;
/** Slots that are tried for each: some are free. */
const TRIES = 4;
/** Each measurement counts for one in so many: it is of other entries than the last. */
const SMOOTHING = 8;
/** A difference of so much is none. */
const NOISE = 1 / 16;

/**
 * A store as whoever shares memory out sees it: in bytes, whatever its own unit is. Where it is not weighed in bytes,
 * some of its entries are weighed when asked.
 */
export class GovernedStore implements StoreGovernance {
  /** How often its keys come back, and from how far. */
  readonly reuse = new ReuseSample();
  /** `undefined` until entries have been weighed. */
  private bytesPerUnit: number | undefined;
  private limitBytes = Infinity;
  /** By how many bytes for each unit that was turned into the store's own unit. */
  private limitedPerUnit = 0;
  /** The weight when it was measured last. */
  private measuredWeight = 0;
  private store: Governable | undefined;

  /**
   * @param isInBytes whether its weight is an estimate of bytes
   * @param random for choosing the entries that are weighed
   * @param beforePut called before each of its puts
   */
  constructor(
    readonly name: string,
    private readonly isInBytes: boolean,
    private readonly random: Random,
    private readonly beforePut: () => void,
  ) {
    if (isInBytes) this.bytesPerUnit = 1;
  }

  attach(store: Governable): () => void {
    this.store = store;
    return this.beforePut;
  }

  get entries(): number {
    return this.store?.size ?? 0;
  }

  /** About what keys and values take, at the last {@link measure}'s bytes for each unit of weight; 0 before the first. */
  get bytes(): number {
    return (this.store?.weight ?? 0) * (this.bytesPerUnit ?? 0);
  }

  /** What it may take by its own bounds; Infinity before the first {@link measure}. */
  get mostBytes(): number {
    return (this.store?.bounds.own ?? 0) * (this.bytesPerUnit ?? Infinity);
  }

  /** Weighs some entries where the weight says nothing of bytes, and keeps to the last {@link limit} by what they weigh now. */
  measure(): void {
    this.weigh(WEIGHED, SMOOTHING);
  }

  /** The same by many more entries, whatever was measured before. */
  measureAnew(): void {
    this.weigh(MANY_WEIGHED, 1);
  }

  /** Whether there is another quarter in it, or half of it has gone, since it was measured. */
  get isOutdated(): boolean {
    const weight = this.store?.weight ?? 0;
    return !this.isInBytes && (weight > 1.25 * this.measuredWeight || weight < 0.5 * this.measuredWeight);
  }

  private weigh(most: number, smoothing: number): void {
    const { store } = this;
    if (this.isInBytes || store === undefined || store.weight === 0) return;
    this.measuredWeight = store.weight;
    const { slots } = store;
    const tries = most * TRIES;
    let bytes = 0;
    let weight = 0;
    let weighed = 0;
    for (let tried = 0; tried < tries && weighed < most; tried++) {
      const slot = slots.used <= tries ? tried : Math.floor(this.random() * slots.used);
      if (slot >= slots.used) break;
      if (!slots.isUsed(slot)) continue;
      bytes += approximateBytes(slots.keyOf(slot)) + approximateBytes(slots.valueOf(slot)) + ENTRY_OVERHEAD_BYTES;
      weight += store.weightOf(slot);
      weighed++;
    }
    if (weight === 0) return;
    const measured = bytes / weight;
    this.bytesPerUnit =
      this.bytesPerUnit === undefined ? measured : this.bytesPerUnit + (measured - this.bytesPerUnit) / smoothing;
    if (Math.abs(this.bytesPerUnit - this.limitedPerUnit) > NOISE * this.limitedPerUnit) this.limit(this.limitBytes);
  }

  /** What is further away in reuse than so many bytes is of no interest: nobody will get as many. */
  lookNoFurther(bytes: number): void {
    this.reuse.farthest = this.bytesPerUnit === undefined ? Infinity : bytes / this.bytesPerUnit;
  }

  /** Evicts what is too much, and keeps it to so many bytes until it is called again; Infinity lets go of it. */
  limit(bytes: number): void {
    this.limitBytes = bytes;
    this.limitedPerUnit = this.bytesPerUnit ?? 0;
    this.store?.limit(this.bytesPerUnit === undefined ? Infinity : bytes / this.bytesPerUnit);
  }

  /** How many hits it would have had lately with so many bytes; `undefined` while too little is known. */
  hitsWithin(bytes: number): number | undefined {
    if (this.bytesPerUnit === undefined || !this.reuse.knows(this.store?.weight ?? 0)) return undefined;
    return this.reuse.hitsWithin(bytes / this.bytesPerUnit);
  }
}
