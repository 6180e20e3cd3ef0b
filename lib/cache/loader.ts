import type { Duration } from '../core/index.js';

/** What a loader is told, and what it can say about the value it is about to return. */
export interface LoadContext {
  /** Aborted when nobody wants the result any more. */
  readonly signal: AbortSignal;
  /** The lifetime of this value; `0` returns it to the callers without storing it. */
  ttl(ttl: Duration): void;
  /** More groups for this entry, beside those of the definition and the call. */
  groups(...groups: string[]): void;
  /** Return the value to the callers, and store nothing. */
  skip(): void;
}

/**
 * Computes a missing value. What it returns is stored and given to every caller that waits; `undefined` is given to
 * them and not stored; what it throws is thrown to them and not stored.
 */
export type Loader<K, V> = (key: K, load: LoadContext) => V | Promise<V>;

/**
 * Computes many missing values at once. Keys missing from the result are absent: their callers get `undefined`. Keys
 * that nobody asked for are stored too.
 */
export type BulkLoader<K, V> = (
  keys: readonly K[],
  load: LoadContext,
) => ReadonlyMap<K, V> | Promise<ReadonlyMap<K, V>>;
