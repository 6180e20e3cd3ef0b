import type { SlotList } from '../slots/slot-list.js';
import { NO_SLOT } from '../slots/slot-table.js';
import type { EvictionPolicy, PolicyHost } from './eviction-policy.js';
import { GhostQueue } from './ghost-queue.js';

const SMALL_SHARE = 0.1;
const GHOST_SHARE = 0.9;
const MOST_READS = 3;
/** Added to the reads of an entry that is in the main queue. */
const IN_MAIN = 4;

/*
 * S3-FIFO [1]: three queues by arrival. Newcomers go through a small one, a tenth of the room. Who leaves it having been
 * read twice or more goes on to the main queue; the others leave the cache, and their keys stay for a while in a ghost
 * queue: a key that comes back while it is there goes straight to the main queue. There, who was read goes round once
 * more for each read, at most three times. So a hit is one store, and a scan goes through the small queue only.
 *
 * O(1) amortised: an entry is moved, or goes round, only for a read that was counted before. A byte an entry, and 20 to
 * 24 bytes for each of the ghosts, nine for ten entries.
 *
 * [1] Yang, Zhang, Qiu, Yue, Rashmi. FIFO queues are all you need for cache eviction. SOSP 2023.
 */
export class S3FifoPolicy implements EvictionPolicy {
  readonly notedAs = 's3-fifo';
  private readonly small: SlotList;
  private readonly main: SlotList;
  /** By slot: reads since it came to its queue, 0 to 3, and {@link IN_MAIN}. */
  private states: Uint8Array<ArrayBuffer>;
  private ghosts: GhostQueue | undefined;
  /** The hash of who left last: it becomes a ghost when the newcomer it made room for has looked for its own. */
  private leaver: number | undefined;
  private mainWeight = 0;
  private mainTarget = 0;

  constructor(private readonly host: PolicyHost) {
    this.small = host.newList();
    this.main = host.newList();
    this.states = new Uint8Array(host.capacity);
    this.resize(host.maximum);
  }

  onInsert(slot: number): void {
    const isReturning = this.ghosts !== undefined && this.ghosts.take(this.host.hashOf(slot));
    this.rememberLeaver();
    if (isReturning) {
      this.enterMain(slot);
      return;
    }
    this.states[slot] = 0;
    this.small.append(slot);
  }

  onAccess(slot: number): void {
    const state = this.states[slot] as number;
    if ((state & MOST_READS) < MOST_READS) this.states[slot] = state + 1;
  }

  onUpdate(slot: number, previousWeight: number): void {
    if (this.host.weighted && this.isInMain(slot)) this.mainWeight += this.host.weightOf(slot) - previousWeight;
    this.onAccess(slot);
  }

  onRemove(slot: number): void {
    if (this.isInMain(slot)) this.leaveMain(slot);
    else this.small.remove(slot);
  }

  onEvict(slot: number): void {
    if (this.isSmallsTurn) {
      while (this.small.first !== NO_SLOT) {
        const first = this.small.first;
        this.small.remove(first);
        if (first === slot) {
          this.remember(slot);
          return;
        }
        this.enterMain(first);
      }
    }
    while (this.main.first !== slot) {
      const first = this.main.first;
      this.states[first] = (this.states[first] as number) - 1;
      this.main.moveToEnd(first);
    }
    this.leaveMain(slot);
  }

  nextVictim(): number {
    if (!this.isSmallsTurn) return this.leastReadOfMain();
    for (let slot = this.small.first; slot !== NO_SLOT; slot = this.small.nextOf(slot)) {
      if ((this.states[slot] as number) <= 1) return slot;
    }
    // All of them go on to the main queue, where they begin anew.
    const victim = this.leastReadOfMain();
    return victim === NO_SLOT || this.readsOf(victim) > 0 ? this.small.first : victim;
  }

  /** The next victim, then the small queue, then the main one. */
  *slots(): Iterable<number> {
    const victim = this.nextVictim();
    if (victim !== NO_SLOT) yield victim;
    for (const slot of this.small) if (slot !== victim) yield slot;
    for (const slot of this.main) if (slot !== victim) yield slot;
  }

  *walk(): Iterator<number> {
    yield* this.small.walk();
    yield* this.main.walk();
  }

  /** Its reads, and its queue. Ghosts are hashes under a seed of this process, and stay here. */
  notesOf(slot: number): readonly number[] {
    return [this.states[slot] as number];
  }

  onRestore(slot: number, [state = 0]: readonly number[]): void {
    if (state < IN_MAIN) this.small.append(slot);
    else this.enterMain(slot);
    this.states[slot] = state & (IN_MAIN | MOST_READS);
  }

  onMove(from: number, to: number): void {
    this.states[to] = this.states[from] as number;
    if (this.isInMain(to)) this.main.replace(to);
    else this.small.replace(to);
  }

  grow(capacity: number): void {
    const states = new Uint8Array(capacity);
    states.set(this.states);
    this.states = states;
    this.fitGhosts();
  }

  shrink(capacity: number): void {
    this.states = this.states.slice(0, capacity);
  }

  resize(maximum: number): void {
    const small = this.host.weighted ? maximum * SMALL_SHARE : Math.max(1, Math.floor(maximum * SMALL_SHARE));
    this.mainTarget = maximum - small;
    this.fitGhosts();
  }

  clear(): void {
    this.small.clear();
    this.main.clear();
    this.states = new Uint8Array(this.host.capacity);
    this.ghosts = undefined;
    this.leaver = undefined;
    this.mainWeight = 0;
  }

  get bytes(): number {
    return this.states.byteLength + (this.ghosts?.bytes ?? 0);
  }

  assertStructure(): void {
    let weight = 0;
    for (const slot of this.main) {
      if (!this.isInMain(slot)) throw new Error(`structure: slot ${slot} is in the main queue and does not know`);
      weight += this.weightOf(slot);
    }
    for (const slot of this.small) {
      if (this.isInMain(slot)) throw new Error(`structure: slot ${slot} is in the small queue and does not know`);
    }
    if (Math.abs(weight - this.mainWeight) > 1e-9 * Math.max(1, weight)) {
      throw new Error(`structure: the main queue weighs ${weight}, not ${this.mainWeight}`);
    }
  }

  private get isSmallsTurn(): boolean {
    return this.mainWeight <= this.mainTarget && this.small.size > 0;
  }

  private isInMain(slot: number): boolean {
    return (this.states[slot] as number) >= IN_MAIN;
  }

  private readsOf(slot: number): number {
    return (this.states[slot] as number) & MOST_READS;
  }

  private weightOf(slot: number): number {
    return this.host.weighted ? this.host.weightOf(slot) : 1;
  }

  private enterMain(slot: number): void {
    this.states[slot] = IN_MAIN;
    this.main.append(slot);
    this.mainWeight += this.weightOf(slot);
  }

  private leaveMain(slot: number): void {
    this.main.remove(slot);
    this.mainWeight = this.main.size === 0 ? 0 : this.mainWeight - this.weightOf(slot);
  }

  /** Where all go round, those with the fewest reads come up first, in order: no need to send anyone round to find out. */
  private leastReadOfMain(): number {
    let least = NO_SLOT;
    for (let slot = this.main.first; slot !== NO_SLOT; slot = this.main.nextOf(slot)) {
      if (least === NO_SLOT || this.readsOf(slot) < this.readsOf(least)) least = slot;
      if (this.readsOf(least) === 0) break;
    }
    return least;
  }

  private remember(slot: number): void {
    this.rememberLeaver();
    this.leaver = this.host.hashOf(slot);
  }

  private rememberLeaver(): void {
    if (this.leaver === undefined) return;
    this.ghosts ??= new GhostQueue(this.ghostLength);
    this.ghosts.add(this.leaver);
    this.leaver = undefined;
  }

  private fitGhosts(): void {
    if (this.ghosts === undefined || this.ghosts.length === this.ghostLength) return;
    this.ghosts = this.ghosts.resized(this.ghostLength);
  }

  private get ghostLength(): number {
    // Where the bound is a weight the number of entries is not known beforehand.
    return Math.floor((this.host.weighted ? this.host.capacity : this.host.maximum) * GHOST_SHARE);
  }
}
