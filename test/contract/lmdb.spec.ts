import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lmdbTier } from '../../lib/backends/lmdb/index.js';
import { ChaosTier, FakeClock, tierContract } from '../../lib/testing/index.js';
import type { Tier } from '../../lib/tiers/index.js';

keepsContract('lmdbTier', (tier) => tier);
keepsContract('lmdbTier within a ChaosTier', (tier) => new ChaosTier(tier));

function keepsContract(name: string, wrapped: (tier: Tier) => Tier): void {
  tierContract(
    { describe, it, expect },
    {
      name,
      capabilities: { scope: 'host', atomicFences: true, listsKeys: true, leases: true, maxEntryBytes: 2 ** 20 },
      make: async () => {
        const clock = new FakeClock();
        const path = await mkdtemp(join(tmpdir(), 'strata-lmdb-'));
        const make = () => wrapped(lmdbTier({ path, maxBytes: '16mb', clock }));
        return {
          tier: make(),
          tierOfAnotherProcess: make(),
          clock,
          dispose: () => rm(path, { recursive: true, force: true }),
        };
      },
      advance: ({ clock }, ms) => clock.advance(ms),
    },
  );
}
