/* A cache that starts as the last one ended: to a file and to a stream, with every name that this takes. */
import { rm } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { Injectable } from '@nestjs/common';
import {
  Cacheable,
  CacheSnapshotError,
  CacheWarm,
  createCache,
  defineCache,
  defineMemoryCache,
  MemoryCache,
  type ArgumentLists,
  type CacheProgress,
  type MemoryDefinitionOptions,
  type SnapshotFailure,
  type SnapshotOptions,
  type SnapshotReport,
  type SnapshotSource,
  type SnapshotTarget,
  type WarmList,
  type WarmOptions,
  type WarmSchedule,
} from 'nestjs-strata';

export const EXPECTED_OF_SNAPSHOTS: Record<string, unknown> = {
  snapshotTaken: 1,
  snapshotRestored: [1, 'kept'],
  snapshotStreamed: 2,
  snapshotProgress: 1,
  snapshotRefused: 'foreign',
  warmedAhead: ['a', 'b'],
};

const schedule: WarmSchedule = { on: 'bootstrap', concurrency: 2 };
const lists: ArgumentLists<readonly [string], Warmed> = (warmed) => warmed.ids.map((id) => [id] as const);

/** Its method is called with lists of arguments when the app starts. */
@Injectable()
export class Warmed {
  readonly ids = ['a', 'b'];
  readonly calls: string[] = [];

  @CacheWarm(lists, { ...schedule, wait: true })
  @Cacheable()
  async find(id: string): Promise<string> {
    this.calls.push(id);
    return id;
  }
}

/** A cache that is restored, saved and warmed by itself. */
export async function useWarming(): Promise<Record<string, unknown>> {
  const keys: WarmList<string> = async () => ['a', 'b'];
  const warm: WarmOptions<string> = { ...schedule, keys, wait: true };
  const snapshot: SnapshotOptions = { path: `warm-${process.pid}.tmp`, onShutdown: false };
  // A definition writes nothing by itself.
  const options: MemoryDefinitionOptions<string, number> = { snapshot };
  defineMemoryCache('kept', options);
  const cache = createCache(defineCache<string, string>('warmed', { warm, snapshot, loader: (key) => key }));
  await cache.ready();
  const ahead: string[] = [];
  for await (const key of cache.keys()) ahead.push(key);
  await cache.close();
  return { warmedAhead: ahead.sort() };
}

export async function useSnapshots(): Promise<Record<string, unknown>> {
  const path = `snapshot-${process.pid}.tmp`;
  const Saved = defineCache<string, string>('saved');
  const cache = createCache(Saved);
  let progress: CacheProgress | undefined;
  cache.events$.subscribe((event) => (progress = event.progress ?? progress));
  await cache.put('k', 'kept');
  const taken: SnapshotReport = await cache.snapshot(path);
  const another = createCache(Saved);
  const restored = await another.restore(path);

  const memory = new MemoryCache<string, number>();
  memory.put('a', 1);
  const stream = new PassThrough();
  const target: SnapshotTarget = stream;
  const source: SnapshotSource = stream;
  const copy = new MemoryCache<string, number>();
  copy.put('b', 2);
  await Promise.all([memory.snapshot(target), copy.restore(source)]);

  let refused: SnapshotFailure | undefined;
  try {
    await memory.restore(path);
  } catch (error) {
    if (error instanceof CacheSnapshotError) refused = error.failure;
  }
  const kept = await another.get('k');
  await Promise.all([cache.close(), another.close(), rm(path)]);
  return {
    snapshotTaken: taken.entries,
    snapshotRestored: [restored.entries, kept],
    snapshotStreamed: copy.size,
    snapshotProgress: progress?.done,
    snapshotRefused: refused,
  };
}
