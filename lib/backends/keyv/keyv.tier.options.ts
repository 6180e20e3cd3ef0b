import { OptionProblems, systemClock, type Clock } from '../../core/index.js';
import { resolveTierOptions, type TierCapabilities, type TierGuard, type TierOptions } from '../../tiers/index.js';

/** What is used of a `Keyv`, version 5 or 6. */
export interface KeyvInstance {
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown[]>;
  /** `ttl` in milliseconds; without one it stays. */
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  iterator?: ((namespace?: string) => AsyncIterable<unknown>) | undefined;
  on(event: string, listener: (error: unknown) => void): unknown;
  off(event: string, listener: (error: unknown) => void): unknown;
  disconnect(): Promise<unknown>;
}

/** What a `Keyv` is made of: `new KeyvRedis(…)`, `new KeyvSqlite(…)`, a Map. */
export interface KeyvAdapter {
  get(key: string): unknown;
  set(key: string, value: unknown, ttl?: number): unknown;
  delete(key: string): unknown;
  clear(): unknown;
}

/** How a {@link keyvTier} is made. */
export interface KeyvTierOptions extends TierOptions {
  /**
   * Who shares what it holds; Keyv does not tell. @defaultValue 'process' for a Map, else 'shared': every node. Give
   * 'host' for files.
   */
  readonly scope?: TierCapabilities['scope'];
  /** The most bytes of one entry; larger ones are left out. As text a third more of them are stored. @defaultValue 8 MB */
  readonly maxEntryBytes?: number;
  /** The time source, for tests. @defaultValue the system's */
  readonly clock?: Clock;
}

/** What {@link KeyvTierOptions} say, checked. */
export interface KeyvTierSettings {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities;
  readonly clock: Clock;
}

const SCOPES = ['process', 'host', 'shared'] as const;
const DEFAULT_MAX_ENTRY_BYTES = 8 * 2 ** 20;

export function resolveKeyvTierOptions(store: KeyvInstance | KeyvAdapter, given: KeyvTierOptions): KeyvTierSettings {
  const problems = new OptionProblems('keyvTier');
  const isStore = (['get', 'set', 'delete'] as const).every((method) => typeof store?.[method] === 'function');
  problems.require(isStore, 'store', 'must be a Keyv, or what a Keyv is made of', store);
  problems.throwIfAny();
  const { name, guard } = resolveTierOptions(problems, given, { name: 'keyv', timeoutMs: 1_000 }, [
    'scope',
    'maxEntryBytes',
    'clock',
  ]);
  const { clock = systemClock } = given;
  problems.require(typeof clock?.epochMs === 'function', 'clock', 'must be a Clock', clock);
  const capabilities: TierCapabilities = {
    scope: problems.oneOf('scope', given.scope, SCOPES, isMap(store) ? 'process' : 'shared'),
    atomicFences: false,
    listsKeys: isMap(store) || ('iterator' in store && typeof store.iterator === 'function'),
    leases: false,
    maxEntryBytes: problems.positiveInteger('maxEntryBytes', given.maxEntryBytes, DEFAULT_MAX_ENTRY_BYTES),
  };
  problems.throwIfAny();
  return { name, guard, capabilities, clock };
}

/** A `Keyv` counts what it does; what it is made of does not, though it may have the rest. */
export function isKeyv(store: KeyvInstance | KeyvAdapter): store is KeyvInstance {
  return 'stats' in store && 'getMany' in store && 'disconnect' in store;
}

function isMap(store: object): boolean {
  const held: unknown = 'store' in store ? store.store : store;
  return held instanceof Map;
}
