import { describe, expect, it, jest } from '@jest/globals';
import type { FakeClock } from '../../../lib/testing/index.js';
import { settled } from './deferred.js';
import { nodes, type Node } from './nodes.js';

/** What a node asks its tier, in order. */
function callsOf({ tier }: Node): string[] {
  const calls: string[] = [];
  for (const name of ['read', 'fence', 'write'] as const) {
    const original = tier[name].bind(tier) as (...args: unknown[]) => Promise<never>;
    jest.spyOn(tier, name).mockImplementation((...args: unknown[]) => {
      calls.push(name);
      return original(...args);
    });
  }
  return calls;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  await settled();
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    clock.advance(50);
    await turns();
  }
}

describe('promise Groups: a put is stored under the generations that were seen last', () => {
  it('asks for them first where none were seen, and then at the same time as it writes', async () => {
    const { join } = nodes();
    const a = await join();
    const calls = callsOf(a);
    await a.cache.put('k', '1');
    expect(calls).toEqual(['fence', 'write']);
    calls.length = 0;
    a.tier.inject({ kind: 'hang' }, { on: ['fence'], times: 1 });
    const put = a.cache.put('k', '2');
    await turns();
    expect(calls).toEqual(['write', 'fence']);
    a.tier.proceed();
    await put;
    expect(await (await join()).cache.get('k')).toBe('2');
  });

  it('is stored once more when another node has cleared since', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('before', 'x');
    await b.cache.clear();
    const calls = callsOf(a);
    await a.cache.put('k', 'v');
    expect(calls).toEqual(['write', 'fence', 'write']);
    expect(await b.cache.get('k')).toBe('v');
    expect(await b.cache.get('before')).toBeUndefined();
    calls.length = 0;
    await a.cache.put('other', 'v');
    expect(calls).toEqual(['write', 'fence']);
  });

  it('is stored once more when another node has invalidated its group since, and those of other groups are not', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('first', 'x', { groups: ['red', 'blue'] });
    await b.cache.invalidateGroup('red');
    const write = jest.spyOn(a.tier, 'write');
    await Promise.all([
      a.cache.put('r', 'v', { groups: ['red'] }),
      a.cache.put('b', 'v', { groups: ['blue'] }),
      a.cache.put('n', 'v'),
    ]);
    expect(write.mock.calls.map(([, writes]) => writes.map(({ key }) => key))).toEqual([['r', 'b', 'n'], ['r']]);
    for (const key of ['r', 'b', 'n']) expect(await b.cache.get(key)).toBe('v');
    expect(await b.cache.get('first')).toBeUndefined();
    await b.cache.invalidateGroup('red');
    expect(await (await join()).cache.get('r')).toBeUndefined();
  });

  it('is a miss to others until it is stored under the new ones', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('before', 'x');
    await b.cache.clear();
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['fence'], times: 1 });
    const put = a.cache.put('k', 'v');
    await turns();
    expect(await b.cache.get('k')).toBeUndefined();
    a.tier.proceed();
    await put;
    expect(await b.cache.get('k')).toBe('v');
  });

  it('does not come back when it is invalidated before it could be stored once more', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('before', 'x');
    await b.cache.clear();
    a.tier.inject({ kind: 'applyThenHang' }, { on: ['fence'], times: 1 });
    const put = a.cache.put('k', 'v');
    await turns();
    await a.cache.invalidate('k');
    a.tier.proceed();
    await put;
    for (const node of [a, b, await join()]) expect(await node.cache.get('k')).toBeUndefined();
  });

  it('is done later when the tier does not say which they are', async () => {
    const { join, clock } = nodes();
    const a = await join();
    await a.cache.put('before', 'x');
    a.tier.inject({ kind: 'fail' }, { on: ['fence'], times: 1 });
    await a.cache.put('k', 'v');
    expect(a.events.of('tierError').map(({ cause }) => cause)).toEqual(['fence']);
    expect(a.cache.stats().tiers['shared']).toMatchObject({ recoveryQueue: 1 });
    await pass(clock, 2_000);
    expect(a.cache.stats().tiers['shared']).toMatchObject({ recoveryQueue: 0 });
    // It may have been another node's by then: what stood there was removed.
    expect(['v', undefined]).toContain(await (await join()).cache.get('k'));
    await a.cache.put('k', 'again');
    expect(await (await join()).cache.get('k')).toBe('again');
  });

  it('is one message to the other nodes, together with those of the same moment', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.putAll([
      ['1', 'old'],
      ['2', 'old'],
    ]);
    expect([...(await b.cache.getAll(['1', '2'])).values()]).toEqual(['old', 'old']);
    const before = a.cache.stats().bus?.sent ?? 0;
    await a.cache.putAll([
      ['1', 'new'],
      ['2', 'new'],
    ]);
    await settled();
    expect((a.cache.stats().bus?.sent ?? 0) - before).toBe(1);
    expect([...(await b.cache.getAll(['1', '2'])).values()]).toEqual(['new', 'new']);
  });

  it('goes with many others in parts, each of which keeps its own outcome', async () => {
    const { join } = nodes();
    const a = await join();
    const b = await join();
    await a.cache.put('before', 'x');
    const write = jest.spyOn(a.tier, 'write');
    const entries = Array.from({ length: 100 }, (_, at): [string, string] => [`k${at}`, `v${at}`]);
    await a.cache.putAll(entries);
    expect(write.mock.calls.map(([, { length }]) => length)).toEqual([32, 32, 32, 4]);
    expect([...(await b.cache.getAll(entries.map(([key]) => key)))]).toEqual(entries);
  });
});
