/** Follows which entries are in which slots, while it goes through a store that changes meanwhile. */
export interface SlotWatcher {
  /** A new entry took the slot. */
  came(slot: number): void;
  /** Something else about the entry was changed than when it was used last: its value, its lifetime, its groups. */
  changed(slot: number): void;
  /** The entry of the slot leaves; its key still stands there. */
  left(slot: number): void;
  /** The entry of `from` stands in `to` now. */
  moved(from: number, to: number): void;
  /** All entries left at once. */
  cleared(): void;
}

/** Those who follow one store. While nobody does, that costs a write one branch, and a read nothing. */
export class SlotWatchers {
  any = false;
  private watchers: readonly SlotWatcher[] = [];

  add(watcher: SlotWatcher): void {
    this.watchers = [...this.watchers, watcher];
    this.any = true;
  }

  remove(watcher: SlotWatcher): void {
    this.watchers = this.watchers.filter((other) => other !== watcher);
    this.any = this.watchers.length > 0;
  }

  came(slot: number): void {
    for (const watcher of this.watchers) watcher.came(slot);
  }

  changed(slot: number): void {
    for (const watcher of this.watchers) watcher.changed(slot);
  }

  left(slot: number): void {
    for (const watcher of this.watchers) watcher.left(slot);
  }

  moved(from: number, to: number): void {
    for (const watcher of this.watchers) watcher.moved(from, to);
  }

  cleared(): void {
    for (const watcher of this.watchers) watcher.cleared();
  }
}
