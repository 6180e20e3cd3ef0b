import { describe, expect, it } from '@jest/globals';
import { RecentReplays } from '../../../lib/cache/shared/recent-replays.js';
import { FakeClock } from '../../../lib/testing/index.js';
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
});
