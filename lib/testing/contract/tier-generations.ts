import { AWKWARD_TEXTS } from './awkward-texts.js';
import type { AnyBench } from './tier-bench.js';
import { fenceOf, generationOf, LONG_MS, texts, write } from './tier-bench.js';

/** The tokens that groups and whole spaces are invalidated by. */
export function describeGenerations(bench: AnyBench): void {
  const { expect } = bench.runner;

  bench.describe('generations', () => {
    bench.it('are not there until a fence asks for them', async ({ tier, other, space }) => {
      expect((await tier.read(space, [], ['g', ''])).generations).toEqual([undefined, undefined]);
      expect((await other.read(space, [], ['g', ''])).generations).toEqual([undefined, undefined]);
    });

    bench.it('stay what they are once they are there, for every reader', async ({ tier, other, space }) => {
      const token = await generationOf(tier, space, 'g');
      expect(token.length).toBeGreaterThan(0);
      expect(await generationOf(tier, space, 'g')).toBe(token);
      expect(await generationOf(other, space, 'g')).toBe(token);
      expect((await tier.read(space, ['k'], ['g'])).generations).toEqual([token]);
      expect((await other.read(space, [], ['g', 'x', 'g'])).generations).toEqual([token, undefined, token]);
    });

    bench.it('are answered in the order of their names, which may repeat', async ({ tier, space }) => {
      const { generations } = await tier.fence(space, ['k'], ['a', '', 'b', 'a'], LONG_MS);
      expect(new Set(generations).size).toBe(3);
      expect(generations[3]).toBe(generations[0]);
      expect((await tier.read(space, [], ['b', 'a', ''])).generations).toEqual([
        generations[2],
        generations[0],
        generations[1],
      ]);
    });

    bench.it('are others after they were renewed, each time', async ({ tier, other, space }) => {
      const seen = new Set<string>();
      for (let i = 0; i < 20; i++) {
        const token = await generationOf(tier, space, 'g');
        seen.add(token);
        await other.renew(space, ['g']);
        const [read] = (await tier.read(space, [], ['g'])).generations;
        expect(read === token).toBe(false);
      }
      expect(seen.size).toBe(20);
    });

    bench.it('of other names stay when one is renewed', async ({ tier, space }) => {
      const before = await tier.fence(space, [], ['a', 'ab', ''], LONG_MS);
      await tier.renew(space, ['a']);
      const { generations } = await tier.fence(space, [], ['a', 'ab', ''], LONG_MS);
      expect(generations[0] === before.generations[0]).toBe(false);
      expect(generations.slice(1)).toEqual(before.generations.slice(1));
    });

    bench.it('may be renewed before they are there, and more than once in a batch', async ({ tier, other, space }) => {
      await tier.renew(space, ['g', 'g', 'h']);
      const token = await generationOf(tier, space, 'g');
      expect(await generationOf(other, space, 'g')).toBe(token);
    });

    bench.it('are no entries, and entries are no generations', async ({ tier, space }) => {
      const token = await generationOf(tier, space, 'same');
      expect(await texts(tier, space, 'same', '')).toEqual([undefined, undefined]);
      await tier.write(space, [write('same', '1'), write('', '2')]);
      expect((await tier.read(space, [], ['same', ''])).generations).toEqual([token, undefined]);
      await tier.remove(space, ['same']);
      expect((await tier.read(space, [], ['same'])).generations).toEqual([token]);
      await tier.renew(space, ['']);
      expect(await texts(tier, space, '')).toEqual(['2']);
    });

    bench.it('may have any name', async ({ tier, other, space }) => {
      const names = Object.values(AWKWARD_TEXTS);
      const { generations } = await tier.fence(space, [], names, LONG_MS);
      expect(new Set(generations).size).toBe(names.length);
      expect((await other.read(space, [], names)).generations).toEqual(generations);
    });

    bench.it('come with the fences of one call', async ({ tier, space }) => {
      const { fences, generations } = await tier.fence(space, ['k', 'l'], ['g'], LONG_MS);
      expect([fences.length, generations.length]).toEqual([2, 1]);
      const read = await tier.read(space, ['k'], ['g']);
      expect(read).toEqual({ entries: [undefined], generations });
    });

    bench.it('are the same for all who create them at once', async ({ tier, other, space }) => {
      for (let round = 0; round < 10; round++) {
        const asked = Array.from({ length: 20 }, (_, at) => generationOf(at % 2 ? tier : other, space, `g${round}`));
        expect(new Set(await Promise.all(asked)).size).toBe(1);
      }
    });

    bench.it('outlive the fences that they were asked for with', async (at) => {
      const { generations } = await at.tier.fence(at.space, ['k'], ['g'], bench.shortMs);
      await bench.outlive(at, bench.shortMs);
      expect((await at.other.read(at.space, [], ['g'])).generations).toEqual(generations);
    });

    bench.itWith('lose', 'are others when the tier has lost them', async (at) => {
      const before = await at.tier.fence(at.space, [], ['g', ''], LONG_MS);
      await at.tier.write(at.space, [write('k', '1')]);
      await at.lose();
      expect(await at.tier.read(at.space, ['k'], ['g', ''])).toEqual({
        entries: [undefined],
        generations: [undefined, undefined],
      });
      const after = await at.tier.fence(at.space, [], ['g', ''], LONG_MS);
      expect(after.generations.some((token) => before.generations.includes(token))).toBe(false);
      expect(await at.tier.write(at.space, [write('k', '2', await fenceOf(at.tier, at.space, 'k'))])).toEqual([true]);
    });
  });
}
