import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { redisBus, redisTier } from '../../../lib/backends/redis/index.js';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const ENTRIES = 1_000;
const Texts = defineCache<string, string>('texts', { ttl: '1h', lock: true });

/** What the page about Redis says that an application needs. */
async function rightsOnThePage(): Promise<string[]> {
  const page = await readFile(new URL('../../../docs/redis.md', import.meta.url), 'utf8');
  const [, text = ''] = /An ACL may be narrow:([^.]*)\./.exec(page) ?? [];
  const words = [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  return ['resetkeys', 'resetchannels', ...words.map((word) => (/^[~&]/.test(word) ? word : `+${word.toLowerCase()}`))];
}

const NAMES_AND_LIVES =
  "local all = {} for _, name in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = name .. ' ' .. redis.call('PTTL', name) end return all";

async function namesAndLives(server: RedisServer): Promise<(readonly [name: string, leftMs: number])[]> {
  const lines = (await server.command('EVAL', NAMES_AND_LIVES, '0')).split('\n').filter((line) => line !== '');
  return lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]);
}

describe.each([false, true])(
  'promise Safety: an application in Redis with the rights of the docs, cluster: %s',
  (isCluster) => {
    let servers: readonly RedisServer[];
    let stop: () => Promise<void>;
    const caches: ClosableCache<string, string>[] = [];

    beforeAll(async () => {
      if (isCluster) {
        const cluster: RedisCluster = await startRedisCluster();
        [servers, stop] = [cluster.nodes, () => cluster.stop()];
      } else {
        const server = await startRedis();
        [servers, stop] = [[server], () => server.stop()];
      }
      const rights = await rightsOnThePage();
      for (const server of servers) await server.command('ACL', 'SETUSER', 'shop', 'on', '>secret', ...rights);
    }, 60_000);

    afterAll(async () => {
      await Promise.all(caches.map((cache) => cache.close()));
      await stop();
    });

    function node(): ClosableCache<string, string> {
      const urls = servers.map(({ port }) => `redis://shop:secret@127.0.0.1:${port}`);
      const options = { url: urls, cluster: isCluster };
      const tiers = [redisTier({ ...options, timeout: '10s', silence: '20s' })];
      const cache = createCache(Texts, { namespace: 'shop', tiers, bus: redisBus(options) });
      caches.push(cache);
      return cache;
    }

    it('does everything, names what it stores so that it can be read, and leaves nothing for ever', async () => {
      const [one, other] = [node(), node()];
      await until(() => one.stats().bus?.trusted === true && other.stats().bus?.trusted === true);
      const keys = Array.from({ length: ENTRIES }, (_, at) => `k${at}`);
      await one.putAll(
        keys.map((key) => [key, `of ${key}`] as const),
        { groups: ['all'] },
      );
      await one.put('mine', '1');
      expect(await other.getOrLoad('loaded', () => '2', { groups: ['some'] })).toBe('2');
      await one.touch('mine', '2h');
      await one.expire('loaded');
      await one.invalidateMatching('k1*');
      expect(await other.getAll(['k0', 'k1', 'k199', 'mine'])).toEqual(
        new Map([
          ['k0', 'of k0'],
          ['mine', '1'],
        ]),
      );
      await one.invalidate('k0');
      await one.invalidateGroup('some');
      const listed: string[] = [];
      for await (const key of other.keys({ tier: 'redis' })) listed.push(key);
      expect(listed.filter((key) => key.startsWith('k1'))).toEqual([]);

      const stored = (await Promise.all(servers.map(namesAndLives))).flat();
      const names = stored.map(([name]) => name);
      expect(names).toEqual(
        expect.arrayContaining(['shop:texts:{k2}', 'shop:texts:{:some}:g', 'shop:texts:{}:g', 'shop:bus']),
      );
      expect(names.filter((name) => !/^shop:(bus|texts:\{.*\}(:[fgl])?)$/.test(name))).toEqual([]);
      expect(stored.filter(([, leftMs]) => !(leftMs > 0 && leftMs <= 60 * DAY_MS))).toEqual([]);
      await one.clear();
      // What it has in memory until the message comes is its own to show.
      await until(async () => (await other.getAll(['k2', 'mine'])).size === 0);
      // Of what it had no right to, it has only tried what the page says is used where there is one.
      const denied = (await Promise.all(servers.map((server) => server.command('ACL', 'LOG')))).join('\n');
      const tried = [...denied.matchAll(/^object\n(.*)$/gm)].map(([, name]) => name);
      expect(tried.filter((name) => !/^(multi|exec|mset)$/.test(name ?? ''))).toEqual([]);
      expect(tried.length === 0).toBe(isCluster);
    });
  },
);
