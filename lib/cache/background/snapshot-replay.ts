import { valueFromSnapshot, type EntryOutcome, type LogReplay, type SnapshotEntry } from '../../codec/index.js';
import type { StoreRestore } from '../../engine/index.js';
import type { Fence } from '../../resilience/index.js';
import type { CacheParts } from '../parts/cache-parts.js';
import { Life } from '../entries/life.js';
import type { SpaceTier } from '../shared/space-tier.js';
import { AbsentEntry, type StoredEntry } from '../entries/stored-entry.js';

/** What of a snapshot has its meaning here. */
interface Kept {
  /** Weights in the unit of this cache; bytes are estimated anew, of the values as they are here. */
  readonly keepsWeights: boolean;
  /** Notes of this cache's policy. */
  readonly keepsNotes: boolean;
}

/**
 * Brings the entries of a snapshot back into memory. Where other nodes may have changed them while this one was down, only
 * those come back that the tier below still has: the very same write of the key, in generations that are current.
 */
export class SnapshotReplay<K, V> implements LogReplay {
  /** The keys of the present block that are still current; `undefined` where that is not in doubt. */
  private current: ReadonlySet<string> | undefined;

  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly restore: StoreRestore<unknown, StoredEntry<K, V>>,
    private readonly fence: Fence,
    private readonly kept: Kept,
  ) {}

  async prepare(entries: readonly SnapshotEntry[]): Promise<void> {
    const { judge } = this.parts;
    if (judge === undefined) return;
    this.current = judge === 'nobody' ? new Set() : await currentAmong(entries, judge);
  }

  entry(record: SnapshotEntry, elapsedMs: number): EntryOutcome {
    const { changes, codec, clock, memoryLimitMs } = this.parts;
    const { groups, ttlMs, ttiMs } = record;
    const limitMs = memoryLimitMs?.() ?? Infinity;
    const leftMs = Math.min(record.leftMs - elapsedMs, limitMs);
    if (leftMs <= 0) return 'expired';
    const index = codec.indexOfName(record.key);
    if (this.current?.has(record.key) === false) return 'outdated';
    if (!changes.permitsUnasked(this.fence, { index, groups })) return 'outdated';
    const value = this.entryOf(record, index, clock.now() - elapsedMs);
    if (value === undefined) return 'unfit';
    return this.restore.entry({
      key: index,
      value,
      groups,
      ttlMs,
      ttiMs,
      leftMs,
      ttlLeftMs: Math.min(record.ttlLeftMs - elapsedMs, limitMs),
      weight: this.kept.keepsWeights ? record.weight : undefined,
      notes: this.kept.keepsNotes ? record.notes : undefined,
    });
  }

  undo(): void {
    this.restore.undo();
  }

  end(): void {
    this.restore.end();
  }

  /** @param startedMs when the snapshot was begun, by the clock of this process */
  private entryOf(record: SnapshotEntry, index: unknown, startedMs: number): StoredEntry<K, V> | undefined {
    const { settings, codec } = this.parts;
    const { serializer, call, Entry } = settings;
    const [writtenMs = 0, ttlMs = 0, ...life] = record.numbers;
    let key: K | undefined;
    if (record.keyBytes !== undefined) {
      key = valueFromSnapshot(serializer, record.keyBytes) as K;
      // A key whose class is not known any more would be another one.
      if (codec.index(key) !== index) return undefined;
    }
    if (record.value === undefined) return new AbsentEntry<K, V>(key, startedMs + writtenMs, ttlMs);
    // Whatever was stored under this key was a V when it was written.
    const value = valueFromSnapshot(serializer, record.value) as V;
    const stages = life.length === 0 ? undefined : Life.resumed(life, startedMs, call);
    const entry = new Entry(value, key, startedMs + writtenMs, ttlMs, stages);
    entry.version = record.version;
    return entry;
  }
}

async function currentAmong<V>(entries: readonly SnapshotEntry[], tier: SpaceTier<V>): Promise<ReadonlySet<string>> {
  const current = await Promise.all(
    entries.map(async ({ key, version }) => version !== undefined && (await tier.read(key))?.version === version),
  );
  return new Set(entries.filter((_, at) => current[at]).map(({ key }) => key));
}
