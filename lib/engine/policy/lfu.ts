import type { SlotList } from '../slots/slot-list.js';
import type { SlotLists } from '../slots/slot-lists.js';
import { NO_SLOT } from '../slots/slot-table.js';
import type { EvictionPolicy, PolicyHost } from './eviction-policy.js';

const FEWEST_LISTS = 64;
const MOST_LISTS = 2 ** 16;
/** The largest number that a snapshot takes. */
const MOST_NOTED = 2 ** 31 - 1;

/*
 * Least frequently used with dynamic aging, LFU-DA [1]: an entry's priority is the number of its uses plus the age of
 * the cache, which is the priority of the last victim; the lowest priority goes, among equals the one used least
 * recently. So what was popular long ago is overtaken by what is popular now.
 *
 * There is one list per priority, in a window of priorities that begins at or below the age: appending keeps each list in
 * order of use, and the lowest list that is not empty is found by a pointer that moves up with the age. What is above the
 * window (entries with tens of thousands of uses more than the next victim) waits, in order of use, in one list of its
 * own and is spread over the window when all below has gone. O(1) amortised; 12 bytes an entry, 8 a priority in the window.
 *
 * Invariants: no priority is below the age; while the list above is not empty the window stays where it is, so entries of
 * one priority are never in both.
 *
 * [1] Arlitt, Cherkasova, Dilley, Friedrich, Jin. Evaluating content management techniques for web proxy caches.
 *     ACM SIGMETRICS Performance Evaluation Review 27(4), 2000.
 */
export class LfuPolicy implements EvictionPolicy {
  readonly notedAs = 'lfu';
  private uses: Uint32Array<ArrayBuffer>;
  private priorities: Float64Array<ArrayBuffer>;
  /** The list of priority p is p modulo their number. */
  private lists: SlotLists;
  private above: SlotList;
  private inWindow = 0;
  private windowStart = 0;
  /** No entry in the window has a lower priority. */
  private lowest = 0;
  private age = 0;

  constructor(private readonly host: PolicyHost) {
    this.uses = new Uint32Array(host.capacity);
    this.priorities = new Float64Array(host.capacity);
    this.lists = host.newLists(FEWEST_LISTS);
    this.above = host.newList();
  }

  onInsert(slot: number): void {
    this.uses[slot] = 1;
    this.enter(slot, this.age + 1);
  }

  onAccess(slot: number): void {
    const uses = (this.uses[slot] as number) + 1;
    this.uses[slot] = uses;
    this.leave(slot);
    this.enter(slot, this.age + uses);
  }

  onUpdate(slot: number): void {
    this.onAccess(slot);
  }

  onRemove(slot: number): void {
    this.leave(slot);
  }

  onEvict(slot: number): void {
    const priority = this.priorities[slot] as number;
    const isAbove = this.isAbove(priority);
    this.leave(slot);
    this.age = priority;
    if (isAbove) this.moveWindowTo(priority);
  }

  onMove(from: number, to: number): void {
    const priority = this.priorities[from] as number;
    this.uses[to] = this.uses[from] as number;
    this.priorities[to] = priority;
    if (this.isAbove(priority)) this.above.replace(to);
    else this.lists.replace(priority & (this.lists.count - 1), to);
  }

  nextVictim(): number {
    if (this.inWindow === 0) return this.lowestAbove();
    const mask = this.lists.count - 1;
    let slot = this.lists.firstOf(this.lowest & mask);
    while (slot === NO_SLOT) slot = this.lists.firstOf(++this.lowest & mask);
    return slot;
  }

  *slots(): Iterable<number> {
    const mask = this.lists.count - 1;
    let left = this.inWindow;
    for (let priority = this.lowest; left > 0; priority++) {
      for (let slot = this.lists.firstOf(priority & mask); slot !== NO_SLOT; slot = this.lists.nextOf(slot)) {
        left--;
        yield slot;
      }
    }
    yield* [...this.above].sort((a, b) => (this.priorities[a] as number) - (this.priorities[b] as number));
  }

  *walk(): Iterator<number> {
    for (let priority = this.lowest; priority < this.windowStart + this.lists.count; priority++) {
      const { lists } = this;
      for (const slot of lists.walk(priority & (lists.count - 1))) {
        yield slot;
        // The window has become wider: its lists are others, and this one begins anew.
        if (lists !== this.lists) {
          priority--;
          break;
        }
      }
    }
    yield* [...this.above].sort((a, b) => (this.priorities[a] as number) - (this.priorities[b] as number));
  }

  /** Its uses, and how far its priority is above the age. */
  notesOf(slot: number): readonly number[] {
    const aboveAge = (this.priorities[slot] as number) - this.age;
    return [Math.min(this.uses[slot] as number, MOST_NOTED), Math.min(Math.max(aboveAge, 0), MOST_NOTED)];
  }

  onRestore(slot: number, [uses = 1, aboveAge = 1]: readonly number[]): void {
    this.uses[slot] = Math.max(1, uses);
    this.enter(slot, this.age + aboveAge);
  }

  grow(capacity: number): void {
    const uses = new Uint32Array(capacity);
    uses.set(this.uses);
    this.uses = uses;
    const priorities = new Float64Array(capacity);
    priorities.set(this.priorities);
    this.priorities = priorities;
  }

  shrink(capacity: number): void {
    this.uses = this.uses.slice(0, capacity);
    this.priorities = this.priorities.slice(0, capacity);
  }

  resize(): void {}

  clear(): void {
    this.uses = new Uint32Array(this.host.capacity);
    this.priorities = new Float64Array(this.host.capacity);
    this.lists = this.host.newLists(FEWEST_LISTS);
    this.above.clear();
    this.inWindow = 0;
    this.windowStart = 0;
    this.lowest = 0;
    this.age = 0;
  }

  get bytes(): number {
    return this.uses.byteLength + this.priorities.byteLength + this.lists.bytes;
  }

  private isAbove(priority: number): boolean {
    return priority >= this.windowStart + this.lists.count;
  }

  private enter(slot: number, priority: number): void {
    this.priorities[slot] = priority;
    if (this.isAbove(priority) && !this.makeWindowReach(priority)) {
      this.above.append(slot);
      return;
    }
    this.lists.append(priority & (this.lists.count - 1), slot);
    if (this.inWindow++ === 0 || priority < this.lowest) this.lowest = priority;
  }

  private leave(slot: number): void {
    const priority = this.priorities[slot] as number;
    if (this.isAbove(priority)) {
      this.above.remove(slot);
      return;
    }
    this.lists.remove(priority & (this.lists.count - 1), slot);
    this.inWindow--;
  }

  /** Moves the window's start up to the age, and doubles its width where that is not enough. */
  private makeWindowReach(priority: number): boolean {
    if (this.above.size > 0) return false;
    this.windowStart = this.age;
    while (this.isAbove(priority) && this.lists.count < MOST_LISTS) this.doubleWindow();
    return !this.isAbove(priority);
  }

  private doubleWindow(): void {
    const narrow = this.lists;
    const wide = this.host.newLists(narrow.count * 2);
    for (let priority = this.windowStart; priority < this.windowStart + narrow.count; priority++) {
      wide.adopt(priority & (wide.count - 1), narrow, priority & (narrow.count - 1));
    }
    this.lists = wide;
  }

  private lowestAbove(): number {
    let lowest = NO_SLOT;
    for (const slot of this.above) {
      if (lowest === NO_SLOT || (this.priorities[slot] as number) < (this.priorities[lowest] as number)) lowest = slot;
    }
    return lowest;
  }

  /** The window is empty: it starts at the age now, and takes in what it covers there. */
  private moveWindowTo(priority: number): void {
    this.windowStart = priority;
    this.lowest = priority;
    for (const slot of [...this.above]) {
      const own = this.priorities[slot] as number;
      if (this.isAbove(own)) continue;
      this.above.remove(slot);
      this.lists.append(own & (this.lists.count - 1), slot);
      this.inWindow++;
    }
  }
}
