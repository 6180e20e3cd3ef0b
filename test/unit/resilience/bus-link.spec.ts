import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { BusLink } from '../../../lib/resilience/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import type { Bus } from '../../../lib/tiers/index.js';

const SPACE = 'strata:texts';
const TOOK_MS = 100;
const DEADLINE_MS = 500;

/** A link over a bus that takes every batch after `tookMs`. */
function slowLink(tookMs: number): { clock: FakeClock; link: BusLink } {
  const clock = new FakeClock();
  const bus: Bus = {
    name: 'slow',
    scope: 'shared',
    start: () => {},
    publish: () => new Promise((resolve) => void clock.after(tookMs, resolve)),
    close: async () => {},
  };
  return { clock, link: new BusLink(bus, 'strata', { clock, random: seededRandom(7) }) };
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    await new Promise(setImmediate);
    clock.advance(10);
  }
  await new Promise(setImmediate);
}

describe('promise Tiers: nobody waits for a bus beyond its deadline', () => {
  it('lets an announcement go when the bus has taken it, however many come meanwhile', async () => {
    const { clock, link } = slowLink(TOOK_MS);
    let isOver = false;
    void link.announce(SPACE, { kind: 'all' }).then(() => (isOver = true));
    for (let passed = 0; passed < 3 * TOOK_MS; passed += 50) {
      void link.announce(SPACE, { kind: 'all' });
      await pass(clock, 50);
    }
    expect(isOver).toBe(true);
  });

  it('lets it go at its own deadline, also where it waits behind a batch', async () => {
    const { clock, link } = slowLink(DEADLINE_MS - 100);
    await pass(clock, 50);
    let waitedMs = -1;
    const startedMs = clock.now();
    void link.announce(SPACE, { kind: 'all' }).then(() => (waitedMs = clock.now() - startedMs));
    await pass(clock, 2 * DEADLINE_MS);
    expect(waitedMs).toBe(DEADLINE_MS);
  });

  it('closes within its deadline while the bus takes nothing', async () => {
    const { clock, link } = slowLink(Infinity);
    let isClosed = false;
    void link.close().then(() => (isClosed = true));
    await pass(clock, DEADLINE_MS);
    expect(isClosed).toBe(true);
  });
});
