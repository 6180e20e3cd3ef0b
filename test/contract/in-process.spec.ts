import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../lib/core/index.js';
import { busContract, FakeClock, inProcessHub, InProcessTier, tierContract } from '../../lib/testing/index.js';
import type { TierCapabilities } from '../../lib/tiers/index.js';

const runner = { describe, it, expect };
const EVERYTHING: TierCapabilities = {
  scope: 'shared',
  atomicFences: true,
  listsKeys: true,
  leases: true,
  maxEntryBytes: Infinity,
};
const LEAST: TierCapabilities = {
  scope: 'process',
  atomicFences: false,
  listsKeys: false,
  leases: false,
  maxEntryBytes: 1_000,
};

for (const [what, capabilities] of Object.entries({ everything: EVERYTHING, 'as little as possible': LEAST })) {
  tierContract(runner, {
    name: `InProcessTier that can do ${what}`,
    capabilities,
    make: async () => {
      const clock = new FakeClock();
      const tier = new InProcessTier({ clock, random: seededRandom(1), capabilities });
      return { tier, tierOfAnotherProcess: tier.anotherNode(), clock, dispose: () => {} };
    },
    advance: ({ clock }, ms) => clock.advance(ms),
    lose: ({ tier }) => tier.lose(),
  });
}

busContract(runner, {
  name: 'InProcessBus that delivers within publish',
  scope: 'process',
  make: async () => {
    const hub = inProcessHub();
    return { buses: [hub.bus(), hub.bus(), hub.bus()], dispose: () => {} };
  },
  wait: async () => {},
});

const clock = new FakeClock();
busContract(runner, {
  name: 'InProcessBus that delivers by a clock',
  scope: 'process',
  make: async () => {
    const hub = inProcessHub({ clock, delayMs: 20 });
    return { buses: [hub.bus(), hub.bus(), hub.bus()], dispose: () => {} };
  },
  wait: (ms) => clock.advance(ms),
});
