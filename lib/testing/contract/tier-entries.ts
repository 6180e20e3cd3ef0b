import type { AnyBench } from './tier-bench.js';
import { fenceOf, LONG_MS, texts, write } from './tier-bench.js';
import { AWKWARD_SPACES, AWKWARD_TEXTS } from './awkward-texts.js';

const MEGABYTE = 2 ** 20;

/** Reading, writing and removing, whatever keys, spaces and bytes are. */
export function describeEntries(bench: AnyBench): void {
  const { expect } = bench.runner;

  bench.describe('reads and writes', () => {
    bench.it('know nothing at first', async ({ tier, space }) => {
      expect(await tier.read(space, ['a', 'b'], ['g'])).toEqual({
        entries: [undefined, undefined],
        generations: [undefined],
      });
    });

    bench.it('answer in the order of the keys', async ({ tier, other, space }) => {
      expect(await tier.write(space, [write('a', '1'), write('b', '2'), write('c', '3')])).toEqual([true, true, true]);
      expect(await texts(other, space, 'c', 'x', 'a', 'b')).toEqual(['3', undefined, '1', '2']);
    });

    bench.it('answer for a key as often as it is asked for', async ({ tier, space }) => {
      await tier.write(space, [write('a', '1')]);
      expect(await texts(tier, space, 'a', 'a', 'x', 'x', 'a')).toEqual(['1', '1', undefined, undefined, '1']);
    });

    bench.it('keep the last of several writes of one key', async ({ tier, space }) => {
      expect(await tier.write(space, [write('a', '1'), write('a', '2'), write('a', '3')])).toEqual([true, true, true]);
      expect(await texts(tier, space, 'a')).toEqual(['3']);
    });

    bench.it('overwrite, with more and with less than before', async ({ tier, other, space }) => {
      for (const value of ['short', 'a longer value', '', 's']) {
        await tier.write(space, [write('a', value)]);
        expect(await texts(other, space, 'a')).toEqual([value]);
      }
    });

    bench.it('answer empty batches with empty answers', async ({ tier, space }) => {
      expect(await tier.read(space, [], [])).toEqual({ entries: [], generations: [] });
      expect(await tier.fence(space, [], [], LONG_MS)).toEqual({ fences: [], generations: [] });
      expect(await tier.write(space, [])).toEqual([]);
      expect(await tier.remove(space, [])).toBe(undefined);
      expect(await tier.renew(space, [])).toBe(undefined);
    });

    bench.itWith('requests', 'cost no request where there is nothing to ask', async ({ tier, space, requests }) => {
      await tier.read(space, ['a'], []);
      const before = await requests();
      await tier.read(space, [], []);
      await tier.fence(space, [], [], LONG_MS);
      await tier.write(space, []);
      await tier.remove(space, []);
      await tier.renew(space, []);
      expect(await requests()).toBe(before);
    });

    bench.it('remove what is named and nothing else', async ({ tier, other, space }) => {
      await tier.write(space, [write('a', '1'), write('b', '2'), write('ab', '3')]);
      await tier.remove(space, ['a', 'x', 'a']);
      expect(await texts(other, space, 'a', 'b', 'ab')).toEqual([undefined, '2', '3']);
    });

    bench.it('take batches of a thousand', async ({ tier, other, space }) => {
      const keys = Array.from({ length: 1_000 }, (_, at) => `k${at}`);
      const written = await tier.write(
        space,
        keys.map((key) => write(key, `value of ${key}`)),
      );
      expect(written).toEqual(keys.map(() => true));
      expect(await texts(other, space, ...keys)).toEqual(keys.map((key) => `value of ${key}`));
      await tier.remove(space, keys);
      expect(await texts(other, space, ...keys)).toEqual(keys.map(() => undefined));
    });

    bench.it('are told apart when they overlap', async ({ tier, other, space }) => {
      const keys = Array.from({ length: 200 }, (_, at) => `k${at}`);
      await Promise.all(keys.map((key, at) => (at % 2 ? tier : other).write(space, [write(key, `of ${key}`)])));
      const read = await Promise.all(keys.map((key, at) => texts(at % 2 ? other : tier, space, key)));
      expect(read.flat()).toEqual(keys.map((key) => `of ${key}`));
    });
  });

  bench.describe('bytes', () => {
    bench.it('come back as they were, all 256 of them', async ({ tier, other, space }) => {
      const bytes = Uint8Array.from({ length: 1_024 }, (_, at) => (at * 7) & 0xff);
      await tier.write(space, [{ key: 'k', bytes, ttlMs: LONG_MS, fence: undefined }]);
      const { entries } = await other.read(space, ['k'], []);
      expect(same(entries[0]?.bytes, bytes)).toBe(true);
    });

    bench.it('may be none, which is not absence', async ({ tier, other, space }) => {
      await tier.write(space, [{ key: 'k', bytes: new Uint8Array(0), ttlMs: LONG_MS, fence: undefined }]);
      const { entries } = await other.read(space, ['k'], []);
      expect(entries[0]?.bytes.byteLength).toBe(0);
    });

    bench.it('may be a part of a larger buffer', async ({ tier, space }) => {
      const part = new Uint8Array(64).fill(9).subarray(10, 13);
      await tier.write(space, [{ key: 'k', bytes: part, ttlMs: LONG_MS, fence: undefined }]);
      const { entries } = await tier.read(space, ['k'], []);
      expect([...(entries[0]?.bytes ?? [])]).toEqual([9, 9, 9]);
    });

    bench.it('may look like the protocol', async ({ tier, space }) => {
      const values = ['$-1\r\n', '*1\r\n$4\r\nPING\r\n', 'END\r\n', 'VA 3\r\n', '\r\n', 'null', '{}'];
      await tier.write(
        space,
        values.map((value, at) => write(`k${at}`, value)),
      );
      expect(await texts(tier, space, ...values.map((_, at) => `k${at}`))).toEqual(values);
    });

    bench.it('are taken up to the size that it says, as far as a megabyte', async ({ tier, other, space }) => {
      const size = Math.min(bench.capabilities.maxEntryBytes, MEGABYTE);
      const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
      const written = await tier.write(space, [{ key: 'k', bytes, ttlMs: LONG_MS, fence: undefined }]);
      expect(written).toEqual([true]);
      const { entries } = await other.read(space, ['k'], []);
      expect(same(entries[0]?.bytes, bytes)).toBe(true);
    });

    bench.it('belong to who has them: changing them changes no entry', async ({ tier, space }) => {
      const bytes = Uint8Array.of(1, 2, 3);
      await tier.write(space, [{ key: 'k', bytes, ttlMs: LONG_MS, fence: undefined }]);
      bytes.fill(0);
      const first = await tier.read(space, ['k'], []);
      first.entries[0]?.bytes.fill(7);
      const second = await tier.read(space, ['k'], []);
      expect([...(second.entries[0]?.bytes ?? [])]).toEqual([1, 2, 3]);
    });
  });

  bench.describe('keys', () => {
    for (const [what, key] of Object.entries(AWKWARD_TEXTS)) {
      bench.it(`may be ${what}`, async ({ tier, other, space }) => {
        const fence = await fenceOf(tier, space, key);
        expect(await tier.write(space, [write(key, what, fence)])).toEqual([true]);
        expect(await texts(other, space, key)).toEqual([what]);
        await other.remove(space, [key]);
        expect(await texts(tier, space, key)).toEqual([undefined]);
      });
    }

    bench.it('are told apart, whatever they contain', async ({ tier, other, space }) => {
      const all = Object.entries(AWKWARD_TEXTS);
      await tier.write(
        space,
        all.map(([what, key]) => write(key, what)),
      );
      expect(await texts(other, space, ...all.map(([, key]) => key))).toEqual(all.map(([what]) => what));
    });
  });

  bench.describe('spaces', () => {
    bench.it('are told apart, whatever their names contain', async ({ tier, other }) => {
      for (const space of AWKWARD_SPACES) await tier.write(space, [write('k', space), write(':k', `:${space}`)]);
      for (const space of AWKWARD_SPACES) {
        expect(await texts(other, space, 'k', ':k')).toEqual([space, `:${space}`]);
      }
      for (const [at, space] of AWKWARD_SPACES.entries()) {
        await tier.remove(space, ['k']);
        const left: (string | undefined)[] = [];
        for (const each of AWKWARD_SPACES) left.push(...(await texts(other, each, 'k')));
        expect(left).toEqual(AWKWARD_SPACES.map((each, of) => (of <= at ? undefined : each)));
      }
    });

    bench.it('and keys do not run into one another', async ({ tier }) => {
      await tier.write('a', [write('b:c', 'b:c of a')]);
      await tier.write('a:b', [write('c', 'c of a:b')]);
      expect(await texts(tier, 'a', 'b:c', 'c')).toEqual(['b:c of a', undefined]);
      expect(await texts(tier, 'a:b', 'c', 'b:c')).toEqual(['c of a:b', undefined]);
    });

    bench.it('have fences and generations of their own', async ({ tier }) => {
      const [ofA, ofAB] = [
        await tier.fence('a', ['k'], ['g'], LONG_MS),
        await tier.fence('a:b', ['k'], ['g'], LONG_MS),
      ];
      expect(ofA.generations[0] === ofAB.generations[0]).toBe(false);
      await tier.remove('a', ['k']);
      await tier.renew('a', ['g', '']);
      expect(await tier.write('a:b', [write('k', '1', ofAB.fences[0])])).toEqual([true]);
      expect((await tier.read('a:b', [], ['g'])).generations).toEqual(ofAB.generations);
    });
  });
}

/** Compared here: a runner's own comparison of a megabyte takes seconds and prints it. */
function same(actual: Uint8Array | undefined, expected: Uint8Array): boolean {
  return (
    actual !== undefined &&
    actual.byteLength === expected.byteLength &&
    actual.every((byte, at) => byte === expected[at])
  );
}
