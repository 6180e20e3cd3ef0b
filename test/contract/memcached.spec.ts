import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { memcachedTier } from '../../lib/backends/memcached/index.js';
import { tierContract } from '../../lib/testing/index.js';
import type { Tier, TierCapabilities } from '../../lib/tiers/index.js';
import { startMemcached, type MemcachedServer } from '../servers/index.js';
import { flushMemcached } from '../servers/memcached-text.js';

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

for (const count of [1, 3]) {
  tierContract(
    { describe, it, expect },
    {
      name: `memcachedTier of ${count === 1 ? 'one server' : `${count} servers`}`,
      capabilities: CAPABILITIES,
      resolutionMs: 1_000,
      make: async () => {
        const used = (await servers()).slice(0, count);
        await flush(used);
        const addresses = used.map(({ address }) => address);
        const [tier, tierOfAnotherProcess] = [
          memcachedTier({ servers: addresses }),
          memcachedTier({ servers: addresses.toReversed() }),
        ];
        await connected(tier);
        await connected(tierOfAnotherProcess);
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

/** Calls are rejected until the servers are connected. */
async function connected(tier: Tier): Promise<void> {
  tier.start(() => {});
  const generations = Array.from({ length: 64 }, (_, i) => `${i}`);
  for (;;) {
    try {
      await tier.read('any', [], generations);
      return;
    } catch {
      await sleep(5);
    }
  }
}
