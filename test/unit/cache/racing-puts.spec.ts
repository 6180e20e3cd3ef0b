import { describe, expect, it } from '@jest/globals';
import { settled } from './deferred.js';
import { nodes } from './nodes.js';

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

describe('promise Fence: puts of one key at once', () => {
  it('on one node leave the last of them everywhere, and none is done before it or a newer one is', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    expect(await b.cache.get('k')).toBe('old');
    const first = a.cache.put('k', 'first');
    const second = a.cache.put('k', 'second');
    await first;
    expect(['first', 'second']).toContain(await a.cache.get('k'));
    await second;
    await settled();
    expect(await a.cache.get('k')).toBe('second');
    expect(await b.cache.get('k')).toBe('second');
  });

  it('on one node leave the one before it, when the last one cannot be stored', async () => {
    const { join } = nodes({
      groups: (value) => {
        if (value === 'second') throw new Error('no group');
        return [];
      },
    });
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    expect(await b.cache.get('k')).toBe('old');
    const first = a.cache.put('k', 'first');
    await expect(a.cache.put('k', 'second')).rejects.toThrow('no group');
    await first;
    await settled();
    for (const node of [a, b]) expect(await node.cache.get('k')).toBe('first');
  });

  it('on two nodes leave the same one on both', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    for (let round = 0; round < 20; round++) {
      const puts = [a.cache.put('k', `a${round}`)];
      for (let turn = 0; turn < round; turn++) await Promise.resolve();
      puts.push(b.cache.put('k', `b${round}`));
      await Promise.all(puts);
      await settled();
      const [ofA, ofB] = [await a.cache.get('k'), await b.cache.get('k')];
      expect(ofA).toBe(ofB);
      expect([`a${round}`, `b${round}`, undefined]).toContain(ofA);
    }
  });

  it('that another node reads before the tier could be told are known to it afterwards', async () => {
    const { join, clock } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('k', 'old');
    a.tier.inject({ kind: 'fail' }, { on: ['write'] });
    await a.cache.put('k', 'new');
    await settled();
    expect(await b.cache.get('k')).toBe('old');
    a.tier.heal();
    for (let step = 0; step < 20; step++) {
      await turns();
      clock.advance(100);
    }
    expect(await b.cache.get('k')).not.toBe('old');
  });
});

describe('promise Fence: a group that the tier could not be told of', () => {
  it('is not read there again by a read that is answered when it has been told', async () => {
    const { join, clock } = nodes({ groups: ['g'] });
    const a = await join();
    const b = await join();
    await b.cache.put('k', 'old');
    a.tier.inject({ kind: 'fail' }, { on: ['renew'] });
    await a.cache.invalidateGroup('g');
    a.tier.heal();
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['read'], times: 1 });
    const reading = a.cache.get('k');
    await turns();
    for (let step = 0; step < 4; step++) {
      clock.advance(100);
      await turns();
    }
    a.tier.proceed();
    expect(await reading).toBeUndefined();
    expect(await a.cache.get('k')).toBeUndefined();
  });
});

describe('promise Fence: a change that the tier could be told of late only', () => {
  it('is not undone for its own node by an older put, which another node repeats before it has heard of the change', async () => {
    const { join, clock } = nodes({ groups: ['g'] });
    const a = await join();
    const b = await join();
    const c = await join();
    const pass = async (ms: number): Promise<void> => {
      for (let step = 0; step < ms / 50; step++) {
        clock.advance(50);
        await turns();
      }
    };
    for (const { tier } of [a, b]) tier.inject({ kind: 'fail' });
    await a.cache.put('k', 'old');
    a.bus.inject({ kind: 'delay', ms: 1_400 });
    await b.cache.invalidateGroup('g');
    b.tier.heal();
    await pass(150);
    a.tier.heal();
    await pass(900);
    // The older put is there by now, under the group's new generation.
    expect(await c.cache.get('k')).toBe('old');
    expect(await b.cache.get('k')).toBeUndefined();
    await pass(2_000);
    for (const node of [a, b, c, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });
});
