import { CacheMisuseError, show, systemClock, systemRandom, type Clock, type Random } from '../../core/index.js';
import type {
  Tier,
  TierCapabilities,
  TierEntry,
  TierFences,
  TierGuard,
  TierRead,
  TierWrite,
} from '../../tiers/index.js';
import { FenceItems } from './fence-items.js';
import { parseFence } from './fence-token.js';
import { GenerationItems, tokenOf } from './generation-items.js';
import { entryLeftMs, entryLife, holdSeconds } from './item-life.js';
import { LeaseItems } from './lease-items.js';
import { MemcachedError } from './memcached-error.js';
import { MemcachedKeys, type ItemKind } from './memcached-keys.js';
import {
  resolveMemcachedOptions,
  type MemcachedTierOptions,
  type MemcachedTierSettings,
} from './memcached-tier.options.js';
import { MetaConnection } from './meta-connection.js';
import { getValue, remove, set, type MetaRequest } from './meta-requests.js';
import { isFailure, repliesOf, ServerPool, throwFirst, type Outcome } from './server-pool.js';

const CONNECT_TIMEOUT_MS = 1_000;
/** The least that replies are read up to: tokens of generations and leases are shorter. */
const LEAST_VALUE_BYTES = 64;

/** A tier on Memcached servers 1.6 or newer, which this process shares with every node that names the same servers. */
export function memcachedTier(options: MemcachedTierOptions): Tier {
  return new MemcachedTier(resolveMemcachedOptions(options), systemClock, systemRandom);
}

/* Entries are items of the server's; what guards them are {@link FenceItems}, {@link GenerationItems} and {@link LeaseItems}. */
class MemcachedTier implements Tier {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities;
  private readonly keysOf = new MemcachedKeys();
  private readonly pool: ServerPool;
  private readonly fences: FenceItems;
  private readonly generations: GenerationItems;
  private readonly leases: LeaseItems;
  /** The longest that a fence was asked to hold: the afterlife of what callers write themselves. */
  private longestHold = 0;
  private report: (error: unknown) => void = () => {};

  constructor(
    settings: MemcachedTierSettings,
    private readonly clock: Clock,
    random: Random,
  ) {
    const { guard, maxEntryBytes, name, servers, silenceMs } = settings;
    this.name = name;
    this.guard = guard;
    this.capabilities = { scope: 'shared', atomicFences: true, listsKeys: false, leases: true, maxEntryBytes };
    const connection = {
      clock,
      random,
      silenceMs,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      maxValueBytes: Math.max(maxEntryBytes, LEAST_VALUE_BYTES),
    };
    this.pool = new ServerPool(
      servers.map((server) => server.name),
      servers.map((server) => new MetaConnection(server, connection)),
    );
    this.fences = new FenceItems(this.pool, clock);
    this.generations = new GenerationItems(this.pool);
    this.leases = new LeaseItems(this.pool);
  }

  start(report: (error: unknown) => void): void {
    // It is called from within a socket's events, where nobody catches.
    this.report = (error) => {
      try {
        report(error);
      } catch {
        // Whoever is told has no say in what happens to the tier.
      }
    };
    this.pool.start(this.report);
  }

  /**
   * Keys of a server that is away are missing, as long as others answer: their entries could not be served anyway. Without
   * the token of a generation nothing of its space can be trusted, so that rejects.
   */
  async read(space: string, keys: readonly string[], generations: readonly string[]): Promise<TierRead> {
    const requests = [
      ...this.itemKeys(space, 'entry', keys).map(getValue),
      // After the entries, so that they are judged by what is true when they have been read.
      ...this.itemKeys(space, 'generation', generations).map(getValue),
    ];
    const startedAtMs = this.clock.now();
    const outcomes = await this.pool.exchange(requests);
    const entries = outcomes.slice(0, keys.length);
    const failed = entries.filter(isFailure);
    if (failed.length === keys.length) throwFirst(failed);
    const tokens = repliesOf(outcomes.slice(keys.length)).map(tokenOf);
    // The reply may have been on its way for long; that time is gone.
    const waitedMs = this.clock.now() - startedAtMs;
    return { entries: entries.map((outcome) => entryOf(outcome, waitedMs)), generations: tokens };
  }

  async fence(
    space: string,
    keys: readonly string[],
    generations: readonly string[],
    ttlMs: number,
  ): Promise<TierFences> {
    const hold = holdSeconds(ttlMs);
    if (keys.length > 0) this.longestHold = Math.max(this.longestHold, hold);
    const [fences, tokens] = await Promise.all([
      this.fences.take(this.itemKeys(space, 'entry', keys), hold),
      this.generations.take(this.itemKeys(space, 'generation', generations)),
    ]);
    return { fences, generations: tokens };
  }

  async write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
    const requests: MetaRequest[] = [];
    // Where each write's command is; none for a write that is refused as it stands.
    const places = writes.map((write) => {
      const request = this.writeRequest(this.keysOf.key(space, 'entry', write.key), write);
      return request === undefined ? undefined : requests.push(request) - 1;
    });
    const outcomes = await this.pool.exchange(requests);
    throwFirst(outcomes.filter(isFailure).filter((failure) => !failure.isTooLarge));
    return places.map((place, i) => {
      if (place === undefined) return false;
      const [outcome, write] = [outcomes[place] as Outcome, writes[i] as TierWrite];
      if (isFailure(outcome) || !this.fits(write)) {
        this.report(this.tooLarge(space, write));
        return false;
      }
      return outcome.code === 'HD';
    });
  }

  async remove(space: string, keys: readonly string[]): Promise<void> {
    await this.pool.replies(this.itemKeys(space, 'entry', keys).map((key) => remove(key)));
  }

  async renew(space: string, generations: readonly string[]): Promise<void> {
    await this.generations.renew(this.itemKeys(space, 'generation', generations));
  }

  keys(): AsyncIterable<readonly string[]> {
    const refusal = new CacheMisuseError(
      `tier "${this.name}" cannot list its keys (capabilities.listsKeys is false): Memcached has no command for that; ` +
        `list those of another tier, or of memory, and invalidate by group or with clear(), which need no list`,
    );
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(refusal) }) };
  }

  lease(space: string, key: string, holder: string, ttlMs: number): Promise<boolean> {
    return this.leases.take(this.keysOf.key(space, 'lease', key), holder, ttlMs);
  }

  release(space: string, key: string, holder: string): Promise<void> {
    return this.leases.release(this.keysOf.key(space, 'lease', key), holder);
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private itemKeys(space: string, kind: ItemKind, names: readonly string[]): string[] {
    return names.map((name) => this.keysOf.key(space, kind, name));
  }

  private tooLarge(space: string, { bytes, key }: TierWrite): MemcachedError {
    const server = this.pool.nameOf(this.keysOf.key(space, 'entry', key));
    const problem = `does not keep ${bytes.length} bytes for ${show(key)}`;
    const way = `compress it, or give maxEntryBytes what the server's -I permits, less some`;
    return new MemcachedError(server, `${problem}; ${way}`, { isTooLarge: true });
  }

  private fits({ bytes }: TierWrite): boolean {
    return bytes.length <= this.capabilities.maxEntryBytes;
  }

  private writeRequest(key: string, write: TierWrite): MetaRequest | undefined {
    const token = write.fence === undefined ? undefined : parseFence(write.fence);
    if (write.fence !== undefined) {
      if (token === undefined || token.endsAtMs <= this.clock.now()) return undefined;
      // Without a connection the command is sent all the same, and fails as such.
      const epoch = this.pool.epochOf(key);
      if (epoch !== undefined && epoch !== token.epoch) return undefined;
    }
    // As the server itself does with what is too large: at least nothing older stays.
    if (!this.fits(write)) return remove(key, token?.cas);
    const { clientFlags, seconds } = entryLife(write.ttlMs, token?.holdSeconds ?? this.longestHold);
    const condition = token === undefined ? 'always' : { cas: token.cas };
    return set(key, { bytes: write.bytes, clientFlags, seconds, condition });
  }
}

function entryOf(outcome: Outcome, waitedMs: number): TierEntry | undefined {
  if (isFailure(outcome) || outcome.value === undefined) return undefined;
  const ttlLeftMs = (entryLeftMs(outcome) ?? 0) - waitedMs;
  return ttlLeftMs > 0 ? { bytes: outcome.value, ttlLeftMs } : undefined;
}
