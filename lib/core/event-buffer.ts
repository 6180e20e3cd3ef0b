/** What came since the last batch was taken. */
export interface EventBatch<E> {
  /** In their order; the oldest first. */
  readonly events: readonly E[];
  /** How many came before these, since the last batch, and were dropped because nobody took them in time. */
  readonly missed: number;
}

/**
 * Keeps the newest events for somebody who takes them more slowly than they come: at most `limit`, and a count of those
 * that had to go. O(1) for each; memory for `limit` of them.
 */
export class EventBuffer<E> {
  private ring: E[] = [];
  /** Where the oldest stands, once the ring is full. */
  private oldest = 0;
  private dropped = 0;

  constructor(private readonly limit: number) {}

  get isEmpty(): boolean {
    return this.ring.length === 0;
  }

  add(event: E): void {
    if (this.ring.length < this.limit) {
      this.ring.push(event);
      return;
    }
    this.ring[this.oldest] = event;
    this.oldest = (this.oldest + 1) % this.limit;
    this.dropped++;
  }

  take(): EventBatch<E> {
    const { ring, oldest, dropped } = this;
    this.ring = [];
    this.oldest = 0;
    this.dropped = 0;
    return { events: oldest === 0 ? ring : [...ring.slice(oldest), ...ring.slice(0, oldest)], missed: dropped };
  }
}
