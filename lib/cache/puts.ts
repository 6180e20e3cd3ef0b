import type { Flight } from '../resilience/index.js';
import type { Arrivals } from './reads/arrivals.js';
import type { CacheParts } from './parts/cache-parts.js';
import type { CallSettings } from './settings/call-settings.js';
import { SimpleOwnWrite } from './parts/own-writes.js';
import { requireValue } from './settings/call-values.js';
import type { Invalidation } from './changes/invalidation.js';
import { staleMs } from './entries/life.js';
import type { LoadRuns } from './loads/load-runs.js';
import type { Loads } from './loads/loads.js';
import type { LowerTiers, SharedFence } from './shared/lower-tiers.js';
import type { Reads } from './reads/reads.js';
import type { Spread } from './shared/spread.js';
import { copyOf, type StoredEntry } from './entries/stored-entry.js';
import { waitFor } from './loads/waiting.js';
import { write } from './changes/write.js';
import { newVersion } from './changes/writing.js';

/**
 * Callers' own writes: whatever is being loaded for their keys is older. Where only this process's memory is written
 * that is one synchronous step; else the tiers below come first, then memory, then the other nodes hear of it, and the
 * writes of one key follow each other: see {@link OwnWrites}.
 *
 * Races. A read that finds the old value below while the new one is on its way there: it began before the put ended, which
 * outdates it. Another node's put, of which this one hears before it has written its own: memory keeps neither, since only
 * the tier knows which came last.
 */
export class Puts<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly reads: Reads<K, V>,
    private readonly loads: Loads<K, V>,
    private readonly runs: LoadRuns<K, V>,
    private readonly arrivals: Arrivals<K, V>,
    private readonly invalidation: Invalidation<K, V>,
  ) {}

  put(index: unknown, key: K, value: V, call: CallSettings): void | Promise<void> {
    const { changes, spread, numbers } = this.parts;
    if (spread !== undefined) return this.putEverywhere(spread, index, key, value, call);
    // First, since a weigher, a groups function or a value that cannot be copied may throw: then nothing has changed.
    void write(this.parts, { index, key, outcome: { value }, cause: 'put', fence: changes.present(), call });
    changes.changeKey(index);
    numbers.puts++;
  }

  putAll(entries: readonly (readonly [K, V])[], call: CallSettings): void | Promise<void> {
    const { codec, name, spread } = this.parts;
    // Before the first is stored, so that a missing value loses nothing.
    for (const [, value] of entries) requireValue(`${name}.putAll()`, value);
    // The same for what cannot be a key.
    const places = entries.map(([key, value]) => ({ index: codec.index(key), key, value }));
    const put = places.map(({ index, key, value }) => this.put(index, key, value, call));
    // When all have ended, also where one fails: who closes the cache then loses none of the others.
    if (spread !== undefined)
      return Promise.allSettled(put)
        .then(() => Promise.all(put))
        .then(() => undefined);
  }

  /** The value that is there already; else `undefined`, and this one is. */
  putIfAbsent(index: unknown, key: K, value: V, call: CallSettings): V | undefined | Promise<V | undefined> {
    const { spread } = this.parts;
    if (spread !== undefined) return this.putIfAbsentEverywhere(spread, index, key, value, call);
    const present = this.reads.fresh(index, key);
    if (present === undefined) void this.put(index, key, value, call);
    return present;
  }

  /** Restarts the lifetime of an entry, in memory and below. */
  touch(index: unknown, key: K, ttlMs: number | undefined): boolean | Promise<boolean> {
    const { lower, spread, ownWrites, codec } = this.parts;
    // No lifetime at all is the end of the entry, which the tiers and the other nodes have to hear of.
    if (ttlMs === 0 && spread !== undefined) return this.invalidation.key(index, key);
    const touched = this.reads.touch(index, ttlMs);
    const name = codec.nameOf(index);
    if (lower === undefined || name === undefined) return touched;
    const again = (): Promise<boolean> => this.touchBelow(lower, name, index, key, ttlMs);
    return ownWrites.take(new SimpleOwnWrite('touch', index, key, again));
  }

  /** A function that throws (a weigher, the groups) has its caller's put rejected, and nothing has changed. */
  private putEverywhere(spread: Spread<K, V>, index: unknown, key: K, value: V, call: CallSettings): Promise<void> {
    const { changes, numbers } = this.parts;
    const fence = changes.openFence();
    const close = (): void => changes.closeFence(fence);
    const tell = (): void | Promise<void> => {
      const told = spread.put(index);
      return told === undefined ? close() : told.finally(close);
    };
    let writing: boolean | Promise<boolean>;
    try {
      writing = write(this.parts, { index, key, outcome: { value }, cause: 'put', fence, shared: 'newest', call });
    } catch (error) {
      close();
      return Promise.reject(error);
    }
    numbers.puts++;
    if (!(writing instanceof Promise)) return Promise.resolve(tell());
    return writing.then(tell, async (error) => {
      await tell();
      throw error;
    });
  }

  private async putIfAbsentEverywhere(
    spread: Spread<K, V>,
    index: unknown,
    key: K,
    value: V,
    call: CallSettings,
  ): Promise<V | undefined> {
    const { ownWrites, clock } = this.parts;
    const untilMs = clock.now() + call.holdMs;
    for (let waitedFor: Flight<K, V> | undefined; ;) {
      const leftMs = untilMs - clock.now();
      const running = leftMs > 0 ? this.loads.toWaitFor(index) : undefined;
      const flight = running === waitedFor ? undefined : running;
      waitedFor = running;
      const writing = ownWrites.last(index);
      if (flight === undefined && writing === undefined) break;
      const loaded = flight && (await this.stored(flight, call, leftMs));
      if (loaded !== undefined) return this.copied(loaded);
      await writing?.catch(() => {});
      const present = await this.freshHere(index, key);
      if (present !== undefined) return present;
    }
    let present: V | undefined;
    const putWhereNone = async (): Promise<boolean> => {
      present = await this.putWhereNone(index, key, value, call);
      return true;
    };
    await ownWrites.take(new SimpleOwnWrite('putIfAbsent', index, key, putWhereNone));
    if (present === undefined) await spread.put(index);
    return present;
  }

  /** What a running load has stored; `undefined` also where it takes longer than that, or than anybody waits for loads. */
  private async stored(flight: Flight<K, V>, call: CallSettings, limitMs: number): Promise<V | undefined> {
    const limited = { ...call, hardMs: Math.min(call.hardMs, limitMs) };
    const value = await waitFor(this.parts, flight, flight.promise, limited, undefined).catch(() => undefined);
    return flight.confirmed ? value : undefined;
  }

  /** What memory has fresh, counted as a hit; else nothing is counted. */
  private freshHere(index: unknown, key: K): V | undefined | Promise<V | undefined> {
    const here = this.parts.store.peek(index);
    return here !== undefined && this.reads.isFresh(here) ? this.reads.fresh(index, key) : undefined;
  }

  /** For one caller of several. */
  private copied(value: V): V {
    return this.parts.settings.cloned ? copyOf(value) : value;
  }

  /** The fresh value that is there; else `undefined`, and this one is, unless something newer came meanwhile. */
  private async putWhereNone(index: unknown, key: K, value: V, call: CallSettings): Promise<V | undefined> {
    const { lower, codec, numbers, changes, ownWrites } = this.parts;
    const here = await this.freshHere(index, key);
    if (here !== undefined) return here;
    // Whoever loads or puts meanwhile joins.
    const flight = this.runs.openFlight(index, key, call);
    try {
      const name = codec.nameOf(index);
      // Before the tiers are asked: what another node puts after that is not replaced.
      const shared = name === undefined ? undefined : await this.fenceBefore(lower, name, call);
      const present = await this.freshBelow(flight, call);
      if (present !== undefined) return present;
      this.reads.countMiss(index, key);
      const version = newVersion(this.parts);
      const { fence } = flight;
      flight.confirmed = await write(this.parts, {
        index,
        key,
        outcome: { value },
        cause: 'put',
        fence,
        shared,
        version,
        call,
      });
      // The tier may have it all the same: then only memory heard of something else meanwhile.
      const newer = flight.confirmed ? undefined : await this.freshBelow(flight, call, version);
      if (newer !== undefined) return newer;
      // Nor is it known what refused it: the value of a load, perhaps, which must not outlive this one.
      if (!flight.confirmed && name !== undefined) await this.forget(name, index);
      // Whatever is still being loaded is older.
      changes.changeKey(index, ownWrites.waitingFences(index));
      numbers.puts++;
      flight.resolve(value);
      return undefined;
    } catch (error) {
      flight.reject(error);
      throw error;
    } finally {
      this.runs.close(flight);
    }
  }

  private async forget(name: string, index: unknown): Promise<void> {
    try {
      await this.parts.lower?.remove([name]);
    } finally {
      this.parts.store.remove(index);
    }
  }

  /** None where memory alone keeps what is put: it is fenced when it stands there. */
  private async fenceBefore(
    lower: LowerTiers<V> | undefined,
    name: string,
    { groups }: CallSettings,
  ): Promise<SharedFence | undefined> {
    return lower?.isExclusive === true ? [] : lower?.fence(name, groups, 0);
  }

  /** What the tiers have fresh, which ends the flight; `undefined` also where that is the caller's own, which confirms it. */
  private async freshBelow(flight: Flight<K, V>, call: CallSettings, own?: string): Promise<V | undefined> {
    const { index, key, fence } = flight;
    const arrival = await this.arrivals.find(index, key, fence, call);
    if (arrival?.isFresh !== true) return undefined;
    if (arrival.hit.version === own) {
      flight.confirmed = true;
      return undefined;
    }
    this.arrivals.countHit(index, key, arrival);
    this.runs.close(flight);
    flight.confirmed = arrival.isStored;
    flight.resolve(arrival.hit.value);
    return this.copied(arrival.hit.value);
  }

  /**
   * The entry written again, with its new lifetime. Memory may not have heard yet that another node has changed the key, so
   * the tier is asked what stands there, after the fences were taken: whatever changes after that breaks them.
   */
  private async touchBelow(
    lower: LowerTiers<V>,
    name: string,
    index: unknown,
    key: K,
    ttlMs: number | undefined,
  ): Promise<boolean> {
    const { changes, judge, isCutOff, settings, store } = this.parts;
    const { call } = settings;
    const fence = changes.openFence();
    try {
      if (!this.reads.touch(index, ttlMs)) {
        await this.arrivals.find(index, key, fence, call);
        if (!this.reads.touch(index, ttlMs)) return false;
      }
      const found = store.describe(index);
      if (found === undefined) return false;
      const { value: entry, groups, ttiMs, weight } = found;
      const { refreshAhead, revalidateMs, ifErrorMs } = entry.life?.staging ?? call;
      const lifetimeMs = (ttlMs ?? entry.ttlMs) + staleMs({ refreshAhead, revalidateMs, ifErrorMs });
      const shared = lower.isExclusive
        ? await this.lengthened(lower, name, entry, lifetimeMs)
        : await lower.fence(name, groups, 0);
      const isJudged = typeof judge === 'object';
      const hit = isJudged ? await judge.read(name) : undefined;
      // Nobody can say whether it is still current.
      if (hit === undefined && (isJudged || (judge === 'nobody' && isCutOff()))) return true;
      const isOther = hit !== undefined && hit.version !== entry.version;
      const isWritten = await write(this.parts, {
        index,
        key,
        outcome: { value: isOther ? hit.value : entry.original },
        cause: 'touch',
        fence,
        shared,
        replaces: entry,
        call: isOther ? call : { ...call, refreshAhead, revalidateMs, ifErrorMs, ttiMs, weight },
        ttlMs: ttlMs ?? hit?.ttlMs ?? entry.ttlMs,
        groups: hit?.groups ?? groups,
      });
      // What was loaded anew meanwhile may stand below, or what it has replaced: nobody knows which came last.
      if (!isWritten && !lower.isExclusive && store.peek(index) !== entry) await lower.remove([name]);
      return true;
    } finally {
      changes.closeFence(fence);
    }
  }

  /**
   * The fences that what only memory has was loaded with, against which it goes down; kept for as long as it may stand there
   * now. Where a tier has lost one it gives another, and refuses this one all the same.
   */
  private async lengthened(
    lower: LowerTiers<V>,
    name: string,
    { demotion }: StoredEntry<K, V>,
    lifetimeMs: number,
  ): Promise<SharedFence | undefined> {
    if (demotion !== undefined) await lower.fence(name, [], lifetimeMs);
    return demotion?.shared;
  }
}
