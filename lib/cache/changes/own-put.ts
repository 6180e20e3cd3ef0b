import type { OwnWrite, Turn } from '../parts/own-writes.js';
import { generationOf, WHOLE } from '../shared/generations.js';
import type { LowerTiers } from '../shared/lower-tiers.js';
import type { SpaceTier, TierRecord, WriteOutcome } from '../shared/space-tier.js';
import type { TierPut } from '../shared/tier-puts.js';
import { generationsFor } from './recorded-generations.js';
import { Writing } from './writing.js';

/** Of all puts without groups: one list, so that a tier sees that they ask for the same. */
const WHOLE_ALONE: readonly string[] = [WHOLE];

/**
 * A caller's own value: it needs no fence below, and follows those of its key that came before it.
 *
 * One object with one promise, which its tiers tell what became of it: puts come by the hundred, and a chain of async
 * functions for each has a promise and a generator for every step.
 *
 * Races. Every answer of a tier may come after the key was put or invalidated again, here or on another node, so each is
 * looked at by {@link mayStand} once more before anything is kept for later or in memory. Two puts of a key are never on
 * their way at once ({@link OwnWrites}): the turn ends in the same step in which memory has the value, before its caller
 * hears of it.
 */
export class OwnPut<K, V> extends Writing<K, V> implements OwnWrite<K>, TierPut<V> {
  readonly kind = 'put';
  isContested = false;
  generations = WHOLE_ALONE;
  private name = '';
  private tiers: readonly SpaceTier<V>[] = [];
  /** The tier that it is on its way to; all behind it have it. */
  private level = 0;
  private turn: Turn | undefined = undefined;
  private succeed!: (isStored: boolean) => void;
  private fail!: (error: unknown) => void;

  run(turn: Turn): Promise<boolean> {
    this.turn = turn;
    return new Promise((resolve, reject) => {
      this.succeed = resolve;
      this.fail = reject;
      const { lower } = this.parts;
      if (lower?.isExclusive === true) void this.carryExclusively(lower);
      else this.nextTier();
    });
  }

  mayStand(): boolean {
    // The tier that all nodes write to keeps what came last.
    return this.tiers[this.level] === this.parts.judge ? this.isWanted() : this.isUndisputed();
  }

  record(): TierRecord<V> {
    return this.recordNow(this.name);
  }

  resolve(outcome: WriteOutcome | 'unsent'): void {
    try {
      const removal = this.afterwards(outcome);
      if (removal === undefined) this.nextTier();
      else void this.nextTierAfter(removal);
    } catch (error) {
      this.reject(error);
    }
  }

  reject(error: unknown): void {
    void this.undo(error);
  }

  protected override carryDown({ tiers }: LowerTiers<V>, name: string): Promise<boolean> {
    this.name = name;
    this.tiers = tiers;
    this.level = tiers.length;
    if (this.groups.length > 0) this.generations = [WHOLE, ...this.groups.map(generationOf)];
    return this.parts.ownWrites.take(this);
  }

  protected override finish(elapsedMs: number): boolean {
    const isStored = this.isUndisputed();
    if (isStored) this.keepInMemory(elapsedMs);
    else this.parts.store.remove(this.index);
    this.outdateReads();
    return isStored;
  }

  private isUndisputed(): boolean {
    return !this.isContested && this.isWanted();
  }

  /** What was read below meanwhile is older than the caller's own value; what waits to be written is newer. */
  private outdateReads(): void {
    const { changes, ownWrites } = this.parts;
    changes.changeKey(this.index, ownWrites.waitingFences(this.index));
  }

  private async carryExclusively(lower: LowerTiers<V>): Promise<void> {
    try {
      this.end(await this.putAbove(lower, this.name));
    } catch (error) {
      this.reject(error);
    }
  }

  /** On to the tier above the one that it was in; above the last is memory. */
  private nextTier(): void {
    try {
      if (this.level === 0) return this.end(this.finish(this.elapsedMs()));
      this.level--;
      const tier = this.tiers[this.level] as SpaceTier<V>;
      const outcome = this.whyNotSent(tier);
      if (outcome === undefined) tier.put(this);
      else this.resolve(outcome);
    } catch (error) {
      this.reject(error);
    }
  }

  private async nextTierAfter(removal: Promise<unknown>): Promise<void> {
    try {
      await removal;
      this.nextTier();
    } catch (error) {
      this.reject(error);
    }
  }

  /** `unsent`: nothing of it can have reached the tier. `undefined` where it is to be sent. */
  private whyNotSent(tier: SpaceTier<V>): WriteOutcome | 'unsent' | undefined {
    if (!this.mayStand()) return 'refused';
    if (this.elapsedMs() >= this.prepared.lifetimeMs) return 'unfit';
    return tier.isWaitedFor(this.name) ? 'unsent' : undefined;
  }

  /** What has to be done where the tier has not got it as it should. */
  private afterwards(outcome: WriteOutcome | 'unsent'): Promise<unknown> | undefined {
    const { name } = this;
    const tier = this.tiers[this.level] as SpaceTier<V>;
    if (outcome === 'stored' && this.mayStand()) return undefined;
    if ((outcome === 'failed' || outcome === 'unsent') && this.isUndisputed()) {
      tier.keep(name, this.generations, (isWanted) => this.replayInto(tier, isWanted));
      return undefined;
    }
    // What stands there is older; or the key was invalidated meanwhile, and the tier may carry this out behind that; or
    // nobody knows what will stand there. A miss is right in any case.
    return tier.remove([name]);
  }

  private end(isStored: boolean): void {
    this.turn?.end();
    this.succeed(isStored);
  }

  /** Whether a tier has the value nobody knows, and neither memory nor the others must differ from it. */
  private async undo(trouble: unknown): Promise<void> {
    await Promise.allSettled([this.parts.lower?.remove([this.name])]);
    this.parts.store.remove(this.index);
    this.outdateReads();
    this.turn?.end();
    this.fail(trouble);
  }

  /**
   * Much later, when nobody knows who wrote what meanwhile. Where something stands by now it may be newer or older, and a
   * miss is right in any case. Fenced, so that a write which the tier carries out later still harms nobody. The fence may
   * be younger than an invalidation that is heard of only now: so it is asked once more when the bytes are sent.
   */
  private async replayInto(tier: SpaceTier<V>, isWanted: () => boolean): Promise<boolean> {
    const { name, parts, groups } = this;
    const [fence] = (await parts.lower?.fenceIn([tier], name, groups, 0)) ?? [];
    const isOccupied = fence === undefined ? undefined : await tier.isOccupied(name);
    if (fence === undefined || isOccupied === undefined) return false;
    if (isOccupied) return tier.removeNow(name);
    const generations = await generationsFor(tier, groups, fence);
    if (typeof generations === 'string') return false;
    if (this.elapsedMs() >= this.prepared.lifetimeMs) return true;
    return (await tier.write(this.recordNow(name), [...generations], fence.token, isWanted)) !== 'failed';
  }
}
