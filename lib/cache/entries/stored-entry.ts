import type { KeyCodec } from '../keys/key-codec.js';
import type { Life } from './life.js';
import type { SharedFence } from '../shared/lower-tiers.js';

/** What a cache keeps under an index. */
export class StoredEntry<K, V> {
  /** The promise that every hit hands out; kept only while a hit has nothing to look at. The first field, so that a hit reads no line of memory for it alone. */
  promise: Promise<V> | undefined;
  protected readonly value: V;
  /** The caller's key, where the index alone does not give it back. */
  readonly key: K | undefined;
  readonly writtenAtMs: number;
  /** The ttl it was written with. */
  readonly ttlMs: number;
  /** Only where the entry has stages. */
  readonly life: Life | undefined;
  /** Tells this write of the key from every other, in all tiers; absent without tiers. */
  version: string | undefined;
  /** What it needs to be handed down when memory evicts it; only with `tiering: 'exclusive'`. */
  demotion: { readonly shared: SharedFence; readonly groups: readonly string[] } | undefined;
  private handedOut: Promise<V> | undefined;

  constructor(value: V, key: K | undefined, writtenAtMs: number, ttlMs: number, life: Life | undefined) {
    this.promise = undefined;
    this.value = value;
    this.key = key;
    this.writtenAtMs = writtenAtMs;
    this.ttlMs = ttlMs;
    this.life = life;
    this.version = undefined;
    this.demotion = undefined;
    this.handedOut = undefined;
  }

  /** Whether there is a value: not so for what is known to be absent or to fail. */
  get isValue(): boolean {
    return true;
  }

  /** The value as a reader gets it. */
  read(): V {
    return this.value;
  }

  /** What a hit hands out. */
  handOut(): Promise<V> {
    if (this.life !== undefined) return (this.handedOut ??= Promise.resolve(this.value));
    return (this.promise ??= Promise.resolve(this.value));
  }

  /** The very object that was stored, for whoever stores it again. */
  get original(): V {
    return this.value;
  }
}

/** Keeps a copy of its own and gives each reader another (`clone: 'structured'`), so that nobody can change it. */
export class ClonedEntry<K, V> extends StoredEntry<K, V> {
  constructor(value: V, key: K | undefined, writtenAtMs: number, ttlMs: number, life: Life | undefined) {
    super(structuredClone(value), key, writtenAtMs, ttlMs, life);
  }

  override read(): V {
    return structuredClone(this.value);
  }

  /** Keeps no promise: the next reader must not share this one's copy. */
  override handOut(): Promise<V> {
    return Promise.resolve(this.read());
  }
}

/** A key that is known to have no value (`negativeTtl`). */
export class AbsentEntry<K, V> extends StoredEntry<K, V> {
  constructor(key: K | undefined, writtenAtMs: number, ttlMs: number) {
    // Absence is what its readers get: undefined, as from the loader.
    super(undefined as V, key, writtenAtMs, ttlMs, undefined);
  }

  override get isValue(): boolean {
    return false;
  }
}

/** A key whose load is known to fail (`errorTtl`). */
export class FailedEntry<K, V> extends StoredEntry<K, V> {
  constructor(
    private readonly error: unknown,
    key: K | undefined,
    writtenAtMs: number,
    ttlMs: number,
  ) {
    super(undefined as V, key, writtenAtMs, ttlMs, undefined);
  }

  override get isValue(): boolean {
    return false;
  }

  override handOut(): Promise<V> {
    return Promise.reject(this.error);
  }
}

/** The caller's key of an entry. */
export function keyOf<K, V>(codec: KeyCodec<K>, index: unknown, entry: StoredEntry<K, V> | undefined): K {
  // An index that does not give its key back belongs to an entry that keeps it.
  return entry?.key ?? (codec.key(index) as K);
}

/** A caller's own copy of what a load returned; the value itself where that cannot be copied, for then it was not stored. */
export function copyOf<V>(value: V): V {
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}
