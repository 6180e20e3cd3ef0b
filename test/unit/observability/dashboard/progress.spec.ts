import { describe, expect, it } from '@jest/globals';
import { CacheRegistry, defineCache } from '../../../../lib/index.js';
import type { CacheEvent } from '../../../../lib/index.js';
import { eventLine } from '../../../../lib/observability/dashboard/event-line.js';
import { Sampler } from '../../../../lib/observability/dashboard/sampler.js';
import type { CacheState } from '../../../../lib/observability/dashboard/wire.js';
import { FakeClock } from '../../../../lib/testing/index.js';
import { deferred } from '../../cache/deferred.js';

/** Lets everything run that is due without time passing. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the progress of a warming', () => {
  const clock = new FakeClock();

  async function warming(failing = false) {
    const loads = ['a', 'b', 'c', 'd'].map(() => deferred<string>());
    const waiting = [...loads];
    const loader = (): Promise<string> => (waiting.shift() ?? deferred<string>()).promise;
    const warm = { keys: ['a', 'b', 'c', 'd'], concurrency: 1, retries: 0 };
    const registry = new CacheRegistry({ clock });
    registry.define(defineCache<string, string>('users', { loader, warm }));
    const events: CacheEvent[] = [];
    registry.events$.ofType('warm').subscribe((event) => void events.push(event));
    await registry.open();
    await registry.warm();
    await settled();
    clock.advance(2_000);
    if (failing) loads[0]?.reject(new Error('no such user'));
    else loads[0]?.resolve('loaded');
    await settled();
    return { registry, loads, events };
  }

  it('is in the numbers of each interval until it has ended, also where nothing else changes', async () => {
    const { registry, loads } = await warming();
    const sampler = new Sampler({ registry, clock, intervalMs: 1_000, historyMs: 0 });
    expect(sampler.states()[0]?.work).toEqual([
      { type: 'warm', progress: { done: 1, failed: 0, total: 4, etaMs: 6_000 } },
    ]);
    const told: (readonly CacheState[])[] = [];
    const stop = sampler.listen((_, changed) => void told.push(changed));
    for (const load of loads) load.resolve('loaded');
    for (let step = 0; step < 5; step++) await settled();
    clock.advance(1_000);

    expect(told.at(-1)?.map(({ name, work }) => [name, work])).toEqual([['users', []]]);
    stop();
    await registry.close();
  });

  it('is in the line of its event: what is done, what failed, how many there are and how long the rest takes', async () => {
    const { registry, loads, events } = await warming(true);
    const [, progress] = events;
    if (progress === undefined) throw new Error('no progress was told');

    expect(eventLine(progress, () => ({ id: '', text: '', kind: '', length: 0 }))).toMatchObject({
      type: 'warm',
      cause: 'progress',
      progress: { done: 0, failed: 1, total: 4, etaMs: 6_000 },
      error: 'no such user',
    });
    for (const load of loads) load.resolve('loaded');
    await registry.close();
  });
});
