/**
 * A level of cache below memory: bytes under keys, for the processes that share it. What the bytes mean is not its
 * business; that nothing outdated is stored is, by *fences* and *generations*:
 *
 * - A fence is a token for one key, taken before a value is computed. A write with that token is refused when the key was
 *   removed or written meanwhile, or when the token was lost: of several that hold one token the first to write wins.
 *   Checking it, using it up and storing is one atomic step.
 * - A generation is a random token for a name, such as that of a group. Entries record the tokens that were valid before
 *   they were computed, and whoever reads them compares. Renewing one makes every entry that recorded the old token
 *   unusable, in O(1). A lost token is replaced by another random one, so that its loss costs entries and never brings
 *   one back.
 *
 * Everything is a batch, so that many keys cost one round trip. A space is the part of one cache, such as
 * `strata:users`: nothing done in one space touches another, whatever characters names and keys contain.
 *
 * A method rejects when the tier cannot do what was asked, at any time and as late as it likes; deadlines, retries and
 * what a failure means to callers are its user's. A rejected or unanswered call may have happened or not.
 */
export interface Tier {
  /** Unique among the tiers of a cache: `redis`, `lmdb`; in `entry()`, events and statistics. */
  readonly name: string;
  readonly capabilities: TierCapabilities;
  /** How its user guards calls of it. */
  readonly guard: TierGuard;

  /** Begins to connect, in the background. Trouble that belongs to no call goes to `report`, and never throws. */
  start(report: (error: unknown) => void): void;

  /** Loads the package that it needs, and rejects with what to install; absent where none is needed. Applications ask when they start. */
  loadPackage?(): Promise<void>;

  /** The entries of these keys, and the tokens of these generations; `undefined` for each that is not there. Creates nothing. */
  read(space: string, keys: readonly string[], generations: readonly string[]): Promise<TierRead>;

  /**
   * A fence for each key and the token of each generation, created where there is none. Fences live for at least
   * `ttlMs`, then they are lost.
   */
  fence(space: string, keys: readonly string[], generations: readonly string[], ttlMs: number): Promise<TierFences>;

  /** Stores entries; for each, whether its fence permitted that. */
  write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]>;

  /** Removes entries and breaks the fences of their keys. */
  remove(space: string, keys: readonly string[]): Promise<void>;

  /** Gives generations new tokens. */
  renew(space: string, generations: readonly string[]): Promise<void>;

  /**
   * The keys of entries and of open fences that match a glob, in batches; all without one. Keys that are there all the
   * while are listed at least once. Needs `capabilities.listsKeys`.
   */
  keys(space: string, glob?: string): AsyncIterable<readonly string[]>;

  /**
   * Takes or renews the lease of a key for `holder`; `false` while another holds it. It ends by itself after `ttlMs`.
   * Needs `capabilities.leases`.
   */
  lease(space: string, key: string, holder: string, ttlMs: number): Promise<boolean>;

  /** Gives a lease back, if `holder` still has it. */
  release(space: string, key: string, holder: string): Promise<void>;

  /** Ends what it opened itself; never a client that was handed in. */
  close(): Promise<void>;
}

/** What a tier can do. */
export interface TierCapabilities {
  /** Who shares it: this process alone, the processes of this host, or every node. */
  readonly scope: 'process' | 'host' | 'shared';
  /** Whether a write checks its fence and stores in one step; else a write is stored whatever its fence says. */
  readonly atomicFences: boolean;
  readonly listsKeys: boolean;
  readonly leases: boolean;
  /** The most bytes of one entry; larger ones are not offered to it. */
  readonly maxEntryBytes: number;
}

/** How calls of a tier are guarded. */
export interface TierGuard {
  /** How long a call may take before it counts as failed. */
  readonly timeoutMs: number;
  /** An entry stays no longer than that, whatever its ttl. */
  readonly maxTtlMs: number;
  readonly breaker: BreakerSettings;
  /** Runs each call, besides: a policy of the user's own. */
  readonly policy: CallPolicy | undefined;
}

/** When calls stop being tried. */
export interface BreakerSettings {
  /** Opens when at least this fraction of the calls within `windowMs` failed. */
  readonly failureRate: number;
  /** Fewer calls than that within the window say nothing. */
  readonly minCalls: number;
  readonly windowMs: number;
  /** How long it stays open before one call is tried. */
  readonly openMs: number;
}

/** What wraps calls: a policy of cockatiel's, for example. */
export interface CallPolicy {
  execute<T>(call: () => Promise<T>): Promise<T>;
}

export interface TierEntry {
  readonly bytes: Uint8Array;
  /** Milliseconds until the tier lets go of it; Infinity for an entry without end. */
  readonly ttlLeftMs: number;
}

export interface TierRead {
  /** In the order of the keys. */
  readonly entries: readonly (TierEntry | undefined)[];
  /** In the order of the generations. */
  readonly generations: readonly (string | undefined)[];
}

export interface TierFences {
  readonly fences: readonly string[];
  readonly generations: readonly string[];
}

export interface TierWrite {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Above 0; Infinity stays until it is evicted. */
  readonly ttlMs: number;
  /** `undefined`: a caller's own write, which is newer than whatever is being computed: it is stored, and breaks the key's fences. */
  readonly fence: string | undefined;
}
