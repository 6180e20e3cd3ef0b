import { OptionProblems, type Clock } from '../../core/index.js';
import type { KeyCodec } from '../keys/key-codec.js';
import { KeyCounts } from './key-counts.js';

/** Counts fade: what happened so long ago counts half. */
export const HALF_LIFE_MS = 60_000;
/** After so long nothing that would be told is left. */
const MOST_HALVINGS = 32;
const MOST_KEYS = 100;

/**
 * A key that is asked for often. Counts are estimates from a sample, and fade: a lookup of a minute ago counts half. They
 * are never above the truth by more than chance, and may be below it by up to 0.4 % of all lookups.
 */
export interface HotKey<K> {
  readonly key: K;
  /** `hits + misses`. */
  readonly lookups: number;
  readonly hits: number;
  readonly misses: number;
  /** `hits / lookups`, 0 to 1. */
  readonly hitRate: number;
  /** Its part of all lookups of the cache, 0 to 1. */
  readonly share: number;
  /** Of its entry in memory, in the weigher's unit, or 1; absent when it has none at the moment. */
  readonly weight?: number;
}

/** The cache whose keys they are. */
interface Counted<K> {
  readonly name: string;
  readonly codec: KeyCodec<K>;
  readonly store: { describe(index: unknown): { readonly weight: number | undefined } | undefined };
  readonly clock: Clock;
}

/**
 * Knows which keys of a cache are asked for most. It is told of a sample of the lookups (see `Sampler`), of which each
 * stands for several, so that a hit pays one comparison for it.
 */
export class HotKeys<K> {
  private readonly counts = new KeyCounts<K>();
  private fadedAtMs: number | undefined = undefined;

  /** @param onFaded told when counts have faded once more */
  constructor(private readonly onFaded: () => void) {}

  /** @param key where the index does not give it back */
  note(index: unknown, key: K | undefined, isHit: boolean, times: number, nowMs: number): void {
    this.fade(nowMs);
    this.counts.add(index, key, isHit, times);
  }

  top(most: number, { name, codec, store, clock }: Counted<K>): HotKey<K>[] {
    const problems = new OptionProblems(`hotKeys() of cache "${name}"`);
    problems.positiveInteger('k', most, undefined, MOST_KEYS);
    problems.throwIfAny();
    this.fade(clock.now());
    return this.counts.top(most).map(({ index, key, hits, misses }) => {
      const lookups = hits + misses;
      const weight = store.describe(index)?.weight;
      return Object.freeze({
        key: key ?? (codec.key(index) as K),
        lookups,
        hits,
        misses,
        hitRate: hits / lookups,
        share: lookups / this.counts.total,
        ...(weight !== undefined && { weight }),
      });
    });
  }

  private fade(nowMs: number): void {
    this.fadedAtMs ??= nowMs;
    const halvings = Math.floor((nowMs - this.fadedAtMs) / HALF_LIFE_MS);
    if (halvings < 1) return;
    this.fadedAtMs += halvings * HALF_LIFE_MS;
    this.counts.fade(0.5 ** Math.min(halvings, MOST_HALVINGS));
    this.onFaded();
  }
}
