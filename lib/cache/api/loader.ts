import type { Duration } from '../../core/index.js';

/** What a loader is told, and what it can say about the value it is about to return. */
export interface LoadContext<V = unknown> {
  /** Aborted when nobody wants the result any more. */
  readonly signal: AbortSignal;
  /** The lifetime of this value; `0` returns it to the callers without storing it. */
  ttl(ttl: Duration): void;
  /** More groups for this entry, beside those of the definition and the call. */
  groups(...groups: string[]): void;
  /** Return the value to the callers, and store nothing. */
  skip(): void;
  /** The same for one value of a bulk load, by its key; in the load of a single value, this. */
  of(key: unknown): LoadContext<V>;
  /** The value that this load replaces, fresh or stale; `undefined` when there is none, and in a bulk load. */
  readonly stale: V | undefined;
  /** What to return when the source says that {@link stale} still holds: it is kept as it is, with a new lifetime. */
  notModified(): V;
  /** Ends the load as failed, so that a stale value can stand in. */
  fail(message: string, options?: ErrorOptions): never;
}

/**
 * Computes a missing value. What it returns is stored and given to every caller that waits; `undefined` is given to
 * them and not stored; what it throws is thrown to them and not stored.
 */
export type Loader<K, V> = (key: K, load: LoadContext<V>) => V | Promise<V>;

/**
 * Computes many missing values at once. Keys missing from the result are absent: their callers get `undefined`. Keys
 * that nobody asked for are stored too.
 */
export type BulkLoader<K, V> = (
  keys: readonly K[],
  load: LoadContext<V>,
) => ReadonlyMap<K, V> | Promise<ReadonlyMap<K, V>>;
