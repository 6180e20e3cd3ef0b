import { AgeList, type Aged } from './age-list.js';
import { RecentChanges } from './recent-changes.js';

/** How many changed keys, and how many changed groups, are remembered: some 10 MB of each. */
const MOST_REMEMBERED = 100_000;
const NONE: readonly never[] = [];

/**
 * What a computation holds from its start: whatever changed after `since` outdates its result.
 * Ask {@link ChangeLog.permits} before storing that result.
 */
export interface Fence {
  /** The number of the last change before the computation started. */
  readonly since: number;
  /** The number of the last change of its key that does not outdate it; absent where that is `since` too. */
  readonly sparedAt?: number;
}

class OpenFence implements Fence, Aged<OpenFence> {
  older: OpenFence | undefined = undefined;
  newer: OpenFence | undefined = undefined;
  isOpen = true;
  sparedAt: number | undefined = undefined;

  constructor(readonly since: number) {}
}

/** What a result would be stored under. */
export interface Target {
  /** What identifies the entry. */
  readonly index: unknown;
  readonly groups: readonly string[];
}

/**
 * Fences for asynchronous writes: decides whether a result that took time to compute may still be stored.
 *
 * Every change of a key, a group, a pattern or everything gets the next number of one counter. A computation takes a
 * fence, the counter's value, before it starts; its result is refused when its key, one of its groups or everything
 * changed at a higher number. No clock is involved, so two changes in one millisecond are two.
 *
 * A pattern is tried by its owner, at once, on every key that is being computed, and the matching ones are changed here
 * one by one: what a predicate would say later is another question. Only for keys that nobody knew of is a changed
 * pattern remembered, as a number: {@link permitsUnasked}.
 *
 * Invariant: a change is remembered exactly as long as an open fence is older than it. Without an open fence nothing is
 * remembered and a change costs one increment; with one, O(1) and a map entry. Closing a fence forgets in amortised
 * O(1), because changes and fences are kept in their order.
 *
 * A computation that never ends would have every later change remembered. So only so many are, and beyond that
 * the oldest is forgotten as a change of everything: it refuses whatever began before it.
 */
export class ChangeLog {
  private sequence = 0;
  private clearedAt = 0;
  private groupChangedAt = 0;
  private patternChangedAt = 0;
  private readonly open = new AgeList<OpenFence>();
  private readonly keys = new RecentChanges<unknown>();
  private readonly groups = new RecentChanges<string>();

  /** @param mostRemembered how many changed keys, and how many changed groups, are remembered */
  constructor(private readonly mostRemembered = MOST_REMEMBERED) {}

  /** A fence for a computation that is about to start. Close it when the result is stored or dropped. */
  openFence(): Fence {
    const fence = new OpenFence(this.sequence);
    this.open.push(fence);
    return fence;
  }

  /** A fence for a write that happens at once: it needs no closing. */
  present(): Fence {
    return { since: this.sequence };
  }

  /** Whether nothing at all has changed since; also of a fence that is closed. */
  isUntouchedSince({ since }: Fence): boolean {
    return since === this.sequence;
  }

  /** Closing a fence again does nothing. */
  closeFence(fence: Fence): void {
    if (!(fence instanceof OpenFence) || !fence.isOpen) return;
    fence.isOpen = false;
    this.open.remove(fence);
    const upTo = this.open.oldest?.since ?? Infinity;
    this.keys.forgetUpTo(upTo);
    this.groups.forgetUpTo(upTo);
  }

  /** @param sparing open fences of this key that the change does not outdate; whatever has outdated them before still does */
  changeKey(index: unknown, sparing: readonly Fence[] = NONE): void {
    const spared = sparing.length === 0 ? NONE : sparing.filter((fence) => this.permitsKey(fence, index));
    this.sequence++;
    if (this.open.oldest !== undefined) this.remember(this.keys, index);
    for (const fence of spared) if (fence instanceof OpenFence) fence.sparedAt = this.sequence;
  }

  changeGroup(group: string): void {
    this.groupChangedAt = ++this.sequence;
    if (this.open.oldest !== undefined) this.remember(this.groups, group);
  }

  /** Something changed that only keys which nobody knows of can still be concerned by. */
  changePattern(): void {
    this.patternChangedAt = ++this.sequence;
  }

  changeAll(): void {
    this.clearedAt = ++this.sequence;
    this.keys.clear();
    this.groups.clear();
  }

  /** Whether nothing that concerns the target changed since the fence was opened. */
  permits(fence: Fence, { index, groups }: Target): boolean {
    const { since } = fence;
    if (since === this.sequence) return true;
    if (this.clearedAt > since || !this.permitsKey(fence, index)) return false;
    return !groups.some((group) => this.groups.last(group) > since);
  }

  /** The same for a target that was not known when the patterns were tried: any changed pattern may have meant it. */
  permitsUnasked(fence: Fence, target: Target): boolean {
    return this.patternChangedAt <= fence.since && this.permits(fence, target);
  }

  /** Whether any group changed since: then a result whose groups are not known yet may turn out to be outdated. */
  anyGroupChanged({ since }: Fence): boolean {
    return this.groupChangedAt > since;
  }

  /** How many changes are remembered; 0 when no fence is open. */
  get remembered(): number {
    return this.keys.size + this.groups.size;
  }

  private permitsKey({ since, sparedAt = since }: Fence, index: unknown): boolean {
    return this.keys.last(index) <= sparedAt;
  }

  private remember<T>(changes: RecentChanges<T>, changed: T): void {
    changes.note(changed, this.sequence);
    // Of a change that is forgotten nobody can tell any more what it was about.
    if (changes.size > this.mostRemembered) this.clearedAt = Math.max(this.clearedAt, changes.forgetOldest());
  }
}
