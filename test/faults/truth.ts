/** A moment in the order of what happened in this process; no clock. */
type Moment = number;

/** A change that has begun; `done()` says that the call which made it has returned. */
export interface Change {
  done(): void;
}

/**
 * The source of truth that caches are held against. Each value is told apart from every other, and it is outdated when a
 * change of its key began after it was read from here, or after the put of it had returned, and that change is done.
 * Changes and puts that ran at the same time have no order, and neither outdates the other.
 */
export class Truth {
  private now: Moment = 0;
  /** From when on a value was surely in place, by value. */
  private readonly inPlace = new Map<string, Moment>();
  /** When the latest change that is done began, by node and key; the empty node is all of them. */
  private readonly changed = new Map<string, Moment>();

  /** What a loader reads. */
  load(key: string): string {
    const value = `${key}#${++this.now}`;
    this.inPlace.set(value, this.now);
    return value;
  }

  /** Begins a put of a new value. */
  put(node: string, key: string): Change & { readonly value: string } {
    const value = `${key}#${++this.now}`;
    const change = this.change(node, [key]);
    this.inPlace.set(value, Infinity);
    const done = (): void => {
      this.inPlace.set(value, ++this.now);
      change.done();
    };
    return { value, done };
  }

  /** Begins an invalidation. */
  change(node: string, keys: readonly string[]): Change {
    const began = ++this.now;
    const done = (): void => {
      for (const key of keys) {
        for (const who of [node, '']) {
          const place = `${who}/${key}`;
          this.changed.set(place, Math.max(began, this.changed.get(place) ?? 0));
        }
      }
    };
    return { done };
  }

  /** Since when a value of this key must be, by what this node has done so far, or all nodes have. */
  demand(key: string, node = ''): Moment {
    return this.changed.get(`${node}/${key}`) ?? 0;
  }

  /** What is wrong with a value that was found. */
  judge(key: string, value: string, demanded: Moment): 'right' | 'outdated' | 'wrong' {
    const moment = this.inPlace.get(value);
    if (moment === undefined || !value.startsWith(`${key}#`)) return 'wrong';
    return moment < demanded ? 'outdated' : 'right';
  }
}
