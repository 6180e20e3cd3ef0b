import type { SnapshotReport, SnapshotSource, SnapshotTarget } from '../core/index.js';
import type { SnapshotHeader } from './snapshot-blocks.js';
import { readSnapshot, writeSnapshot, type RecordBlock, type SnapshotReader } from './snapshot-io.js';
import type { SnapshotEntry, SnapshotRecord } from './snapshot-record.js';

/** Blocks between two reports of progress: about a megabyte. */
const BLOCKS_PER_REPORT = 16;
/** Steps of one slice: of small entries, and of those that have no form in bytes, a block would take too many. */
const STEPS_PER_SLICE = 2_048;

/** What can be told of a cache that changes meanwhile; see StoreWalk. */
export interface LogWalk<E, K> {
  step():
    | { readonly kind: 'entry'; readonly entry: E }
    | { readonly kind: 'removed'; readonly key: K }
    | { readonly kind: 'cleared' }
    | { readonly kind: 'pause' }
    | undefined;
  end(): void;
}

/** What a snapshot is taken of. */
export interface LogSubject<E, K> {
  readonly header: SnapshotHeader;
  readonly walk: LogWalk<E, K>;
  /** Milliseconds since the snapshot was begun. */
  readonly elapsedMs: () => number;
  /** About how many entries there are. */
  readonly total: number;
  /** Throws, or returns `undefined`, where the entry has no form in bytes. */
  recordOf(entry: E, elapsedMs: number): SnapshotEntry | undefined;
  /** `undefined`: such a key is in no record. */
  textOf(key: K): string | undefined;
  /** What the policy knows of the whole. */
  state(): readonly number[];
  /** Throws when the cache has been closed: what is left of it then is nothing to keep. */
  requireOpen(): void;
  progress(done: number, total: number): void;
}

/** Takes a snapshot of what a walk tells. */
export async function takeSnapshot<E, K>(
  target: string | SnapshotTarget,
  subject: LogSubject<E, K>,
): Promise<SnapshotReport> {
  const { walk, total } = subject;
  let entries = 0;
  let removed = 0;
  let unfit = 0;
  let problem: unknown;
  let blocks = 0;
  const addEntry = (block: RecordBlock, entry: E): void => {
    try {
      const record = subject.recordOf(entry, subject.elapsedMs());
      if (record === undefined) {
        unfit++;
        return;
      }
      block.add(record);
      entries++;
    } catch (error) {
      problem ??= error;
      unfit++;
    }
  };
  const addRemoved = (block: RecordBlock, key: K): void => {
    const text = subject.textOf(key);
    if (text === undefined) return;
    block.add({ kind: 'removed', key: text });
    removed++;
  };
  const addTo = (block: RecordBlock): boolean => {
    subject.requireOpen();
    if (++blocks % BLOCKS_PER_REPORT === 0) subject.progress(entries, total);
    for (let left = STEPS_PER_SLICE; left > 0 && !block.isFull; left--) {
      const walked = walk.step();
      if (walked === undefined) return false;
      if (walked.kind === 'pause') return true;
      if (walked.kind === 'entry') addEntry(block, walked.entry);
      else if (walked.kind === 'removed') addRemoved(block, walked.key);
      else {
        block.add({ kind: 'cleared' });
        removed = entries;
      }
    }
    return true;
  };
  try {
    const end = () => ({ entries, state: subject.state() });
    const bytes = await writeSnapshot(target, subject.header, { addTo, end });
    return {
      entries: Math.max(0, entries - removed),
      leftOut: { unfit, expired: 0, outdated: 0, noRoom: 0 },
      problem,
      bytes,
      takenAtMs: subject.header.takenAtMs,
      durationMs: subject.elapsedMs(),
    };
  } finally {
    walk.end();
  }
}

/** What became of an entry of a snapshot; `present`: another one stands there. */
export type EntryOutcome = 'restored' | 'present' | 'expired' | 'no-room' | 'outdated' | 'unfit';

/** What a snapshot is replayed into. */
export interface LogReplay {
  /** Before the entries of a block: what has to be found out about them; nothing else happens in between that is not checked. */
  prepare(entries: readonly SnapshotEntry[]): void | Promise<void>;
  /** Throws where the entry cannot be read: then it is unfit. @param elapsedMs since the snapshot was begun */
  entry(record: SnapshotEntry, elapsedMs: number): EntryOutcome;
  /** Takes away again what it has brought and nobody has changed since. */
  undo(): void;
  /** Always called, at the end. */
  end(): void;
}

/** How much of a snapshot is still of use. */
export interface LogSize {
  readonly header: SnapshotHeader;
  readonly state: readonly number[];
  readonly entries: number;
  /** In the unit of the snapshot's own bound. */
  readonly weight: number;
}

/** Who a snapshot is replayed for. */
export interface LogTarget extends Omit<SnapshotReader, 'inspect'> {
  readonly nowMs: () => number;
  readonly epochMs: () => number;
  /** Throws when the cache has been closed. */
  requireOpen(): void;
  /** The snapshot is whole. */
  begin(size: LogSize): LogReplay;
  progress(done: number, total: number): void;
}

/**
 * Tells, of a log that has been read to its end, which entries were revoked by a later record. They are never shown, not even
 * until that record comes: a reader would see what had been invalidated. Remembers the keys that were revoked since the
 * cache was cleared last, so about those that changed while the snapshot was written.
 */
class Revocations {
  private readonly revokedAt = new Map<string, number>();
  private clearedAt = -1;
  private noted = 0;

  note(record: SnapshotRecord): void {
    const at = this.noted++;
    if (record.kind === 'removed') this.revokedAt.set(record.key, at);
    if (record.kind !== 'cleared') return;
    this.clearedAt = at;
    this.revokedAt.clear();
  }

  get any(): boolean {
    return this.clearedAt >= 0 || this.revokedAt.size > 0;
  }

  /** Of the same log, block by block, the entries that stay. */
  async *staying(blocks: AsyncIterable<Iterable<SnapshotRecord>>): AsyncGenerator<SnapshotEntry[]> {
    let at = -1;
    for await (const block of blocks) {
      const entries: SnapshotEntry[] = [];
      for (const record of block) {
        at++;
        if (record.kind !== 'entry' || at < this.clearedAt) continue;
        if (at > (this.revokedAt.get(record.key) ?? -1)) entries.push(record);
      }
      yield entries;
    }
  }
}

/** How much there is that stays, in all and as far as it has not expired. */
class Amount {
  all = 0;
  entries = 0;
  weight = 0;

  add({ leftMs, weight = 0 }: SnapshotEntry, elapsedMs: number): void {
    this.all++;
    if (leftMs <= elapsedMs) return;
    this.entries++;
    this.weight += weight;
  }
}

/** Checks a snapshot and replays it. Rejects, and leaves nothing of it behind, when there is anything wrong with it. */
export async function replaySnapshot(source: string | SnapshotSource, target: LogTarget): Promise<SnapshotReport> {
  const startedMs = target.nowMs();
  // A clock that was set back must not make anything live longer.
  const elapsedMs = ({ takenAtMs }: SnapshotHeader): number => Math.max(0, target.epochMs() - takenAtMs);
  const revocations = new Revocations();
  const inspected = new Amount();
  const inspect = (record: SnapshotRecord, header: SnapshotHeader): void => {
    revocations.note(record);
    if (record.kind === 'entry') inspected.add(record, elapsedMs(header));
  };
  const { kind, cache, serializer } = target;
  return readSnapshot(source, { kind, cache, serializer, inspect }, async ({ header, end, bytes, blocks }) => {
    let amount = inspected;
    if (revocations.any) {
      // What was revoked was counted before that was known.
      amount = new Amount();
      for await (const entries of revocations.staying(blocks())) {
        for (const entry of entries) amount.add(entry, elapsedMs(header));
      }
    }
    target.requireOpen();
    const replay = target.begin({ header, state: end.state, entries: amount.entries, weight: amount.weight });
    const leftOut = { unfit: 0, expired: 0, outdated: 0, noRoom: 0 };
    let restored = 0;
    let seen = 0;
    let problem: unknown;
    const outcomeOf = (record: SnapshotEntry): EntryOutcome => {
      try {
        return replay.entry(record, elapsedMs(header));
      } catch (error) {
        problem ??= error;
        return 'unfit';
      }
    };
    try {
      let read = 0;
      for await (const entries of revocations.staying(blocks())) {
        await replay.prepare(entries);
        target.requireOpen();
        for (const entry of entries) {
          seen++;
          const outcome = outcomeOf(entry);
          if (outcome === 'restored') restored++;
          else if (outcome === 'no-room') leftOut.noRoom++;
          else if (outcome === 'present') leftOut.outdated++;
          else leftOut[outcome]++;
        }
        if (++read % BLOCKS_PER_REPORT === 0) target.progress(seen, amount.all);
      }
    } catch (error) {
      // The file was changed, or cannot be read any more, since it was checked.
      replay.undo();
      throw error;
    } finally {
      replay.end();
    }
    const durationMs = target.nowMs() - startedMs;
    return { entries: restored, leftOut, problem, bytes, takenAtMs: header.takenAtMs, durationMs };
  });
}
