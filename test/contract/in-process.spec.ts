import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../lib/core/index.js';
import {
  busContract,
  ChaosBus,
  ChaosTier,
  FakeClock,
  inProcessHub,
  InProcessTier,
  tierContract,
} from '../../lib/testing/index.js';
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

tierContract(runner, {
  name: 'ChaosTier without faults',
  capabilities: EVERYTHING,
  make: async () => {
    const clock = new FakeClock();
    const inner = new InProcessTier({ clock, random: seededRandom(2) });
    const tier = new ChaosTier(inner, { clock, random: seededRandom(3) });
    const tierOfAnotherProcess = new ChaosTier(inner.anotherNode(), { clock });
    return { tier, tierOfAnotherProcess, inner, clock, dispose: () => {} };
  },
  advance: ({ clock }, ms) => clock.advance(ms),
  lose: ({ inner }) => inner.lose(),
});

tierContract(runner, {
  name: 'ChaosTier whose calls are late',
  capabilities: EVERYTHING,
  make: async () => {
    const inner = new InProcessTier();
    const late = (): ChaosTier => {
      const tier = new ChaosTier(inner.anotherNode(), { random: seededRandom(4) });
      tier.inject({ kind: 'delay', ms: 1 }, { probability: 0.2 });
      return tier;
    };
    return { tier: late(), tierOfAnotherProcess: late(), dispose: () => {} };
  },
  wait: (ms) => new Promise((done) => setTimeout(done, ms)),
});

busContract(runner, {
  name: 'ChaosBus',
  scope: 'process',
  make: async () => {
    const hub = inProcessHub();
    const chaos = new ChaosBus(hub.bus());
    return { buses: [chaos, new ChaosBus(hub.bus()), new ChaosBus(hub.bus())], chaos, dispose: () => {} };
  },
  wait: async () => {},
  cut: ({ chaos }) => chaos.cut(),
  mend: ({ chaos }) => chaos.mend('complete'),
});

busContract(runner, {
  name: 'ChaosBus that loses what comes while it is cut off, and delays',
  scope: 'process',
  make: async () => {
    const hub = inProcessHub();
    const chaos = new ChaosBus(hub.bus(), { clock, random: seededRandom(5) });
    chaos.inject({ kind: 'delay', ms: 10 }, { probability: 0.3 });
    return { buses: [chaos, new ChaosBus(hub.bus()), new ChaosBus(hub.bus())], chaos, dispose: () => {} };
  },
  wait: (ms) => clock.advance(ms),
  cut: ({ chaos }) => chaos.cut(),
  mend: ({ chaos }) => chaos.mend('unknown'),
});
