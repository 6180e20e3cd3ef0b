import { AWKWARD_TEXTS } from './awkward-texts.js';
import type { AnyBench } from './tier-bench.js';
import { fenceOf, LONG_MS, texts, write } from './tier-bench.js';

/** Who may compute, across processes. Needs the capability `leases`. */
export function describeLeases(bench: AnyBench): void {
  const { expect } = bench.runner;

  bench.describe('leases', () => {
    bench.it('are held by one at a time', async ({ tier, other, space }) => {
      expect(await tier.lease(space, 'k', 'me', LONG_MS)).toBe(true);
      expect(await other.lease(space, 'k', 'you', LONG_MS)).toBe(false);
      expect(await tier.lease(space, 'k', 'you', LONG_MS)).toBe(false);
    });

    bench.it('are given to one of all who ask at once', async ({ tier, other, space }) => {
      const asked = Array.from({ length: 20 }, (_, at) =>
        (at % 2 ? tier : other).lease(space, 'k', `holder ${at}`, LONG_MS),
      );
      expect((await Promise.all(asked)).filter(Boolean).length).toBe(1);
    });

    bench.it('can be taken by another once they were given back', async ({ tier, other, space }) => {
      await tier.lease(space, 'k', 'me', LONG_MS);
      await tier.release(space, 'k', 'me');
      expect(await other.lease(space, 'k', 'you', LONG_MS)).toBe(true);
      expect(await tier.lease(space, 'k', 'me', LONG_MS)).toBe(false);
    });

    bench.it('are given back only by who holds them', async ({ tier, other, space }) => {
      await tier.lease(space, 'k', 'me', LONG_MS);
      for (const holder of ['you', '', 'm', 'me ', 'ME', '*']) await other.release(space, 'k', holder);
      expect(await other.lease(space, 'k', 'you', LONG_MS)).toBe(false);
    });

    bench.it('that nobody holds can be given back', async ({ tier, space }) => {
      expect(await tier.release(space, 'k', 'me')).toBe(undefined);
      expect(await tier.lease(space, 'k', 'me', LONG_MS)).toBe(true);
    });

    bench.it('end by themselves', async (at) => {
      await at.tier.lease(at.space, 'k', 'me', bench.shortMs);
      await bench.outlive(at, bench.shortMs);
      expect(await at.other.lease(at.space, 'k', 'you', LONG_MS)).toBe(true);
    });

    bench.it('that ended cannot be given back by who held them', async (at) => {
      await at.tier.lease(at.space, 'k', 'me', bench.shortMs);
      await bench.outlive(at, bench.shortMs);
      await at.other.lease(at.space, 'k', 'you', LONG_MS);
      await at.tier.release(at.space, 'k', 'me');
      expect(await at.tier.lease(at.space, 'k', 'me', LONG_MS)).toBe(false);
    });

    bench.it('are renewed by who holds them', async (at) => {
      await at.tier.lease(at.space, 'k', 'me', bench.shortMs);
      expect(await at.other.lease(at.space, 'k', 'me', LONG_MS)).toBe(true);
      await bench.outlive(at, bench.shortMs);
      expect(await at.other.lease(at.space, 'k', 'you', LONG_MS)).toBe(false);
    });

    bench.it('are not renewed by who does not get them', async (at) => {
      await at.tier.lease(at.space, 'k', 'me', bench.shortMs);
      await at.other.lease(at.space, 'k', 'you', LONG_MS);
      await bench.outlive(at, bench.shortMs);
      expect(await at.other.lease(at.space, 'k', 'them', LONG_MS)).toBe(true);
    });

    bench.it('are of one key in one space', async ({ tier, other, space }) => {
      await tier.lease(space, 'k', 'me', LONG_MS);
      expect(await other.lease(space, 'l', 'you', LONG_MS)).toBe(true);
      expect(await other.lease(`${space}:`, 'k', 'you', LONG_MS)).toBe(true);
    });

    bench.it('may be of any key, and held by any name', async ({ tier, other, space }) => {
      for (const text of Object.values(AWKWARD_TEXTS)) {
        expect(await tier.lease(space, text, `me ${text}`, LONG_MS)).toBe(true);
        expect(await other.lease(space, text, `you ${text}`, LONG_MS)).toBe(false);
        await tier.release(space, text, `me ${text}`);
        expect(await other.lease(space, text, `you ${text}`, LONG_MS)).toBe(true);
      }
    });

    bench.it('have nothing to do with entries and fences', async ({ tier, other, space }) => {
      const fence = await fenceOf(tier, space, 'k');
      await tier.lease(space, 'k', 'me', LONG_MS);
      expect(await texts(other, space, 'k')).toEqual([undefined]);
      await tier.release(space, 'k', 'me');
      expect(await other.write(space, [write('k', '1', fence)])).toEqual([true]);
      await tier.lease(space, 'k', 'me', LONG_MS);
      await other.remove(space, ['k']);
      expect(await other.lease(space, 'k', 'you', LONG_MS)).toBe(false);
      if (bench.capabilities.listsKeys) expect(await bench.listed(tier, space)).toEqual([]);
    });
  });
}
