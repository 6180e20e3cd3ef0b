import type { Weigher } from '../weight/weigher.js';

/** What bounds a store; a weight bound may have a size bound beside it, and then both hold. */
export type Bound<K, V> =
  | { readonly kind: 'size'; readonly maxSize: number }
  | {
      readonly kind: 'weight' | 'memory';
      readonly maxSize: number;
      readonly maxWeight: number;
      readonly weigher: Weigher<V, K>;
    };
