import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { memcachedTier } from '../../lib/backends/memcached/index.js';
import { ChaosTier, tierContract } from '../../lib/testing/index.js';
import type { Tier, TierCapabilities } from '../../lib/tiers/index.js';
import { startMemcached, type MemcachedServer } from '../servers/index.js';
import { flushMemcached, untilConnected } from '../servers/memcached-text.js';

const CAPABILITIES: TierCapabilities = {
  scope: 'shared',
  atomicFences: true,
  listsKeys: false,
  leases: true,
  maxEntryBytes: 2 ** 20 - 1_024,
};
/** The server counts seconds by a timer of its own, which is late when the machine is busy. */
const LATE_TICK_MS = 200;

let started: Promise<MemcachedServer[]> | undefined;
const servers = (): Promise<MemcachedServer[]> =>
  (started ??= Promise.all([startMemcached(), startMemcached(), startMemcached()]));

afterAll(async () => {
  for (const server of await servers()) await server.stop();
});

keepsContract('memcachedTier of one server', 1, (tier) => tier);
keepsContract('memcachedTier of three servers, within a ChaosTier', 3, (tier) => new ChaosTier(tier));

/** Runs the contract over tiers of two processes, which list their servers in different orders. */
function keepsContract(name: string, count: number, wrapped: (tier: Tier) => Tier): void {
  tierContract(
    { describe, it, expect },
    {
      name,
      capabilities: CAPABILITIES,
      resolutionMs: 1_000,
      make: async () => {
        const used = (await servers()).slice(0, count);
        await flush(used);
        const addresses = used.map(({ address }) => address);
        const tier = wrapped(memcachedTier({ servers: addresses }));
        const tierOfAnotherProcess = wrapped(memcachedTier({ servers: addresses.toReversed() }));
        await Promise.all([untilConnected(tier), untilConnected(tierOfAnotherProcess)]);
        return { tier, tierOfAnotherProcess, used, dispose: () => {} };
      },
      wait: (ms) => sleep(ms + LATE_TICK_MS),
      lose: ({ used }) => flush(used),
    },
  );
}

async function flush(used: readonly MemcachedServer[]): Promise<void> {
  await Promise.all(used.map(({ port }) => flushMemcached(port)));
}
