import type { Fence } from '../resilience/index.js';
import { emit, type CacheParts } from './cache-parts.js';
import type { CallSettings } from './call-settings.js';
import { groupsFrom } from './call-values.js';
import { ANY_GROUP, generationOf, WHOLE } from './generations.js';
import { hasStages, Life, staleMs } from './life.js';
import type { SharedFence } from './lower-tiers.js';
import type { SpaceTier, TierFence, TierHit, WriteOutcome } from './space-tier.js';
import { AbsentEntry, FailedEntry, type StoredEntry } from './stored-entry.js';

/** What came out of a load or from a caller. */
export type Outcome<V> = { readonly value: V | undefined } | { readonly error: unknown };

/** An outcome on its way into the cache. */
export interface Write<K, V> {
  readonly index: unknown;
  readonly key: K;
  readonly outcome: Outcome<V>;
  /** `touch`: the same value again, of which nobody has to hear. `demote`: memory has evicted it. */
  readonly cause: 'put' | 'load' | 'refresh' | 'promote' | 'touch' | 'demote';
  /** Taken before the value was computed. */
  readonly fence: Fence;
  /**
   * Taken from the tiers before the value was computed; a tier that gave none is not written to. `'newest'`: a caller's
   * own value, which needs none. Absent: for memory alone.
   */
  readonly shared?: SharedFence | 'newest' | undefined;
  /** Of a caller's own value: whether another one of the same key has come after it. */
  readonly isSuperseded?: () => boolean;
  readonly call: CallSettings;
  /** What the loader said about this value; wins over `call`. */
  readonly ttlMs?: number;
  /** What the loader said, added to the others. */
  readonly groups?: readonly string[];
  /** Nobody asked for this key, so nobody could tell that a pattern meant it. */
  readonly isUnasked?: boolean;
  /** How long the load took. */
  readonly loadMs?: number;
  /** What a tier below said of the value that it gave; wins over everything else. */
  readonly found?: TierHit<V>;
  /** The entry that memory evicted; the same. */
  readonly demoted?: StoredEntry<K, V>;
}

/** An entry and its lifetimes. */
interface Prepared<K, V> {
  readonly entry: StoredEntry<K, V>;
  /** How long it is of any use: 0 for one that is not to be kept. */
  readonly lifetimeMs: number;
  readonly freshLeftMs: number;
}

/**
 * The only place that writes to a tier, and it refuses what its fence does not permit. Returns whether the fence
 * permitted it: at once where only memory is written, else as a promise. A weigher or `groups` function that throws does
 * so before anything changed.
 *
 * The most shared tier is written first: what it refuses, because another node changed the key, goes nowhere. Memory is
 * last, and asks its own fence again, since this node may have heard of a change meanwhile.
 */
export function write<K, V>(parts: CacheParts<K, V>, write: Write<K, V>): boolean | Promise<boolean> {
  const { store, lower, clock, codec } = parts;
  const { index, key, call, cause, shared } = write;
  const groups = groupsOf(parts, write);
  if (!isPermitted(parts, write, groups)) return false;

  const { entry, lifetimeMs, freshLeftMs } = entryOf(parts, write);
  const keepInMemory = (elapsedMs: number): boolean => {
    const leftMs = Math.min(lifetimeMs - elapsedMs, parts.memoryLimitMs?.() ?? Infinity);
    if (leftMs <= 0) {
      store.remove(index);
      return true;
    }
    const stored = store.put(index, entry, leftMs, call.ttiMs, groups, call.weight);
    if (parts.events.observed && entry.isValue && cause !== 'touch') {
      const value = entry.read();
      if (!stored) emit(parts, 'evict', { key, value, cause: 'too-heavy' });
      else if (cause === 'promote') emit(parts, 'promote', { key, value, tier: write.found?.tier });
      else if (cause !== 'demote') emit(parts, 'put', { key, value, cause });
    }
    return true;
  };
  const name = shared === undefined || !entry.isValue ? undefined : codec.nameOf(index);
  if (lower === undefined || name === undefined) return keepInMemory(0);
  if (
    !lower.isExclusive &&
    shared !== undefined &&
    shared !== 'newest' &&
    shared.every((fence) => fence === undefined)
  ) {
    // No tier is to be written to.
    return keepInMemory(0);
  }
  const startedMs = clock.now();
  if (lower.isExclusive && cause !== 'demote') {
    const keepForDemotion = (taken: SharedFence): boolean => {
      entry.demotion = { shared: taken, groups };
      return isPermitted(parts, write, groups) && keepInMemory(clock.now() - startedMs);
    };
    if (shared !== undefined && shared !== 'newest') return keepForDemotion(shared);
    // What stands below is older; and what stands here has to be fenced until it goes down.
    return lower.remove([name]).then(async () => keepForDemotion(await lower.fence(name, groups, lifetimeMs)));
  }
  const record = {
    name,
    value: entry.original,
    version: (entry.version ??= newVersion(parts)),
    ttlMs: entry.ttlMs,
    freshLeftMs,
    staleMs: lifetimeMs - freshLeftMs,
    writtenAtEpochMs: write.found?.writtenAtEpochMs ?? clock.epochMs() - (clock.now() - entry.writtenAtMs),
  };
  const isWanted = (): boolean => isPermitted(parts, write, groups);
  const writeInto = async (tier: SpaceTier<V>, fence: TierFence): Promise<WriteOutcome> => {
    const generations = await generationsFor(tier, groups, fence);
    if (typeof generations === 'string') return generations;
    const written = tier.write(record, [...generations], fence.token, isWanted);
    // The fence is of the key. A group or everything that was invalidated meanwhile made the entry unusable in the tier,
    // and keeps it out of memory.
    const [outcome, isCurrent] = await Promise.all([written, tier.areCurrent(generations)]);
    return outcome === 'stored' && !isCurrent ? 'refused' : outcome;
  };
  // Much later, when nobody knows who wrote what meanwhile. Where something stands by now it may be newer or older, and
  // a miss is right in any case. Fenced, so that a write which the tier carries out later still harms nobody.
  const replayInto = async (tier: SpaceTier<V>): Promise<boolean> => {
    const [fence] = await lower.fenceIn([tier], name, groups, 0);
    const isOccupied = fence === undefined ? undefined : await tier.isOccupied(name);
    if (fence === undefined || isOccupied === undefined) return false;
    if (isOccupied) return tier.removeNow(name);
    const generations = await generationsFor(tier, groups, fence);
    if (typeof generations === 'string') return false;
    const elapsedMs = clock.now() - startedMs;
    if (elapsedMs >= lifetimeMs) return true;
    const left = { ...record, freshLeftMs: freshLeftMs - elapsedMs };
    return (await tier.write(left, [...generations], fence.token, () => true)) !== 'failed';
  };
  /** `unsent`: nothing of it can have reached the tier. */
  const putNewest = async (tier: SpaceTier<V>, generations: readonly string[]): Promise<WriteOutcome | 'unsent'> => {
    if (lifetimeMs <= 0) return 'unfit';
    if (tier.isWaitedFor(name)) return 'unsent';
    const tokens = await tier.generations(generations);
    if (tokens === undefined) return 'unsent';
    const recorded = generations.map((of) => [of, tokens.get(of) as string] as const);
    return tier.write(record, recorded, undefined, isWanted);
  };
  const putInto = async (tier: SpaceTier<V>): Promise<void> => {
    const generations = [WHOLE, ...groups.map(generationOf)];
    const outcome = await putNewest(tier, generations);
    if (outcome === 'stored') return;
    if ((outcome === 'failed' || outcome === 'unsent') && isWanted()) {
      tier.keep(name, generations, () => replayInto(tier));
      return;
    }
    if (write.isSuperseded?.() === true) {
      // A newer put looks after the key; but what was sent and failed may yet come after that one.
      if (outcome === 'failed' && !tier.isWaitedFor(name)) await tier.removeNow(name);
      return;
    }
    // What stands there is older, or became it meanwhile: an invalidation knows nothing of what is on its way. That another
    // node's change made memory refuse it says nothing about who is newer, and a miss is right in any case.
    await tier.remove([name]);
  };
  return (async () => {
    for (let level = lower.tiers.length - 1; level >= 0; level--) {
      const tier = lower.tiers[level] as SpaceTier<V>;
      if (shared === 'newest') {
        try {
          await putInto(tier);
        } catch (error) {
          // Its trouble is to be thrown. Whether it has the value nobody knows, and the others must not differ from it.
          await Promise.allSettled(lower.tiers.map((one) => one.remove([name])));
          throw error;
        }
      } else {
        const fence = shared?.[level];
        if (fence !== undefined && lifetimeMs > 0 && (await writeInto(tier, fence)) === 'refused') return false;
      }
    }
    if (cause === 'demote') {
      if (parts.events.observed) emit(parts, 'demote', { key });
      return true;
    }
    return isPermitted(parts, write, groups) && keepInMemory(clock.now() - startedMs);
  })();
}

function isPermitted<K, V>(
  { changes }: CacheParts<K, V>,
  { index, fence, isUnasked }: Write<K, V>,
  groups: readonly string[],
): boolean {
  const target = { index, groups };
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

function entryOf<K, V>(parts: CacheParts<K, V>, write: Write<K, V>): Prepared<K, V> {
  const { settings, codec, clock, random } = parts;
  const { index, key, outcome, cause, call, ttlMs: ttlOfLoader, loadMs = 0, found, demoted } = write;
  const nowMs = clock.now();
  const ownKey = codec.key(index) === undefined ? key : undefined;
  if ('error' in outcome) {
    const { errorTtlMs: lifetimeMs } = call;
    return { entry: new FailedEntry(outcome.error, ownKey, nowMs, lifetimeMs), lifetimeMs, freshLeftMs: lifetimeMs };
  }
  const { value } = outcome;
  if (value === undefined) {
    const ttlMs = ttlOfLoader ?? call.undefinedTtlMs;
    const lifetimeMs = call.undefinedTtlMs > 0 ? ttlMs : 0;
    return { entry: new AbsentEntry(ownKey, nowMs, ttlMs), lifetimeMs, freshLeftMs: lifetimeMs };
  }
  if (found !== undefined) return promoted(parts, ownKey, found, call);
  if (demoted !== undefined) return evicted(parts, demoted, call);
  const isKnownNothing = value === null && cause !== 'put';
  const ttlMs = ttlOfLoader ?? (isKnownNothing ? call.nullTtlMs : undefined) ?? call.ttlMs;
  const jitter = settings.ttlJitter === 0 ? 1 : 1 - settings.ttlJitter * random();
  const freshMs = ttlMs * jitter;
  const life = hasStages(call) ? new Life(nowMs, freshMs, call, loadMs) : undefined;
  const entry = new settings.Entry(value, ownKey, nowMs, ttlMs, life);
  return { entry, lifetimeMs: ttlMs <= 0 ? 0 : freshMs + staleMs(call), freshLeftMs: freshMs };
}

/** An entry as it stood in a tier below: it lives no longer than that one. */
function promoted<K, V>(
  { settings, clock }: CacheParts<K, V>,
  ownKey: K | undefined,
  { value, ttlMs, freshLeftMs, leftMs, writtenAtEpochMs, version }: TierHit<V>,
  call: CallSettings,
): Prepared<K, V> {
  const nowMs = clock.now();
  // Two clocks may disagree; an age is never negative.
  const ageMs = ttlMs === Infinity ? Math.max(0, clock.epochMs() - writtenAtEpochMs) : ttlMs - freshLeftMs;
  const life = hasStages(call) ? new Life(nowMs - ageMs, ageMs + freshLeftMs, call, 0) : undefined;
  const entry = new settings.Entry(value, ownKey, nowMs - ageMs, ttlMs, life);
  entry.version = version;
  return { entry, lifetimeMs: Math.min(leftMs, freshLeftMs + staleMs(call)), freshLeftMs };
}

/** An entry as it stood in memory: it lives no longer below. */
function evicted<K, V>({ clock }: CacheParts<K, V>, entry: StoredEntry<K, V>, call: CallSettings): Prepared<K, V> {
  const nowMs = clock.now();
  const freshLeftMs = entry.life?.freshLeftMs(nowMs) ?? entry.writtenAtMs + entry.ttlMs - nowMs;
  return { entry, lifetimeMs: freshLeftMs + staleMs(call), freshLeftMs };
}

function newVersion({ random }: Pick<CacheParts<unknown, unknown>, 'random'>): string {
  const half = (): string =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return half() + half();
}

function groupsOf<K, V>(
  { settings, name }: CacheParts<K, V>,
  { key, call, groups, outcome, found, demoted }: Write<K, V>,
): readonly string[] {
  if (found !== undefined) return found.groups;
  if (demoted !== undefined) return groups ?? [];
  const all = [...call.groups, ...(groups ?? [])];
  if (settings.groupsOf !== undefined && 'value' in outcome && outcome.value !== undefined) {
    all.push(...groupsFrom(`the groups function of cache "${name}"`, settings.groupsOf(outcome.value, key)));
  }
  return all.length < 2 ? all : [...new Set(all)];
}
