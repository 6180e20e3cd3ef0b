import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis as Ioredis5 } from 'ioredis';
import { Redis as Ioredis6 } from 'ioredis6';
import { createSentinel } from 'redis';
import { redisTier, type RedisOptions } from '../../../lib/backends/redis/index.js';
import type { Tier } from '../../../lib/tiers/index.js';
import { MASTER_NAME, startRedis, startSentinel, type RedisServer } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const SPACE = 'strata:sentinel';
const entry = (key: string, text: string) => ({ key, bytes: Buffer.from(text), ttlMs: 60_000, fence: undefined });

/** Every way to ask Sentinels for the master. */
const ACCESS: Readonly<Record<string, (port: number) => RedisOptions>> = {
  'a URL of its Sentinel': (port) => ({ url: `redis://127.0.0.1:${port}`, sentinel: MASTER_NAME }),
  'ioredis 5': (port) => ({ client: new Ioredis5(toSentinel(port)) }),
  'ioredis 6': (port) => ({ client: new Ioredis6(toSentinel(port)) }),
  "node-redis 6's sentinel": (port) => ({
    client: createSentinel({ name: MASTER_NAME, sentinelRootNodes: [{ host: '127.0.0.1', port }] }),
  }),
};

describe.each(Object.entries(ACCESS))('promise Tiers: redisTier by %s', (_, optionsFor) => {
  let master: RedisServer;
  let replica: RedisServer;
  let sentinel: Awaited<ReturnType<typeof startSentinel>>;
  let tier: Tier;

  beforeEach(async () => {
    master = await startRedis();
    replica = await startRedis({ config: { replicaof: `127.0.0.1 ${master.port}` } });
    sentinel = await startSentinel(master);
    tier = redisTier({ ...optionsFor(sentinel.port), silence: 300 });
    tier.start(() => {});
  });

  afterEach(async () => {
    await tier.close();
    for (const server of [sentinel, replica, master]) await server.stop();
  });

  it('goes on with the replica that became the master when the old one was killed', async () => {
    await until(async () => (await tier.write(SPACE, [entry('before', 'the failover')]))[0]);
    // The replica has it, and the Sentinel knows the replica.
    await until(async () => (await master.command('WAIT', '1', '1000')) === '1');
    await until(async () => (await askSentinel(sentinel.port)).includes(String(replica.port)));
    await master.kill();
    await until(async () => (await replica.command('ROLE')).startsWith('master'));
    await until(async () => (await tier.write(SPACE, [entry('after', 'it')]))[0]);
    const { entries } = await tier.read(SPACE, ['before', 'after'], []);
    expect(entries.map((found) => found && Buffer.from(found.bytes).toString())).toEqual(['the failover', 'it']);
    expect(await replica.command('DBSIZE')).not.toBe('0');
  });
});

function toSentinel(port: number) {
  return { sentinels: [{ host: '127.0.0.1', port }], name: MASTER_NAME, lazyConnect: true };
}

/** What a Sentinel knows of the replicas of its master. */
async function askSentinel(port: number): Promise<string> {
  const client = new Ioredis5(port, '127.0.0.1');
  try {
    return JSON.stringify(await client.call('SENTINEL', 'REPLICAS', MASTER_NAME));
  } finally {
    client.disconnect();
  }
}
