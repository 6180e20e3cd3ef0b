import { CacheEntryTooLargeError, CacheTierError, type TierOperation } from '../../core/index.js';
import type { Attempt, BreakerState, Put } from '../../resilience/index.js';
import type { TierCapabilities, TierWrite } from '../../tiers/index.js';
import { WHOLE } from './generations.js';
import { NAME_MARK } from '../keys/key-name.js';
import { RecentReplays } from './recent-replays.js';
import { TickBatch, type Asking } from './tick-batch.js';
import { TierPuts, type TierPut } from './tier-puts.js';
import type { Recorded, TierHit } from './tier-hit.js';
import type { TierLink } from './tier-links.js';
import { TierReads, type TierReadParts } from './tier-reads.js';

/** Who looks for the entry of a name in one tier; told once, and must not throw. */
export type Seeker<V> = Asking<string, TierHit<V> | undefined>;

/** What one tier gave before a value was computed; without it nothing computed is written there. */
export interface TierFence {
  readonly token: string;
  readonly generations: ReadonlyMap<string, string>;
}

/** `unfit`: it cannot be encoded, or is too large for this tier. */
export type WriteOutcome = 'stored' | 'refused' | 'failed' | 'unfit';

/** A value on its way into a tier. */
export interface TierRecord<V> {
  readonly name: string;
  readonly value: V;
  readonly version: string;
  /** The ttl that it was written with, and how much of it is left. */
  readonly ttlMs: number;
  readonly freshLeftMs: number;
  /** How long it is of use beyond that. */
  readonly staleMs: number;
  readonly writtenAtEpochMs: number;
}

/** What a {@link SpaceTier} is made of. */
export interface SpaceTierParts extends TierReadParts {
  /** Whether trouble rejects; else it is a miss. */
  readonly throwsErrors: boolean;
  /** Told what went wrong; the name is that of the key, where there is one. */
  readonly trouble: (tier: string, operation: TierOperation, error: unknown, name?: string) => void;
}

/* What a batch holds for each key is of classes: see docs/decisions/0030. */

class OutgoingWrite implements TierWrite {
  constructor(
    readonly key: string,
    readonly bytes: Uint8Array,
    readonly ttlMs: number,
    readonly fence: string | undefined,
  ) {}
}

class WriteRequest {
  constructor(
    readonly write: TierWrite,
    readonly isWanted: () => boolean,
  ) {}
}

/** A fence and tokens; without a name tokens alone. */
export class FenceRequest {
  constructor(
    readonly name: string | undefined,
    readonly generations: readonly string[],
    readonly ttlMs: number,
  ) {}
}

/**
 * One cache's part of one tier: opens envelopes, compares generations, and turns every kind of trouble into a miss and a
 * call of `trouble`. The calls of one tick are one batch. Nothing here rejects, unless the cache was told to.
 */
export class SpaceTier<V> {
  private readonly reads: TickBatch<string, TierHit<V> | undefined>;
  private readonly fences: TickBatch<FenceRequest, TierFence | undefined>;
  private readonly writes: TickBatch<WriteRequest, WriteOutcome>;
  private readonly current: TickBatch<readonly string[], ReadonlyMap<string, string | undefined> | undefined>;

  private readonly puts: TierPuts<V>;
  private readonly replayed: RecentReplays;
  private readonly space: string;

  constructor(
    private readonly link: TierLink,
    private readonly parts: SpaceTierParts,
  ) {
    this.replayed = new RecentReplays(parts.clock);
    this.space = parts.space;
    const reads = new TierReads<V>(link, parts, {
      trouble: (operation, error, name) => this.trouble(operation, error, name),
      failed: (operation, attempt) => this.failed(operation, attempt),
    });
    this.reads = new TickBatch((names) => reads.read(names));
    this.fences = new TickBatch((requests) => this.fenceAll(requests));
    this.writes = new TickBatch((requests) => this.writeAll(requests));
    this.current = new TickBatch((requests) => this.readGenerations(requests));
    this.puts = new TierPuts({
      ask: (asking) => this.fences.join(asking),
      outgoing: (record, recorded) => this.outgoing(record, recorded, undefined),
      send: (writes) => this.send(writes),
    });
  }

  get name(): string {
    return this.link.guarded.name;
  }

  get capabilities(): TierCapabilities {
    return this.link.guarded.tier.capabilities;
  }

  /** How it is at the moment. */
  get gauges(): { readonly name: string; readonly breaker: BreakerState; readonly recoveryQueue: number } {
    const { guarded, recovery } = this.link;
    return { name: this.name, breaker: guarded.state, recoveryQueue: recovery.sizeOf(this.space) };
  }

  read(name: string): Promise<TierHit<V> | undefined> {
    return this.reads.add(name);
  }

  /** The same for who needs no promise. */
  tell(seeker: Seeker<V>): void {
    this.reads.join(seeker);
  }

  /** Taken before a value of this key is computed. */
  fence(name: string, generations: readonly string[], ttlMs: number): Promise<TierFence | undefined> {
    return this.fences.add(new FenceRequest(name, generations, ttlMs));
  }

  /** Whether none of these generations has been renewed; so it is taken where the tier cannot be asked. */
  async areCurrent(generations: ReadonlyMap<string, string>): Promise<boolean> {
    const current = await this.current.add([...generations.keys()]);
    return current === undefined || [...generations].every(([name, token]) => current.get(name) === token);
  }

  /** The tokens of these generations, created where there are none. */
  async generations(names: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
    return (await this.fences.add(new FenceRequest(undefined, names, 1)))?.generations;
  }

  /**
   * Writes what was computed behind a fence.
   * @param isWanted asked when the bytes are sent: something newer may have come meanwhile
   */
  async write(
    record: TierRecord<V>,
    recorded: Recorded,
    fence: string,
    isWanted: () => boolean,
  ): Promise<WriteOutcome> {
    const outgoing = this.outgoing(record, recorded, fence);
    const write = outgoing instanceof Promise ? await outgoing : outgoing;
    return write === undefined ? 'unfit' : this.writes.add(new WriteRequest(write, isWanted));
  }

  /** A caller's own write, which breaks the fences of others. */
  put(put: TierPut<V>): void {
    this.puts.add(put);
  }

  /** Whether it was done; else it is kept, and done when the tier is back. */
  async remove(names: readonly string[]): Promise<boolean> {
    if (names.length === 0) return true;
    const { guarded, recovery } = this.link;
    // Before: what waits is not to be written behind the removal. It is a removal itself from now on.
    if (names.some((name) => this.isWaitedFor(name))) {
      const removed = new Set(names);
      recovery.outdatePuts(this.space, (name) => removed.has(name));
    }
    const removed = await guarded.remove(this.space, names);
    for (const key of names) {
      if (!removed.ok || this.isWaitedFor(key)) recovery.add({ kind: 'remove', space: this.space, key });
    }
    return this.succeeded('remove', removed, names);
  }

  /** Whether it was done; nothing is kept. */
  async removeNow(name: string): Promise<boolean> {
    return (await this.link.guarded.remove(this.space, [name])).ok;
  }

  /** Whether it was done; else it is kept, and done when the tier is back. */
  async renew(generation: string): Promise<boolean> {
    // Before: what is written late would record the new token, and look current.
    this.outdatePuts((_, generations) => generations.includes(generation));
    const renewed = await this.link.guarded.renew(this.space, [generation]);
    if (!renewed.ok) this.renewLater(generation);
    return this.succeeded('renew', renewed);
  }

  /** Behind what waits already. */
  renewLater(generation: string): void {
    this.link.recovery.add({ kind: 'renew', space: this.space, generation });
  }

  /** The names of its entries and running loads; throws when the tier fails. */
  names(): AsyncIterable<readonly string[]> {
    return this.link.guarded.keys(this.space);
  }

  /** Makes every entry of this cache unusable. */
  renewWhole(): Promise<boolean> {
    return this.renew(WHOLE);
  }

  /**
   * Removes the entries, and breaks the fences, whose names match. Where the tier cannot list them to the end, all of
   * this cache is made unusable instead. What it cannot remove is kept, and ends nothing: the rest is not known yet.
   */
  async removeMatching(glob: string | undefined, matches: (name: string) => boolean): Promise<boolean> {
    let isDone = true;
    try {
      // A glob means the text of a key, and names of other keys than strings begin with a mark.
      const globs = glob === undefined ? [undefined] : [glob, `${NAME_MARK}*`];
      for (const some of globs) {
        for await (const names of this.link.guarded.keys(this.space, some)) {
          isDone = (await this.remove(names.filter(matches))) && isDone;
        }
      }
      // What is still to be written is not listed, and what was written late meanwhile may not be.
      return (await this.remove(this.outdatePuts(matches))) && isDone;
    } catch (error) {
      this.trouble('keys', error);
      return this.renewWhole();
    }
  }

  /**
   * Keeps a caller's write that the tier could not take; `replay` does it again, unless something newer comes or one of
   * its generations is renewed, of which it is told also while it is at it.
   */
  keep(key: string, generations: readonly string[], replay: (isWanted: () => boolean) => Promise<boolean>): void {
    const { recovery } = this.link;
    const replayAndNote = async (): Promise<boolean> => {
      const done = await replay(() => recovery.holdsPut(put));
      if (done) this.replayed.note(key, generations);
      return done;
    };
    const put: Put = { kind: 'put', space: this.space, key, groups: generations, replay: replayAndNote };
    recovery.add(put);
  }

  /**
   * This node or another changed something: what waits to be written there is older, and what was written late may be.
   * For nobody could tell this node before, while the tier could not be reached. Returns the names of what was written
   * late: it is to be removed wherever it may have been read.
   */
  outdatePuts(isOutdated: (name: string, generations: readonly string[]) => boolean): readonly string[] {
    this.link.recovery.outdatePuts(this.space, isOutdated);
    return this.replayed.take(isOutdated);
  }

  /** Whether bytes stand under this key, whatever they are; `undefined` where the tier cannot be asked. */
  async isOccupied(name: string): Promise<boolean | undefined> {
    const read = await this.link.guarded.read(this.space, [name], []);
    return read.ok ? read.value.entries[0] !== undefined : undefined;
  }

  /** Whether something newer than what this tier has waits for it: whatever comes now has to wait behind that. */
  isWaitedFor(name: string): boolean {
    return this.link.recovery.isPending(this.space, name);
  }

  lease(name: string, holder: string, ttlMs: number): Promise<Attempt<boolean>> {
    return this.link.guarded.lease(this.space, name, holder, ttlMs);
  }

  release(name: string, holder: string): Promise<Attempt<void>> {
    return this.link.guarded.release(this.space, name, holder);
  }

  private async fenceAll(requests: readonly FenceRequest[]): Promise<(TierFence | undefined)[]> {
    this.puts.questionLeaves();
    const names = [...new Set(requests.flatMap(({ name }) => (name === undefined ? [] : [name])))];
    const generations = [...new Set(requests.flatMap((request) => request.generations))];
    const ttlMs = requests.reduce((longest, request) => Math.max(longest, request.ttlMs), 0);
    const taken = await this.link.guarded.fence(this.space, names, generations, ttlMs);
    if (!taken.ok) {
      this.failed('fence', taken);
      return requests.map(() => undefined);
    }
    const tokens = new Map(generations.map((name, at) => [name, taken.value.generations[at] as string]));
    const fences = new Map(names.map((name, at) => [name, taken.value.fences[at] as string]));
    return requests.map(({ name }) => ({
      token: name === undefined ? '' : (fences.get(name) as string),
      generations: tokens,
    }));
  }

  private async readGenerations(
    requests: readonly (readonly string[])[],
  ): Promise<(ReadonlyMap<string, string | undefined> | undefined)[]> {
    const names = [...new Set(requests.flat())];
    const read = await this.link.guarded.read(this.space, [], names);
    if (!read.ok) this.failed('read', read);
    const current = read.ok ? new Map(names.map((name, at) => [name, read.value.generations[at]])) : undefined;
    return requests.map(() => current);
  }

  private async writeAll(requests: readonly WriteRequest[]): Promise<WriteOutcome[]> {
    const outcomes = requests.map((): WriteOutcome => 'refused');
    const wanted = [...requests.keys()].filter((at) => requests[at]?.isWanted() === true);
    if (wanted.length === 0) return outcomes;
    const sent = await this.send(wanted.map((at) => (requests[at] as WriteRequest).write));
    for (const [index, at] of wanted.entries()) outcomes[at] = sent[index] as WriteOutcome;
    return outcomes;
  }

  private async send(writes: readonly TierWrite[]): Promise<readonly WriteOutcome[]> {
    const startedMs = this.parts.clock();
    const written = await this.link.guarded.write(this.space, writes);
    this.parts.timed(this.name, 'write', startedMs, written);
    if (!written.ok) {
      this.failed('write', written);
      return writes.map(() => 'failed');
    }
    return written.value.map((isStored) => (isStored ? 'stored' : 'refused'));
  }

  /** An entry as the tier gets it; `undefined` when its time has passed, or it has no bytes that fit, which has been told. */
  private outgoing(
    record: TierRecord<V>,
    recorded: Recorded,
    fence: string | undefined,
  ): TierWrite | undefined | Promise<TierWrite | undefined> {
    const { name } = record;
    const ttlMs = this.lifetimeMs(record);
    // Its time may have passed while its generations were asked for; no tier takes that.
    if (ttlMs <= 0) return undefined;
    const bytes = this.encode(record, recorded, ttlMs);
    return bytes instanceof Promise
      ? bytes.then((later) => later && new OutgoingWrite(name, later, ttlMs, fence))
      : bytes && new OutgoingWrite(name, bytes, ttlMs, fence);
  }

  private encode(
    { name: key, value, version, ttlMs, freshLeftMs, writtenAtEpochMs: writtenAtMs }: TierRecord<V>,
    generations: Recorded,
    lifetimeMs: number,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    // What the cap takes, it takes from the end.
    const staleMs = Math.max(0, lifetimeMs - freshLeftMs);
    try {
      const bytes = this.parts.codec.encode({ key, version, writtenAtMs, ttlMs, staleMs, generations }, value);
      if (!(bytes instanceof Promise)) return this.fitting(key, bytes);
      return bytes
        .then((later) => this.fitting(key, later))
        .catch((error: unknown) => this.trouble('write', error, key));
    } catch (error) {
      return this.trouble('write', error, key);
    }
  }

  private fitting(key: string, bytes: Uint8Array): Uint8Array | undefined {
    const { maxEntryBytes } = this.capabilities;
    if (bytes.length <= maxEntryBytes) return bytes;
    return this.trouble('write', new CacheEntryTooLargeError(this.name, key, bytes.length, maxEntryBytes), key);
  }

  /** How long an entry stays in this tier. */
  private lifetimeMs({ freshLeftMs, staleMs }: TierRecord<V>): number {
    return Math.min(freshLeftMs + staleMs, this.link.guarded.tier.guard.maxTtlMs);
  }

  private succeeded(operation: TierOperation, attempt: Attempt<unknown>, names: readonly string[] = []): boolean {
    if (!attempt.ok) this.failed(operation, attempt, names.length === 1 ? names[0] : undefined);
    return attempt.ok;
  }

  private failed(
    operation: TierOperation,
    { error, skipped }: Extract<Attempt<unknown>, { ok: false }>,
    name?: string,
  ): void {
    // The breaker has told already; a call that was not tried says nothing new.
    if (!skipped) this.trouble(operation, error, name);
    if (this.parts.throwsErrors) throw new CacheTierError(this.name, operation, error);
  }

  private trouble(operation: TierOperation, error: unknown, name?: string): undefined {
    this.parts.trouble(this.name, operation, error, name);
  }
}
