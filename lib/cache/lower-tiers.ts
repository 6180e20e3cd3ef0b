import { generationOf, ANY_GROUP, WHOLE } from './generations.js';
import type { SpaceTier, TierFence, TierHit } from './space-tier.js';

/** How long the fences of a load that may take for ever live. */
const LONGEST_FENCE_MS = 86_400_000;
/** Between the end of a load and the arrival of its write. */
const FENCE_MARGIN_MS = 10_000;

type Scope = 'process' | 'host' | 'shared';

const BREADTH: Readonly<Record<Scope, number>> = { process: 0, host: 1, shared: 2 };

/** What each tier gave before a value was computed, in the order of the tiers. */
export type SharedFence = readonly (TierFence | undefined)[];

/** An entry found below memory. */
export interface Found<V> {
  readonly hit: TierHit<V>;
  /** Taken from the tiers above it before it was read, so that it can be written there; `undefined` from it on. */
  readonly above: SharedFence;
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

  /** The entry of the fastest tier that has it. */
  find(name: string): Promise<Found<V> | undefined> {
    const [first, ...others] = this.tiers;
    if (first === undefined || others.length > 0) return this.search(name);
    return first.read(name).then((hit) => hit && { hit, above: [] });
  }

  private async search(name: string): Promise<Found<V> | undefined> {
    const above: (TierFence | undefined)[] = [];
    for (const [level, tier] of this.tiers.entries()) {
      const hit = await tier.read(name);
      if (hit !== undefined) return { hit, above };
      // Before the next one is read: what is removed here meanwhile must not come back from there.
      if (level < this.tiers.length - 1) above.push(await tier.fence(name, [WHOLE, ANY_GROUP], FENCE_MARGIN_MS));
    }
    return undefined;
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

  /** Whether it is done in every tier; else it will be. */
  async remove(names: readonly string[]): Promise<boolean> {
    return all(this.tiers.map((tier) => tier.remove(names)));
  }

  async renewGroup(group: string): Promise<boolean> {
    return all(
      this.tiers.map(async (tier) => {
        // In this order: see generations.ts.
        const any = await tier.renew(ANY_GROUP);
        return (await tier.renew(generationOf(group))) && any;
      }),
    );
  }

  async renewWhole(): Promise<boolean> {
    return all(this.tiers.map((tier) => tier.renew(WHOLE)));
  }
}

async function all(done: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(done)).every(Boolean);
}
