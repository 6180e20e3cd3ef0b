import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redisTier } from '../../lib/backends/redis/index.js';
import { ChaosTier, tierContract } from '../../lib/testing/index.js';
import type { Tier, TierCapabilities } from '../../lib/tiers/index.js';
import { startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../servers/index.js';
import { CLUSTER, SINGLE, type Access } from './redis-clients.js';

const runner = { describe, it, expect };
const CAPABILITIES: TierCapabilities = {
  scope: 'shared',
  atomicFences: true,
  listsKeys: true,
  leases: true,
  maxEntryBytes: 64 * 2 ** 20,
};
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
/** Servers of tests share two cores with whatever else runs: no answer may come late here. */
const PATIENT = { silence: '10s' } as const;

describe('redisTier at one server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const clear = async (): Promise<void> => void (await server.command('FLUSHALL'));
  for (const [name, accessTo] of Object.entries(SINGLE)) contract(name, () => accessTo(server.port), clear);
  const byUrl = SINGLE['a URL'] as (port: number) => Access;
  contract(
    'a URL within a ChaosTier',
    () => byUrl(server.port),
    clear,
    (tier) => new ChaosTier(tier),
  );
});

describe('redisTier at a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  const clear = async (): Promise<void> =>
    void (await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL'))));
  for (const [name, accessTo] of Object.entries(CLUSTER)) contract(name, () => accessTo(cluster.startupNodes), clear);
  const byUrls = CLUSTER['URLs of a cluster'] as (nodes: RedisCluster['startupNodes']) => Access;
  contract(
    'URLs of a cluster within a ChaosTier',
    () => byUrls(cluster.startupNodes),
    clear,
    (tier) => new ChaosTier(tier),
  );
});

function contract(
  name: string,
  access: () => Access,
  clear: () => Promise<void>,
  wrapped = (tier: Tier): Tier => tier,
): void {
  tierContract(runner, {
    name: `redisTier by ${name}`,
    capabilities: CAPABILITIES,
    make: async () => {
      await clear();
      const one = access();
      const other = access();
      return {
        tier: wrapped(redisTier({ ...one.options, ...PATIENT })),
        tierOfAnotherProcess: wrapped(redisTier({ ...other.options, ...PATIENT })),
        dispose: () => {
          one.end();
          other.end();
        },
      };
    },
    wait,
    lose: clear,
  });
}
