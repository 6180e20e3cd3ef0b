import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { ChaosTier, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { pass, turns } from './passing.js';

type Texts = ClosableCache<string, string>;

const CHANGES: readonly (readonly [name: string, change: (cache: Texts) => Promise<unknown>])[] = [
  ['invalidate', (cache) => cache.invalidate('k')],
  ['invalidateGroup', (cache) => cache.invalidateGroup('g')],
  ['invalidateMatching', (cache) => cache.invalidateMatching('k*')],
  ['clear', (cache) => cache.clear()],
];

/** How long a call of the slower tier takes: those that come first are the slowest, as over a pool of connections. */
const SLOWEST_MS = 40;

describe('promise Fence: a reader who finds below what is being invalidated there', () => {
  describe.each(CHANGES)('by %s()', (_, change) => {
    it.each([0, 2, 5, 9])('leaves it in no faster tier, begun %i ms later', async (afterMs) => {
      const clock = new FakeClock();
      const near = new InProcessTier({ name: 'near', clock, capabilities: { scope: 'process' } });
      const far = new ChaosTier(new InProcessTier({ name: 'far', clock }), { clock });
      const cache: Texts = createCache(defineCache<string, string>('texts', { tiers: [near, far] }), { clock });
      await cache.put('k', 'old', { groups: ['g'] });
      far.inject({ kind: 'delay', ms: SLOWEST_MS }, { on: ['remove', 'renew', 'keys'] });
      const done = change(cache);
      await turns();
      await pass(clock, afterMs, 1);
      const meanwhile = cache.get('k');
      await pass(clock, 4 * SLOWEST_MS, 1);
      await Promise.all([done, meanwhile]);
      const seen = cache.get('k');
      await pass(clock, 4 * SLOWEST_MS, 1);
      expect(await seen).toBeUndefined();
    });
  });
});
