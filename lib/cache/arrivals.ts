import type { Fence } from '../resilience/index.js';
import { emit, type CacheParts } from './cache-parts.js';
import type { CallSettings } from './call-settings.js';
import { hasStages } from './life.js';
import type { Found, SharedFence } from './lower-tiers.js';
import type { TierHit } from './space-tier.js';
import { write } from './write.js';

/** What a tier below has for a key that memory did not have fresh. */
export interface Arrival<V> {
  readonly hit: TierHit<V>;
  /** Whether it is fresh; else it may be served stale, and memory has it now as such. */
  readonly isFresh: boolean;
  /** Whether nothing newer stood against it here. */
  readonly isStored: boolean;
}

/**
 * Brings entries up from the tiers below: into memory, and into the tiers between. What arrives is held against the
 * fence that was taken before the tiers were asked, so that a key which was changed meanwhile stays changed.
 */
export class Arrivals<K, V> {
  constructor(private readonly parts: CacheParts<K, V>) {}

  /** Looks below memory; `undefined` when nothing is there that memory does not have already. Rejects only where trouble is to be thrown. */
  async find(index: unknown, key: K, fence: Fence, call: CallSettings): Promise<Arrival<V> | undefined> {
    const { lower, codec, store } = this.parts;
    const name = codec.nameOf(index);
    if (lower === undefined || name === undefined) return undefined;
    const found = await lower.find(name);
    this.count(found);
    if (found === undefined) return undefined;
    const { hit } = found;
    const isFresh = hit.freshLeftMs > 0;
    // The same write of the key as the one in memory, which was not good enough.
    if (store.peek(index)?.version === hit.version) return undefined;
    if (!isFresh && !hasStages(call)) return undefined;
    const stored = this.bringUp(index, key, fence, call, found);
    const isStored = stored instanceof Promise ? await stored : stored;
    return { hit, isFresh, isStored };
  }

  /** Counts and tells a hit that a caller gets from below. */
  countHit(index: unknown, key: K, { hit: { tier } }: Arrival<V>): void {
    const { numbers, events, hotKeys, clock } = this.parts;
    if (numbers.hits >= numbers.sampledHit) hotKeys.note(index, key, true, numbers.takeHit(), clock.coarse());
    numbers.hits++;
    numbers.hitsBelow++;
    if (events.observed) emit(this.parts, 'hit', { key, tier });
  }

  private bringUp(
    index: unknown,
    key: K,
    fence: Fence,
    call: CallSettings,
    { hit, above }: Found<V>,
  ): boolean | Promise<boolean> {
    const { lower, codec } = this.parts;
    const name = codec.nameOf(index);
    const outcome = { value: hit.value };
    const bring = (shared: SharedFence): boolean | Promise<boolean> =>
      write(this.parts, { index, key, outcome, cause: 'promote', fence, shared, call, found: hit });
    // A weigher of the user's that throws costs the storing, never the value.
    const fail = (error: unknown): boolean => {
      if (this.parts.events.observed) emit(this.parts, 'tierError', { key, tier: 'memory', cause: 'promote', error });
      return false;
    };
    try {
      const isExclusive = lower?.isExclusive === true && name !== undefined;
      const stored = isExclusive ? lower.takeOut(name, hit).then(bring) : bring(above);
      return stored instanceof Promise ? stored.catch(fail) : stored;
    } catch (error) {
      return fail(error);
    }
  }

  private count(found: Found<V> | undefined): void {
    const { lower, numbers } = this.parts;
    for (const { name } of lower?.tiers ?? []) {
      if (name === found?.hit.tier) {
        numbers.tier(name).hits++;
        return;
      }
      numbers.tier(name).misses++;
    }
  }
}
