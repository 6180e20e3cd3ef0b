import type { EnvelopeFields } from '../../codec/index.js';
import { groupsAmong } from './generations.js';

/** The generations that were current before an entry was computed, and their tokens. */
export type Recorded = readonly (readonly [name: string, token: string])[];

/** An entry found in a tier. */
export class TierHit<V> {
  /** Tells one write of a key from every other. */
  readonly version: string;
  readonly groups: readonly string[];
  /** The tokens that it has recorded, by the names of the generations. */
  readonly generations: Recorded;
  /** The ttl that it was written with. */
  readonly ttlMs: number;
  /** How much of that is left; 0 or less when it is stale. */
  readonly freshLeftMs: number;
  /** When it was written, by the clock of whoever wrote it: milliseconds since 1970. */
  readonly writtenAtEpochMs: number;

  constructor(
    readonly value: V,
    { version, generations, ttlMs, staleMs, writtenAtMs }: EnvelopeFields,
    /** Until it is of no use at all. */
    readonly leftMs: number,
    readonly tier: string,
  ) {
    this.version = version;
    this.groups = groupsAmong(generations);
    this.generations = generations;
    this.ttlMs = ttlMs;
    this.freshLeftMs = Math.min(leftMs - staleMs, ttlMs);
    this.writtenAtEpochMs = writtenAtMs;
  }
}
