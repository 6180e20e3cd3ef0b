import { CacheMisuseError, escapeGlob } from '../../core/index.js';
import { AWKWARD_SPACES, AWKWARD_TEXTS } from './awkward-texts.js';
import { rejectionOf } from './test-runner.js';
import type { AnyBench } from './tier-bench.js';
import { fenceOf, generationOf, write } from './tier-bench.js';

/** Listing keys, by patterns too. Needs the capability `listsKeys`. */
export function describeKeys(bench: AnyBench): void {
  const { expect } = bench.runner;

  bench.describe('the list of keys', () => {
    bench.it('is empty at first', async ({ tier, space }) => {
      expect(await bench.listed(tier, space)).toEqual([]);
    });

    bench.it('has the keys of entries and of open fences', async ({ tier, other, space }) => {
      await tier.write(space, [write('entry', '1'), write('both', '2')]);
      await fenceOf(tier, space, 'both');
      await fenceOf(tier, space, 'fence');
      expect(distinct(await bench.listed(other, space))).toEqual(['both', 'entry', 'fence']);
    });

    bench.it('does not have what was removed or has ended', async (at) => {
      await at.tier.write(at.space, [write('a', '1'), write('b', '2', undefined, bench.shortMs), write('c', '3')]);
      await fenceOf(at.tier, at.space, 'd');
      await fenceOf(at.tier, at.space, 'e', bench.shortMs);
      await at.tier.remove(at.space, ['a', 'd']);
      await bench.outlive(at, bench.shortMs);
      expect(distinct(await bench.listed(at.other, at.space))).toEqual(['c']);
    });

    bench.it('has no generations', async ({ tier, space }) => {
      await generationOf(tier, space, 'g');
      await generationOf(tier, space, '');
      expect(await bench.listed(tier, space)).toEqual([]);
    });

    bench.it('gives each key as it was written, whatever it contains', async ({ tier, other, space }) => {
      const keys = Object.values(AWKWARD_TEXTS);
      await tier.write(
        space,
        keys.map((key) => write(key, '1')),
      );
      expect(distinct(await bench.listed(other, space))).toEqual(distinct(keys));
    });

    bench.it('has each of a thousand keys, in batches', async ({ tier, space }) => {
      const keys = Array.from({ length: 1_000 }, (_, at) => `k${at}`);
      await tier.write(
        space,
        keys.map((key) => write(key, '1')),
      );
      expect(distinct(await bench.listed(tier, space))).toEqual(distinct(keys));
    });

    bench.it('has what is there all the while, whatever comes and goes', async ({ tier, other, space }) => {
      const staying = Array.from({ length: 500 }, (_, at) => `stays ${at}`);
      await tier.write(
        space,
        staying.flatMap((key, at) => [write(key, '1'), write(`goes ${at}`, '2')]),
      );
      const seen: string[] = [];
      let batches = 0;
      for await (const batch of tier.keys(space)) {
        seen.push(...batch);
        await other.remove(space, [`goes ${batches}`, `goes ${499 - batches}`]);
        await other.write(space, [write(`comes ${batches++}`, '3')]);
      }
      const stayed = distinct(seen.filter((key) => key.startsWith('stays')));
      expect(stayed).toEqual(distinct(staying));
    });

    bench.it('can be left early', async ({ tier, space }) => {
      await tier.write(
        space,
        Array.from({ length: 1_000 }, (_, at) => write(`k${at}`, '1')),
      );
      for await (const batch of tier.keys(space)) {
        if (batch.length > 0) break;
      }
      expect(distinct(await bench.listed(tier, space)).length).toBe(1_000);
    });

    bench.it('of a space has none of another', async ({ tier, other }) => {
      for (const space of AWKWARD_SPACES) await tier.write(space, [write(`of ${space}`, '1')]);
      for (const space of AWKWARD_SPACES) {
        expect(await bench.listed(other, space)).toEqual([`of ${space}`]);
        expect(await bench.listed(other, space, '*')).toEqual([`of ${space}`]);
      }
    });
  });

  bench.describe('a glob', () => {
    const KEYS = [
      'a',
      'ab',
      'abc',
      'b',
      'A',
      'a*',
      'a?',
      'a\\',
      'a]',
      '[a]',
      '{a,b}',
      'x:y:z',
      'x/y',
      '',
      '😀',
      'a\nb',
      '-',
    ];
    const GLOBS: Readonly<Record<string, readonly string[]>> = {
      '*': KEYS,
      '': [''],
      a: ['a'],
      'a*': ['a', 'ab', 'abc', 'a*', 'a?', 'a\\', 'a]', 'a\nb'],
      '*b': ['ab', 'b', 'a\nb'],
      '?': ['a', 'b', 'A', '😀', '-'],
      'a?': ['ab', 'a*', 'a?', 'a\\', 'a]'],
      '[ab]': ['a', 'b'],
      '[!ab]': ['A', '😀', '-'],
      '[^ab]': ['A', '😀', '-'],
      '[a-c]*': ['a', 'ab', 'abc', 'b', 'a*', 'a?', 'a\\', 'a]', 'a\nb'],
      '{a,b}': ['a', 'b'],
      'a{b,}': ['a', 'ab'],
      'a{b{c,},\\*}': ['ab', 'abc', 'a*'],
      'x:*': ['x:y:z'],
      'x*z': ['x:y:z'],
      'a]': ['a]'],
      'a\\*': ['a*'],
      'a\\?': ['a?'],
      'a\\\\': ['a\\'],
      '\\[a\\]': ['[a]'],
      '\\{a\\,b\\}': ['{a,b}'],
      'none*': [],
    };
    for (const [glob, expected] of Object.entries(GLOBS)) {
      bench.it(`lists by ${JSON.stringify(glob)} what it stands for`, async ({ tier, space }) => {
        await tier.write(
          space,
          KEYS.map((key) => write(key, '1')),
        );
        await tier.write(`${space}*`, [write('a', '2')]);
        expect(distinct(await bench.listed(tier, space, glob))).toEqual(distinct(expected));
      });
    }

    bench.it('that escapes a text stands for that text alone', async ({ tier, space }) => {
      const keys = Object.values(AWKWARD_TEXTS);
      await tier.write(
        space,
        keys.map((key) => write(key, '1')),
      );
      for (const key of keys) expect(distinct(await bench.listed(tier, space, escapeGlob(key)))).toEqual([key]);
    });

    bench.it('lists the keys of open fences', async ({ tier, other, space }) => {
      await fenceOf(tier, space, 'user:1');
      await fenceOf(tier, space, 'team:1');
      expect(await bench.listed(other, space, 'user:*')).toEqual(['user:1']);
    });

    bench.it('that is malformed is refused', async ({ tier, space }) => {
      await tier.write(space, [write('a', '1')]);
      for (const glob of ['[a', '{a', 'a\\', '[]']) {
        const reason = await rejectionOf(() => bench.listed(tier, space, glob));
        expect([glob, reason instanceof CacheMisuseError]).toEqual([glob, true]);
      }
    });
  });
}

function distinct(keys: readonly string[]): string[] {
  return [...new Set(keys)].toSorted();
}
