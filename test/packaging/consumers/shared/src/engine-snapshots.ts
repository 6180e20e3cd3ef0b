/* Snapshots of the engine alone, through a stream, by a serializer of one's own. */
import { PassThrough } from 'node:stream';
import {
  CacheSnapshotError,
  MemoryCache,
  type CacheProgress,
  type SnapshotFailure,
  type SnapshotReport,
  type SnapshotSource,
  type SnapshotTarget,
  type ValueSerializer,
} from 'nestjs-strata/engine';

export const EXPECTED_OF_ENGINE_SNAPSHOTS = {
  engineRestored: [1, 'kept'],
  engineProgress: 1,
  engineRefused: 'foreign',
};

export async function useEngineSnapshots(): Promise<Record<string, unknown>> {
  const codec: ValueSerializer = {
    id: 200,
    name: 'text',
    encode: (value) => new TextEncoder().encode(String(value)),
    decode: (bytes) => new TextDecoder().decode(bytes),
  };
  const [cache, copy] = [new MemoryCache<string, string>({ codec }), new MemoryCache<string, string>({ codec })];
  let progress: CacheProgress | undefined;
  cache.events$.subscribe({ next: (event) => (progress = event.progress ?? progress) });
  cache.put('k', 'kept');
  const stream = new PassThrough();
  const target: SnapshotTarget = stream;
  const source: SnapshotSource = stream;
  const [, restored]: readonly SnapshotReport[] = await Promise.all([cache.snapshot(target), copy.restore(source)]);

  let refused: SnapshotFailure | undefined;
  const foreign = new PassThrough();
  foreign.end('not a snapshot');
  try {
    await copy.restore(foreign);
  } catch (error) {
    if (error instanceof CacheSnapshotError) refused = error.failure;
  }
  return {
    engineRestored: [restored?.entries, copy.get('k')],
    engineProgress: progress?.done,
    engineRefused: refused,
  };
}
