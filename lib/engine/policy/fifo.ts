import type { SlotList } from '../slots/slot-list.js';
import type { EvictionPolicy, PolicyHost } from './eviction-policy.js';

/** Evicts the entry that came first. Reading changes nothing, and an entry that is replaced keeps its place. O(1). */
export class FifoPolicy implements EvictionPolicy {
  readonly notedAs = 'fifo';
  private readonly byArrival: SlotList;

  constructor(host: PolicyHost) {
    this.byArrival = host.newList();
  }

  onInsert(slot: number): void {
    this.byArrival.append(slot);
  }

  onAccess(): void {}

  onUpdate(): void {}

  onRemove(slot: number): void {
    this.byArrival.remove(slot);
  }

  onEvict(slot: number): void {
    this.byArrival.remove(slot);
  }

  onMove(_from: number, to: number): void {
    this.byArrival.replace(to);
  }

  nextVictim(): number {
    return this.byArrival.first;
  }

  slots(): Iterable<number> {
    return this.byArrival;
  }

  walk(): Iterator<number> {
    return this.byArrival.walk();
  }

  notesOf(): readonly number[] {
    return [];
  }

  onRestore(slot: number): void {
    this.byArrival.append(slot);
  }

  grow(): void {}

  resize(): void {}

  clear(): void {
    this.byArrival.clear();
  }
}
