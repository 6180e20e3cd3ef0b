import type { Fence } from '../../resilience/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import { hasStages } from '../entries/life.js';
import type { Search, SharedFence } from '../shared/lower-tiers.js';
import type { TierHit } from '../shared/tier-hit.js';
import type { StoredEntry } from '../entries/stored-entry.js';
import { write } from '../changes/write.js';

const NOTHING_ABOVE: SharedFence = [];

/** What a tier below has for a key that memory did not have fresh. */
export class Arrival<V> {
  constructor(
    readonly hit: TierHit<V>,
    /** Whether it is fresh; else it may be served stale, and memory has it now as such. */
    readonly isFresh: boolean,
    /** Whether nothing newer stood against it here. */
    readonly isStored: boolean,
  ) {}
}

/**
 * One look below memory for a key: brings an entry up from the tiers below, into memory and into the tiers between. What
 * arrives is held against the fence that was taken before the tiers were asked, so that a key which was changed meanwhile
 * stays changed. Of several looks for a key the first brings it up, and the others have it from there.
 */
export abstract class Look<K, V> implements Search<V> {
  constructor(
    protected readonly parts: CacheParts<K, V>,
    readonly request: string,
    protected readonly index: unknown,
    protected readonly key: K,
    /** What memory had when it began, which was not good enough. */
    private readonly before: StoredEntry<K, V> | undefined,
    protected readonly fence: Fence,
    private readonly call: CallSettings,
  ) {}

  /** `undefined` when nothing is there that memory did not have already. Must not throw. */
  protected abstract arrived(arrival: Arrival<V> | undefined): void;

  /** Only where trouble is to be thrown. Must not throw. */
  abstract reject(error: unknown): void;

  resolve(hit: TierHit<V> | undefined, above = NOTHING_ABOVE): void {
    const { index, call } = this;
    try {
      this.count(hit);
      if (hit === undefined) return this.arrived(undefined);
      const isFresh = hit.freshLeftMs > 0;
      if (!isFresh && !hasStages(call)) return this.arrived(undefined);
      const here = this.parts.store.peek(index);
      if (here?.version === hit.version) {
        // The same write of the key: it was there before, or another look has brought it up meanwhile.
        return this.arrived(this.before?.version === hit.version ? undefined : new Arrival(hit, isFresh, true));
      }
      // What memory got meanwhile may be newer.
      if (here !== undefined && here !== this.before) return this.arrived(new Arrival(hit, isFresh, false));
      const arrive = (isStored: boolean): void => {
        // A tier between takes it once; then another look has brought it up.
        const isThere = isStored || this.parts.store.peek(index)?.version === hit.version;
        this.arrived(new Arrival(hit, isFresh, isThere));
      };
      const stored = this.bringUp(hit, above);
      if (typeof stored === 'boolean') return arrive(stored);
      stored.then(arrive).catch((error) => this.reject(error));
    } catch (error) {
      this.reject(error);
    }
  }

  private bringUp(hit: TierHit<V>, above: SharedFence): boolean | Promise<boolean> {
    const { parts, index, key, fence, call, request: name } = this;
    const { lower } = parts;
    const outcome = { value: hit.value };
    const replaces = this.before ?? 'nothing';
    const bring = (shared: SharedFence): boolean | Promise<boolean> =>
      write(parts, { index, key, outcome, cause: 'promote', fence, shared, call, found: hit, replaces });
    // A weigher of the user's that throws costs the storing, never the value.
    const fail = (error: unknown): boolean => {
      if (parts.events.observed) emit(parts, 'tierError', { key, tier: 'memory', cause: 'promote', error });
      return false;
    };
    try {
      const stored = lower?.isExclusive === true ? lower.takeOut(name, hit).then(bring) : bring(above);
      return stored instanceof Promise ? stored.catch(fail) : stored;
    } catch (error) {
      return fail(error);
    }
  }

  private count(hit: TierHit<V> | undefined): void {
    const { lower, numbers } = this.parts;
    for (const { name } of lower?.tiers ?? []) {
      if (name === hit?.tier) {
        numbers.tier(name).hits++;
        return;
      }
      numbers.tier(name).misses++;
    }
  }
}

class PromisedLook<K, V> extends Look<K, V> {
  constructor(
    parts: CacheParts<K, V>,
    name: string,
    index: unknown,
    key: K,
    fence: Fence,
    call: CallSettings,
    protected readonly arrived: (arrival: Arrival<V> | undefined) => void,
    readonly reject: (error: unknown) => void,
  ) {
    super(parts, name, index, key, parts.store.peek(index), fence, call);
  }
}

/** Finds below memory what memory did not have. */
export class Arrivals<K, V> {
  constructor(private readonly parts: CacheParts<K, V>) {}

  /** Looks below memory; `undefined` when nothing is there that memory did not have already. Rejects only where trouble is to be thrown. */
  find(index: unknown, key: K, fence: Fence, call: CallSettings): Promise<Arrival<V> | undefined> {
    const name = this.parts.codec.nameOf(index);
    if (name === undefined) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.begin(new PromisedLook(this.parts, name, index, key, fence, call, resolve, reject));
    });
  }

  /** The same for who needs no promise. */
  begin(look: Look<K, V>): void {
    if (this.parts.lower === undefined) look.resolve(undefined);
    else this.parts.lower.seek(look);
  }

  /** Counts and tells a hit that a caller gets from below. */
  countHit(index: unknown, key: K, { hit: { tier } }: Arrival<V>): void {
    const { numbers, events, hotKeys, clock } = this.parts;
    if (numbers.hits >= numbers.sampledHit) hotKeys.note(index, key, true, numbers.takeHit(), clock.coarse());
    numbers.hits++;
    numbers.hitsBelow++;
    if (events.observed) emit(this.parts, 'hit', { key, tier });
  }
}
