import type { Clock } from '../../core/index.js';
import {
  CircuitBreaker,
  Deadlines,
  TierTimeoutError,
  TierUnavailableError,
  type Attempt,
} from '../../resilience/index.js';
import { MemoryStore } from './memory-store.js';
import { StoreValues, type Found, type StoreLike } from './store-values.js';

const BREAKER = { failureRate: 0.5, minCalls: 5, windowMs: 10_000, openMs: 1_000 };
/** How many keys are remembered that a store has not been told of; then the oldest is given up. */
const MOST_OWED = 10_000;

/* The way to one store.
 *
 * A call of a store ends within its deadline, and after too many failures the store is not asked for a while. So a
 * server that is away costs its callers a miss, and not their patience. Memory needs none of this.
 *
 * What a store could not be told it is owed: a key that was deleted or written while it failed, or a clear. Invariant:
 * nothing is read of a key, or of anything after a clear, before that has been made up for. So a value that was deleted
 * while the server was away does not come back with it.
 */
export class StoreLink {
  readonly memory: MemoryStore | undefined;
  private readonly values: StoreValues;
  private readonly deadlines: Deadlines;
  private readonly breaker: CircuitBreaker;
  private readonly owedKeys = new Set<string>();
  private isOwedClear = false;
  /** How often the store has told of an error, by its event. */
  private errorsHeard = 0;

  constructor(
    readonly store: StoreLike,
    /** As cache-manager calls it in events. */
    readonly label: string,
    private readonly timeoutMs: number,
    clock: Clock,
    private readonly report: (error: unknown) => void,
  ) {
    this.memory = store instanceof MemoryStore ? store : undefined;
    this.values = new StoreValues(store);
    this.deadlines = new Deadlines(timeoutMs, clock);
    this.breaker = new CircuitBreaker(BREAKER, clock);
    // An error that nobody listens for would end the process, or be thrown at whoever called.
    if (typeof store.on === 'function') store.on('error', this.hear);
  }

  get ttl(): number {
    return this.values.ttl;
  }

  value(key: string): Promise<Attempt<unknown>> {
    return this.ask('get', [key], () => this.values.value(key));
  }

  find(key: string): Promise<Attempt<Found | undefined>> {
    return this.ask('get', [key], () => this.values.find(key));
  }

  /** The same for what is no lookup of the caller's. */
  look(key: string): Promise<Attempt<Found | undefined>> {
    const { memory } = this;
    return memory === undefined ? this.find(key) : this.ask('get', [key], () => memory.look(key));
  }

  allValues(keys: readonly string[]): Promise<Attempt<unknown[]>> {
    return this.ask('mget', keys, () => this.values.values(keys));
  }

  findAll(keys: readonly string[]): Promise<Attempt<Array<Found | undefined>>> {
    return this.ask('mget', keys, () => this.values.findAll(keys));
  }

  set(key: string, value: unknown, ttl: number | undefined): Promise<Attempt<unknown>> {
    return this.tell('set', [key], () => this.values.set(key, value, ttl));
  }

  setAll(entries: ReadonlyArray<{ key: string; value: unknown; ttl?: number | undefined }>): Promise<Attempt<unknown>> {
    const keys = entries.map(({ key }) => key);
    return this.tell('mset', keys, () => this.values.setAll(entries));
  }

  delete(key: string): Promise<Attempt<unknown>> {
    return this.tell('del', [key], () => this.values.delete(key));
  }

  async clear(): Promise<Attempt<unknown>> {
    const cleared = await this.changed('clear', () => this.values.clear());
    this.isOwedClear = !cleared.ok;
    if (cleared.ok) this.owedKeys.clear();
    return cleared;
  }

  /** How a first read failed, where it did: also of a Keyv that keeps errors to itself, and tells of them by its event. */
  async probe(): Promise<{ readonly error: unknown } | undefined> {
    const before = this.errorsHeard;
    const read = await this.look('nestjs-strata:probe');
    if (!read.ok) return read;
    return this.errorsHeard > before ? { error: new StoreFailedError(this.label, 'get') } : undefined;
  }

  /** Whatever its breaker says: a connection is to end. */
  async disconnect(): Promise<Attempt<void>> {
    const ended = await this.deadlines.attempt(
      () => this.values.disconnect(),
      () => new TierTimeoutError(this.label, 'disconnect', this.timeoutMs),
    );
    this.deadlines.close();
    if ('off' in this.store && typeof this.store.off === 'function') this.store.off('error', this.hear);
    return ended;
  }

  private readonly hear = (error: unknown): void => {
    this.errorsHeard++;
    this.report(error);
  };

  /** Reads, once the store knows what it has to know of these keys. */
  private async ask<T>(operation: string, keys: readonly string[], read: () => Promise<T>): Promise<Attempt<T>> {
    const debt = await this.settle(keys);
    return debt ?? this.guarded(operation, read);
  }

  /** Changes what the store has of these keys, and notes those that it could not be told of. */
  private async tell(
    operation: string,
    keys: readonly string[],
    change: () => Promise<unknown>,
  ): Promise<Attempt<unknown>> {
    const debt = this.isOwedClear ? await this.settle([]) : undefined;
    const told = debt ?? (await this.changed(operation, change));
    for (const key of keys) {
      this.owedKeys.delete(key);
      if (!told.ok) this.owe(key);
    }
    return told;
  }

  /** A Keyv tells by `false` and an event that its store failed; `false` alone may mean that nothing was there. */
  private async changed(operation: string, change: () => Promise<unknown>): Promise<Attempt<unknown>> {
    const before = this.errorsHeard;
    return this.guarded(operation, async () => {
      const result = await change();
      const didNot = result === false || (Array.isArray(result) && result.includes(false));
      if (didNot && this.errorsHeard > before) throw new StoreFailedError(this.label, operation);
      return result;
    });
  }

  /** Makes up for what concerns these keys; how that failed, where it did. */
  private async settle(keys: readonly string[]): Promise<Extract<Attempt<never>, { ok: false }> | undefined> {
    if (this.isOwedClear) {
      const cleared = await this.clear();
      if (!cleared.ok) return cleared;
    }
    if (this.owedKeys.size === 0) return undefined;
    for (const key of keys) {
      if (!this.owedKeys.has(key)) continue;
      const deleted = await this.delete(key);
      if (!deleted.ok) return deleted;
    }
    return undefined;
  }

  private owe(key: string): void {
    this.owedKeys.add(key);
    if (this.owedKeys.size <= MOST_OWED) return;
    for (const oldest of this.owedKeys) {
      this.owedKeys.delete(oldest);
      return;
    }
  }

  private async guarded<T>(operation: string, call: () => Promise<T>): Promise<Attempt<T>> {
    if (this.memory !== undefined) return { ok: true, value: await call() };
    const permit = this.breaker.enter();
    if (permit === undefined) return { ok: false, error: new TierUnavailableError(this.label), skipped: true };
    return this.deadlines.attempt(
      call,
      () => new TierTimeoutError(this.label, operation, this.timeoutMs),
      (attempt) => {
        if (attempt.ok) {
          this.breaker.succeeded(permit);
        } else {
          this.breaker.failed(permit);
          this.report(attempt.error);
        }
        return attempt;
      },
    );
  }
}

/** A store said that it did not do what it was told; why, it has told by its event. */
export class StoreFailedError extends Error {
  constructor(label: string, operation: string) {
    super(`the ${label} store did not do "${operation}"; its event "error" tells why`);
  }
}

/** Whether the store itself threw: what we say of one that does not answer is not for the caller. */
export function isThrownByStore(error: unknown): boolean {
  return !(
    error instanceof TierTimeoutError ||
    error instanceof TierUnavailableError ||
    error instanceof StoreFailedError
  );
}
