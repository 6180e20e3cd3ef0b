import type { Arrivals } from './arrivals.js';
import type { CacheParts, PutUnderway } from './cache-parts.js';
import type { CallSettings } from './call-settings.js';
import { requireValue } from './call-values.js';
import type { LoadRuns } from './load-runs.js';
import type { Loads } from './loads.js';
import type { Reads } from './reads.js';
import type { Spread } from './spread.js';
import type { Fence } from '../resilience/index.js';
import { write } from './write.js';

/**
 * Callers' own writes: whatever is being loaded for their keys is older. Where only this process's memory is written
 * that is one synchronous step; else the tiers below come first, then memory, then the other nodes hear of it.
 *
 * Races. Two puts of one key: the second outdates the first at once, so the first keeps out of memory, and of a tier that
 * it has not been sent to; it is done when the second is. A read that finds the old value below while the new one is on its
 * way there: it began after the put, so the last put on its way outdates it once more when it is done. Another node's put,
 * of which this one hears before it has written its own: memory keeps neither, since only the tier knows which came last.
 */
export class Puts<K, V> {
  private readonly underway: Map<unknown, PutUnderway<K>>;

  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly reads: Reads<K, V>,
    private readonly loads: Loads<K, V>,
    private readonly runs: LoadRuns<K, V>,
    private readonly arrivals: Arrivals<K, V>,
  ) {
    this.underway = parts.putsUnderway;
  }

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
    const put = entries.map(([key, value]) => this.put(codec.index(key), key, value, call));
    if (spread !== undefined) return Promise.all(put).then(() => undefined);
  }

  /** The value that is there already; else `undefined`, and this one is. */
  putIfAbsent(index: unknown, key: K, value: V, call: CallSettings): V | undefined | Promise<V | undefined> {
    const { spread } = this.parts;
    if (spread !== undefined) return this.putIfAbsentEverywhere(spread, index, key, value, call);
    const present = this.reads.fresh(index, key);
    if (present === undefined) void this.put(index, key, value, call);
    return present;
  }

  /** Restarts the lifetime of an entry of memory, below too. */
  touch(index: unknown, ttlMs: number | undefined): boolean | Promise<boolean> {
    const touched = this.reads.touch(index, ttlMs);
    return touched && this.parts.lower !== undefined ? this.touchBelow(index, ttlMs).then(() => true) : touched;
  }

  private putEverywhere(spread: Spread<K, V>, index: unknown, key: K, value: V, call: CallSettings): Promise<void> {
    const { changes } = this.parts;
    changes.changeKey(index);
    const before = this.underway.get(index);
    const put: PutUnderway<K> = { index, key, done: Promise.resolve() };
    this.underway.set(index, put);
    const fence = changes.openFence();
    const isSuperseded = (): boolean => this.isSuperseded(put);
    const outcome = { value };
    try {
      const writing = write(this.parts, {
        index,
        key,
        outcome,
        cause: 'put',
        fence,
        shared: 'newest',
        isSuperseded,
        call,
      });
      put.done = this.bring(put, fence, spread, writing);
    } catch (error) {
      // Nothing has changed: the one before is the last one again.
      changes.closeFence(fence);
      if (before === undefined) this.underway.delete(index);
      else this.underway.set(index, before);
      return Promise.reject(error);
    }
    return put.done;
  }

  private async bring(
    put: PutUnderway<K>,
    fence: Fence,
    spread: Spread<K, V>,
    writing: boolean | Promise<boolean>,
  ): Promise<void> {
    const { changes, numbers, store } = this.parts;
    const { index } = put;
    try {
      const isStored = await writing;
      numbers.puts++;
      if (!this.isSuperseded(put)) {
        changes.changeKey(index);
        if (!isStored) store.remove(index);
      }
    } catch (error) {
      // A tier's trouble, which is to be thrown. Whether the tier has the value nobody knows: memory and the other nodes
      // have to ask it.
      if (!this.isSuperseded(put)) {
        changes.changeKey(index);
        store.remove(index);
      }
      await spread.put(index);
      throw error;
    } finally {
      changes.closeFence(fence);
      if (!this.isSuperseded(put)) this.underway.delete(index);
    }
    await (this.underway.get(index)?.done ?? spread.put(index));
  }

  /** Whether another put of the key came after it; also one that is done already, and has left its place. */
  private isSuperseded(put: PutUnderway<K>): boolean {
    return this.underway.get(put.index) !== put;
  }

  private async putIfAbsentEverywhere(
    spread: Spread<K, V>,
    index: unknown,
    key: K,
    value: V,
    call: CallSettings,
  ): Promise<V | undefined> {
    const { lower, codec, numbers, store } = this.parts;
    for (let running = this.loads.joinable(index); running !== undefined; running = this.loads.joinable(index)) {
      const loaded = await running.promise.catch(() => undefined);
      if (loaded !== undefined) return loaded;
    }
    if (store.peek(index) !== undefined) {
      const present = await this.reads.fresh(index, key);
      if (present !== undefined) return present;
    }
    // Whoever loads or puts meanwhile joins.
    const flight = this.runs.openFlight(index, key, call);
    try {
      const arrival = await this.arrivals.find(index, key, flight.fence, call);
      if (arrival?.isFresh === true) {
        this.arrivals.countHit(index, key, arrival);
        flight.confirmed = arrival.isStored;
        flight.resolve(arrival.hit.value);
        return arrival.hit.value;
      }
      this.reads.countMiss(index, key);
      const name = codec.nameOf(index);
      const shared = name === undefined ? undefined : await lower?.fence(name, call.groups, 0);
      flight.confirmed = await write(this.parts, {
        index,
        key,
        outcome: { value },
        cause: 'put',
        fence: flight.fence,
        shared,
        call,
      });
      numbers.puts++;
      flight.resolve(value);
    } catch (error) {
      flight.reject(error);
      throw error;
    } finally {
      this.runs.close(flight);
    }
    await spread.put(index);
    return undefined;
  }

  /** The entry written again, with its new lifetime: fenced, so that nothing newer is lost. */
  private async touchBelow(index: unknown, ttlMs: number | undefined): Promise<void> {
    const { changes, codec, lower, settings, store } = this.parts;
    const name = codec.nameOf(index);
    // Tiers that a put has reached already would get what it replaces.
    for (let put = this.underway.get(index); put !== undefined; put = this.underway.get(index)) {
      await put.done.catch(() => {});
    }
    const found = store.describe(index);
    if (name === undefined || lower === undefined || found === undefined) return;
    const { value: entry, groups } = found;
    const fence = changes.openFence();
    try {
      const shared = await lower.fence(name, groups, 0);
      const key = entry.key ?? (codec.key(index) as K);
      await write(this.parts, {
        index,
        key,
        outcome: { value: entry.original },
        cause: 'touch',
        fence,
        shared,
        call: settings.call,
        ttlMs: ttlMs ?? entry.ttlMs,
        groups,
      });
    } finally {
      changes.closeFence(fence);
    }
  }
}
