import { generationOf, ANY_GROUP, WHOLE } from './generations.js';
import type { Seeker, SpaceTier, TierFence } from './space-tier.js';
import type { TierHit } from './tier-hit.js';

/** How long the fences of a load that may take for ever live. */
const LONGEST_FENCE_MS = 86_400_000;
/** Between the end of a load and the arrival of its write. */
const FENCE_MARGIN_MS = 10_000;

type Scope = 'process' | 'host' | 'shared';

const BREADTH: Readonly<Record<Scope, number>> = { process: 0, host: 1, shared: 2 };

/** What each tier gave before a value was computed, in the order of the tiers. */
export type SharedFence = readonly (TierFence | undefined)[];

/** Who looks for an entry below memory; told once, and must not throw. */
export interface Search<V> extends Seeker<V> {
  /** @param above taken from the tiers above that of the entry before it was read, so that it can be written there */
  resolve(hit: TierHit<V> | undefined, above?: SharedFence): void;
}

/** The tiers of one cache below its memory, fastest first. */
export class LowerTiers<V> {
  constructor(
    readonly tiers: readonly SpaceTier<V>[],
    /** Whether they hold only what memory evicted. */
    readonly isExclusive: boolean,
  ) {}

  /**
   * Those that not every node of a bus has, and that a message therefore does not find changed already; `undefined`
   * without any. They cannot be trusted either when messages were missed.
   */
  narrowerThan(scope: Scope): LowerTiers<V> | undefined {
    const narrower = this.tiers.filter(({ capabilities }) => BREADTH[capabilities.scope] < BREADTH[scope]);
    return narrower.length === 0 ? undefined : new LowerTiers(narrower, this.isExclusive);
  }

  /**
   * The tier that has what is current; `'nobody'`: none that all who make changes share, or none that is told of what
   * memory has; `undefined`: nobody else makes changes.
   */
  judge(busScope: Scope | undefined): SpaceTier<V> | 'nobody' | undefined {
    const broadest = this.tiers.at(-1);
    if (broadest === undefined) return undefined;
    const { scope } = broadest.capabilities;
    if (busScope === undefined && scope === 'process') return undefined;
    return this.isExclusive || BREADTH[scope] < BREADTH[busScope ?? scope] ? 'nobody' : broadest;
  }

  /** Looks for the entry of the fastest tier that has a fresh one; where none has, for the least stale. */
  seek(search: Search<V>): void {
    const [first] = this.tiers;
    if (first !== undefined && this.tiers.length === 1) first.tell(search);
    else void this.seekInTurn(search);
  }

  /** Whether a tier has a fresh entry. */
  async has(name: string): Promise<boolean> {
    for (const tier of this.tiers) {
      const hit = await tier.read(name);
      if (hit !== undefined && hit.freshLeftMs > 0) return true;
    }
    return false;
  }

  private async seekInTurn(search: Search<V>): Promise<void> {
    const name = search.request;
    const above: (TierFence | undefined)[] = [];
    // What is stale here another node may have loaded anew, and a tier further down has it fresh.
    let stale: { readonly hit: TierHit<V>; readonly above: SharedFence } | undefined;
    try {
      for (const [level, tier] of this.tiers.entries()) {
        const hit = await tier.read(name);
        if (hit !== undefined && hit.freshLeftMs > 0) return search.resolve(hit, above);
        if (hit !== undefined && isLessStale(hit, stale?.hit)) stale = { hit, above: [...above] };
        // Before the next one is read: what is removed here meanwhile must not come back from there.
        if (level < this.tiers.length - 1) above.push(await tier.fence(name, [WHOLE, ANY_GROUP], FENCE_MARGIN_MS));
      }
    } catch (error) {
      if (stale === undefined) return search.reject(error);
    }
    search.resolve(stale?.hit, stale?.above);
  }

  /**
   * Takes an entry that goes up out of the tier that had it, and fences for the day that it comes down again: with the
   * generations that it has recorded, since a later one would make an outdated value look current.
   */
  async takeOut(name: string, hit: TierHit<V>): Promise<SharedFence> {
    const tier = this.tiers.find((one) => one.name === hit.tier);
    await tier?.remove([name]);
    const ttlMs = Math.min(hit.leftMs + FENCE_MARGIN_MS, LONGEST_FENCE_MS);
    const fence = await tier?.fence(name, [], ttlMs);
    return this.tiers.map((one) =>
      one === tier && fence !== undefined ? { ...fence, generations: new Map(hit.generations) } : undefined,
    );
  }

  /** Fences for a load that is about to start and is held for at most `holdMs`. */
  fence(name: string, groups: readonly string[], holdMs: number): Promise<SharedFence> {
    return this.fenceIn(this.tiers, name, groups, holdMs);
  }

  /** The same in some tiers. */
  fenceIn(
    tiers: readonly SpaceTier<V>[],
    name: string,
    groups: readonly string[],
    holdMs: number,
  ): Promise<SharedFence> {
    const generations = [WHOLE, ANY_GROUP, ...groups.map(generationOf)];
    const ttlMs = Math.min(holdMs + FENCE_MARGIN_MS, LONGEST_FENCE_MS);
    return Promise.all(tiers.map((tier) => tier.fence(name, generations, ttlMs)));
  }

  remove(names: readonly string[]): Promise<boolean> {
    return this.all((tier) => tier.remove(names));
  }

  renewGroup(group: string): Promise<boolean> {
    const generation = generationOf(group);
    return this.all(async (tier) => {
      let isDone = false;
      try {
        // In this order: see generations.ts.
        isDone = await tier.renew(ANY_GROUP);
      } finally {
        // Now, so that what stands there is outdated; and where the first is still to be done, once more behind it.
        if (!isDone) tier.renewLater(generation);
        isDone = (await tier.renew(generation)) && isDone;
      }
      return isDone;
    });
  }

  renewWhole(): Promise<boolean> {
    return this.all((tier) => tier.renew(WHOLE));
  }

  /**
   * Makes a change in every tier; whether it is done in all of them, else it will be. Settles when the last tier has, also
   * where one's trouble is thrown.
   *
   * At once, and where entries are brought up from tier to tier once more from the slowest on: a reader may have found in a
   * slower tier what was not changed there yet, and have brought it into a faster one behind the change.
   */
  async all(change: (tier: SpaceTier<V>) => Promise<boolean>): Promise<boolean> {
    const done = this.tiers.map(change);
    await Promise.allSettled(done);
    const faster = this.isExclusive ? [] : this.tiers.slice(0, -1).reverse();
    for (const tier of faster) {
      const again = change(tier);
      done.push(again);
      await Promise.allSettled([again]);
    }
    return (await Promise.all(done)).every(Boolean);
  }
}

function isLessStale<V>(hit: TierHit<V>, than: TierHit<V> | undefined): boolean {
  return than === undefined || (hit.version !== than.version && hit.freshLeftMs > than.freshLeftMs);
}
