import type { Fence } from '../../resilience/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { LowerTiers, SharedFence } from '../shared/lower-tiers.js';
import type { TierRecord } from '../shared/space-tier.js';
import type { TierHit } from '../shared/tier-hit.js';
import type { Prepared, Write } from './prepared-entry.js';

/* One write under way. It keeps nothing of the literal that asked for it: what a batch holds by the hundred is of classes,
 * see docs/decisions/0030. */
export abstract class Writing<K, V> implements Permitted<K, V> {
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

/** What decides whether something may be stored here. */
type Permitted<K, V> = Pick<Write<K, V>, 'index' | 'fence'> & {
  readonly isUnasked?: boolean | undefined;
  readonly replaces?: Write<K, V>['replaces'] | undefined;
  readonly found?: TierHit<V> | undefined;
};

export function isPermitted<K, V>(
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

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Tells one write from every other. From a table, since `toString(16)` takes longer than all else that a write makes. */
export function newVersion({ random }: Pick<CacheParts<unknown, unknown>, 'random'>): string {
  return eightDigits(random()) + eightDigits(random());
}

function eightDigits(fraction: number): string {
  const bits = Math.floor(fraction * 2 ** 32);
  const byte = (shift: number): string => HEX[(bits >>> shift) & 0xff] as string;
  return byte(24) + byte(16) + byte(8) + byte(0);
}
