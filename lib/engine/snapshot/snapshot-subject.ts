import type { Clock, ValueSerializer } from '../../core/index.js';
import type { BoundedStore } from '../store/bounded-store.js';

/** What a MemoryCache shows of itself to have a snapshot taken or restored. */
export interface SnapshotSubject<K, V> {
  readonly name: string;
  readonly store: BoundedStore<K, V>;
  readonly clock: Clock;
  readonly bound: 'size' | 'weight' | 'memory';
  readonly serializer: ValueSerializer | undefined;
  isDisposed(): boolean;
  progress(done: number, total: number): void;
}
