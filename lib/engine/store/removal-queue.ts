/** Removals that a store does by itself: which bound ran out, or that the lifetime ended. */
export type RemovalCause = 'size' | 'weight' | 'memory' | 'expired';

/** Told of a removal, after the operation that caused it has left everything consistent. */
export type RemovalListener<K, V> = (key: K, value: V, cause: RemovalCause) => void;

const LONGEST_KEPT = 3_000;
/** How many of the removals that the listener causes are told with those that it was told of. */
const MOST_CAUSED = 10_000;

/** How many entries left for each cause. */
export type RemovalCounts = Readonly<Record<RemovalCause, number>>;

/** Says whether anybody would hear of a removal; an Emitter is one. */
export interface Ear {
  readonly observed: boolean;
}

const ALWAYS: Ear = { observed: true };

/**
 * Counts the removals of an operation and keeps them until its end, so that a listener which calls the store finds it
 * consistent. What a listener's own calls remove waits until those before it are told: every removal is told once, in
 * order. While nobody listens they are only counted.
 *
 * A listener that answers each removal by causing another (a put on each eviction) would be told for ever. So after ten
 * thousand removals of its own making, what is left waits for the end of the next operation.
 */
export class RemovalQueue<K, V> {
  readonly counts: Record<RemovalCause, number> = { size: 0, weight: 0, memory: 0, expired: 0 };
  /** Key, value and cause of each, one after the other; kept at its length, since most operations remove one. */
  private readonly waiting: unknown[] = [];
  private length = 0;
  private delivering = false;

  /**
   * @param onRunaway told when removals have to wait, because the listener causes one for each that it is told of
   * @param ear whether the listener wants to be told at all
   */
  constructor(
    private readonly listener: RemovalListener<K, V>,
    private readonly onRunaway: () => void = () => {},
    private readonly ear: Ear = ALWAYS,
  ) {}

  /** Whether the listener wants to be told. */
  get isHeard(): boolean {
    return this.ear.observed;
  }

  /** Whether there is anything to {@link deliver}. */
  get any(): boolean {
    return this.length > 0;
  }

  count(cause: RemovalCause): void {
    if (cause === 'size') this.counts.size++;
    else this.counts[cause]++;
  }

  add(key: unknown, value: unknown, cause: RemovalCause): void {
    const { waiting, length } = this;
    waiting[length] = key;
    waiting[length + 1] = value;
    waiting[length + 2] = cause;
    this.length = length + 3;
  }

  /** Call at the end of each operation. */
  deliver(): void {
    if (this.length === 0 || this.delivering) return;
    this.delivering = true;
    let next = 0;
    const end = this.length + 3 * MOST_CAUSED;
    try {
      while (next < this.length && next < end) {
        const key = this.waiting[next] as K;
        const value = this.waiting[next + 1] as V;
        const cause = this.waiting[next + 2] as RemovalCause;
        this.waiting[next] = undefined;
        this.waiting[next + 1] = undefined;
        next += 3;
        this.listener(key, value, cause);
      }
    } finally {
      // A listener that threw was told; the others wait for the end of the next operation.
      if (next < this.length) this.waiting.copyWithin(0, next, this.length);
      this.length -= next;
      if (this.waiting.length > LONGEST_KEPT) this.waiting.length = this.length;
      this.delivering = false;
    }
    if (next === end && this.length > 0) this.onRunaway();
  }
}
