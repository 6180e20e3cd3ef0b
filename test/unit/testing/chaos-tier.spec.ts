import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { ChaosTier, FakeClock, InProcessTier, type TierFault } from '../../../lib/testing/index.js';
import type { TierWrite } from '../../../lib/tiers/index.js';

const SPACE = 'strata:chaos';
let clock: FakeClock;
let inner: InProcessTier;
let chaos: ChaosTier;

beforeEach(() => {
  clock = new FakeClock();
  inner = new InProcessTier({ clock, random: seededRandom(1) });
  chaos = new ChaosTier(inner, { clock, random: seededRandom(7) });
});

const entry = (key: string, ...bytes: number[]): TierWrite => ({
  key,
  bytes: Uint8Array.from(bytes),
  ttlMs: 60_000,
  fence: undefined,
});

async function stored(key: string): Promise<number[] | undefined> {
  const { entries } = await inner.read(SPACE, [key], []);
  return entries[0] && [...entries[0].bytes];
}

/** Whether a promise has settled by now, timers aside. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(
    () => (done = true),
    () => (done = true),
  );
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return done;
}

describe('ChaosTier', () => {
  it('loads the package of the tier that it wraps, and none where that needs none', async () => {
    const missing = Object.assign(Object.create(inner) as InProcessTier, {
      loadPackage: () => Promise.reject(new Error('npm install it')),
    });
    await expect(new ChaosTier(missing).loadPackage()).rejects.toThrow('npm install it');
    await expect(chaos.loadPackage()).resolves.toBeUndefined();
  });

  it('fails calls, and nothing of them happens', async () => {
    chaos.inject({ kind: 'fail' });
    await expect(chaos.write(SPACE, [entry('k', 1)])).rejects.toThrow('chaos: write fails');
    await expect(chaos.keys(SPACE).next()).rejects.toThrow('chaos: keys fails');
    expect(await stored('k')).toBeUndefined();
  });

  it('fails with the error that it is given', async () => {
    const error = new Error('mine');
    chaos.inject({ kind: 'fail', error });
    await expect(chaos.read(SPACE, ['k'], [])).rejects.toBe(error);
  });

  it('fails calls that have happened', async () => {
    chaos.inject({ kind: 'applyThenFail' });
    await expect(chaos.write(SPACE, [entry('k', 1)])).rejects.toThrow('after it happened');
    expect(await stored('k')).toEqual([1]);
  });

  it('lets calls hang until they may go on, and they happen then', async () => {
    chaos.inject({ kind: 'hang' }, { on: ['write'], times: 1 });
    const writing = chaos.write(SPACE, [entry('k', 1)]);
    expect(await settled(writing)).toBe(false);
    expect([chaos.hung, await stored('k')]).toEqual([1, undefined]);
    await inner.write(SPACE, [entry('k', 2)]);
    chaos.proceed();
    expect(await writing).toEqual([true]);
    expect([chaos.hung, await stored('k')]).toEqual([0, [1]]);
  });

  it('lets calls happen whose answers hang', async () => {
    chaos.inject({ kind: 'applyThenHang' });
    const writing = chaos.write(SPACE, [entry('k', 1)]);
    expect(await settled(writing)).toBe(false);
    expect(await stored('k')).toEqual([1]);
    chaos.heal();
    expect(await writing).toEqual([true]);
    expect(await chaos.write(SPACE, [entry('k', 2)])).toEqual([true]);
  });

  it('delays calls by the clock', async () => {
    chaos.inject({ kind: 'delay', ms: 50 });
    const writing = chaos.write(SPACE, [entry('k', 1)]);
    clock.advance(49);
    expect([await settled(writing), await stored('k')]).toEqual([false, undefined]);
    clock.advance(1);
    expect(await writing).toEqual([true]);
  });

  it.each(['flipped', 'truncated', 'extended', 'replaced'] as const)('reads bytes that are %s', async (how) => {
    const bytes = Array.from({ length: 32 }, (_, at) => at);
    await chaos.write(SPACE, [entry('k', ...bytes)]);
    chaos.inject({ kind: 'corrupt', how });
    for (let round = 0; round < 20; round++) {
      const { entries } = await chaos.read(SPACE, ['k', 'none'], []);
      expect([...(entries[0]?.bytes ?? [])]).not.toEqual(bytes);
      expect(entries[1]).toBeUndefined();
    }
    expect(await stored('k')).toEqual(bytes);
  });

  describe('that lies', () => {
    it('answers with too little, and with too much', async () => {
      await chaos.write(SPACE, [entry('a', 1), entry('b', 2)]);
      const short = chaos.inject({ kind: 'lie', how: 'short' });
      expect((await chaos.read(SPACE, ['a', 'b'], [])).entries).toHaveLength(1);
      expect((await chaos.fence(SPACE, ['a', 'b'], ['g'], 1_000)).generations).toHaveLength(0);
      short();
      chaos.inject({ kind: 'lie', how: 'long' });
      expect((await chaos.read(SPACE, ['a', 'b'], [])).entries).toHaveLength(4);
      expect(await chaos.write(SPACE, [entry('a', 1)])).toHaveLength(3);
    });

    it('answers for a key with what is of another', async () => {
      await chaos.write(SPACE, [entry('a', 1), entry('b', 2)]);
      await chaos.read(SPACE, ['a'], []);
      chaos.inject({ kind: 'lie', how: 'swapped' });
      const { entries } = await chaos.read(SPACE, ['b'], []);
      expect([...entries[0]!.bytes]).toEqual([1]);
    });

    it('answers with what is no answer at all', async () => {
      await chaos.write(SPACE, [entry('a', 1)]);
      const honest = JSON.stringify(await inner.read(SPACE, ['a'], ['g']));
      chaos.inject({ kind: 'lie', how: 'nonsense' });
      const answers = new Set<string>();
      for (let round = 0; round < 60; round++) answers.add(JSON.stringify(await chaos.read(SPACE, ['a'], ['g'])));
      expect(answers.size).toBeGreaterThan(10);
      expect(answers.has(honest)).toBe(false);
      expect(await chaos.lease(SPACE, 'k', 'me', 1_000)).not.toBe(true);
    });
  });

  it('strikes only the calls that are named, as often as it is told, by the rule injected first', async () => {
    chaos.inject({ kind: 'fail', error: new Error('first') }, { on: ['read'], times: 2 });
    chaos.inject({ kind: 'fail', error: new Error('second') }, { on: ['read'], times: 1 });
    for (const expected of ['first', 'first', 'second']) {
      await expect(chaos.read(SPACE, ['k'], [])).rejects.toThrow(expected);
    }
    expect(await chaos.read(SPACE, [], [])).toEqual({ entries: [], generations: [] });
    expect(await chaos.write(SPACE, [entry('k', 1)])).toEqual([true]);
    expect(chaos.struck).toEqual(new Map([['fail', 3]]));
  });

  it('strikes with a probability, the same calls for the same seed', async () => {
    const strikes = async (seed: number): Promise<boolean[]> => {
      const tier = new ChaosTier(inner, { clock, random: seededRandom(seed) });
      tier.inject({ kind: 'fail' }, { probability: 0.3 });
      const failed: boolean[] = [];
      for (let call = 0; call < 1_000; call++) {
        failed.push(
          await tier.read(SPACE, ['k'], []).then(
            () => false,
            () => true,
          ),
        );
      }
      return failed;
    };
    const once = await strikes(11);
    expect(once.filter(Boolean).length).toBeGreaterThan(250);
    expect(once.filter(Boolean).length).toBeLessThan(350);
    expect(await strikes(11)).toEqual(once);
    expect(await strikes(12)).not.toEqual(once);
  });

  it('fails a scan in its middle', async () => {
    await chaos.write(
      SPACE,
      Array.from({ length: 500 }, (_, at) => entry(`k${at}`, 1)),
    );
    const scan = chaos.keys(SPACE);
    expect((await scan.next()).value?.length).toBeGreaterThan(0);
    chaos.inject({ kind: 'fail' });
    await expect(scan.next()).rejects.toThrow('chaos: keys fails');
  });

  it('reports trouble that belongs to no call', () => {
    const reported: unknown[] = [];
    chaos.start((error) => reported.push(error));
    chaos.trouble('lost');
    expect(reported).toEqual(['lost']);
  });

  it('refuses rules that cannot be', () => {
    const inject = (rule: object) => () => chaos.inject({ kind: 'fail' } satisfies TierFault, rule);
    expect(inject({ on: ['get'] })).toThrow('on must name calls among read, fence');
    expect(inject({ probability: 2 })).toThrow('probability must be a number from 0 to 1');
    expect(inject({ times: 0 })).toThrow('times must be above 0');
    expect(inject({ time: 1 })).toThrow('did you mean times?');
  });
});
