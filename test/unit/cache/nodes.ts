import { createCache, defineCache, type CacheOptions, type ClosableCache } from '../../../lib/cache/index.js';
import {
  ChaosBus,
  ChaosTier,
  EventRecorder,
  FakeClock,
  inProcessHub,
  InProcessTier,
} from '../../../lib/testing/index.js';
import { seededRandom } from '../../../lib/core/index.js';
import { settled } from './deferred.js';

/** One node of an application: its own memory, and the tier and the bus that it shares with the others. */
export interface Node {
  readonly cache: ClosableCache<string, string>;
  /** Its way to the tier, and what happens on it. */
  readonly tier: ChaosTier;
  readonly bus: ChaosBus;
  readonly events: EventRecorder;
}

export interface Nodes {
  readonly clock: FakeClock;
  readonly tier: InProcessTier;
  /** One more node, which has joined the bus. */
  join(more?: CacheOptions<string, string>): Promise<Node>;
}

/** Nodes over one tier and one hub, all by one clock that stands still. */
export function nodes(options: CacheOptions<string, string> = {}): Nodes {
  const clock = new FakeClock();
  const random = seededRandom(7);
  const first = new InProcessTier({ name: 'shared', clock, random });
  const hub = inProcessHub({ scope: 'shared' });
  return {
    clock,
    tier: first,
    join: async (more = {}) => {
      const tier = new ChaosTier(first.anotherNode(), { clock, random });
      const bus = new ChaosBus(hub.bus(), { clock, random });
      const definition = defineCache<string, string>('texts', {
        tiers: [tier],
        bus,
        ...options,
        ...more,
      });
      const cache = createCache(definition, { clock, random });
      const events = new EventRecorder(cache.events$);
      await settled();
      return { cache, tier, bus, events };
    },
  };
}
