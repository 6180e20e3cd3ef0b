/** Two primitive arguments as one index: the same object for the same two, as long as its entry or its load is there. */
export class ArgumentPair {
  constructor(
    readonly first: unknown,
    readonly second: unknown,
  ) {}
}

/** What of a cache decides how many pairs are worth keeping. */
export interface Occupancy {
  /** How many entries there are now. */
  entries(): number;
  /** The indexes that are being loaded. */
  loading(): Iterable<unknown>;
}

type Generation = Map<unknown, Map<unknown, ArgumentPair>>;

const SMALLEST_GENERATION = 1_024;

/**
 * Gives each pair of primitive arguments its one {@link ArgumentPair}: two lookups in maps, where the text of both would
 * have to be built and hashed on every call.
 *
 * The pairs are kept in two generations. One that is asked for moves to the young one; when that holds as many as the
 * cache has entries, it becomes the old one and the former old one is dropped. So at most twice as many pairs are kept as
 * there are entries (at least 1,024), nothing is swept, and the pairs of the entries that were used last are always among
 * them. A dropped pair's entry can no longer be found and goes as the cache's other entries do: that costs a load, as an
 * eviction would. Pairs of running loads are carried over, so that those can be joined and fenced.
 */
export class ArgumentPairs {
  private young: Generation = new Map();
  private old: Generation = new Map();
  private youngSize = 0;

  constructor(private readonly cache: Occupancy) {}

  get(first: unknown, second: unknown): ArgumentPair {
    return (
      this.young.get(first)?.get(second) ??
      this.remember(this.old.get(first)?.get(second) ?? new ArgumentPair(first, second))
    );
  }

  /** How many pairs are kept at most. */
  get size(): number {
    let size = 0;
    for (const generation of [this.young, this.old]) for (const seconds of generation.values()) size += seconds.size;
    return size;
  }

  private remember(pair: ArgumentPair): ArgumentPair {
    if (this.youngSize >= Math.max(SMALLEST_GENERATION, this.cache.entries())) {
      this.old = this.young;
      this.young = new Map();
      this.youngSize = 0;
      for (const index of this.cache.loading()) if (index instanceof ArgumentPair) this.add(index);
    }
    this.add(pair);
    return pair;
  }

  private add(pair: ArgumentPair): void {
    let seconds = this.young.get(pair.first);
    if (seconds === undefined) this.young.set(pair.first, (seconds = new Map()));
    seconds.set(pair.second, pair);
    this.youngSize++;
  }
}
