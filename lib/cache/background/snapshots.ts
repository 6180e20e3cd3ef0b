import { bytesForSnapshot, replaySnapshot, takeSnapshot, type SnapshotEntry } from '../../codec/index.js';
import {
  CacheClosedError,
  toldAbout,
  type SnapshotNews,
  type SnapshotReport,
  type SnapshotSource,
  type SnapshotTarget,
} from '../../core/index.js';
import { StoreRestore, StoreWalk, type SavedEntry } from '../../engine/index.js';
import type { CacheParts } from '../parts/cache-parts.js';
import { SnapshotReplay } from './snapshot-replay.js';
import { FailedEntry, type StoredEntry } from '../entries/stored-entry.js';

/**
 * Writes what memory holds, and brings it back.
 *
 * Races. While a snapshot is written, the cache changes: what was written already is revoked in the same file, so that it
 * holds what the cache held at its end. While one is restored: a fence is opened before it is looked at, and refuses the
 * entries whose key, groups or cache have been changed since; what stands in memory by then is newer, and stays.
 */
export class Snapshots<K, V> {
  private isGivenUp = false;

  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly isGone: () => boolean,
    private readonly tellNews: (type: 'snapshot' | 'restore', news: SnapshotNews) => void,
  ) {}

  /** Ends what is being written, and leaves what stands under its path. */
  giveUp(): void {
    this.isGivenUp = true;
  }

  write(target: string | SnapshotTarget): Promise<SnapshotReport> {
    const { name, clock, settings, store, codec } = this.parts;
    const { serializer } = settings;
    return this.tell('snapshot', (progress) => {
      const startedMs = clock.now();
      return takeSnapshot<SavedEntry<unknown, StoredEntry<K, V>>, unknown>(target, {
        header: {
          kind: 'cache',
          cache: name,
          takenAtMs: clock.epochMs(),
          serializerId: serializer.id,
          serializer: serializer.name,
          policy: store.policy.notedAs ?? '',
          bound: settings.store.bound.kind,
        },
        walk: new StoreWalk(store),
        elapsedMs: () => clock.now() - startedMs,
        total: store.size,
        recordOf: (saved) => this.recordOf(saved, startedMs),
        textOf: (index) => codec.nameOf(index),
        state: () => store.policy.state?.() ?? [],
        requireOpen: () => this.requireOpen(),
        progress,
      });
    });
  }

  async read(source: string | SnapshotSource): Promise<SnapshotReport> {
    const { parts } = this;
    const { name, clock, settings, store, changes } = parts;
    const fence = changes.openFence();
    try {
      return await this.tell('restore', (progress) =>
        replaySnapshot(source, {
          kind: 'cache',
          cache: name,
          serializer: settings.serializer,
          nowMs: () => clock.now(),
          epochMs: () => clock.epochMs(),
          requireOpen: () => this.requireOpen(),
          progress,
          begin: ({ header, state, entries, weight }) => {
            const isOneBound = header.bound === settings.store.bound.kind;
            const restore = new StoreRestore(store, state, { entries, weight: isOneBound ? weight : undefined });
            return new SnapshotReplay(parts, restore, fence, {
              keepsWeights: isOneBound && header.bound === 'weight',
              keepsNotes: header.policy !== '' && header.policy === store.policy.notedAs,
            });
          },
        }),
      );
    } finally {
      changes.closeFence(fence);
    }
  }

  private recordOf(saved: SavedEntry<unknown, StoredEntry<K, V>>, startedMs: number): SnapshotEntry | undefined {
    const { codec, clock, settings } = this.parts;
    const { key: index, value: entry, groups, ttlMs, ttiMs, weight, notes = [] } = saved;
    const name = codec.nameOf(index);
    if (name === undefined || entry instanceof FailedEntry) return undefined;
    const elapsedMs = clock.now() - startedMs;
    // Field by field: a rest and a spread of each take longer than all that is done with it.
    return {
      kind: 'entry',
      key: name,
      keyBytes: entry.key === undefined ? undefined : bytesForSnapshot(settings.serializer, entry.key),
      value: entry.isValue ? bytesForSnapshot(settings.serializer, entry.original) : undefined,
      leftMs: saved.leftMs + elapsedMs,
      ttlMs,
      ttlLeftMs: saved.ttlLeftMs + elapsedMs,
      ttiMs,
      groups,
      weight,
      version: entry.version,
      notes,
      numbers: [entry.writtenAtMs - startedMs, entry.ttlMs, ...(entry.life?.since(startedMs) ?? [])],
    };
  }

  private tell(
    type: 'snapshot' | 'restore',
    run: (progress: (done: number, total: number) => void) => Promise<SnapshotReport>,
  ): Promise<SnapshotReport> {
    return toldAbout(
      (news) => this.tellNews(type, news),
      async (progress) => {
        this.requireOpen();
        return run(progress);
      },
    );
  }

  private requireOpen(): void {
    if (this.isGone() || this.isGivenUp) throw new CacheClosedError(this.parts.name);
  }
}
