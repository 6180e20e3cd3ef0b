import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { keySlot } from '../../../lib/backends/redis/key-slot.js';
import { redisTier } from '../../../lib/backends/redis/index.js';
import { CLUSTER } from '../../contract/redis-clients.js';
import { startRedisCluster, type RedisCluster, type RedisServer } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const SPACE = 'strata:moving';
const entry = (key: string, text: string) => ({ key, bytes: Buffer.from(text), ttlMs: 60_000, fence: undefined });

describe('promise Tiers: redisTier at a cluster whose slots move', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  /** Where a slot is, and somewhere else. */
  async function placesOf(slot: number): Promise<{ from: RedisServer; to: RedisServer }> {
    const [first] = cluster.nodes as [RedisServer];
    const ports = await portOfSlot(first, slot);
    const from = cluster.nodes.find(({ port }) => port === ports);
    const to = cluster.nodes.find(({ port }) => port !== ports);
    if (from === undefined || to === undefined) throw new Error(`nobody has slot ${slot}`);
    return { from, to };
  }

  it.each(Object.entries(CLUSTER))(
    'goes on by %s while they do, and knows afterwards what it knew',
    async (name, accessTo) => {
      const key = `k of ${name}`;
      const slot = keySlot(`${SPACE}:{${key}}`);
      const { options, end } = accessTo(cluster.startupNodes);
      const tier = redisTier({ ...options, silence: '10s' });
      tier.start(() => {});
      const text = async (): Promise<string | undefined> => {
        const [found] = (await tier.read(SPACE, [key], [])).entries;
        return found && Buffer.from(found.bytes).toString();
      };
      try {
        await until(() => tier.write(SPACE, [entry(key, 'before')]));
        const { fences } = await tier.fence(SPACE, [key], [], 60_000);
        const { from, to } = await placesOf(slot);
        const [fromId, toId] = [await from.command('CLUSTER', 'MYID'), await to.command('CLUSTER', 'MYID')];
        await to.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId);
        await from.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId);
        // Both the entry and its fence are still where they were.
        expect(await until(text)).toBe('before');
        const names = (await from.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '100')).split('\n');
        await from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...names);
        // Now both are where the slot will be, and whoever asks is sent there for this time only.
        expect(await until(text)).toBe('before');
        for (const node of cluster.nodes) await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', toId);
        expect(await until(text)).toBe('before');
        expect(await until(() => tier.write(SPACE, [{ ...entry(key, 'after'), fence: fences[0] }]))).toEqual([true]);
        expect(await until(text)).toBe('after');
        expect(await tier.write(SPACE, [{ ...entry(key, 'too late'), fence: fences[0] }])).toEqual([false]);
        expect(await text()).toBe('after');
      } finally {
        await tier.close();
        end();
      }
    },
  );
});

async function portOfSlot(node: RedisServer, slot: number): Promise<number> {
  const lines = (await node.command('CLUSTER', 'NODES')).split('\n');
  for (const line of lines) {
    const [, address = '', , , , , , , ...ranges] = line.split(' ');
    const has = ranges.some((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return first !== undefined && last !== undefined && first <= slot && slot <= last;
    });
    if (has) return Number(/:(\d+)/.exec(address)?.[1]);
  }
  throw new Error(`no server has slot ${slot}`);
}
