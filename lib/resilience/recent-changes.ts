import { AgeList, type Aged } from './age-list.js';

/* A class: see docs/decisions/0030. */
class Change<T> implements Aged<Change<T>> {
  older: Change<T> | undefined = undefined;
  newer: Change<T> | undefined = undefined;

  constructor(
    readonly changed: T,
    public at: number,
  ) {}
}

/** The last change of each thing, in the order of those changes; forgets the oldest first. Every operation costs O(1). */
export class RecentChanges<T> {
  private readonly byChanged = new Map<T, Change<T>>();
  private readonly inOrder = new AgeList<Change<T>>();

  get size(): number {
    return this.byChanged.size;
  }

  /** The number of the last change; 0 where none is remembered. */
  last(changed: T): number {
    return this.byChanged.get(changed)?.at ?? 0;
  }

  /** Notes a change whose number is above all before it. */
  note(changed: T, at: number): void {
    let change = this.byChanged.get(changed);
    if (change === undefined) {
      change = new Change(changed, at);
      this.byChanged.set(changed, change);
    } else {
      change.at = at;
      this.inOrder.remove(change);
    }
    this.inOrder.push(change);
  }

  /** Forgets the changes up to that number. */
  forgetUpTo(at: number): void {
    for (let { oldest } = this.inOrder; oldest !== undefined && oldest.at <= at; oldest = this.inOrder.oldest) {
      this.forget(oldest);
    }
  }

  /** Forgets the oldest change, and tells its number; 0 when there is none. */
  forgetOldest(): number {
    const { oldest } = this.inOrder;
    if (oldest === undefined) return 0;
    this.forget(oldest);
    return oldest.at;
  }

  clear(): void {
    this.byChanged.clear();
    this.inOrder.clear();
  }

  private forget(change: Change<T>): void {
    this.byChanged.delete(change.changed);
    this.inOrder.remove(change);
  }
}
