import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lmdbTier } from '../../lib/backends/lmdb/index.js';
import { FakeClock, tierContract } from '../../lib/testing/index.js';

tierContract(
  { describe, it, expect },
  {
    name: 'lmdbTier',
    capabilities: { scope: 'host', atomicFences: true, listsKeys: true, leases: true, maxEntryBytes: 2 ** 20 },
    make: async () => {
      const clock = new FakeClock();
      const path = await mkdtemp(join(tmpdir(), 'strata-lmdb-'));
      const make = () => lmdbTier({ path, maxBytes: '16mb', clock });
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
