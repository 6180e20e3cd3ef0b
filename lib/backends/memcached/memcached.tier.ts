import { randomBytes } from 'node:crypto';
import { CacheMisuseError, systemClock, systemRandom, type Clock, type Random } from '../../core/index.js';
import type {
  Tier,
  TierCapabilities,
  TierEntry,
  TierFences,
  TierGuard,
  TierRead,
  TierWrite,
} from '../../tiers/index.js';
import { digestOf } from './digest.js';
import { fenceText, parseFence } from './fence-token.js';
import {
  entryLeftMs,
  entryLife,
  GENERATION_FLAGS,
  holdSeconds,
  LEASE_FLAGS,
  leaseSeconds,
  placeholderSeconds,
} from './item-life.js';
import { MemcachedError } from './memcached-error.js';
import { MemcachedKeys } from './memcached-keys.js';
import {
  resolveMemcachedOptions,
  type MemcachedTierOptions,
  type MemcachedTierSettings,
} from './memcached-tier.options.js';
import { MetaConnection } from './meta-connection.js';
import type { MetaReply } from './meta-replies.js';
import { getOrVivify, getValue, remove, set, type MetaRequest } from './meta-requests.js';
import { ServerPool, type Outcome } from './server-pool.js';

const NOTHING = new Uint8Array(0);
const CONNECT_TIMEOUT_MS = 1_000;
/** How often a token is asked for that others keep replacing. */
const MAX_ROUNDS = 3;
const TOO_LARGE = /too large/;

/** A tier on Memcached servers 1.6 or newer, which this process shares with every node that names the same servers. */
export function memcachedTier(options: MemcachedTierOptions): Tier {
  return new MemcachedTier(resolveMemcachedOptions(options), systemClock, systemRandom);
}

/*
 * Fences are CAS numbers. The server gives an item a new one each time it is stored, and a set or a removal can depend on
 * it, in one step of the server. The fence of a key is the CAS of the key's item: of its entry, or, where there is none, of
 * an empty placeholder that `mg … N` makes and that no read takes for an entry. What can happen between taking a fence
 * and the write that depends on it:
 *
 * - The key is removed: `md` takes the item, placeholder or not. The write finds none (NF), or one that somebody made since,
 *   with a CAS of its own (EX). Both are refused.
 * - Somebody takes a fence at the same time: `N` makes one item, and both have its CAS. The first to write wins, since that
 *   gives the item a new one; the other is refused, its key having been overwritten.
 * - A caller writes without a fence: a plain set. New CAS, refused.
 * - The item is evicted, ends, or `flush_all` comes: it is gone (NF), refused. A lost fence costs a write and never lets one
 *   through.
 * - The server is started again: it counts from 1 again, so an old CAS may come back on another item. Tokens therefore
 *   name the run of the server that they are of, and permit nothing in another.
 *
 * Generations are items with a random token, added where there is none, and set anew to renew. The servers keep them
 * without a limit of time, but may evict or lose them: then the next fence makes another, and what recorded the old one is
 * of no use.
 */
class MemcachedTier implements Tier {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities;
  private readonly keysOf = new MemcachedKeys();
  private readonly pool: ServerPool;
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
      silenceMs: silenceMs,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      // Tokens of generations and leases are as long as that.
      maxValueBytes: Math.max(maxEntryBytes, 64),
    };
    this.pool = new ServerPool(
      servers.map((server) => server.name),
      servers.map((server) => new MetaConnection(server, connection)),
    );
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
      ...keys.map((key) => getValue(this.keysOf.key(space, 'entry', key))),
      // After the entries, so that they are judged by what is true when they have been read.
      ...generations.map((name) => getValue(this.keysOf.key(space, 'generation', name))),
    ];
    const startedAtMs = this.clock.now();
    const outcomes = await this.pool.exchange(requests);
    const entries = outcomes.slice(0, keys.length);
    const failed = entries.filter(isFailure);
    if (failed.length === keys.length) throwFirst(failed);
    const tokens = replies(outcomes.slice(keys.length)).map(generationToken);
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
      this.takeFences(
        keys.map((key) => this.keysOf.key(space, 'entry', key)),
        hold,
      ),
      this.takeGenerations(generations.map((name) => this.keysOf.key(space, 'generation', name))),
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
    throwFirst(outcomes.filter((outcome) => isFailure(outcome) && !isTooLarge(outcome)) as MemcachedError[]);
    for (const outcome of outcomes) if (isFailure(outcome)) this.report(outcome);
    return places.map((place, i) => {
      const outcome = place === undefined ? undefined : (outcomes[place] as Outcome);
      if (outcome === undefined || isFailure(outcome)) return false;
      return outcome.code === 'HD' && this.fits(writes[i] as TierWrite);
    });
  }

  async remove(space: string, keys: readonly string[]): Promise<void> {
    replies(await this.pool.exchange(keys.map((key) => remove(this.keysOf.key(space, 'entry', key)))));
  }

  async renew(space: string, generations: readonly string[]): Promise<void> {
    const requests = generations.map((name) =>
      set(this.keysOf.key(space, 'generation', name), freshGeneration('always')),
    );
    replies(await this.pool.exchange(requests));
  }

  keys(): AsyncIterable<readonly string[]> {
    const refusal = new CacheMisuseError(
      `tier "${this.name}" cannot list its keys (capabilities.listsKeys is false): Memcached has no command for that; ` +
        `list those of another tier, or of memory, and invalidate by group or with clear(), which need no list`,
    );
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(refusal) }) };
  }

  async lease(space: string, key: string, holder: string, ttlMs: number): Promise<boolean> {
    const at = this.keysOf.key(space, 'lease', key);
    const lease = { bytes: holderBytes(holder), clientFlags: LEASE_FLAGS, seconds: leaseSeconds(ttlMs) };
    const added = await this.ask(set(at, { ...lease, condition: 'absent' }));
    if (added.code === 'HD') return true;
    const { epoch, cas } = await this.heldLease(at, holder);
    // Renewed only as what was seen: it may have ended since, and be another's.
    if (cas === undefined || epoch !== this.pool.epochOf(at)) return false;
    return (await this.ask(set(at, { ...lease, condition: { cas } }))).code === 'HD';
  }

  async release(space: string, key: string, holder: string): Promise<void> {
    const at = this.keysOf.key(space, 'lease', key);
    const { epoch, cas } = await this.heldLease(at, holder);
    if (cas !== undefined && epoch === this.pool.epochOf(at)) await this.ask(remove(at, cas));
  }

  close(): Promise<void> {
    return this.pool.close();
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
    if (!this.fits(write)) return remove(key);
    const { clientFlags, seconds } = entryLife(write.ttlMs, token?.holdSeconds ?? this.longestHold);
    const condition = token === undefined ? 'always' : { cas: token.cas };
    return set(key, { bytes: write.bytes, clientFlags, seconds, condition });
  }

  private async takeFences(keys: readonly string[], hold: number): Promise<string[]> {
    const seconds = placeholderSeconds(hold);
    const startedAtMs = this.clock.now();
    const epochs = keys.map((key) => this.pool.epochOf(key));
    const items = [...replies(await this.pool.exchange(keys.map((key) => getOrVivify(key, seconds))))];
    // What ends too soon is replaced by a new placeholder, if it is still the same: an entry that has ended, or a placeholder
    // of a while ago. Whoever has a fence from it has had that for as long as asked, and loses it. An entry that lives is
    // left alone.
    const ending = items.flatMap((item, i) => (endsWithin(item, hold) ? [i] : []));
    if (ending.length > 0) {
      for (const i of ending) epochs[i] = this.pool.epochOf(keys[i] as string);
      const outcomes = await this.pool.exchange(
        ending.flatMap((i) => {
          const condition = { cas: (items[i] as MetaReply).cas ?? '0' };
          const key = keys[i] as string;
          return [set(key, { bytes: NOTHING, clientFlags: 0, seconds, condition }), getOrVivify(key, seconds)];
        }),
      );
      const renewed = replies(outcomes);
      ending.forEach((i, place) => (items[i] = renewed[2 * place + 1] as MetaReply));
    }
    const endsAtMs = startedAtMs + 1_000 * hold;
    return items.map(({ cas }, i) => {
      if (cas === undefined || cas === '0')
        throw new MemcachedError(
          this.pool.nameOf(keys[i] as string),
          'gives no CAS; start it without -C, and with memory to spare',
        );
      return fenceText({ epoch: epochs[i] ?? '', cas, holdSeconds: hold, endsAtMs });
    });
  }

  private async takeGenerations(keys: readonly string[]): Promise<string[]> {
    const tokens = replies(await this.pool.exchange(keys.map(getValue))).map(generationToken);
    for (let round = 0; round < MAX_ROUNDS && tokens.includes(undefined); round++) {
      const missing = keys.filter((_, i) => tokens[i] === undefined);
      const outcomes = await this.pool.exchange(
        missing.flatMap((key) => {
          // Added, so that of several who find none all take the same; what is there and no token of ours is replaced.
          return [set(key, freshGeneration(round === 0 ? 'absent' : 'always')), getValue(key)];
        }),
      );
      const found = new Map(missing.map((key, i) => [key, generationToken(replies(outcomes)[2 * i + 1] as MetaReply)]));
      keys.forEach((key, i) => (tokens[i] ??= found.get(key)));
    }
    return tokens.map((token, i) => {
      if (token !== undefined) return token;
      throw new MemcachedError(
        this.pool.nameOf(keys[i] as string),
        'does not keep what it is given; give it more memory',
      );
    });
  }

  private async heldLease(at: string, holder: string): Promise<{ epoch: string | undefined; cas: string | undefined }> {
    const epoch = this.pool.epochOf(at);
    const { cas, clientFlags, value } = await this.ask(getValue(at));
    const isHeld = clientFlags === LEASE_FLAGS && value !== undefined && holderBytes(holder).equals(value);
    return { epoch, cas: isHeld ? cas : undefined };
  }

  private async ask(request: MetaRequest): Promise<MetaReply> {
    return replies(await this.pool.exchange([request]))[0] as MetaReply;
  }
}

function holderBytes(holder: string): Buffer {
  return Buffer.from(digestOf(holder));
}

function freshGeneration(condition: 'always' | 'absent') {
  return {
    bytes: Buffer.from(randomBytes(8).toString('base64url')),
    clientFlags: GENERATION_FLAGS,
    seconds: 0,
    condition,
  };
}

function generationToken({ clientFlags, value }: MetaReply): string | undefined {
  return clientFlags === GENERATION_FLAGS && value !== undefined ? Buffer.from(value).toString('latin1') : undefined;
}

function entryOf(outcome: Outcome, waitedMs: number): TierEntry | undefined {
  if (isFailure(outcome) || outcome.value === undefined) return undefined;
  const ttlLeftMs = (entryLeftMs(outcome) ?? 0) - waitedMs;
  return ttlLeftMs > 0 ? { bytes: outcome.value, ttlLeftMs } : undefined;
}

function endsWithin(item: MetaReply, seconds: number): boolean {
  if (item.vivified || (item.ttlSeconds ?? Infinity) >= seconds) return false;
  return (entryLeftMs(item) ?? 0) <= 0;
}

function isFailure(outcome: Outcome): outcome is MemcachedError {
  return outcome instanceof MemcachedError;
}

function isTooLarge(error: MemcachedError): boolean {
  return TOO_LARGE.test(error.message);
}

function throwFirst(failures: readonly MemcachedError[]): void {
  if (failures[0] !== undefined) throw failures[0];
}

/** The replies, where every command has one. */
function replies(outcomes: readonly Outcome[]): readonly MetaReply[] {
  throwFirst(outcomes.filter(isFailure));
  // Nothing else is left.
  return outcomes as readonly MetaReply[];
}
