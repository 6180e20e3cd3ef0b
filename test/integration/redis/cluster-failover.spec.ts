import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { keySlot } from '../../../lib/backends/redis/key-slot.js';
import { redisTier } from '../../../lib/backends/redis/index.js';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { memoryTier } from '../../../lib/tiers/index.js';
import { startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(60_000);

/** How long a server is silent before the others agree that it failed: a busy machine must not make them think so. */
const TIMEOUT = { 'cluster-node-timeout': 3_000 };
const KEYS = Array.from({ length: 60 }, (_, at) => `k${at}`);
const some = (from: number, to: number): readonly string[] => KEYS.slice(from, to);

describe('promise Tiers: a cache over a cluster whose master is killed and whose replica takes its place', () => {
  let cluster: RedisCluster;
  let replica: RedisServer;
  let master: RedisServer;
  const caches: ClosableCache<string, string>[] = [];

  beforeAll(async () => {
    cluster = await startRedisCluster({ config: TIMEOUT });
    [master] = cluster.nodes as [RedisServer];
    replica = await startRedis({ clusterNode: true, config: { ...TIMEOUT, 'cluster-replica-validity-factor': 0 } });
    const masterId = await master.command('CLUSTER', 'MYID');
    const busPort = await busPortOf(master);
    await until(async () => {
      await replica.command('CLUSTER', 'MEET', '127.0.0.1', String(master.port), busPort);
      return (await replica.command('CLUSTER', 'REPLICATE', masterId)) === 'OK';
    });
    // The others have to know it too, for they elect it.
    const replicaId = await replica.command('CLUSTER', 'MYID');
    for (const node of cluster.nodes) {
      await until(async () => isReplica(await node.command('CLUSTER', 'NODES'), replicaId, masterId));
    }
  }, 60_000);
  afterAll(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await replica.stop();
    await cluster.stop();
  });

  /** One node of an application; its memory keeps nothing for long, so that it asks the cluster. */
  function join(): ClosableCache<string, string> {
    const url = cluster.nodes.map((node) => node.url);
    const tiers = [memoryTier({ ttl: 1 }), redisTier({ url, cluster: true, silence: 1_000, timeout: '5s' })];
    const cache = createCache(defineCache<string, string>('users', { ttl: '10m' }), { tiers });
    caches.push(cache);
    return cache;
  }

  it('fails no request, brings nothing back, and goes on by itself', async () => {
    const [cache, other] = [join(), join()];
    await until(async () => {
      await cache.put('first', '1');
      return (await other.get('first')) === '1';
    });
    await cache.putAll(KEYS.map((key) => [key, 'old']));
    await cache.invalidateAll(some(0, 10));
    await cache.putAll(some(10, 20).map((key) => [key, 'new']));
    // What was acknowledged and not replicated is lost with the master: that is what Redis Cluster promises.
    await until(() => isReplicated(master));
    expect(KEYS.filter((key) => isIn([0, 5460], key)).length).toBeGreaterThan(5);

    await master.kill();
    // Whatever a request finds, it is answered.
    await cache.invalidateAll(some(20, 30));
    await cache.putAll(some(30, 40).map((key) => [key, 'new']));
    for (const key of some(0, 10)) expect(await cache.get(key)).toBeUndefined();
    for (const key of some(20, 30)) expect(await cache.get(key)).toBeUndefined();
    for (const key of some(10, 20)) expect([undefined, 'new']).toContain(await cache.get(key));
    expect(await cache.getOrLoad('k0', async () => 'loaded')).toBe('loaded');

    await until(async () => (await replica.command('ROLE')).startsWith('master'));
    await until(() => {
      const { breaker, recoveryQueue } = cache.stats().tiers['redis'] ?? {};
      return breaker === 'closed' && recoveryQueue === 0 ? true : cache.get(`${Math.random()}`).then(() => false);
    });
    const third = join();
    for (const node of [other, third]) {
      // When it has found who has the slots now, it finds what nobody has changed,
      for (const key of some(40, 60)) await until(async () => (await node.get(key)) === 'old');
      // and nothing that was replaced.
      for (const key of [...some(1, 10), ...some(20, 30)]) expect([key, await node.get(key)]).toEqual([key, undefined]);
      for (const key of [...some(10, 20), ...some(30, 40)]) expect([undefined, 'new']).toContain(await node.get(key));
    }
    for (const key of KEYS) {
      await until(async () => {
        await cache.put(key, 'last');
        return (await other.get(key)) === 'last';
      });
    }
  });
});

/** Whether an entry of this key is in one of these slots: the first master of three has 0 to 5460. */
function isIn([first, last]: readonly [number, number], key: string): boolean {
  const slot = keySlot(`strata:users:{${key}}`);
  return slot >= first && slot <= last;
}

async function busPortOf(node: RedisServer): Promise<string> {
  const [, port = ''] = (await node.command('CONFIG', 'GET', 'cluster-port')).split('\n');
  return port;
}

function isReplica(nodes: string, replicaId: string, masterId: string): boolean {
  return nodes.split('\n').some((line) => line.startsWith(replicaId) && line.includes(` ${masterId} `));
}

/** Whether the replica has said that it has everything. */
async function isReplicated(master: RedisServer): Promise<boolean> {
  const info = await master.command('INFO', 'replication');
  const offset = /master_repl_offset:(\d+)/.exec(info)?.[1];
  return offset !== undefined && new RegExp(`state=online,offset=${offset},`).test(info);
}
