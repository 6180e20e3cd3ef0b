import type { SlotList } from '../slots/slot-list.js';
import type { EvictionPolicy, PolicyHost } from './eviction-policy.js';

/** Evicts the entry that was read or written least recently. O(1), no memory of its own. */
export class LruPolicy implements EvictionPolicy {
  readonly notedAs = 'lru';
  private readonly byRecency: SlotList;

  constructor(host: PolicyHost) {
    this.byRecency = host.newList();
  }

  onInsert(slot: number): void {
    this.byRecency.append(slot);
  }

  onAccess(slot: number): void {
    this.byRecency.moveToEnd(slot);
  }

  onUpdate(slot: number): void {
    this.byRecency.moveToEnd(slot);
  }

  onRemove(slot: number): void {
    this.byRecency.remove(slot);
  }

  onEvict(slot: number): void {
    this.byRecency.remove(slot);
  }

  onMove(_from: number, to: number): void {
    this.byRecency.replace(to);
  }

  nextVictim(): number {
    return this.byRecency.first;
  }

  slots(): Iterable<number> {
    return this.byRecency;
  }

  walk(): Iterator<number> {
    return this.byRecency.walk();
  }

  notesOf(): readonly number[] {
    return [];
  }

  onRestore(slot: number): void {
    this.byRecency.append(slot);
  }

  grow(): void {}

  resize(): void {}

  clear(): void {
    this.byRecency.clear();
  }
}
