import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { systemClock } from '../../lib/core/index.js';
import { GuardedTier } from '../../lib/resilience/index.js';
import { keyvTier } from '../../lib/backends/keyv/index.js';
import { ChaosTier, tierContract } from '../../lib/testing/index.js';
import type { TierCapabilities } from '../../lib/tiers/index.js';
import { startRedis, type RedisServer } from '../servers/index.js';

const runner = { describe, it, expect };
const CAPABILITIES: TierCapabilities = {
  scope: 'process',
  atomicFences: false,
  listsKeys: true,
  leases: false,
  maxEntryBytes: 2 ** 20,
};
const wait = (ms: number): Promise<void> => sleep(ms);

tierContract(runner, {
  name: 'keyvTier over a Map',
  capabilities: CAPABILITIES,
  make: async () => ({ tier: keyvTier(new Map(), { maxEntryBytes: 2 ** 20 }), dispose: () => {} }),
  wait,
});

tierContract(runner, {
  name: 'keyvTier over a Map, within a ChaosTier',
  capabilities: CAPABILITIES,
  make: async () => ({
    tier: new ChaosTier(keyvTier(new Map(), { maxEntryBytes: 2 ** 20 })),
    dispose: () => {},
  }),
  wait,
});

describe('over Redis', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(() => redis.stop());

  tierContract(runner, {
    name: 'keyvTier over a Keyv of @keyv/redis',
    capabilities: CAPABILITIES,
    make: async () => {
      await redis.command('FLUSHALL');
      const keyv = new Keyv({ store: new KeyvRedis(redis.url), namespace: 'contract' });
      return {
        tier: keyvTier(keyv, { scope: 'process', maxEntryBytes: 2 ** 20 }),
        dispose: () => keyv.disconnect(),
      };
    },
    wait,
  });

  it('is what another node has, too', async () => {
    await redis.command('FLUSHALL');
    const adapters = [new KeyvRedis(redis.url), new KeyvRedis(redis.url)];
    const [one, two] = adapters.map((adapter) => keyvTier(adapter));
    if (one === undefined || two === undefined) throw new Error('two tiers were made');
    const reported: unknown[] = [];
    for (const tier of [one, two]) tier.start((error) => reported.push(error));
    expect([one.capabilities.scope, one.capabilities.listsKeys]).toEqual(['shared', true]);
    const { generations } = await one.fence('s', ['k'], ['g'], 60_000);
    await one.write('s', [{ key: 'k', bytes: Buffer.from('1'), ttlMs: 60_000, fence: undefined }]);
    const read = await two.read('s', ['k'], ['g']);
    expect([Buffer.from(read.entries[0]?.bytes ?? []).toString(), read.generations]).toEqual(['1', generations]);
    await two.renew('s', ['g']);
    expect((await one.read('s', [], ['g'])).generations).not.toEqual(generations);
    const keys: string[] = [];
    for await (const batch of two.keys('s')) keys.push(...batch);
    expect(keys).toEqual(['k']);
    await two.remove('s', ['k']);
    expect((await one.read('s', ['k'], [])).entries).toEqual([undefined]);
    await one.close();
    await two.close();
    await Promise.all(adapters.map((adapter) => adapter.disconnect()));
    expect(reported).toEqual([]);
  });

  it('fails within its deadline and tells while the server is away', async () => {
    const server = await startRedis();
    const adapter = new KeyvRedis(server.url, { throwOnErrors: true, connectionTimeout: 200 });
    const tier = keyvTier(adapter, { timeout: 1_000 });
    const reported: unknown[] = [];
    tier.start((error) => reported.push(error));
    // The client may keep a call until the server is back; the guard, through which caches ask, does not wait for that.
    const guarded = new GuardedTier(tier, { clock: systemClock });
    const write = [{ key: 'k', bytes: Buffer.from('1'), ttlMs: 60_000, fence: undefined }];
    expect(await guarded.write('s', write)).toEqual({ ok: true, value: [true] });
    await server.kill();
    expect((await guarded.write('s', write)).ok).toBe(false);
    for (let turn = 0; turn < 100 && reported.length === 0; turn++) await wait(100);
    expect(reported.length).toBeGreaterThan(0);
    await guarded.close();
    void adapter.disconnect(true).catch(() => {});
    await server.stop();
  }, 30_000);
});
