import type { Geometry } from './geometry.js';

/** What a record is. The records of one name are in one bucket, whatever they are, so that one lock covers them. */
export const ENTRY = 0;
export const FENCE = 1;
export const LEASE = 2;
export const GENERATION = 3;
export type Kind = typeof ENTRY | typeof FENCE | typeof LEASE | typeof GENERATION;

const KIND_SHIFT = 29;

/**
 * What a slot says in one word: the kind of the record, some bits of its hash, and the unit where its block begins. Where
 * the first two fit, the block tells whether it is the record that was asked for.
 */
export class Slots {
  private readonly unitMask: number;
  private readonly unitBits: number;
  private readonly bucketMask: number;

  constructor(private readonly geometry: Geometry) {
    this.unitBits = geometry.unitBits;
    this.unitMask = 2 ** geometry.unitBits - 1;
    this.bucketMask = geometry.bucketCount - 1;
  }

  bucketAt(hash: number): number {
    return this.geometry.bucketsAt + (hash & this.bucketMask) * this.geometry.bucketWords;
  }

  /** A slot without its unit: all slots of this kind and hash have it in common, and few others. */
  prefix(kind: Kind, hash: number): number {
    return (kind << KIND_SHIFT) | ((hash >>> (32 - KIND_SHIFT + this.unitBits)) << this.unitBits);
  }

  slot(prefix: number, unit: number): number {
    return prefix | (unit + 1); // so that no slot is 0, which is empty
  }

  matches(slot: number, prefix: number): boolean {
    return slot > 0 && (slot & ~this.unitMask) === prefix;
  }

  unitOf(slot: number): number {
    return (slot & this.unitMask) - 1;
  }

  kindOf(slot: number): Kind {
    return ((slot >>> KIND_SHIFT) & 3) as Kind; // two bits: one of the four
  }

  /** Where the record of a block is. */
  recordAt(unit: number): number {
    return this.geometry.arenaAt + unit * this.geometry.unitWords;
  }
}
