import type { AnyBench } from './tier-bench.js';
import { LONG_MS, texts, write } from './tier-bench.js';

/** How long entries stay, and what is told of it. */
export function describeLifetimes(bench: AnyBench): void {
  const { expect } = bench.runner;
  const { shortMs, resolutionMs } = bench;

  bench.describe('lifetimes', () => {
    bench.it('are told as what is left of them', async (at) => {
      let leftMs: number | undefined;
      const tookMs = await bench.elapsed(async () => {
        await at.tier.write(at.space, [write('k', '1', undefined, LONG_MS)]);
        leftMs = (await at.other.read(at.space, ['k'], [])).entries[0]?.ttlLeftMs;
      });
      expect(leftMs).toBeLessThanOrEqual(LONG_MS + resolutionMs);
      // A tier that counts ticks knows neither how old the first nor how young the last one is.
      expect((leftMs ?? 0) + tookMs + 2 * resolutionMs + 1).toBeGreaterThan(LONG_MS);
    });

    bench.it('end', async (at) => {
      await at.tier.write(at.space, [write('short', '1', undefined, shortMs), write('long', '2')]);
      await bench.outlive(at, shortMs);
      expect(await texts(at.other, at.space, 'short', 'long')).toEqual([undefined, '2']);
    });

    bench.it('run down', async (at) => {
      await at.tier.write(at.space, [write('k', '1')]);
      const [before] = (await at.tier.read(at.space, ['k'], [])).entries;
      await bench.outlive(at, shortMs);
      const [after] = (await at.tier.read(at.space, ['k'], [])).entries;
      expect((before?.ttlLeftMs ?? 0) - (after?.ttlLeftMs ?? 0) + resolutionMs + 1).toBeGreaterThan(shortMs);
    });

    bench.itWith('advance', 'that are exact end at their instant, not before', async (at) => {
      const ttlMs = 10 * resolutionMs;
      await at.tier.write(at.space, [write('k', '1', undefined, ttlMs)]);
      await at.advance(ttlMs - resolutionMs);
      expect(await texts(at.tier, at.space, 'k')).toEqual(['1']);
      await at.advance(resolutionMs);
      expect(await texts(at.tier, at.space, 'k')).toEqual([undefined]);
    });

    bench.it('begin again when an entry is overwritten, longer than before', async (at) => {
      await at.tier.write(at.space, [write('k', '1', undefined, shortMs)]);
      await at.tier.write(at.space, [write('k', '2')]);
      await bench.outlive(at, shortMs);
      expect(await texts(at.tier, at.space, 'k')).toEqual(['2']);
    });

    bench.it('begin again when an entry is overwritten, shorter than before', async (at) => {
      await at.tier.write(at.space, [write('k', '1')]);
      await at.tier.write(at.space, [write('k', '2', undefined, shortMs)]);
      await bench.outlive(at, shortMs);
      expect(await texts(at.tier, at.space, 'k')).toEqual([undefined]);
    });

    bench.it('may be without end', async (at) => {
      await at.tier.write(at.space, [write('k', '1', undefined, Infinity)]);
      await bench.outlive(at, shortMs);
      const [entry] = (await at.tier.read(at.space, ['k'], [])).entries;
      expect(entry?.ttlLeftMs).toBe(Infinity);
    });

    bench.it('without end end when an entry is overwritten with one that ends', async (at) => {
      await at.tier.write(at.space, [write('k', '1', undefined, Infinity)]);
      await at.tier.write(at.space, [write('k', '2', undefined, shortMs)]);
      await bench.outlive(at, shortMs);
      expect(await texts(at.tier, at.space, 'k')).toEqual([undefined]);
    });

    bench.it('may be fractions of a millisecond, and as long as the tier says', async (at) => {
      const years = Math.min(100 * 365 * 86_400_000, at.tier.guard.maxTtlMs);
      await at.tier.write(at.space, [write('brief', '1', undefined, 0.25), write('years', '2', undefined, years)]);
      const [entry] = (await at.tier.read(at.space, ['years'], [])).entries;
      expect((entry?.ttlLeftMs ?? 0) + LONG_MS).toBeGreaterThan(years);
      await bench.outlive(at, shortMs);
      expect(await texts(at.tier, at.space, 'brief', 'years')).toEqual([undefined, '2']);
    });

    bench.it('are of each entry, whatever the rest of its batch has', async (at) => {
      await at.tier.write(at.space, [
        write('a', '1', undefined, shortMs),
        write('b', '2', undefined, Infinity),
        write('c', '3', undefined, shortMs),
        write('d', '4'),
      ]);
      await bench.outlive(at, shortMs);
      expect(await texts(at.tier, at.space, 'a', 'b', 'c', 'd')).toEqual([undefined, '2', undefined, '4']);
    });
  });
}
