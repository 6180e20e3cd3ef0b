import type { CacheEvent, CacheEventType, Subscribable } from '../core/index.js';

/** Records the events of a cache, or of all caches of a registry, for a test to look at. */
export class EventRecorder<K = unknown, V = unknown> {
  readonly events: CacheEvent<K, V>[] = [];
  private readonly subscription;

  constructor(source: Pick<Subscribable<CacheEvent<K, V>>, 'subscribe'>) {
    this.subscription = source.subscribe((event) => this.events.push(event));
  }

  /** The types in order, the shortest form of what happened. */
  types(): CacheEventType[] {
    return this.events.map((event) => event.type);
  }

  of(type: CacheEventType): CacheEvent<K, V>[] {
    return this.events.filter((event) => event.type === type);
  }

  stop(): void {
    this.subscription.unsubscribe();
  }
}
