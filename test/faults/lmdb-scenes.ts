import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { broadcastBus } from '../../lib/backends/local/index.js';
import { lmdbTier } from '../../lib/backends/lmdb/index.js';
import { redisBus, redisTier } from '../../lib/backends/redis/index.js';
import { FaultProxy, type RedisServer } from '../servers/index.js';
import { GUARD, TIMEOUT_MS } from './redis-scenes.js';
import type { Levels, Scene } from './scene.js';

/** Faults of the disk, with a bus that stays whole; and of Redis below a disk that stays whole. */
export function lmdbScenes(redis: RedisServer): Scene[] {
  const disk = (path: string) => lmdbTier({ ...GUARD, path, maxBytes: '8mb' });
  const scene = (
    fault: string,
    expected: string,
    happen: {
      readonly before?: (folder: string) => Promise<unknown>;
      readonly during?: (folder: string) => Promise<unknown>;
    },
  ): Scene => ({
    below: 'lmdb',
    fault,
    expected,
    async set() {
      const folder = await mkdtemp(join(tmpdir(), 'strata-faults-'));
      const path = join(folder, 'data');
      const levels = (): Levels => ({ tiers: [disk(path)], bus: broadcastBus() });
      await happen.before?.(path);
      return {
        timeoutsMs: [TIMEOUT_MS],
        node: levels,
        witness: levels,
        begin: async () => void (await happen.during?.(path)),
        end: () => {},
        strike: () => rm(folder, { recursive: true, force: true }),
      };
    },
  });
  return [
    scene('its folder is removed', 'goes on with the file that it has open', {
      during: (path) => rm(path, { recursive: true, force: true }),
    }),
    scene('its file is garbage at the start', 'begins with an empty file', {
      before: async (path) => {
        await mkdir(path, { recursive: true });
        await writeFile(join(path, 'strata-1.mdb'), Buffer.alloc(65_536, 0xa5));
      },
    }),
    scene('a file stands where its folder should be', 'misses and loads', {
      before: (path) => writeFile(path, 'not a folder'),
      during: (path) => rm(path, { force: true }),
    }),
    {
      below: 'lmdb+redis',
      fault: 'redis is cut off',
      expected: 'hits from the disk; changes are kept and made up for',
      async set() {
        const folder = await mkdtemp(join(tmpdir(), 'strata-faults-'));
        const proxy = await FaultProxy.start({ port: redis.port });
        const levels = (port: number) => (): Levels => {
          const url = `redis://127.0.0.1:${port}`;
          return { tiers: [disk(join(folder, 'data')), redisTier({ ...GUARD, url })], bus: redisBus({ url }) };
        };
        return {
          timeoutsMs: [TIMEOUT_MS, TIMEOUT_MS],
          node: levels(proxy.port),
          witness: levels(redis.port),
          begin: () => proxy.cut(),
          end: () => proxy.mend(),
          strike: async () => {
            await proxy.stop();
            await rm(folder, { recursive: true, force: true });
          },
        };
      },
    },
  ];
}
