import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { seededRandom } from '../../lib/core/index.js';
import { MemoryCache } from '../../lib/engine/index.js';
import { nextOutput, startChild } from '../processes/child.js';

const KILLS = Number(process.env['STRATA_SNAPSHOT_KILLS'] ?? 8);

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'strata-kill-'))));
afterEach(() => rm(folder, { recursive: true }));

/** The generation of the entries of a snapshot, which must be whole and of one generation. */
async function generationIn(path: string): Promise<number> {
  const cache = new MemoryCache<number, string>({ maxSize: 400 });
  const { entries } = await cache.restore(path);
  const generations = new Set([...cache.values()].map((value) => Number(value.split(':')[0])));

  expect({ entries, generations: generations.size }).toEqual({ entries: 400, generations: 1 });
  const [generation = NaN] = generations;
  return generation;
}

describe('promise Life: snapshots are saved atomically', () => {
  it('leaves a whole snapshot when the process that writes is killed, at whatever moment', async () => {
    const path = join(folder, 'snapshot');
    const random = seededRandom(11);
    let newest = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = startChild(new URL('kill-child.ts', import.meta.url), [path, String(newest)]);
      const exited = once(child, 'exit');
      const told: string[] = [];
      child.stdout?.on('data', (text: Buffer) => void told.push(...text.toString().trim().split('\n')));
      while (told.length < 2) await nextOutput(child);
      await wait(random() * 60);
      child.kill('SIGKILL');
      await exited;

      // What was begun before the last one is done, and the last one is there wholly or not at all.
      const generation = await generationIn(path);
      const last = Number(told.at(-1));
      expect([last - 1, last]).toContain(generation);
      newest = last + 1;
    }
  }, 120_000);

  it('removes in time what such a process has left, and nothing else', async () => {
    const path = join(folder, 'snapshot');
    const old = new Date(Date.now() - 3_600_000);
    for (const name of [
      'snapshot.0123456789ab.unfinished',
      'other.0123456789ab.unfinished',
      'snapshot.old',
      'snapshot.old.0123456789ab.unfinished',
    ]) {
      await writeFile(join(folder, name), 'left');
      await utimes(join(folder, name), old, old);
    }
    await writeFile(join(folder, 'snapshot.ba9876543210.unfinished'), 'being written');
    await new MemoryCache().snapshot(path);

    expect((await readdir(folder)).toSorted()).toEqual([
      'other.0123456789ab.unfinished',
      'snapshot',
      'snapshot.ba9876543210.unfinished',
      'snapshot.old',
      'snapshot.old.0123456789ab.unfinished',
    ]);
  });

  it('brings the new file to the disk before it takes the place of the old one, and the folder after that', async () => {
    const path = join(folder, 'snapshot');
    await writeFile(path, 'the old one');
    const own = await open(path);
    const handles = Object.getPrototypeOf(own) as typeof own;
    await own.close();
    const synced: unknown[] = [];
    const sync = jest.spyOn(handles, 'sync').mockImplementation(async function (this: typeof own) {
      const isFolder = (await this.stat()).isDirectory();
      synced.push([isFolder ? 'folder' : 'file', (await readFile(path, 'utf8')) === 'the old one' ? 'old' : 'new']);
    });
    await new MemoryCache().snapshot(path);
    sync.mockRestore();

    expect(synced).toEqual([
      ['file', 'old'],
      ['folder', 'new'],
    ]);
  });

  it('leaves one whole snapshot, and nothing beside it, where several write to one path at a time', async () => {
    const path = join(folder, 'snapshot');
    const caches = Array.from({ length: 4 }, (_, value) => {
      const cache = new MemoryCache<number, number>();
      for (let key = 0; key < 3_000; key++) cache.put(key, value);
      return cache;
    });
    await Promise.all(caches.map((cache) => cache.snapshot(path)));
    const restored = new MemoryCache<number, number>();

    expect(await restored.restore(path)).toMatchObject({ entries: 3_000 });
    expect(new Set(restored.values()).size).toBe(1);
    expect(await readdir(folder)).toEqual(['snapshot']);
  });
});
