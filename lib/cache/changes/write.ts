import type { Fence } from '../../resilience/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { OwnWrite } from '../parts/own-writes.js';
import { ANY_GROUP, generationOf, WHOLE } from '../shared/generations.js';
import type { LowerTiers, SharedFence } from '../shared/lower-tiers.js';
import type { SpaceTier, TierFence, TierRecord, WriteOutcome } from '../shared/space-tier.js';
import type { Recorded, TierHit } from '../shared/tier-hit.js';
import { entryOf, groupsOf, type Prepared, type Write } from './prepared-entry.js';

/**
 * The only way into a tier, and it refuses what its fence does not permit. Returns whether the fence permitted it: at once
 * where only memory is written, else as a promise. A weigher or `groups` function that throws does so before anything
 * changed.
 *
 * The most shared tier is written first: what it refuses, because another node changed the key, goes nowhere. Memory is
 * last, and asks its own fence again, since this node may have heard of a change meanwhile.
 */
export function write<K, V>(parts: CacheParts<K, V>, write: Write<K, V>): boolean | Promise<boolean> {
  const { store, lower } = parts;
  const { index, call, cause } = write;
  const groups = groupsOf(parts, write);
  if (!isPermitted(parts, write, groups)) return false;
  const prepared = entryOf(parts, write);
  // Before a tier is told: a weigher may throw.
  const isWeighedLater = lower === undefined || cause === 'demote';
  const weight = isWeighedLater ? call.weight : (call.weight ?? store.weigh(index, prepared.entry));
  const writing =
    write.shared === 'newest'
      ? new OwnPut(parts, write, groups, prepared, weight)
      : new FencedWriting(parts, write, write.shared, groups, prepared, weight);
  return writing.begin();
}

/* One write under way. It keeps nothing of the literal that asked for it: what a batch holds by the hundred is of classes,
 * see docs/decisions/0030. */
abstract class Writing<K, V> implements Permitted<K, V> {
  readonly index: unknown;
  readonly key: K;
  readonly fence: Fence;
  readonly isUnasked: boolean | undefined;
  readonly replaces: Write<K, V>['replaces'] | undefined;
  readonly found: TierHit<V> | undefined;
  protected readonly cause: Write<K, V>['cause'];
  private readonly version: string | undefined;
  private readonly ttiMs: number;
  private startedMs = 0;

  constructor(
    protected readonly parts: CacheParts<K, V>,
    write: Write<K, V>,
    protected readonly groups: readonly string[],
    protected readonly prepared: Prepared<K, V>,
    private readonly weight: number | undefined,
  ) {
    this.index = write.index;
    this.key = write.key;
    this.fence = write.fence;
    this.isUnasked = write.isUnasked;
    this.replaces = write.replaces;
    this.cause = write.cause;
    this.found = write.found;
    this.version = write.version;
    this.ttiMs = write.call.ttiMs;
  }

  begin(): boolean | Promise<boolean> {
    const { lower, codec, clock } = this.parts;
    const name = this.prepared.entry.isValue && lower !== undefined ? codec.nameOf(this.index) : undefined;
    if (lower === undefined || name === undefined) return this.finish(0);
    this.startedMs = clock.now();
    return this.carryDown(lower, name);
  }

  /** Takes it to the tiers, and then to memory. */
  protected abstract carryDown(lower: LowerTiers<V>, name: string): boolean | Promise<boolean>;

  /** Stores it in memory, if it still may be; whether it might. */
  protected abstract finish(elapsedMs: number): boolean;

  protected isWanted(): boolean {
    return isPermitted(this.parts, this, this.groups);
  }

  protected elapsedMs(): number {
    return this.parts.clock.now() - this.startedMs;
  }

  protected keepInMemory(elapsedMs: number): void {
    const { parts, index, key, cause, prepared } = this;
    const { store } = parts;
    const { entry, lifetimeMs } = prepared;
    const leftMs = Math.min(lifetimeMs - elapsedMs, parts.memoryLimitMs?.() ?? Infinity);
    if (leftMs <= 0) {
      store.remove(index);
      return;
    }
    const stored = store.put(index, entry, leftMs, this.ttiMs, this.groups, this.weight);
    if (parts.events.observed && entry.isValue && cause !== 'touch') {
      const value = entry.read();
      if (!stored) emit(parts, 'evict', { key, value, cause: 'too-heavy' });
      else if (cause === 'promote') emit(parts, 'promote', { key, value, tier: this.found?.tier });
      else if (cause !== 'demote') emit(parts, 'put', { key, value, cause });
    }
  }

  /**
   * A caller's own value, of such a cache. What stands below is older, also where a tier could not be asked for it; and what
   * stands here has to be fenced until it goes down.
   */
  protected async putAbove(lower: LowerTiers<V>, name: string): Promise<boolean> {
    await lower.remove([name]);
    return this.keepForDemotion(await lower.fence(name, this.groups, this.prepared.lifetimeMs));
  }

  /** Of a cache whose tiers hold only what memory evicted. */
  protected keepForDemotion(taken: SharedFence): boolean {
    this.prepared.entry.demotion = { shared: taken, groups: this.groups };
    return this.finish(this.elapsedMs());
  }

  protected recordNow(name: string): TierRecord<V> {
    const { parts, prepared, found } = this;
    const { clock } = parts;
    const { entry, lifetimeMs, freshLeftMs } = prepared;
    return {
      name,
      value: entry.original,
      version: (entry.version ??= this.version ?? newVersion(parts)),
      ttlMs: entry.ttlMs,
      freshLeftMs: freshLeftMs - this.elapsedMs(),
      staleMs: lifetimeMs - freshLeftMs,
      writtenAtEpochMs: found?.writtenAtEpochMs ?? clock.epochMs() - (clock.now() - entry.writtenAtMs),
    };
  }
}

/** What was computed, or what a tier had: held against the fences that were taken before. */
class FencedWriting<K, V> extends Writing<K, V> {
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

/** A caller's own value: it needs no fence below, and follows those of its key that came before it. */
class OwnPut<K, V> extends Writing<K, V> implements OwnWrite<K> {
  readonly kind = 'put';
  isContested = false;

  protected override carryDown(lower: LowerTiers<V>, name: string): Promise<boolean> {
    return this.parts.ownWrites.take(this, () => this.carry(lower, name));
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

  private async carry(lower: LowerTiers<V>, name: string): Promise<boolean> {
    const { tiers } = lower;
    try {
      // Awaited here: its trouble is caught below.
      if (lower.isExclusive) return await this.putAbove(lower, name);
      for (let level = tiers.length - 1; level >= 0; level--) {
        await this.putInto(lower, tiers[level] as SpaceTier<V>, name);
      }
      return this.finish(this.elapsedMs());
    } catch (error) {
      // A tier's trouble, to be thrown. Whether it has the value nobody knows, and neither memory nor the others must differ from it.
      await Promise.allSettled(tiers.map((tier) => tier.remove([name])));
      this.parts.store.remove(this.index);
      this.outdateReads();
      throw error;
    }
  }

  private async putInto(lower: LowerTiers<V>, tier: SpaceTier<V>, name: string): Promise<void> {
    const generations = [WHOLE, ...this.groups.map(generationOf)];
    // The tier that all nodes write to keeps what came last.
    const mayStand = (): boolean => (tier === this.parts.judge ? this.isWanted() : this.isUndisputed());
    let outcome = this.whyNotSent(tier, name, mayStand);
    if (outcome === undefined) {
      const tokens = await tier.generations(generations);
      outcome =
        tokens === undefined
          ? 'unsent'
          : await tier.write(this.recordNow(name), recordedOf(generations, tokens), undefined, mayStand);
    }
    if (outcome === 'stored' && mayStand()) return;
    if ((outcome === 'failed' || outcome === 'unsent') && this.isUndisputed()) {
      tier.keep(name, generations, () => this.replayInto(lower, tier, name));
      return;
    }
    // What stands there is older; or the key was invalidated meanwhile, and the tier may carry this out behind that; or
    // nobody knows what will stand there. A miss is right in any case.
    await tier.remove([name]);
  }

  /** `unsent`: nothing of it can have reached the tier. `undefined` where it is to be sent. */
  private whyNotSent(tier: SpaceTier<V>, name: string, mayStand: () => boolean): WriteOutcome | 'unsent' | undefined {
    if (!mayStand()) return 'refused';
    if (this.elapsedMs() >= this.prepared.lifetimeMs) return 'unfit';
    return tier.isWaitedFor(name) ? 'unsent' : undefined;
  }

  /**
   * Much later, when nobody knows who wrote what meanwhile. Where something stands by now it may be newer or older, and a
   * miss is right in any case. Fenced, so that a write which the tier carries out later still harms nobody.
   */
  private async replayInto(lower: LowerTiers<V>, tier: SpaceTier<V>, name: string): Promise<boolean> {
    const [fence] = await lower.fenceIn([tier], name, this.groups, 0);
    const isOccupied = fence === undefined ? undefined : await tier.isOccupied(name);
    if (fence === undefined || isOccupied === undefined) return false;
    if (isOccupied) return tier.removeNow(name);
    const generations = await generationsFor(tier, this.groups, fence);
    if (typeof generations === 'string') return false;
    if (this.elapsedMs() >= this.prepared.lifetimeMs) return true;
    return (await tier.write(this.recordNow(name), [...generations], fence.token, () => true)) !== 'failed';
  }
}

function recordedOf(generations: readonly string[], tokens: ReadonlyMap<string, string>): Recorded {
  return generations.map((name) => [name, tokens.get(name) as string] as const);
}

/** What decides whether something may be stored here. */
type Permitted<K, V> = Pick<Write<K, V>, 'index' | 'fence'> & {
  readonly isUnasked?: boolean | undefined;
  readonly replaces?: Write<K, V>['replaces'] | undefined;
  readonly found?: TierHit<V> | undefined;
};

function isPermitted<K, V>(
  { changes, store }: CacheParts<K, V>,
  { index, fence, isUnasked, replaces, found }: Permitted<K, V>,
  groups: readonly string[],
): boolean {
  const target = { index, groups };
  const here = replaces === undefined ? undefined : store.peek(index);
  const isAnother = here !== undefined && here !== replaces && (found === undefined || here.version !== found.version);
  if (isAnother) return false;
  return isUnasked === true ? changes.permitsUnasked(fence, target) : changes.permits(fence, target);
}

/** The generations that an entry of these groups records, by the names that its fence took them under. */
async function generationsFor<V>(
  tier: SpaceTier<V>,
  groups: readonly string[],
  fence: TierFence,
): Promise<ReadonlyMap<string, string> | 'failed' | 'refused'> {
  const names = [WHOLE, ...groups.map(generationOf)];
  const taken = fence.generations;
  const late = names.filter((name) => !taken.has(name));
  const tokens = new Map(taken);
  if (late.length > 0) {
    for (const [name, token] of (await tier.generations(late)) ?? []) tokens.set(name, token);
    // Then, and not together: see generations.ts.
    const any = (await tier.generations([ANY_GROUP]))?.get(ANY_GROUP);
    if (any !== taken.get(ANY_GROUP)) return any === undefined ? 'failed' : 'refused';
  }
  const recorded = names.flatMap((name): [string, string][] => {
    const token = tokens.get(name);
    return token === undefined ? [] : [[name, token]];
  });
  return recorded.length === names.length ? new Map(recorded) : 'failed';
}

/** Tells one write from every other. */
export function newVersion({ random }: Pick<CacheParts<unknown, unknown>, 'random'>): string {
  const half = (): string =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return half() + half();
}
