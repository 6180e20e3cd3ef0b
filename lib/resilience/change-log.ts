/**
 * What a computation holds from its start: whatever changed after `since` outdates its result.
 * Ask {@link ChangeLog.permits} before storing that result.
 */
export interface Fence {
  /** The number of the last change before the computation started. */
  readonly since: number;
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
 * O(1), because each map is kept in the order of its changes.
 */
export class ChangeLog {
  private sequence = 0;
  private clearedAt = 0;
  private groupChangedAt = 0;
  private patternChangedAt = 0;
  /** In the order they were opened, so the first is the oldest. */
  private readonly open = new Set<Fence>();
  private readonly keys = new Map<unknown, number>();
  private readonly groups = new Map<string, number>();

  /** A fence for a computation that is about to start. Close it when the result is stored or dropped. */
  openFence(): Fence {
    const fence = { since: this.sequence };
    this.open.add(fence);
    return fence;
  }

  /** A fence for a write that happens at once: it needs no closing. */
  present(): Fence {
    return { since: this.sequence };
  }

  closeFence(fence: Fence): void {
    this.open.delete(fence);
    const [oldest] = this.open;
    const upTo = oldest === undefined ? Infinity : oldest.since;
    forgetUpTo(this.keys, upTo);
    forgetUpTo(this.groups, upTo);
  }

  changeKey(index: unknown): void {
    this.sequence++;
    if (this.open.size > 0) setLast(this.keys, index, this.sequence);
  }

  changeGroup(group: string): void {
    this.groupChangedAt = ++this.sequence;
    if (this.open.size > 0) setLast(this.groups, group, this.sequence);
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
  permits({ since }: Fence, { index, groups }: Target): boolean {
    if (since === this.sequence) return true;
    if (this.clearedAt > since || (this.keys.get(index) ?? 0) > since) return false;
    return !groups.some((group) => (this.groups.get(group) ?? 0) > since);
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
}

function setLast<T>(log: Map<T, number>, changed: T, at: number): void {
  log.delete(changed);
  log.set(changed, at);
}

function forgetUpTo(log: Map<unknown, number>, upTo: number): void {
  for (const [changed, at] of log) {
    if (at > upTo) return;
    log.delete(changed);
  }
}
