import { describe, expect, it, jest } from '@jest/globals';
import { RecentReplays } from '../../../lib/cache/shared/recent-replays.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred } from './deferred.js';
import { nodes } from './nodes.js';

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

describe('RecentReplays', () => {
  it('gives each once, and forgets what was replayed long ago', () => {
    const clock = new FakeClock();
    const replays = new RecentReplays(() => clock.now());
    replays.note('a', [':g']);
    clock.advance(5_000);
    replays.note('b', [':g']);
    clock.advance(1_500);
    expect(replays.take((_, generations) => generations.includes(':g'))).toEqual(['b']);
    expect(replays.take(() => true)).toEqual([]);
  });
});

describe('a put that could not reach the tier', () => {
  it('is not replayed over what another node has changed meanwhile', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    a.tier.inject({ kind: 'fail' }, { on: ['write'] });
    await a.cache.put('k', 'older');
    await b.cache.invalidate('k');
    a.tier.heal();
    for (let step = 0; step < 20; step++) {
      await turns();
      clock.advance(100);
    }
    expect(await b.cache.get('k')).toBeUndefined();
    expect(await a.cache.get('k')).toBeUndefined();
  });

  it('is not handed on when its invalidation is heard of while the tier is asked what stands there', async () => {
    const { join, clock } = nodes();
    const [a, b] = [await join(), await join()];
    a.tier.inject({ kind: 'fail' }, { on: ['write'], times: 1 });
    await a.cache.put('k', 'older');
    a.bus.inject({ kind: 'delay', ms: 200 }, { on: ['deliver'] });
    await b.cache.invalidate('k');
    const asked = deferred<void>();
    const read = a.tier.read.bind(a.tier);
    const reading = jest.spyOn(a.tier, 'read').mockImplementation(async (...args) => {
      await asked.promise;
      return read(...args);
    });
    const write = jest.spyOn(a.tier, 'write');
    const passing = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 10) {
        clock.advance(10);
        await turns();
      }
    };
    await passing(120);
    // Its fence is younger than the invalidation, of which this node has not heard yet.
    expect(reading).toHaveBeenCalled();
    expect(a.events.of('bus')).toHaveLength(0);
    await passing(120);
    expect(a.events.of('bus')).toHaveLength(1);
    asked.resolve();
    await passing(50);
    expect(write).not.toHaveBeenCalled();
    expect(await b.cache.get('k')).toBeUndefined();
  });
});
