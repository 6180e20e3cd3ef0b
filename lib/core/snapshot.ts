/** Where a snapshot is written to: a stream of Node's, or anything shaped like one. It is ended when all has been written, and destroyed when that fails. */
export interface SnapshotTarget {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): unknown;
  end(done: () => void): unknown;
  destroy(error?: Error): unknown;
}

/** Where a snapshot is read from: a stream of Node's, or anything else that yields bytes. */
export type SnapshotSource = AsyncIterable<Uint8Array>;

/** What a snapshot or a restore did. */
export interface SnapshotReport {
  /** Entries that were written, or that are in the cache again. */
  readonly entries: number;
  /** Entries that were not, by reason. */
  readonly leftOut: {
    /** They have no form in bytes, or no meaning here: a value or a key that the serializer refuses, a remembered failure. */
    readonly unfit: number;
    /** Their lifetime has passed. */
    readonly expired: number;
    /** Something newer stands against them: put, loaded or invalidated since, here or by another node. */
    readonly outdated: number;
    /** The cache is full: those that would have been evicted next stay out. */
    readonly noRoom: number;
  };
  /** Why the first of the unfit is so; `undefined` where there is none. */
  readonly problem: unknown;
  /** Bytes of the snapshot. */
  readonly bytes: number;
  /** When it was taken: milliseconds since 1970. */
  readonly takenAtMs: number;
  readonly durationMs: number;
}

/** How far something that takes its time has come. */
export interface CacheProgress {
  readonly done: number;
  readonly failed: number;
  /** How many there will be; `undefined` while nobody knows. */
  readonly total: number | undefined;
  /** Milliseconds that the rest will take, at the speed until now; `undefined` while nobody knows. */
  readonly etaMs: number | undefined;
}

/** What is told of a snapshot or a restore, in this order: that it begins, how far it has come, how it ended. */
export type SnapshotNews =
  | { readonly cause: 'begin' }
  | { readonly cause: 'progress'; readonly progress: CacheProgress }
  | { readonly cause: 'end'; readonly progress: CacheProgress; readonly durationMs: number }
  | { readonly cause: 'failure'; readonly error: unknown };

/** Tells of a snapshot or a restore while it runs; `run` gets what is to be told how far it has come. */
export async function toldAbout(
  tell: (news: SnapshotNews) => void,
  run: (progress: (done: number, total: number) => void) => Promise<SnapshotReport>,
): Promise<SnapshotReport> {
  tell({ cause: 'begin' });
  try {
    const report = await run((done, total) => {
      tell({ cause: 'progress', progress: { done, failed: 0, total, etaMs: undefined } });
    });
    tell({ cause: 'end', progress: lastProgress(report), durationMs: report.durationMs });
    return report;
  } catch (error) {
    tell({ cause: 'failure', error });
    throw error;
  }
}

function lastProgress({ entries, leftOut }: SnapshotReport): CacheProgress {
  const { unfit, expired, outdated, noRoom } = leftOut;
  return { done: entries, failed: unfit, total: entries + unfit + expired + outdated + noRoom, etaMs: 0 };
}

/** What turns values into bytes and back, as `taggedSerializer()` and others make it. */
export interface ValueSerializer {
  /** Stands in what is written, so that a reader knows who wrote it: 16 to 255, the lower ones are ours. */
  readonly id: number;
  readonly name: string;
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}
