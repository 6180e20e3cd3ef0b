import { describe, expect, it } from '@jest/globals';
import { threadsMemory, threadsTier } from '../../lib/backends/threads/index.js';
import { ChaosTier, FakeClock, tierContract } from '../../lib/testing/index.js';

const CAPABILITIES = {
  scope: 'process',
  atomicFences: true,
  listsKeys: true,
  leases: true,
  maxEntryBytes: 2 ** 17,
} as const;

for (const [name, wrapped] of [
  ['threadsTier', threadsTier],
  [
    'threadsTier, wrapped in chaos that does not strike,',
    (...given: Parameters<typeof threadsTier>) => new ChaosTier(threadsTier(...given)),
  ],
] as const) {
  tierContract(
    { describe, it, expect },
    {
      name,
      capabilities: CAPABILITIES,
      make: async () => {
        const clock = new FakeClock();
        const memory = threadsMemory({ maxBytes: '4mb', maxEntryBytes: '128kb' });
        return {
          tier: wrapped({ memory, clock }),
          tierOfAnotherProcess: wrapped({ memory, clock }),
          clock,
          dispose: () => {},
        };
      },
      advance: ({ clock }, ms) => clock.advance(ms),
    },
  );
}
