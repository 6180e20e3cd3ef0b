import { CacheMisuseError } from '../../core/index.js';
import { Look, type Arrival, type Arrivals } from './arrivals.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { EntryInfo } from '../api/cache.js';
import { copyOf, FailedEntry, keyOf, type StoredEntry } from '../entries/stored-entry.js';

/** Reads that never load, and what they count. */
export class Reads<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly arrivals: Arrivals<K, V>,
  ) {}

  /** The fresh value, counted as a hit or a miss, from below where memory has none. What is known to be absent is a hit without a value. */
  fresh(index: unknown, key: K): V | undefined | Promise<V | undefined> {
    const entry = this.parts.store.get(index);
    if (entry === undefined || (entry.isValue ? !this.isFresh(entry) : entry instanceof FailedEntry)) {
      if (this.parts.lower !== undefined) return this.freshBelow(index, key, entry);
      this.countMiss(index, key);
      return undefined;
    }
    this.countHit(index, entry);
    return entry.isValue ? entry.read() : undefined;
  }

  private freshBelow(index: unknown, key: K, here: StoredEntry<K, V> | undefined): Promise<V | undefined> {
    const { parts, arrivals } = this;
    const name = parts.codec.nameOf(index);
    if (name === undefined) {
      this.countMiss(index, key);
      return Promise.resolve(undefined);
    }
    return new Promise((resolve, reject) => {
      arrivals.begin(new FreshLook(parts, this, arrivals, name, index, key, here, resolve, reject));
    });
  }

  has(index: unknown): boolean | Promise<boolean> {
    const { store, lower, codec } = this.parts;
    const entry = store.peek(index);
    const isHere = entry !== undefined && this.isFresh(entry);
    const name = codec.nameOf(index);
    if (isHere || lower === undefined || name === undefined) return isHere;
    return lower.has(name);
  }

  info(index: unknown): EntryInfo<V> | undefined {
    const found = this.parts.store.describe(index);
    if (found === undefined || !found.value.isValue) return undefined;
    const { value: entry, ttlLeftMs, groups, weight } = found;
    const nowMs = this.parts.clock.now();
    const leftMs = entry.life?.freshLeftMs(nowMs) ?? ttlLeftMs;
    return {
      value: entry.read(),
      ageMs: nowMs - entry.writtenAtMs,
      ttlLeftMs: Math.max(0, Math.min(leftMs, ttlLeftMs)),
      groups,
      tier: 'memory',
      weight,
      stale: leftMs <= 0,
    };
  }

  *keys(group: string | undefined, tier: string): Iterable<K> {
    const { store, codec, name } = this.parts;
    if (tier !== 'memory') throw new CacheMisuseError(`cache "${name}" has no tier "${tier}"; its tiers: memory`);
    for (const index of group === undefined ? store.keys() : store.groupKeys(group)) {
      const entry = store.peek(index);
      if (entry?.isValue === true) yield keyOf(codec, index, entry);
    }
  }

  /**
   * Restarts the lifetime of a fresh entry, all its stages included. Where memory may keep an entry for a while only, that
   * goes on: it is held against what others may have changed.
   */
  touch(index: unknown, ttlMs: number | undefined): boolean {
    const { store, clock, memoryLimitMs } = this.parts;
    const entry = store.peek(index);
    if (entry === undefined || !this.isFresh(entry)) return false;
    if (memoryLimitMs !== undefined && memoryLimitMs() !== Infinity && ttlMs !== 0) return true;
    const { life } = entry;
    if (life === undefined) return store.touch(index, ttlMs);
    const freshMs = ttlMs ?? entry.ttlMs;
    life.start(clock.now(), freshMs);
    return store.touch(index, freshMs <= 0 ? 0 : freshMs + life.staleMs);
  }

  /** A hit that has no promise to hand out yet, or that has to look at the entry's stage: then it may be none. */
  otherHit(index: unknown, entry: StoredEntry<K, V>): Promise<V> | undefined {
    if (entry.life?.isDisturbed(this.parts.clock) === true) return undefined;
    this.countHit(index, entry);
    return entry.handOut();
  }

  /** A hit that is measured: one in many, see `Numbers`. */
  sampledHit(index: unknown): Promise<V> | undefined {
    const { name, store, clock, numbers, instruments } = this.parts;
    const startedMs = clock.now();
    const entry = store.get(index);
    if (entry === undefined) return undefined;
    const hitMs = clock.now() - startedMs;
    const times = numbers.hitWeight;
    const promise = this.otherHit(index, entry);
    if (promise !== undefined) {
      numbers.hitLatency.record(hitMs, times);
      if (instruments.any) instruments.measured({ cache: name, kind: 'hit', durationMs: hitMs });
    }
    return promise;
  }

  countMiss(index: unknown, key: K): void {
    const { numbers, events } = this.parts;
    if (numbers.misses >= numbers.sampledMiss) this.noteMiss(index, key);
    numbers.misses++;
    if (events.observed) emit(this.parts, 'miss', { key });
  }

  countHit(index: unknown, entry: StoredEntry<K, V>): void {
    const { numbers } = this.parts;
    if (numbers.hits >= numbers.sampledHit) this.noteHit(index, entry.key, numbers.takeHit());
    numbers.hits++;
    if (this.parts.events.observed) this.tellHit(index, entry);
  }

  /** A hit that is in the sample, and stands for so many. */
  noteHit(index: unknown, key: K | undefined, times: number): void {
    this.parts.hotKeys.note(index, key, true, times, this.parts.clock.coarse());
  }

  /** Call it only where somebody listens. */
  tellHit(index: unknown, entry: StoredEntry<K, V>): void {
    if (!this.parts.events.hears('hit')) return;
    emit(this.parts, 'hit', { key: keyOf(this.parts.codec, index, entry), tier: 'memory' });
  }

  private noteMiss(index: unknown, key: K): void {
    const { numbers, hotKeys, clock } = this.parts;
    hotKeys.note(index, key, false, numbers.takeMiss(), clock.coarse());
  }

  isFresh({ isValue, life }: StoredEntry<K, V>): boolean {
    return isValue && (life === undefined || life.isFresh(this.parts.clock.now()));
  }
}

/** A look for the sake of a reader, who takes a fresh value or none. */
class FreshLook<K, V> extends Look<K, V> {
  constructor(
    parts: CacheParts<K, V>,
    private readonly reads: Reads<K, V>,
    private readonly arrivals: Arrivals<K, V>,
    name: string,
    index: unknown,
    key: K,
    here: StoredEntry<K, V> | undefined,
    private readonly give: (value: V | undefined) => void,
    private readonly fail: (error: unknown) => void,
  ) {
    super(parts, name, index, key, here, parts.changes.openFence(), parts.settings.call);
  }

  protected override arrived(arrival: Arrival<V> | undefined): void {
    const { parts, index, key } = this;
    parts.changes.closeFence(this.fence);
    if (arrival?.isFresh !== true) {
      this.reads.countMiss(index, key);
      this.give(undefined);
      return;
    }
    this.arrivals.countHit(index, key, arrival);
    const { value } = arrival.hit;
    // Others may have looked for the same key at the same time.
    this.give(parts.settings.cloned ? copyOf(value) : value);
  }

  override reject(error: unknown): void {
    this.parts.changes.closeFence(this.fence);
    this.fail(error);
  }
}
