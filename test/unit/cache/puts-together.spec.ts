import { describe, expect, it, jest } from '@jest/globals';
import { OwnWrites, SimpleOwnWrite, type OwnWrite } from '../../../lib/cache/parts/own-writes.js';
import { deferred, settled } from './deferred.js';
import { nodes, type Node } from './nodes.js';
import { turns } from './passing.js';

const GROUPS = ['one', 'other'] as const;

/** Holds the answers of `fence` back, in their order, until the test lets each through. */
function heldFences({ tier }: Node): { readonly questions: readonly (readonly string[])[]; answer(): void } {
  const questions: (readonly string[])[] = [];
  const held: (() => void)[] = [];
  const fence = tier.fence.bind(tier);
  jest.spyOn(tier, 'fence').mockImplementation(async (space, keys, generations, ttlMs) => {
    questions.push(generations);
    const answer = await fence(space, keys, generations, ttlMs);
    const turn = deferred<void>();
    held.push(() => turn.resolve());
    await turn.promise;
    return answer;
  });
  return { questions, answer: () => held.shift()?.() };
}

describe('promise Groups: puts of one tick', () => {
  it('ask in one call, and each records its own groups', async () => {
    const { join } = nodes();
    const [a, b] = [await join(), await join()];
    const fence = jest.spyOn(a.tier, 'fence');
    await Promise.all([
      a.cache.put('none', 'x'),
      ...GROUPS.map((group) => a.cache.put(group, 'x', { groups: [group] })),
      a.cache.put('both', 'x', { groups: GROUPS }),
    ]);
    expect(fence).toHaveBeenCalledTimes(1);
    await b.cache.invalidateGroup('one');
    const found = await (await join()).cache.getAll(['none', 'one', 'other', 'both']);
    expect([...found.keys()]).toEqual(['none', 'other']);
  });
});

describe('promise Fence: puts that wait for their generations', () => {
  it('do not lend them to a put that comes after the question has left', async () => {
    const { join } = nodes();
    const [a, b] = [await join(), await join()];
    await a.cache.put('before', 'x');
    const { questions, answer } = heldFences(a);
    const first = a.cache.put('first', 'x');
    await turns();
    // What is put from here on is newer than the clearing; what was asked for before it is not.
    await b.cache.clear();
    await turns();
    const second = a.cache.put('second', 'x');
    await turns();
    expect(questions).toEqual([[''], ['']]);
    answer();
    answer();
    await Promise.all([first, second]);
    const c = await join();
    for (const { cache } of [a, b, c]) {
      expect(await cache.get('first')).toBeUndefined();
      expect(await cache.get('second')).toBe('x');
    }
  });

  it('leave out of the call what was invalidated meanwhile, and write the others', async () => {
    const { join } = nodes();
    const [a, b] = [await join(), await join()];
    const { answer } = heldFences(a);
    const write = jest.spyOn(a.tier, 'write');
    const puts = ['1', '2', '3'].map((key) => a.cache.put(key, 'x'));
    await turns();
    await a.cache.invalidate('2');
    answer();
    await Promise.all(puts);
    expect(write.mock.calls.map(([, writes]) => writes.map(({ key }) => key))).toEqual([['1', '3']]);
    for (const { cache } of [a, b]) expect([...(await cache.getAll(['1', '2', '3'])).keys()]).toEqual(['1', '3']);
  });

  it('are not held up by one that cannot be encoded, nor by one that takes time to compress', async () => {
    const { join } = nodes({ compression: { algorithm: 'gzip', threshold: '1kb' } });
    const a = await join();
    const write = jest.spyOn(a.tier, 'write');
    await Promise.all([
      a.cache.put('large', 'x'.repeat(100_000)),
      a.cache.put('unfit', Symbol('unfit') as never),
      a.cache.put('small', 'x'),
    ]);
    expect(write.mock.calls.map(([, writes]) => writes.map(({ key }) => key))).toEqual([['small'], ['large']]);
    expect([...(await (await join()).cache.getAll(['large', 'unfit', 'small'])).keys()]).toEqual(['large', 'small']);
  });

  it('are written nowhere when they are invalidated while they are compressed', async () => {
    const { join } = nodes({ compression: { algorithm: 'gzip', threshold: '1kb' } });
    const a = await join();
    const written: string[] = [];
    const write = a.tier.write.bind(a.tier);
    const invalidated: Promise<boolean>[] = [];
    jest.spyOn(a.tier, 'write').mockImplementation((space, writes) => {
      written.push(...writes.map(({ key }) => key));
      // In the very step in which compressing began.
      if (written.includes('small')) invalidated.push(a.cache.invalidate('large'));
      return write(space, writes);
    });
    await Promise.all([a.cache.put('large', 'x'.repeat(100_000)), a.cache.put('small', 'x')]);
    await Promise.all(invalidated);
    expect(written).toEqual(['small']);
    for (const { cache } of [a, await join()]) expect(await cache.get('large')).toBeUndefined();
  });
});

describe('own writes of one key', () => {
  function own(kind: OwnWrite<string>['kind'], run: OwnWrite<string>['run']): OwnWrite<string> {
    return { kind, index: 'k', key: 'k', run };
  }

  it('begin when the one before ends its turn, also within its first step', async () => {
    const writes = new OwnWrites<string>();
    const order: string[] = [];
    const second = own('put', async (turn) => {
      order.push('second');
      turn.end();
      return true;
    });
    // A listener that puts the key again, called while the first one ends.
    const asked: Promise<boolean>[] = [];
    const first = own('put', (turn) => {
      asked.push(writes.take(second));
      order.push('first');
      turn.end();
      return Promise.resolve(false);
    });
    expect(await writes.take(first)).toBe(false);
    expect(await asked[0]).toBe(true);
    expect(order).toEqual(['first', 'second']);
    expect([...writes]).toEqual([]);
    expect(writes.last('k')).toBeUndefined();
  });

  it('are answered by the last that runs, when the one before has ended within its first step', async () => {
    const writes = new OwnWrites<string>();
    const running = deferred<boolean>();
    const second = own('put', () => running.promise);
    const first = own('put', (turn) => {
      void writes.take(second);
      turn.end();
      return Promise.resolve(false);
    });
    await writes.take(first);
    running.resolve(true);
    expect(await writes.last('k')).toBe(true);
  });

  it('go on after one that fails', async () => {
    const writes = new OwnWrites<string>();
    const work = deferred<boolean>();
    const failing = writes.take(new SimpleOwnWrite('touch', 'k', 'k', () => work.promise));
    const next = writes.take(new SimpleOwnWrite('putIfAbsent', 'k', 'k', async () => true));
    await settled();
    expect([...writes]).toHaveLength(1);
    work.reject(new Error('out of order'));
    await expect(failing).rejects.toThrow('out of order');
    expect(await next).toBe(true);
    expect([...writes]).toEqual([]);
  });
});
