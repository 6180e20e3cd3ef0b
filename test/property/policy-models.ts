/** Eviction policies as one would write them on a whiteboard after their papers: arrays and no amortisation. */
export interface PolicyModel {
  insert(key: number, weight: number): void;
  access(key: number, weight: number): void;
  remove(key: number): void;
  /** Chooses a victim and removes it. */
  evict(): number;
  resize(maximum: number): void;
  clear(): void;
}

interface Queued {
  readonly key: number;
  weight: number;
  reads: number;
}

/** SIEVE: the hand walks from the oldest to the newest, takes marks, and stops at the first that has none. */
export class SieveModel implements PolicyModel {
  private queue: Queued[] = [];
  private hand: Queued | undefined;

  insert(key: number, weight: number): void {
    this.queue.push({ key, weight, reads: 0 });
  }

  access(key: number, weight: number): void {
    for (const entry of this.queue) if (entry.key === key) Object.assign(entry, { reads: 1, weight });
  }

  remove(key: number): void {
    const at = this.queue.findIndex((entry) => entry.key === key);
    if (this.hand?.key === key) this.hand = this.queue[at + 1];
    this.queue.splice(at, 1);
  }

  evict(): number {
    let at = this.hand === undefined ? 0 : this.queue.indexOf(this.hand);
    while (this.queue[at]!.reads > 0) {
      this.queue[at]!.reads = 0;
      at = (at + 1) % this.queue.length;
    }
    const { key } = this.queue[at]!;
    this.hand = this.queue[at + 1];
    this.queue.splice(at, 1);
    return key;
  }

  resize(): void {}

  clear(): void {
    this.queue = [];
    this.hand = undefined;
  }
}

/** S3-FIFO: a small queue, a main queue in which what was read goes round, and a ghost queue. */
export class S3FifoModel implements PolicyModel {
  private small: Queued[] = [];
  private main: Queued[] = [];
  private ghosts: number[] = [];
  private leavers: number[] = [];

  constructor(
    private maximum: number,
    private readonly weighted: boolean,
    private readonly ghostLength: () => number,
  ) {}

  insert(key: number, weight: number): void {
    const isGhost = this.ghosts.includes(key);
    this.ghosts = this.ghosts.filter((ghost) => ghost !== key);
    this.flush();
    (isGhost ? this.main : this.small).push({ key, weight, reads: 0 });
  }

  access(key: number, weight: number): void {
    for (const entry of [...this.small, ...this.main]) {
      if (entry.key === key) Object.assign(entry, { reads: Math.min(3, entry.reads + 1), weight });
    }
  }

  remove(key: number): void {
    this.small = this.small.filter((entry) => entry.key !== key);
    this.main = this.main.filter((entry) => entry.key !== key);
  }

  evict(): number {
    const share = this.weighted ? this.maximum * 0.1 : Math.max(1, Math.floor(this.maximum * 0.1));
    const mainWeight = this.main.reduce((sum, entry) => sum + (this.weighted ? entry.weight : 1), 0);
    if (mainWeight <= this.maximum - share) {
      for (let entry = this.small.shift(); entry !== undefined; entry = this.small.shift()) {
        if (entry.reads <= 1) {
          this.flush();
          this.leavers.push(entry.key);
          return entry.key;
        }
        this.main.push({ ...entry, reads: 0 });
      }
    }
    const from = this.main.length > 0 ? this.main : this.small;
    for (;;) {
      const entry = from.shift()!;
      if (entry.reads === 0 || from === this.small) return entry.key;
      from.push({ ...entry, reads: entry.reads - 1 });
    }
  }

  resize(maximum: number): void {
    this.maximum = maximum;
    this.trim();
  }

  clear(): void {
    this.small = [];
    this.main = [];
    this.ghosts = [];
    this.leavers = [];
  }

  /** Who left becomes a ghost when the next one leaves or comes. */
  private flush(): void {
    for (const key of this.leavers.splice(0)) {
      this.ghosts = [...this.ghosts.filter((ghost) => ghost !== key), key];
      this.trim();
    }
  }

  /** The queue is as long as it may be. */
  trim(): void {
    this.ghosts = this.ghosts.slice(Math.max(0, this.ghosts.length - this.ghostLength()));
  }
}

/** A bounded cache of keys with weights around a model of a policy; it keeps what was evicted, in order. */
export class ModelCache {
  readonly evicted: number[] = [];
  private readonly weights = new Map<number, number>();

  constructor(
    private readonly policy: PolicyModel,
    private maxSize: number,
    private maxWeight: number,
  ) {}

  get(key: number): boolean {
    const weight = this.weights.get(key);
    if (weight !== undefined) this.policy.access(key, weight);
    return weight !== undefined;
  }

  put(key: number, weight: number): void {
    if (weight > this.maxWeight) return this.remove(key);
    if (!this.weights.has(key)) {
      while (this.weights.size >= this.maxSize || (this.weights.size > 0 && this.weight + weight > this.maxWeight)) {
        this.evict();
      }
      this.weights.set(key, weight);
      this.policy.insert(key, weight);
      return;
    }
    // Updates of these models never have to make room: the tests give a key one weight.
    this.policy.access(key, weight);
  }

  remove(key: number): void {
    if (this.weights.delete(key)) this.policy.remove(key);
  }

  resize(maximum: number): void {
    if (this.maxSize === Infinity) this.maxWeight = maximum;
    else this.maxSize = maximum;
    while (this.weights.size > this.maxSize || (this.weights.size > 0 && this.weight > this.maxWeight)) this.evict();
    this.policy.resize(maximum);
  }

  clear(): void {
    this.weights.clear();
    this.policy.clear();
  }

  get keys(): number[] {
    return [...this.weights.keys()];
  }

  private get weight(): number {
    return [...this.weights.values()].reduce((sum, weight) => sum + weight, 0);
  }

  private evict(): void {
    const key = this.policy.evict();
    this.weights.delete(key);
    this.evicted.push(key);
  }
}
