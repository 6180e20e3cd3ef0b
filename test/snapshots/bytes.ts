import { Readable, Writable } from 'node:stream';
import type { SnapshotReport, SnapshotSource, SnapshotTarget } from '../../lib/core/index.js';

interface Snapshotting {
  snapshot(target: string | SnapshotTarget): Promise<SnapshotReport>;
}

interface Restoring {
  restore(source: string | SnapshotSource): Promise<SnapshotReport>;
}

/** The bytes of a snapshot, taken to a stream. */
export function bytesOf(cache: Snapshotting): Promise<Buffer> {
  return bytesWhile(cache, () => {});
}

/** The same; `during` is called when each block has been made, the header being the first. */
export async function bytesWhile(cache: Snapshotting, during: (block: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await cache.snapshot(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        during(chunks.push(chunk) - 1);
        done();
      },
    }),
  );
  return Buffer.concat(chunks);
}

/** Restores from a stream of these bytes. */
export function restoreFrom(cache: Restoring, bytes: Uint8Array): Promise<SnapshotReport> {
  return cache.restore(Readable.from([bytes]));
}
