import type { Clock } from '../core/index.js';
import type { Tier, TierFences, TierRead, TierWrite } from '../tiers/index.js';
import { CircuitBreaker, type BreakerState } from './circuit-breaker.js';
import { Deadlines, type Attempt } from './deadline.js';
import { TierReplyError, TierTimeoutError, TierUnavailableError } from './tier-errors.js';
import * as reply from './tier-reply.js';

/** What is wrong with a reply; `undefined` when nothing is. */
type ReplyCheck = (given: unknown) => string | undefined;

/** Hears what the breaker has become, and the error of the last call that failed. */
export type BreakerListener = (state: BreakerState, lastFailure: unknown) => void;

/* A tier that cannot harm: no call of it takes longer than its deadline, none is tried while its breaker is open, and how
 * each ended is a value. It rejects and throws nothing, whatever the tier does: a call that throws, rejects, never
 * settles, or answers in a shape that the port does not have, is a failed attempt.
 *
 * Order, from the outside: breaker, deadline, the user's policy, the tier. So time that a policy waits or retries counts,
 * and a reply that comes after the deadline reaches neither the caller nor the breaker.
 */
export class GuardedTier {
  private readonly breaker: CircuitBreaker;
  private readonly deadlines: Deadlines;
  private listeners: readonly BreakerListener[] = [];
  private lastFailure: unknown;
  /** What every call gets while the breaker is open. Made once for each time that it opens. */
  private skip: Promise<Attempt<never>>;

  constructor(
    readonly tier: Tier,
    { clock }: { readonly clock: Clock },
  ) {
    this.deadlines = new Deadlines(tier.guard.timeoutMs, clock);
    this.skip = this.skipped();
    this.breaker = new CircuitBreaker(tier.guard.breaker, clock, (state) => this.changed(state));
  }

  get name(): string {
    return this.tier.name;
  }

  get state(): BreakerState {
    return this.breaker.state;
  }

  /** Tells of each change of the breaker, after it happened; returns what ends that. A listener that throws harms nobody. */
  onBreaker(listener: BreakerListener): () => void {
    const own: BreakerListener = (state, lastFailure) => listener(state, lastFailure);
    this.listeners = [...this.listeners, own];
    return () => {
      this.listeners = this.listeners.filter((other) => other !== own);
    };
  }

  read(space: string, keys: readonly string[], generations: readonly string[]): Promise<Attempt<TierRead>> {
    return this.attempt(
      'read',
      () => this.tier.read(space, keys, generations),
      (given) => reply.read(given, keys.length, generations.length),
    );
  }

  fence(
    space: string,
    keys: readonly string[],
    generations: readonly string[],
    ttlMs: number,
  ): Promise<Attempt<TierFences>> {
    return this.attempt(
      'fence',
      () => this.tier.fence(space, keys, generations, ttlMs),
      (given) => reply.fences(given, keys.length, generations.length),
    );
  }

  write(space: string, writes: readonly TierWrite[]): Promise<Attempt<readonly boolean[]>> {
    return this.attempt(
      'write',
      () => this.tier.write(space, writes),
      (given) => reply.booleans(given, writes.length),
    );
  }

  remove(space: string, keys: readonly string[]): Promise<Attempt<void>> {
    return this.attempt('remove', () => this.tier.remove(space, keys), reply.nothing);
  }

  renew(space: string, generations: readonly string[]): Promise<Attempt<void>> {
    return this.attempt('renew', () => this.tier.renew(space, generations), reply.nothing);
  }

  lease(space: string, key: string, holder: string, ttlMs: number): Promise<Attempt<boolean>> {
    return this.attempt('lease', () => this.tier.lease(space, key, holder, ttlMs), reply.boolean);
  }

  release(space: string, key: string, holder: string): Promise<Attempt<void>> {
    return this.attempt('release', () => this.tier.release(space, key, holder), reply.nothing);
  }

  /** The tier's keys; each batch has a deadline of its own. This one throws, where it can: between two batches. */
  async *keys(space: string, glob?: string): AsyncGenerator<readonly string[], void> {
    let listing: AsyncIterator<readonly string[]> | undefined;
    const next = async (): Promise<IteratorResult<readonly string[]>> => {
      listing ??= this.tier.keys(space, glob)[Symbol.asyncIterator]();
      return listing.next();
    };
    let isAtEnd = false;
    try {
      while (true) {
        const batch = await this.attempt('keys', next, reply.batch);
        if (!batch.ok) throw batch.error;
        isAtEnd = batch.value.done === true;
        if (batch.value.done === true) return;
        yield batch.value.value;
      }
    } finally {
      // Not awaited: one that hangs in a batch answers nothing else either.
      if (!isAtEnd && listing !== undefined) void this.leave(listing);
    }
  }

  /** Closes the tier, within its deadline and whatever the breaker says. */
  async close(): Promise<Attempt<void>> {
    const closed = await this.within('close', () => this.tier.close());
    this.deadlines.close();
    return closed;
  }

  private attempt<T>(operation: string, call: () => Promise<T>, check: ReplyCheck): Promise<Attempt<T>> {
    const permit = this.breaker.enter();
    if (permit === undefined) return this.skip;
    return this.within(operation, call, (attempt) => {
      const checked = this.checked(operation, attempt, check);
      if (checked.ok) this.breaker.succeeded(permit);
      else {
        this.lastFailure = checked.error;
        this.breaker.failed(permit);
      }
      return checked;
    });
  }

  private within<T>(
    operation: string,
    call: () => Promise<T>,
    judge?: (attempt: Attempt<T>) => Attempt<T>,
  ): Promise<Attempt<T>> {
    const { policy, timeoutMs } = this.tier.guard;
    return this.deadlines.attempt(
      policy === undefined ? call : () => policy.execute(call),
      () => new TierTimeoutError(this.name, operation, timeoutMs),
      judge,
    );
  }

  private checked<T>(operation: string, attempt: Attempt<T>, check: ReplyCheck): Attempt<T> {
    if (!attempt.ok) return attempt;
    let problem: string | undefined;
    try {
      problem = check(attempt.value);
    } catch (error) {
      // A getter or a proxy in the reply.
      return { ok: false, error, skipped: false };
    }
    if (problem === undefined) return attempt;
    return { ok: false, error: new TierReplyError(this.name, operation, problem), skipped: false };
  }

  private leave(listing: AsyncIterator<readonly string[]>): Promise<unknown> {
    return this.within('keys', async () => listing.return?.());
  }

  private changed(state: BreakerState): void {
    if (state === 'open') this.skip = this.skipped();
    for (const listener of this.listeners) {
      try {
        listener(state, this.lastFailure);
      } catch {
        // Swallowed on purpose: the caller of the tier is not to suffer from who listens.
      }
    }
  }

  private skipped(): Promise<Attempt<never>> {
    return Promise.resolve({ ok: false, error: new TierUnavailableError(this.name), skipped: true });
  }
}
