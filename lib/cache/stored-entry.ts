/** What a cache keeps of a value. */
export class StoredEntry<K, V> {
  /** The promise that every hit hands out; made by the first hit, so that later ones allocate nothing. */
  promise: Promise<V> | undefined = undefined;

  constructor(
    protected readonly value: V,
    /** The caller's key, where the index alone does not give it back. */
    readonly key: K | undefined,
    readonly writtenAtMs: number,
  ) {}

  /** The value as a reader gets it. */
  read(): V {
    return this.value;
  }

  /** What a hit hands out. */
  handOut(): Promise<V> {
    return (this.promise ??= Promise.resolve(this.value));
  }
}

/** Keeps a copy of its own and gives each reader another (`clone: 'structured'`), so that nobody can change it. */
export class ClonedEntry<K, V> extends StoredEntry<K, V> {
  constructor(value: V, key: K | undefined, writtenAtMs: number) {
    super(structuredClone(value), key, writtenAtMs);
  }

  override read(): V {
    return structuredClone(this.value);
  }

  /** Keeps no promise: the next reader must not share this one's copy. */
  override handOut(): Promise<V> {
    return Promise.resolve(this.read());
  }
}
