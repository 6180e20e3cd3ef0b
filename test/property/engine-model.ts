/** The store as one would write it on a whiteboard: arrays, no indexes, no amortisation. */
export type ModelPolicy = 'lru' | 'fifo' | 'lfu';

interface ModelEntry {
  readonly key: unknown;
  value: unknown;
  weight: number;
  ttlMs: number;
  ttiMs: number;
  /** When its ttl ends. */
  endsAt: number;
  deadline: number;
  groups: readonly string[];
  uses: number;
  priority: number;
  lastUse: number;
}

export class ModelStore {
  readonly removed: [unknown, unknown, string][] = [];
  private entries: ModelEntry[] = [];
  private age = 0;
  private time = 0;

  constructor(
    private readonly policy: ModelPolicy,
    private maxSize: number,
    private maxWeight: number,
    private readonly now: () => number,
  ) {}

  get(key: unknown): unknown {
    const entry = this.live(key);
    if (entry === undefined) return undefined;
    entry.deadline = Math.min(entry.endsAt, entry.ttiMs === Infinity ? entry.endsAt : this.now() + entry.ttiMs);
    if (this.policy !== 'fifo') this.use(entry);
    return entry.value;
  }

  peek(key: unknown): unknown {
    return this.live(key)?.value;
  }

  put(key: unknown, value: unknown, ttlMs: number, ttiMs: number, groups: readonly string[], weight: number): boolean {
    const before = this.live(key);
    if (weight > this.maxWeight || ttlMs <= 0 || ttiMs <= 0) {
      if (before !== undefined) this.drop(before);
      return weight <= this.maxWeight;
    }
    if (before === undefined) this.insert(key, value, weight);
    else this.update(before, value, weight);
    const entry = this.live(key) as ModelEntry;
    this.startLife(entry, ttlMs, ttiMs);
    entry.groups = [...new Set(groups)];
    return true;
  }

  remove(key: unknown): unknown {
    const entry = this.live(key);
    if (entry !== undefined) this.drop(entry);
    return entry?.value;
  }

  removeWhere(matches: (key: unknown, groups: readonly string[]) => boolean): number {
    let removed = 0;
    for (const entry of [...this.entries]) {
      if (!matches(entry.key, entry.groups)) continue;
      if (this.live(entry.key) !== undefined) {
        this.drop(entry);
        removed++;
      }
    }
    return removed;
  }

  touch(key: unknown, ttlMs: number | undefined): boolean {
    const entry = this.live(key);
    if (entry === undefined) return false;
    this.startLife(entry, ttlMs ?? entry.ttlMs, entry.ttiMs);
    return true;
  }

  resize(maximum: number): void {
    if (this.maxSize === Infinity) this.maxWeight = maximum;
    else this.maxSize = maximum;
    while (this.entries.length > this.maxSize) this.evict('size');
    while (this.weight > this.maxWeight) this.evict('weight');
  }

  clear(): void {
    this.entries = [];
    this.age = 0;
  }

  /** Removes what has expired, as a sweep does. */
  sweep(): void {
    for (const entry of [...this.entries]) this.live(entry.key);
  }

  get size(): number {
    return this.entries.length;
  }

  get weight(): number {
    return this.entries.reduce((sum, entry) => sum + entry.weight, 0);
  }

  /** The live keys, the next victim first. */
  keys(): unknown[] {
    return this.inOrder()
      .filter((entry) => this.now() < entry.deadline)
      .map((entry) => entry.key);
  }

  groupsOf(key: unknown): readonly string[] | undefined {
    return this.live(key)?.groups;
  }

  private insert(key: unknown, value: unknown, weight: number): void {
    if (this.entries.length >= this.maxSize) this.evict('size');
    while (this.entries.length > 0 && this.weight + weight > this.maxWeight) this.evict('weight');
    const entry = { key: key === 0 ? 0 : key, value, weight, ttlMs: Infinity, ttiMs: Infinity } as ModelEntry;
    Object.assign(entry, { endsAt: Infinity, deadline: Infinity, groups: [] });
    this.arrive(entry);
  }

  private update(entry: ModelEntry, value: unknown, weight: number): void {
    let isNew = false;
    while (this.entries.length > 1 && this.weight - entry.weight + weight > this.maxWeight) {
      const order = this.inOrder().filter((other) => !isNew || other !== entry);
      if (order[0] === entry) isNew = true;
      else this.evictEntry(order[0] as ModelEntry, 'weight');
    }
    entry.value = value;
    entry.weight = weight;
    if (isNew) {
      this.entries.splice(this.entries.indexOf(entry), 1);
      this.arrive(entry);
    } else if (this.policy !== 'fifo') this.use(entry);
  }

  private arrive(entry: ModelEntry): void {
    entry.uses = 1;
    entry.priority = this.age + 1;
    entry.lastUse = this.time++;
    this.entries.push(entry);
  }

  private use(entry: ModelEntry): void {
    entry.uses++;
    entry.priority = this.age + entry.uses;
    entry.lastUse = this.time++;
  }

  private evict(cause: string): void {
    this.evictEntry(this.inOrder()[0] as ModelEntry, cause);
  }

  private evictEntry(entry: ModelEntry, cause: string): void {
    this.removed.push([entry.key, entry.value, this.now() < entry.deadline ? cause : 'expired']);
    this.age = entry.priority;
    this.drop(entry);
  }

  private inOrder(): ModelEntry[] {
    const byUse = (a: ModelEntry, b: ModelEntry): number => a.lastUse - b.lastUse;
    if (this.policy !== 'lfu') return [...this.entries].sort(byUse);
    return [...this.entries].sort((a, b) => a.priority - b.priority || byUse(a, b));
  }

  private startLife(entry: ModelEntry, ttlMs: number, ttiMs: number): void {
    entry.ttlMs = ttlMs;
    entry.ttiMs = ttiMs;
    entry.endsAt = this.now() + ttlMs;
    entry.deadline = Math.min(entry.endsAt, this.now() + ttiMs);
  }

  private drop(entry: ModelEntry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
  }

  private live(key: unknown): ModelEntry | undefined {
    const entry = this.entries.find((other) => isSameValueZero(other.key, key));
    if (entry === undefined || this.now() < entry.deadline) return entry;
    this.removed.push([entry.key, entry.value, 'expired']);
    this.drop(entry);
    return undefined;
  }
}

function isSameValueZero(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}
