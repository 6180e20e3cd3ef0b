import { Emitter, type Cancel, type Clock, type Heap, type HeapReading, type Random } from '../../core/index.js';
import { GovernedStore, type StoreGovernor } from '../../engine/index.js';
import { HeapPressure } from './heap-pressure.js';
import type { MemorySettings } from '../api/memory.options.js';
import { shareOut } from './memory-shares.js';

/** So often the heap is looked at, besides after collections and between puts, and memory is shared out anew. */
const LOOK_EVERY_MS = 1_000;
/** So often what is known of the reuse of keys fades by half. */
const HALF_LIFE_MS = 60_000;
/** Puts between two looks, of which there are more and more at first; the next values may be much larger than the last. */
const MOST_PUTS = 512;
/** The same when half of the heap is in use. */
const FEW_PUTS = 128;
/** Looks until puts that go on as before could fill the heap up to the mark. */
const LOOKS_AHEAD = 8;
/** What the caches keep of the heap in any case: giving that back would save no process. */
const FLOOR = 0.01;
/** A share is changed only by more than this part of all. */
const WORTH_MOVING = 1 / 32;
/** Below this part of the low-water mark nothing is kept small any more. */
const RELIEVED = 0.75;

/** So often memory is shared out anew for caches that came while it was. */
const MOST_ROUNDS = 4;

/** What became of the memory of an application's caches. */
export interface MemoryNews {
  /** `pressed`: the heap was short, and entries were evicted; `relieved`: caches may grow as before. */
  readonly kind: 'pressed' | 'relieved';
  readonly heap: HeapReading;
  /** What was given back, by estimate. */
  readonly bytes: number;
  readonly entries: number;
}

/** How the caches of an application share memory at the moment. */
export interface MemoryState {
  /** `live`: in use right after the last collection, 0 before the first one. */
  readonly heap: HeapReading & { readonly liveBytes: number };
  /** What keys and values of all caches take, by estimate. */
  readonly usedBytes: number;
  /** What they may take together at the moment; Infinity where nothing but their own bounds keeps them. */
  readonly maxBytes: number;
  /** Whether the caches are kept smaller than they would be, because the heap was short. */
  readonly pressed: boolean;
  /** How often memory was given back, and how much in all. */
  readonly gaveBack: { readonly times: number; readonly entries: number; readonly bytes: number };
  /** By name. */
  readonly caches: Readonly<Record<string, { readonly usedBytes: number; readonly maxBytes: number }>>;
}

/** Who looks at a heap: they give back together what is too much, each its part. */
const GOVERNORS = new WeakMap<Heap, Set<MemoryGovernor>>();

interface Member {
  readonly store: GovernedStore;
  maxBytes: number;
}

/*
 * Shares memory among the caches of an application, and gives it back before the process dies for want of it.
 *
 * All caches together may take `maxBytes`: the budget, and what the heap allows, whichever is less. The heap allows any
 * amount until more than the high-water mark of it is live; then what is above the low-water mark is evicted at once, and the
 * caches are kept to what is left. With each collection that follows they may grow half-way between the two marks: there
 * they come to rest, and only memory that others take makes them shrink again. Who gives and who grows: see shareOut().
 *
 * Heap and caches are looked at by a timer, after each collection, and between puts: a program that fills a cache in one go
 * lets no timer run. Without puts near the limit that costs a comparison for each put.
 */
export class MemoryGovernor implements StoreGovernor {
  readonly news = new Emitter<MemoryNews>();
  private readonly members = new Set<Member>();
  private readonly pressure: HeapPressure;
  private readonly gaveBack = { times: 0, entries: 0, bytes: 0 };
  /** What the heap allows. */
  private allowedBytes = Infinity;
  private putsLeft = 1;
  private putsBetween = 1;
  /** In use at the last look, and how much that has grown with each put. */
  private lastUsedBytes = 0;
  private growth = 0;
  private fadedAtMs = 0;
  private isBusy = false;
  /** Caches came while memory was shared out. */
  private hasNewcomers = false;
  /** Whether what is evicted now is evicted for want of heap. */
  isGivingBack = false;
  private stops: readonly Cancel[] = [];
  private cancelTimer: Cancel = () => {};

  private readonly clock: Clock;
  private readonly heap: Heap;

  constructor(
    private readonly settings: MemorySettings,
    { clock, heap }: { readonly clock: Clock; readonly heap: Heap },
  ) {
    this.clock = clock;
    this.heap = heap;
    this.pressure = new HeapPressure(settings);
  }

  get budgetBytes(): number | undefined {
    return this.settings.budgetBytes === Infinity ? undefined : this.settings.budgetBytes;
  }

  membership(name: string, isInBytes: boolean, random: Random): ReturnType<StoreGovernor['membership']> {
    const governed = new GovernedStore(name, isInBytes, random, this.beforePut);
    return { governance: governed, join: () => this.join(governed) };
  }

  private readonly beforePut = (): void => {
    if (--this.putsLeft <= 0) this.look();
  };

  private join(store: GovernedStore): Cancel {
    if (this.members.size === 0) this.start();
    const member = { store, maxBytes: Infinity };
    this.members.add(member);
    // An application makes its caches one after the other: memory is shared out when there is something to keep.
    this.hasNewcomers = true;
    this.putsLeft = 0;
    return () => {
      // What it leaves is shared out with the next look of the timer.
      if (this.members.delete(member) && this.members.size === 0) this.stop();
    };
  }

  /** Looks at the heap, gives back what is too much, and shares the rest out anew. */
  look(): void {
    this.alone(() => {
      const reading = this.heap.read();
      const { hasCollected, excessBytes } = this.pressure.look(reading);
      this.planPuts(reading);
      if (excessBytes > 0) this.giveBack(excessBytes, reading);
      else if (hasCollected && this.allowedBytes < Infinity) this.grow(reading);
      else this.weighOutdated();
    });
  }

  /** What is evicted is told at once, and a listener may put, or make a cache: nothing of that shares memory out meanwhile. */
  private alone(work: () => void): void {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      work();
      // A listener that makes a cache for each eviction is left to the timer.
      for (let round = 0; this.hasNewcomers && round < MOST_ROUNDS; round++) {
        this.hasNewcomers = false;
        this.share(0);
      }
    } finally {
      this.isBusy = false;
    }
  }

  /** With a budget, a cache that is not weighed at each put is weighed when there is much more in it than there was. */
  private weighOutdated(): void {
    if (this.maxBytes === Infinity) return;
    const outdated = [...this.members].filter(({ store }) => store.isOutdated);
    if (outdated.length === 0) return;
    for (const { store } of outdated) store.measure();
    this.share(0);
  }

  state(): MemoryState {
    const { usedBytes, limitBytes } = this.heap.read();
    const caches = [...this.members].map(
      ({ store, maxBytes }) =>
        [store.name, { usedBytes: store.bytes, maxBytes: Math.min(maxBytes, store.mostBytes) }] as const,
    );
    return {
      heap: { usedBytes, limitBytes, liveBytes: this.pressure.liveBytes },
      usedBytes: this.usedBytes,
      maxBytes: this.maxBytes,
      pressed: this.allowedBytes < Infinity,
      gaveBack: { ...this.gaveBack },
      caches: Object.fromEntries(caches),
    };
  }

  private get usedBytes(): number {
    let bytes = 0;
    for (const { store } of this.members) bytes += store.bytes;
    return bytes;
  }

  private get maxBytes(): number {
    return Math.min(this.settings.budgetBytes, this.allowedBytes);
  }

  private start(): void {
    this.fadedAtMs = this.clock.now();
    this.stops = [
      this.heap.onCollected(() => {
        this.pressure.collected();
        this.look();
      }),
    ];
    const others = GOVERNORS.get(this.heap) ?? new Set();
    GOVERNORS.set(this.heap, others.add(this));
    this.plan();
  }

  private stop(): void {
    GOVERNORS.get(this.heap)?.delete(this);
    for (const stop of this.stops) stop();
    this.stops = [];
    this.cancelTimer();
  }

  private plan(): void {
    this.cancelTimer = this.clock.after(LOOK_EVERY_MS, () => {
      this.plan();
      this.look();
      this.fade();
      this.alone(() => {
        if (this.maxBytes === Infinity) return;
        for (const { store } of this.members) store.measure();
        this.share(WORTH_MOVING);
      });
      this.lookNoFurther();
    });
  }

  private fade(): void {
    if (this.clock.now() - this.fadedAtMs < HALF_LIFE_MS) return;
    this.fadedAtMs = this.clock.now();
    for (const { store } of this.members) store.reuse.fade();
  }

  /** The nearer the mark, or beyond it the limit, and the more the heap grows with each put, the sooner is the next look. */
  private planPuts({ usedBytes, limitBytes }: HeapReading): void {
    const puts = this.putsBetween - Math.max(0, this.putsLeft);
    if (usedBytes > this.lastUsedBytes && puts > 0) this.growth = (usedBytes - this.lastUsedBytes) / puts;
    this.lastUsedBytes = usedBytes;
    const leftBytes = Math.max(this.settings.highWater * limitBytes - usedBytes, (limitBytes - usedBytes) / 4);
    const most = usedBytes > limitBytes / 2 ? FEW_PUTS : MOST_PUTS;
    const safe = this.growth > 0 ? leftBytes / this.growth / LOOKS_AHEAD : most;
    this.putsBetween = Math.max(1, Math.round(Math.min(safe, this.putsBetween * 2, most)));
    this.putsLeft = this.putsBetween;
  }

  private giveBack(excessBytes: number, heap: HeapReading): void {
    const entries = this.entries;
    let bytes = 0;
    this.isGivingBack = true;
    try {
      // Estimates may be too high, but what caches take of the heap is no more than what is in use of it.
      const heldBytes = Math.min(this.measureAll(), heap.usedBytes);
      bytes = this.usedBytes;
      const keptPart = Math.max(0, 1 - excessBytes / heldBytes);
      this.allowedBytes = Math.max(FLOOR * heap.limitBytes, keptPart * bytes);
      this.share(0);
    } finally {
      this.isGivingBack = false;
    }
    const given = { entries: entries - this.entries, bytes: bytes - this.usedBytes };
    if (given.entries === 0) return;
    this.gaveBack.times++;
    this.gaveBack.entries += given.entries;
    this.gaveBack.bytes += given.bytes;
    this.news.emit({ kind: 'pressed', heap, ...given });
  }

  /** What is live is known: the caches may take what is left up to half-way between the marks. */
  private grow(heap: HeapReading): void {
    const { highWater, lowWater } = this.settings;
    const { liveBytes } = this.pressure;
    for (const { store } of this.members) store.measure();
    if (liveBytes < RELIEVED * lowWater * heap.limitBytes) {
      this.allowedBytes = Infinity;
      this.news.emit({ kind: 'relieved', heap, bytes: 0, entries: 0 });
    } else {
      const restBytes = ((highWater + lowWater) / 2) * heap.limitBytes - liveBytes;
      this.allowedBytes = Math.max(FLOOR * heap.limitBytes, this.usedBytes + restBytes);
    }
    this.share(WORTH_MOVING);
  }

  private get entries(): number {
    let entries = 0;
    for (const { store } of this.members) entries += store.entries;
    return entries;
  }

  private lookNoFurther(): void {
    const mostBytes = Math.min(this.maxBytes, this.heap.read().limitBytes);
    for (const { store } of this.members) store.lookNoFurther(mostBytes);
  }

  /** What all caches of the process take, by an estimate of now. */
  private measureAll(): number {
    let bytes = 0;
    for (const governor of GOVERNORS.get(this.heap) ?? [this]) {
      for (const { store } of governor.members) store.measureAnew();
      bytes += governor.usedBytes;
    }
    return bytes;
  }

  /**
   * Gives every cache its share of what there is.
   *
   * @param threshold nothing is changed unless the share of a cache changes by more than this part of all
   */
  private share(threshold: number): void {
    const { maxBytes } = this;
    const members = [...this.members];
    const stores = members.map(({ store }) => store);
    const shares = maxBytes === Infinity ? [] : shareOut(stores, maxBytes);
    const moves = members.map((member, at) => ({ member, bytes: shares[at] ?? Infinity }));
    const least = maxBytes === Infinity ? 0 : threshold * maxBytes;
    if (!moves.some(({ member, bytes }) => Math.abs(bytes - member.maxBytes) > least)) return;
    // Who gives comes first, so that all together never may take more than there is.
    moves.sort((one, other) => one.bytes - one.member.maxBytes - (other.bytes - other.member.maxBytes));
    for (const { member, bytes } of moves) {
      member.maxBytes = bytes;
      member.store.limit(bytes);
    }
  }
}
