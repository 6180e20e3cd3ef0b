import type { AnyBench, AtBench } from './tier-bench.js';
import { fenceOf, LONG_MS, texts, write } from './tier-bench.js';

const MADE_UP = ['', '0', '1', 'x', '-1', ' ', '\r\n', '00000000000000000000', 'f'.repeat(200), '\0', '*', 'ä'];

/** That nothing is stored that was computed before its key changed. */
export function describeFences(bench: AnyBench): void {
  const { expect } = bench.runner;

  if (!bench.capabilities.atomicFences) {
    bench.describe('fences, without the capability atomicFences', () => {
      bench.it('are given, and keep nothing out', async ({ tier, space }) => {
        const fence = await fenceOf(tier, space, 'k');
        await tier.remove(space, ['k']);
        expect(await tier.write(space, [write('k', '1', fence)])).toEqual([true]);
        expect(await texts(tier, space, 'k')).toEqual(['1']);
      });
    });
    return;
  }

  /** Writes with a fence and tells what then is there. */
  const tryWith = async ({ other, space }: AtBench, fence: string, key = 'k'): Promise<unknown> => {
    const [accepted] = await other.write(space, [write(key, 'computed', fence)]);
    return [accepted, ...(await texts(other, space, key))];
  };
  const ACCEPTED = [true, 'computed'];
  const REFUSED = [false, undefined];

  bench.describe('fences', () => {
    bench.it('permit a write while nothing happens to their key', async (at) => {
      expect(await tryWith(at, await fenceOf(at.tier, at.space, 'k'))).toEqual(ACCEPTED);
    });

    bench.it('are one text for each key, in the order of the keys', async (at) => {
      const { fences } = await at.tier.fence(at.space, ['a', 'b', 'c'], [], LONG_MS);
      expect(fences.map((fence) => typeof fence)).toEqual(['string', 'string', 'string']);
      const written = await at.tier.write(at.space, [
        write('c', '3', fences[2]),
        write('a', '1', fences[0]),
        write('b', '2', fences[1]),
      ]);
      expect(written).toEqual([true, true, true]);
    });

    bench.it('refuse a write after their key was removed, also by another process', async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k');
      await at.other.remove(at.space, ['k']);
      expect(await tryWith(at, fence)).toEqual(REFUSED);
    });

    bench.it('refuse a write after their key was removed while it had an entry', async (at) => {
      await at.tier.write(at.space, [write('k', 'before')]);
      const fence = await fenceOf(at.tier, at.space, 'k');
      await at.other.remove(at.space, ['k']);
      expect(await tryWith(at, fence)).toEqual(REFUSED);
    });

    bench.it('are used up by a write: of two that hold one the first wins', async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k');
      const shared = await fenceOf(at.other, at.space, 'k');
      expect(await at.tier.write(at.space, [write('k', 'first', fence)])).toEqual([true]);
      expect(await at.other.write(at.space, [write('k', 'second', shared)])).toEqual([false]);
      expect(await texts(at.other, at.space, 'k')).toEqual(['first']);
    });

    bench.it("refuse a write after a caller's own", async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k');
      expect(await at.other.write(at.space, [write('k', 'own')])).toEqual([true]);
      expect(await at.tier.write(at.space, [write('k', 'computed', fence)])).toEqual([false]);
      expect(await texts(at.tier, at.space, 'k')).toEqual(['own']);
    });

    bench.it("refuse a write after a caller's own that has been removed again", async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k');
      await at.other.write(at.space, [write('k', 'own')]);
      await at.other.remove(at.space, ['k']);
      expect(await tryWith(at, fence)).toEqual(REFUSED);
    });

    bench.it("refuse a write after a caller's own that equals what was there", async (at) => {
      await at.tier.write(at.space, [write('k', 'own')]);
      const fence = await fenceOf(at.tier, at.space, 'k');
      await at.other.write(at.space, [write('k', 'own')]);
      expect(await at.tier.write(at.space, [write('k', 'computed', fence)])).toEqual([false]);
    });

    bench.it('stay refused once they are broken, whatever is fenced and written afterwards', async (at) => {
      const broken = await fenceOf(at.tier, at.space, 'k');
      await at.tier.remove(at.space, ['k']);
      const next = await fenceOf(at.tier, at.space, 'k');
      expect(next === broken).toBe(false);
      expect(await tryWith(at, broken)).toEqual(REFUSED);
      expect(await tryWith(at, next)).toEqual(ACCEPTED);
      expect(await at.tier.write(at.space, [write('k', 'late', broken)])).toEqual([false]);
      expect(await texts(at.tier, at.space, 'k')).toEqual(['computed']);
    });

    bench.it('never come back: each after a removal is another', async (at) => {
      const seen = new Set<string>();
      for (let i = 0; i < 50; i++) {
        seen.add(await fenceOf(at.tier, at.space, 'k'));
        await at.tier.remove(at.space, ['k']);
      }
      expect(seen.size).toBe(50);
    });

    bench.it('let nothing through that nobody was given', async (at) => {
      for (const fence of MADE_UP) expect([fence, await tryWith(at, fence)]).toEqual([fence, REFUSED]);
      await fenceOf(at.tier, at.space, 'k');
      for (const fence of MADE_UP) expect([fence, await tryWith(at, fence)]).toEqual([fence, REFUSED]);
    });

    bench.it('of another key or space let nothing through', async (at) => {
      await fenceOf(at.tier, at.space, 'k');
      const foreign = [await fenceOf(at.tier, at.space, 'l'), await fenceOf(at.tier, `${at.space}2`, 'k')];
      for (const fence of foreign) expect(await tryWith(at, fence)).toEqual(REFUSED);
    });

    bench.it('serve everybody who holds them until they break', async (at) => {
      const first = await fenceOf(at.tier, at.space, 'k');
      const second = await fenceOf(at.other, at.space, 'k');
      expect(await tryWith(at, first)).toEqual(ACCEPTED);
      await at.tier.remove(at.space, ['k']);
      expect(await tryWith(at, first)).toEqual(REFUSED);
      expect(await tryWith(at, second)).toEqual(REFUSED);
    });

    bench.it('break for everybody who holds them', async (at) => {
      const holders = [await fenceOf(at.tier, at.space, 'k'), await fenceOf(at.other, at.space, 'k')];
      await at.tier.write(at.space, [write('k', 'own')]);
      for (const fence of holders) {
        expect(await at.other.write(at.space, [write('k', 'computed', fence)])).toEqual([false]);
      }
      expect(await texts(at.other, at.space, 'k')).toEqual(['own']);
    });

    bench.it('that were used let nothing through after a removal', async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k');
      expect(await tryWith(at, fence)).toEqual(ACCEPTED);
      await at.tier.remove(at.space, ['k']);
      expect(await tryWith(at, fence)).toEqual(REFUSED);
    });

    bench.it('of a key that has an entry leave that readable, and permit its replacement', async (at) => {
      await at.tier.write(at.space, [write('k', 'before')]);
      const fence = await fenceOf(at.tier, at.space, 'k');
      expect(await texts(at.other, at.space, 'k')).toEqual(['before']);
      expect(await tryWith(at, fence)).toEqual(ACCEPTED);
    });

    bench.it('are no entries', async (at) => {
      await fenceOf(at.tier, at.space, 'k');
      expect(await texts(at.other, at.space, 'k')).toEqual([undefined]);
    });

    bench.it('survive what is read and what happens to other keys', async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k');
      await at.other.read(at.space, ['k'], ['g']);
      await at.other.remove(at.space, ['l', 'kk', 'K']);
      await at.other.write(at.space, [write('l', '1'), write('', '2')]);
      await at.other.renew(at.space, ['g', '', 'k']);
      expect(await tryWith(at, fence)).toEqual(ACCEPTED);
    });

    bench.it('are checked one by one in a batch', async (at) => {
      const { fences } = await at.tier.fence(at.space, ['a', 'b', 'c'], [], LONG_MS);
      await at.other.remove(at.space, ['b']);
      const written = await at.tier.write(at.space, [
        write('a', '1', fences[0]),
        write('b', '2', fences[1], 2 * LONG_MS),
        write('c', '3', undefined, Infinity),
        write('c', '4', fences[2]),
        write('d', '5', 'made up'),
        write('e', '6', undefined, 2 * LONG_MS),
      ]);
      expect(written).toEqual([true, false, true, false, false, true]);
      expect(await texts(at.other, at.space, 'a', 'b', 'c', 'd', 'e')).toEqual(['1', undefined, '3', undefined, '6']);
    });

    bench.it('of a key that is named twice are one', async (at) => {
      const { fences } = await at.tier.fence(at.space, ['k', 'k'], [], LONG_MS);
      expect(fences.length).toBe(2);
      expect(await tryWith(at, String(fences[1]))).toEqual(ACCEPTED);
      await at.tier.remove(at.space, ['k']);
      for (const fence of fences) expect(await tryWith(at, fence)).toEqual(REFUSED);
    });

    bench.it('are lost at the end of their time', async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k', bench.shortMs);
      await bench.outlive(at, bench.shortMs);
      expect(await tryWith(at, fence)).toEqual(REFUSED);
    });

    bench.it('live at least as long as the last who asked for them needs', async (at) => {
      await fenceOf(at.tier, at.space, 'k', bench.shortMs);
      const fence = await fenceOf(at.other, at.space, 'k', LONG_MS);
      await bench.outlive(at, bench.shortMs);
      expect(await tryWith(at, fence)).toEqual(ACCEPTED);
    });

    bench.it('live no shorter because somebody else needs them for less', async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k', LONG_MS);
      await fenceOf(at.other, at.space, 'k', bench.shortMs);
      await bench.outlive(at, bench.shortMs);
      expect(await tryWith(at, fence)).toEqual(ACCEPTED);
    });

    bench.itWith('lose', 'are lost when the tier loses what it holds', async (at) => {
      const fence = await fenceOf(at.tier, at.space, 'k');
      await at.lose();
      expect(await tryWith(at, fence)).toEqual(REFUSED);
      await fenceOf(at.tier, at.space, 'k');
      expect(await tryWith(at, fence)).toEqual(REFUSED);
    });
  });

  bench.describe('fences under way', () => {
    bench.it('leave nothing behind when writing and removing overlap', async ({ tier, other, space }) => {
      for (let round = 0; round < 50; round++) {
        const fence = await fenceOf(tier, space, 'k');
        const calls = [() => tier.write(space, [write('k', 'computed', fence)]), () => other.remove(space, ['k'])];
        if (round % 2) calls.reverse();
        await Promise.all(calls.map((call) => call()));
        expect(await texts(tier, space, 'k')).toEqual([undefined]);
      }
    });

    bench.it("leave a caller's own write standing when others overlap with it", async ({ tier, other, space }) => {
      for (let round = 0; round < 50; round++) {
        const fence = await fenceOf(tier, space, 'k');
        const calls = [
          () => tier.write(space, [write('k', 'computed', fence)]),
          () => other.write(space, [write('k', `own ${round}`)]),
          () => other.write(space, [write('k', 'computed', fence)]),
        ];
        if (round % 2) calls.reverse();
        await Promise.all(calls.map((call) => call()));
        expect(await texts(other, space, 'k')).toEqual([`own ${round}`]);
      }
    });

    bench.it('are the same for all who ask for them at once', async ({ tier, other, space }) => {
      const asked = Array.from({ length: 20 }, (_, at) => fenceOf(at % 2 ? tier : other, space, 'k'));
      const fences = await Promise.all(asked);
      expect(await tier.write(space, [write('k', 'computed', fences[7])])).toEqual([true]);
      await tier.remove(space, ['k']);
      const late = await Promise.all(fences.map((fence) => other.write(space, [write('k', 'late', fence)])));
      expect(late.flat()).toEqual(fences.map(() => false));
    });
  });
}
