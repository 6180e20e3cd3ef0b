import { CacheLoadFailedError, CacheMisuseError, type Duration } from '../../core/index.js';
import { groupsFrom, requireTtl } from '../settings/call-values.js';
import type { KeyCodec } from '../keys/key-codec.js';
import type { LoadContext } from '../api/loader.js';
import type { StoredEntry } from '../entries/stored-entry.js';

/** The entry that a load replaces. */
export interface Previous<V> {
  readonly entry: Pick<StoredEntry<unknown, V>, 'read' | 'original'>;
  readonly groups: readonly string[];
}

/** What a loader said about the value that it returned. */
export interface Said {
  readonly ttlMs: number | undefined;
  readonly skipped: boolean;
  readonly moreGroups: readonly string[];
  /** Absent: as long as the call allows. */
  readonly staleness?: Staleness | undefined;
}

/** For how long after its ttl a value may be of use. */
export interface Staleness {
  readonly revalidateMs: number;
  readonly ifErrorMs: number;
}

/** Says of the value that a loader is about to return that it is stale for a shorter time than its call allows. */
export function limitStaleness(load: LoadContext<never>, staleness: Staleness): void {
  if (load instanceof RunningLoadContext) load.staleness = staleness;
}

/** What one load was told by its loader, and the signal it can watch. */
export class RunningLoadContext<V> implements LoadContext<V>, Said {
  ttlMs: number | undefined = undefined;
  skipped = false;
  readonly moreGroups: string[] = [];
  staleness: Staleness | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  constructor(
    private readonly cacheName: string,
    private readonly previous: Previous<V> | undefined,
  ) {}

  /** Made when it is asked for: most loaders never do, and it costs more than the rest of the context. */
  get signal(): AbortSignal {
    return (this.controller ??= new AbortController()).signal;
  }

  get stale(): V | undefined {
    return this.previous?.entry.read();
  }

  ttl(ttl: Duration): void {
    this.ttlMs = requireTtl(`load.ttl() in the loader of cache "${this.cacheName}"`, ttl);
  }

  groups(...groups: string[]): void {
    this.moreGroups.push(...groupsFrom(`load.groups() in the loader of cache "${this.cacheName}"`, groups));
  }

  of(_key: unknown): LoadContext<V> {
    return this;
  }

  skip(): void {
    this.skipped = true;
  }

  notModified(): V {
    if (this.previous === undefined) {
      throw new CacheMisuseError(
        `load.notModified() in the loader of cache "${this.cacheName}", but there is no earlier value; check load.stale first`,
      );
    }
    this.moreGroups.push(...this.previous.groups);
    return this.previous.entry.original;
  }

  fail(message: string, options?: ErrorOptions): never {
    throw new CacheLoadFailedError(this.cacheName, message, options);
  }

  abort(reason: unknown): void {
    this.controller?.abort(reason);
  }
}

/** What a bulk load was told by its loader: about all its values, and about single ones. */
export class BulkLoadContext<V> extends RunningLoadContext<V> {
  private readonly ofOne = new Map<unknown, RunningLoadContext<V>>();

  constructor(
    private readonly name: string,
    private readonly codec: Pick<KeyCodec<unknown>, 'index'>,
  ) {
    super(name, undefined);
  }

  override of(key: unknown): LoadContext<V> {
    const index = this.codec.index(key);
    let one = this.ofOne.get(index);
    if (one === undefined) this.ofOne.set(index, (one = new RunningLoadContext<V>(this.name, undefined)));
    return one;
  }

  /** What was said about the value of this index, over what was said about all. */
  saidOf(index: unknown): Said {
    const one = this.ofOne.get(index);
    if (one === undefined) return this;
    return {
      ttlMs: one.ttlMs ?? this.ttlMs,
      skipped: one.skipped || this.skipped,
      moreGroups: [...this.moreGroups, ...one.moreGroups],
    };
  }
}
