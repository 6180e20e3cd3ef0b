import { CacheMisuseError } from '../../core/index.js';
import { compact, MOST_MOVES } from './compaction.js';
import { GroupIndex } from './group-index.js';
import { KeyIndex } from '../keys/key-index.js';
import type { KeyPlace } from '../keys/key-place.js';
import { Lifetimes } from '../time/lifetimes.js';
import { liveEntries, matchingKeys } from './live-entries.js';
import { wrongVictim, type EvictionPolicy } from '../policy/eviction-policy.js';
import { RemovalQueue, type RemovalCause, type RemovalCounts } from './removal-queue.js';
import { NO_SLOT, SlotTable } from '../slots/slot-table.js';
import { StoreBounds } from './store-bounds.js';
import { StorePolicyHost } from './store-policy-host.js';
import type { ResolvedStoreOptions } from './store.options.js';
import { expireSlots, fitBounds, removeSlots } from './slot-removal.js';
import { SlotWatchers } from './slot-watchers.js';
import { storedEntry, type StoredEntry } from './stored-entry.js';
import { watched } from './watched-policy.js';
import { weigh, type Weigher } from '../weight/weigher.js';
import { Weights } from '../weight/weights.js';

/*
 * The synchronous bounded store: index, slots, policy, weights, lifetimes and groups in step. It counts nothing and has
 * no events; it tells its one owner what it removed by itself.
 *
 * Invariants: `size <= maxSize` and `weight <= maxWeight` at every instant, because room is made before an entry comes;
 * an expired value is never handed out, swept or not; what was removed is told when the operation has left everything
 * consistent, so the owner may call the store from there. assertStructure() checks the structure.
 */
export class BoundedStore<K, V> {
  /** As it is now: see {@link limit}. */
  maxSize: number;
  /** The same of the weight; Infinity when none bounds the store. */
  maxWeight: number;
  /** @internal */
  readonly slots: SlotTable;
  /** @internal */
  readonly index: KeyIndex;
  /** @internal */
  readonly lifetimes: Lifetimes;
  /** @internal */
  readonly groups = new GroupIndex();
  /** @internal */
  readonly policy: EvictionPolicy;
  /** @internal Only with a weigher. */
  readonly weights: Weights | undefined;
  private readonly weigher: Weigher<V, K> | undefined;
  /** @internal */
  readonly bounds: StoreBounds;
  /** @internal Told before something is put. */
  readonly beforePut: (() => void) | undefined;
  /** @internal */
  readonly removals: RemovalQueue<K, V>;
  /** @internal */
  readonly watchers = new SlotWatchers();
  /** @internal Who goes along the lists of the policy. */
  walker: object | undefined = undefined;
  private policyCapacity: number;
  /** @internal How often entries were given other slots. */
  compactions = 0;

  constructor(options: ResolvedStoreOptions<K, V>) {
    const { bound, clock, random, governance } = options;
    this.bounds = new StoreBounds(bound);
    ({ maxSize: this.maxSize, maxWeight: this.maxWeight } = this.bounds);
    this.weigher = bound.kind === 'size' ? undefined : bound.weigher;
    this.removals = new RemovalQueue(options.onRemoval, options.onRunaway, options.removalsHeard);
    this.slots = new SlotTable(() => this.maxSize);
    this.index = new KeyIndex(this.slots, random);
    this.lifetimes = new Lifetimes(this.slots, clock, {
      expireBetween: (from, until, nowTick) => expireSlots(this, from, until, nowTick),
      sliceDone: () => {
        if (this.slots.isSparse) this.compact(MOST_MOVES);
        this.removals.deliver();
      },
    });
    this.weights = this.weigher === undefined ? undefined : new Weights(this.slots);
    this.policyCapacity = this.slots.capacity;
    const policy = governance === undefined ? options.policy : watched(options.policy, governance.reuse);
    this.policy = policy(new StorePolicyHost(this, random));
    this.beforePut = governance?.attach(this);
  }

  /** Entries, those that have expired and were neither read nor swept since included. */
  get size(): number {
    return this.slots.size;
  }

  /** The entries' weight together; their number where that is the bound. */
  get weight(): number {
    return this.weights === undefined ? this.slots.size : this.weights.total;
  }

  /** Bytes of the structures themselves, keys and values excluded. */
  get overheadBytes(): number {
    const own = this.slots.bytes + this.index.bytes + this.lifetimes.bytes;
    return own + (this.weights?.bytes ?? 0) + (this.policy.bytes ?? 0);
  }

  /** How many entries the store removed by itself, by cause. */
  get removed(): RemovalCounts {
    return this.removals.counts;
  }

  /** The live value. Counts as a use for the policy and restarts the idle time. */
  get(key: K): V | undefined {
    return this.use(this.index.findAgain(key));
  }

  /** The same for a key that is asked for again and again; remembers in the place where it stood. */
  getBy(place: KeyPlace<K & {}>): V | undefined {
    return this.use(place.find(this.slots, this.index));
  }

  /** The live value; changes nothing. */
  peek(key: K): V | undefined {
    const slot = this.findLive(key);
    return slot === NO_SLOT ? undefined : (this.slots.valueOf(slot) as V);
  }

  /**
   * Stores a value. Lifetimes in milliseconds, Infinity for none; one of 0 or less stores nothing and removes what stood
   * there. `weight` wins over the weigher. `false`: heavier than the bound alone, so it was not stored and what stood
   * there was removed. When the weigher throws nothing has changed.
   */
  put(
    key: K,
    value: V,
    ttlMs: number,
    ttiMs: number,
    groups: readonly string[] | undefined,
    weight: number | undefined,
  ): boolean {
    if (this.beforePut !== undefined) this.beforePut();
    const cost = this.weigher === undefined ? 1 : (weight ?? this.weigh(key, value));
    if (cost > this.maxWeight || ttlMs <= 0 || ttiMs <= 0) {
      this.remove(key);
      return cost <= this.maxWeight;
    }
    const { lifetimes } = this;
    let slot = this.index.findToPut(key);
    if (slot !== NO_SLOT && lifetimes.inUse && lifetimes.hasExpired(slot)) {
      this.expire(slot);
      slot = NO_SLOT;
    }
    if (slot === NO_SLOT) slot = this.insert(key, value, cost);
    else this.update(slot, value, cost);
    if (lifetimes.inUse || ttlMs !== Infinity || ttiMs !== Infinity) lifetimes.start(slot, ttlMs, ttiMs);
    if (groups !== undefined || this.groups.size > 0) this.groups.assign(slot, groups);
    if (this.removals.any) this.removals.deliver();
    return true;
  }

  /** Removes an entry and returns the live value that it had. */
  remove(key: K): V | undefined {
    const slot = this.findLive(key);
    if (slot === NO_SLOT) return undefined;
    const value = this.slots.valueOf(slot) as V;
    this.discard(slot);
    this.index.hasLeft(slot, key);
    if (this.slots.isSparse) this.compact(MOST_MOVES);
    return value;
  }

  /** Removes the entries of a group and returns how many live ones there were. */
  removeGroup(group: string, each?: (key: K, value: V) => void): number {
    return removeSlots(this, this.groups.slotsOf(group), each);
  }

  /**
   * Removes the entries that `matches` picks and returns how many live ones there were. It is asked about every entry
   * before anything is removed: when it throws nothing has changed.
   */
  removeMatching(matches: (key: K, value: V) => boolean, each?: (key: K, value: V) => void): number {
    const keys = matchingKeys(this.slots, matches);
    // The matcher is the user's, and may have changed the store.
    const slots = keys.map((key) => this.index.find(key)).filter((slot) => slot !== NO_SLOT);
    return removeSlots(this, slots, each);
  }

  /** Removes everything and returns how many entries there were; without `each` it takes the same time for any number. */
  clear(each?: (key: K, value: V) => void): number {
    const removed = this.size;
    const told = each === undefined ? [] : [...this.entries()];
    this.slots.clear();
    this.index.clear();
    this.lifetimes.clear();
    this.groups.clear();
    this.policy.clear();
    this.policyCapacity = this.slots.capacity;
    this.weights?.clear();
    this.watchers.cleared();
    for (const [key, value] of told) each?.(key, value);
    return removed;
  }

  /** Restarts the lifetime with its own ttl, or with the given one from now on; `false` when there is no live entry. */
  touch(key: K, ttlMs: number | undefined): boolean {
    const slot = this.findLive(key);
    if (slot === NO_SLOT) return false;
    this.watchers.changed(slot);
    if (ttlMs !== undefined && ttlMs <= 0) this.discard(slot);
    else this.lifetimes.start(slot, ttlMs ?? this.lifetimes.ttlOf(slot), this.lifetimes.ttiOf(slot));
    return true;
  }

  /** The value of an entry was changed in place: a snapshot that has it already has to know. */
  changed(key: K): void {
    const slot = this.watchers.any ? this.index.find(key) : NO_SLOT;
    if (slot !== NO_SLOT) this.watchers.changed(slot);
  }

  /** What is known about a live entry; changes nothing. */
  describe(key: K): StoredEntry<V> | undefined {
    const slot = this.findLive(key);
    if (slot === NO_SLOT) return undefined;
    return storedEntry(this, slot);
  }

  /** The keys of the live entries, the next victim first. What leaves meanwhile is left out, what comes is not seen. */
  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key;
  }

  /** The live entries, the next victim first. What leaves meanwhile is left out, what comes is not seen. */
  *entries(): IterableIterator<[K, V]> {
    yield* liveEntries(this, [...this.policy.slots()]);
  }

  /** The keys of the live entries of a group. */
  *groupKeys(group: string): IterableIterator<K> {
    for (const [key] of liveEntries(this, this.groups.slotsOf(group))) yield key;
  }

  /** Changes the bound: the number of entries, or the weight where no number of entries bounds the store. */
  resize(maximum: number): void {
    this.bounds.resize(maximum);
    fitBounds(this);
  }

  /**
   * Bounds the weight from outside as well (the number of entries where none is weighed), until it is called again; what is
   * too much is evicted now, with cause `memory`. Where entries are counted one is left. Infinity: its own bounds alone.
   */
  limit(ceiling: number): void {
    if (this.bounds.limit(ceiling)) fitBounds(this);
  }

  /** Stops the timer for good and lets go of everything. */
  dispose(): void {
    this.clear();
    this.lifetimes.sweeper.stop();
  }

  /** @internal What the weigher says. */
  weigh(key: K, value: V): number {
    return this.weigher === undefined ? 1 : weigh(this.weigher, key, value);
  }

  /** @internal */
  weightOf(slot: number): number {
    return this.weights === undefined ? 1 : this.weights.of(slot);
  }

  private use(slot: number): V | undefined {
    if (slot === NO_SLOT) return undefined;
    if (this.lifetimes.inUse && !this.lifetimes.read(slot)) return this.expireNow(slot);
    this.policy.onAccess(slot);
    return this.slots.valueOf(slot) as V;
  }

  private insert(key: K, value: V, cost: number): number {
    const { slots, weights } = this;
    // -0 is 0, as in a Map.
    const kept = typeof key === 'number' && key === 0 ? 0 : key;
    let slot = NO_SLOT;
    if (weights !== undefined) this.makeRoomFor(cost);
    else if (slots.size >= this.maxSize) slot = this.detachVictim(this.bounds.sizeCause);
    if (slot === NO_SLOT) {
      if (slots.isFull) this.grow();
      slot = slots.allocate(kept, value);
    } else {
      slots.reuse(slot, kept, value);
    }
    this.index.insert(slot, kept);
    weights?.add(slot, cost);
    this.policy.onInsert(slot);
    if (this.watchers.any) this.watchers.came(slot);
    return slot;
  }

  /** @internal */
  makeRoomFor(cost: number): void {
    if (this.size >= this.maxSize) this.evict(this.bounds.sizeCause);
    while (this.weight + cost > this.maxWeight && this.size > 0) this.evict(this.bounds.weightCause);
  }

  private update(slot: number, value: V, cost: number): void {
    let isNew = false;
    let previous = 1;
    if (this.weights !== undefined) {
      previous = this.weights.of(slot);
      isNew = this.reweigh(slot, cost, this.weights);
    }
    this.slots.replaceValue(slot, value);
    if (this.watchers.any) this.watchers.changed(slot);
    if (isNew) this.policy.onInsert(slot);
    else this.policy.onUpdate(slot, previous);
  }

  /** The others make room. If the policy names the entry itself it comes in as a new one: a write evicts not its own value. */
  private reweigh(slot: number, cost: number, weights: Weights): boolean {
    const previous = weights.of(slot);
    let isNew = false;
    while (weights.total - previous + cost > this.maxWeight && this.size > 1) {
      if (!isNew && this.policy.nextVictim() === slot) {
        this.policy.onRemove(slot);
        isNew = true;
      } else {
        this.evict(this.bounds.weightCause);
      }
    }
    weights.replace(slot, cost);
    return isNew;
  }

  /** @internal Evicts the entry that the policy names. */
  evict(cause: RemovalCause): void {
    this.slots.release(this.detachVictim(cause));
  }

  /** Evicts an entry, but for its slot, which is still to be released, or used again. */
  private detachVictim(cause: RemovalCause): number {
    const { policy, slots, lifetimes } = this;
    const victim = policy.nextVictim();
    if (victim < 0 || !slots.isUsed(victim)) throw new CacheMisuseError(wrongVictim(victim));
    const actual = lifetimes.inUse && lifetimes.hasExpired(victim) ? 'expired' : cause;
    this.removals.count(actual);
    if (this.removals.isHeard) this.removals.add(slots.keyOf(victim), slots.valueOf(victim), actual);
    policy.onEvict(victim);
    this.detach(victim);
    return victim;
  }

  /** @internal */
  expire(slot: number): void {
    this.removals.count('expired');
    if (this.removals.isHeard) this.removals.add(this.slots.keyOf(slot), this.slots.valueOf(slot), 'expired');
    this.discard(slot);
  }

  private expireNow(slot: number): undefined {
    this.expire(slot);
    this.removals.deliver();
  }

  /** @internal */
  discard(slot: number): void {
    this.policy.onRemove(slot);
    this.detach(slot);
    this.slots.release(slot);
  }

  /** What every departure has in common; the policy has been told, and the slot is released or used again after it. */
  private detach(slot: number): void {
    if (this.watchers.any) this.watchers.left(slot);
    this.index.remove(slot);
    if (this.groups.size > 0) this.groups.leave(slot);
    if (this.weights !== undefined) this.weights.remove(slot);
    if (this.lifetimes.inUse) this.lifetimes.forget(slot);
  }

  /** @internal The slot of the live entry of a key, or -1. */
  findLive(key: K): number {
    const slot = this.index.findAgain(key);
    if (slot === NO_SLOT || !this.lifetimes.inUse || !this.lifetimes.hasExpired(slot)) return slot;
    return this.expireNow(slot) ?? NO_SLOT;
  }

  /** @internal */
  grow(): void {
    const before = this.slots.capacity;
    this.slots.grow();
    if (this.slots.capacity === before) return;
    this.lifetimes.grow(this.slots.capacity);
    this.weights?.grow();
    // After a compaction the policy still has room for more.
    if (this.slots.capacity <= this.policyCapacity) return;
    this.policyCapacity = this.slots.capacity;
    this.policy.grow(this.policyCapacity);
  }

  /** @internal Gives memory back when far fewer entries are left than there were; moves at most so many. */
  compact(mostMoves: number): void {
    if (!compact(this, mostMoves)) return;
    this.compactions++;
    if (this.policy.shrink !== undefined) this.policyCapacity = this.slots.capacity;
  }
}
