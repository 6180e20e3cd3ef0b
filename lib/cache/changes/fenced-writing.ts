import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { LowerTiers, SharedFence } from '../shared/lower-tiers.js';
import type { SpaceTier, TierFence, WriteOutcome } from '../shared/space-tier.js';
import type { Prepared, Write } from './prepared-entry.js';
import { generationsFor } from './recorded-generations.js';
import { Writing } from './writing.js';

/** What was computed, or what a tier had: held against the fences that were taken before. */
export class FencedWriting<K, V> extends Writing<K, V> {
  constructor(
    parts: CacheParts<K, V>,
    write: Write<K, V>,
    private readonly shared: SharedFence | undefined,
    groups: readonly string[],
    prepared: Prepared<K, V>,
    weight: number | undefined,
  ) {
    super(parts, write, groups, prepared, weight);
  }

  protected override carryDown(lower: LowerTiers<V>, name: string): boolean | Promise<boolean> {
    const { shared } = this;
    if (shared === undefined) return this.finish(0);
    if (lower.isExclusive) {
      if (this.cause === 'put') return this.putAbove(lower, name);
      return this.cause === 'demote' ? this.send(lower, name, shared) : this.keepForDemotion(shared);
    }
    // Else no tier is to be written to.
    const isForTiers = this.cause === 'put' || shared.some((fence) => fence !== undefined);
    return isForTiers ? this.send(lower, name, shared) : this.finish(0);
  }

  protected override finish(elapsedMs: number): boolean {
    if (!this.isWanted()) return false;
    this.keepInMemory(elapsedMs);
    return true;
  }

  private async send({ tiers }: LowerTiers<V>, name: string, shared: SharedFence): Promise<boolean> {
    let isTaken = false;
    for (let level = tiers.length - 1; level >= 0; level--) {
      const tier = tiers[level] as SpaceTier<V>;
      const fence = shared[level];
      const isForTier = fence !== undefined && this.prepared.lifetimeMs > 0;
      const outcome = isForTier ? await this.writeInto(tier, name, fence) : 'failed';
      // A caller's own value that a tier of more nodes has taken is what counts: what this one got meanwhile is older.
      if (outcome === 'refused' && !(isTaken && this.cause === 'put')) return false;
      if (outcome === 'stored') isTaken = true;
      // Of a caller's own value: what stands there nobody knows, and it must not outlive that. A miss is right in any case.
      else if (this.cause === 'put') await tier.remove([name]);
    }
    if (this.cause !== 'demote') return this.finish(this.elapsedMs());
    if (this.parts.events.observed) emit(this.parts, 'demote', { key: this.key });
    return true;
  }

  private async writeInto(tier: SpaceTier<V>, name: string, fence: TierFence): Promise<WriteOutcome> {
    const generations = await generationsFor(tier, this.groups, fence);
    if (typeof generations === 'string') return generations;
    if (this.elapsedMs() >= this.prepared.lifetimeMs) return 'unfit';
    const written = tier.write(this.recordNow(name), [...generations], fence.token, () => this.isWanted());
    // The fence is of the key. A group or everything that was invalidated meanwhile made the entry unusable in the tier,
    // and keeps it out of memory.
    const [outcome, isCurrent] = await Promise.all([written, tier.areCurrent(generations)]);
    return outcome === 'stored' && !isCurrent ? 'refused' : outcome;
  }
}
