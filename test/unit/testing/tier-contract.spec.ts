import { describe, expect, it } from '@jest/globals';
import { CacheMisuseError } from '../../../lib/core/index.js';
import { FakeClock, InProcessTier, tierContract } from '../../../lib/testing/index.js';
import type { Tier, TierFences, TierRead, TierWrite } from '../../../lib/tiers/index.js';
import { failuresOf } from './failures-of.js';

/** What the contract finds wrong with a tier that differs from a right one in what `breaks` overrides. */
function failuresOfTier(
  breaks: (tier: InProcessTier) => Partial<Tier>,
  part?: string,
  capabilities = {},
): Promise<string[]> {
  return failuresOf((runner) => {
    const all = new InProcessTier({ capabilities }).capabilities;
    tierContract(runner, {
      name: 'a broken tier',
      capabilities: all,
      make: async () => {
        const clock = new FakeClock();
        const inner = new InProcessTier({ clock, capabilities });
        const broken = (tier: InProcessTier): Tier => {
          const overridden = breaks(tier);
          return new Proxy<Tier>(tier, {
            get: (target, name) => {
              const value: unknown = Reflect.get(overridden, name) ?? Reflect.get(target, name);
              return typeof value === 'function' ? value.bind(target) : value;
            },
          });
        };
        return {
          tier: broken(inner),
          tierOfAnotherProcess: broken(inner.anotherNode()),
          inner,
          clock,
          dispose: () => {},
        };
      },
      advance: ({ clock }, ms) => clock.advance(ms),
      lose: ({ inner }) => inner.lose(),
    });
  }, part);
}

/** Fences as they were first given, whichever node asked. */
const firstFences = new Map<string, TierFences>();

/** Tokens that a broken tier takes although they are not open any more. */
const keptFences = new Set<string>();

async function keepFences(tier: Tier, space: string, keys: readonly string[]): Promise<void> {
  for (const token of (await tier.fence(space, keys, [], 60_000)).fences) keptFences.add(token);
}

async function writeByKept(tier: Tier, space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
  const byKept = writes.filter(({ fence }) => fence !== undefined && keptFences.has(fence));
  const keys = byKept.map(({ key }) => key);
  const { fences } = await tier.fence(space, keys, [], 60_000);
  const open = new Map(byKept.map((write, at) => [write, fences[at]]));
  return tier.write(
    space,
    writes.map((write) => changed(write, { fence: open.get(write) ?? write.fence })),
  );
}

const changed = (write: TierWrite, change: Partial<TierWrite>): TierWrite => ({ ...write, ...change });

describe('tierContract', () => {
  it('finds nothing wrong with a right tier', async () => {
    expect(await failuresOfTier(() => ({}))).toEqual([]);
  });

  it.each<[string, string, (tier: InProcessTier) => Partial<Tier>]>([
    [
      'that answers in another order',
      'answer in the order of the keys',
      (tier) => ({
        read: async (space, keys, generations) => {
          const read = await tier.read(space, keys.toSorted(), generations);
          return read;
        },
      }),
    ],
    [
      'that answers for a key once',
      'as often as it is asked for',
      (tier) => ({
        read: (space, keys, generations) => tier.read(space, [...new Set(keys)], generations),
      }),
    ],
    [
      'that trims keys',
      'are told apart',
      (tier) => ({
        read: (space, keys, generations) =>
          tier.read(
            space,
            keys.map((key) => key.trim()),
            generations,
          ),
        write: (space, writes) =>
          tier.write(
            space,
            writes.map((write) => changed(write, { key: write.key.trim() })),
          ),
      }),
    ],
    [
      'that keeps keys as UTF-8',
      'are told apart',
      (tier) => ({
        read: (space, keys, generations) => tier.read(space, keys.map(asUtf8), generations),
        write: (space, writes) =>
          tier.write(
            space,
            writes.map((write) => changed(write, { key: asUtf8(write.key) })),
          ),
      }),
    ],
    [
      'that joins space and key',
      'and keys do not run into one another',
      (tier) => ({
        read: (space, keys, generations) =>
          tier.read(
            '',
            keys.map((key) => `${space}:${key}`),
            generations,
          ),
        write: (space, writes) =>
          tier.write(
            '',
            writes.map((write) => changed(write, { key: `${space}:${write.key}` })),
          ),
      }),
    ],
    [
      'that has one space',
      'are told apart, whatever their names contain',
      (tier) => ({
        read: (_space, keys, generations) => tier.read('', keys, generations),
        write: (_space, writes) => tier.write('', writes),
      }),
    ],
    [
      'that takes none for absence',
      'may be none, which is not absence',
      (tier) => ({
        read: async (space, keys, generations) => {
          const read = await tier.read(space, keys, generations);
          return { ...read, entries: read.entries.map((entry) => (entry?.bytes.length === 0 ? undefined : entry)) };
        },
      }),
    ],
    [
      'that keeps bytes as text',
      'come back as they were',
      (tier) => ({
        write: (space, writes) =>
          tier.write(
            space,
            writes.map((write) => changed(write, { bytes: Buffer.from(Buffer.from(write.bytes).toString()) })),
          ),
      }),
    ],
    [
      'that keeps the whole of a buffer',
      'may be a part of a larger buffer',
      (tier) => ({
        write: (space, writes) =>
          tier.write(
            space,
            writes.map((write) => changed(write, { bytes: new Uint8Array(write.bytes.buffer as ArrayBuffer) })),
          ),
      }),
    ],
    [
      'that keeps seconds',
      'lifetimes',
      (tier) => ({
        write: (space, writes) =>
          tier.write(
            space,
            writes.map((write) => changed(write, { ttlMs: Math.ceil(write.ttlMs / 1_000) * 1_000 })),
          ),
      }),
    ],
    [
      'that tells no lifetime',
      'are told as what is left of them',
      (tier) => ({
        read: async (space, keys, generations) => {
          const read = await tier.read(space, keys, generations);
          return { ...read, entries: read.entries.map((entry) => entry && { ...entry, ttlLeftMs: Infinity }) };
        },
      }),
    ],
    [
      'that ends what has no end',
      'may be without end',
      (tier) => ({
        write: (space, writes) =>
          tier.write(
            space,
            writes.map((write) => changed(write, { ttlMs: Math.min(write.ttlMs, 2 ** 31) })),
          ),
      }),
    ],
    [
      'that keeps fences through removals',
      'fences refuse a write after their key was removed',
      (tier) => ({
        remove: async (space, keys) => {
          await keepFences(tier, space, keys);
          await tier.remove(space, keys);
        },
        write: (space, writes) => writeByKept(tier, space, writes),
      }),
    ],
    [
      "that keeps fences through a caller's own write",
      "fences refuse a write after a caller's own",
      (tier) => ({
        write: async (space, writes) => {
          const own = writes.filter(({ fence }) => fence === undefined).map(({ key }) => key);
          await keepFences(tier, space, own);
          return writeByKept(tier, space, writes);
        },
      }),
    ],
    [
      'that keeps fences through fenced writes',
      'of two that hold one the first wins',
      (tier) => ({
        write: async (space, writes) => {
          const stored = await writeByKept(tier, space, writes);
          for (const [at, { fence }] of writes.entries()) if (fence !== undefined && stored[at]) keptFences.add(fence);
          return stored;
        },
      }),
    ],
    [
      'that ignores fences',
      'fences let nothing through that nobody was given',
      (tier) => ({
        write: (space, writes) =>
          tier.write(
            space,
            writes.map((write) => changed(write, { fence: undefined })),
          ),
      }),
    ],
    [
      'that has one fence for every key',
      'of another key or space let nothing through',
      (tier) => ({
        fence: async (space, keys, generations, ttlMs) => {
          const answer = await tier.fence(space, ['the one'], generations, ttlMs);
          return { ...answer, fences: keys.map(() => answer.fences[0]!) };
        },
        write: async (space, writes) => {
          const { fences } = await tier.fence(space, ['the one'], [], 60_000);
          const results: boolean[] = [];
          for (const write of writes) {
            const allowed = write.fence === undefined || write.fence === fences[0];
            results.push(allowed && (await tier.write(space, [changed(write, { fence: undefined })]))[0]!);
          }
          return results;
        },
      }),
    ],
    [
      'that gives everybody a fence of his own',
      'serve everybody who holds them',
      (tier) => ({
        fence: async (space, keys, generations, ttlMs): Promise<TierFences> => {
          for (const key of keys) {
            const [entry] = (await tier.read(space, [key], [])).entries;
            await tier.remove(space, [key]);
            if (entry) await tier.write(space, [{ key, bytes: entry.bytes, ttlMs: entry.ttlLeftMs, fence: undefined }]);
          }
          return tier.fence(space, keys, generations, ttlMs);
        },
      }),
    ],
    [
      'that keeps the first lifetime of a fence',
      'live at least as long as the last who asked',
      (tier) => {
        return {
          fence: async (space, keys, generations, ttlMs) => {
            const key = JSON.stringify([space, keys]);
            const held = firstFences.get(key);
            const alive = held && generations.length === 0 && (await tier.keys(space).next()).value?.includes(keys[0]!);
            const answer = alive ? held : await tier.fence(space, keys, generations, ttlMs);
            firstFences.set(key, answer);
            return answer;
          },
        };
      },
    ],
    [
      'that creates generations as it reads',
      'generations are not there until a fence asks for them',
      (tier) => ({
        read: async (space, keys, generations): Promise<TierRead> => {
          await tier.fence(space, [], generations, 1_000);
          return tier.read(space, keys, generations);
        },
      }),
    ],
    [
      'that counts generations',
      'generations are others when the tier has lost them',
      (tier) => {
        const renamed = (name: string): string => `${name.length}`;
        return {
          fence: async (space, keys, generations, ttlMs) => {
            const answer = await tier.fence(space, keys, generations, ttlMs);
            return { ...answer, generations: generations.map(renamed) };
          },
        };
      },
    ],
    ['that renews nothing', 'generations are others after they were renewed', () => ({ renew: async () => {} })],
    [
      'that renews everything',
      'generations of other names stay',
      (tier) => ({
        renew: (space) => tier.renew(space, ['a', 'ab', '', 'g']),
      }),
    ],
    [
      'that keeps generations as entries',
      'are no entries, and entries are no generations',
      (tier) => ({
        read: async (space, keys, generations) => {
          const read = await tier.read(space, keys, generations);
          const asEntries = await tier.read(space, generations, []);
          return { ...read, generations: read.generations.map((token, at) => token ?? (asEntries.entries[at] && 'x')) };
        },
      }),
    ],
    [
      'that lists no fences',
      'has the keys of entries and of open fences',
      (tier) => ({
        async *keys(space, glob) {
          for await (const batch of tier.keys(space, glob)) {
            const { entries } = await tier.read(space, batch, []);
            yield batch.filter((_, at) => entries[at] !== undefined);
          }
        },
      }),
    ],
    [
      'that takes globs for prefixes',
      'a glob lists by',
      (tier) => ({
        async *keys(space, glob = '') {
          for await (const batch of tier.keys(space))
            yield batch.filter((key) => key.startsWith(glob.replace(/\*.*/, '')));
        },
      }),
    ],
    [
      'that takes escapes for characters',
      'a glob that escapes a text stands for that text alone',
      (tier) => ({
        keys: (space, glob) => tier.keys(space, glob?.replaceAll('\\', '')),
      }),
    ],
    [
      'that lists the space beside',
      'of a space has none of another',
      (tier) => ({
        async *keys(space, glob) {
          yield* tier.keys(space, glob);
          if (space === 'a') yield* tier.keys('a:b', glob);
        },
      }),
    ],
    [
      'that lists the first batch',
      'has each of a thousand keys',
      (tier) => ({
        async *keys(space, glob) {
          for await (const batch of tier.keys(space, glob)) return yield batch;
        },
      }),
    ],
    ['whose leases everybody gets', 'leases are held by one at a time', () => ({ lease: async () => true })],
    [
      'whose leases nobody renews',
      'leases are renewed by who holds them',
      (tier) => ({
        lease: async (space, key, holder, ttlMs) => {
          const mine = await tier.lease(space, key, holder, 0.001);
          return mine && tier.lease(space, key, holder, Math.min(ttlMs, 100));
        },
      }),
    ],
    [
      'whose leases everybody gives back',
      'given back only by who holds them',
      (tier) => ({
        release: async (space, key) => {
          for (const holder of ['me', 'you']) await tier.release(space, key, holder);
        },
      }),
    ],
    [
      'whose leases never end',
      'leases end by themselves',
      (tier) => ({
        lease: (space, key, holder) => tier.lease(space, key, holder, Infinity),
      }),
    ],
    [
      'whose removals take leases',
      'have nothing to do with entries and fences',
      (tier) => ({
        remove: async (space, keys) => {
          await tier.remove(space, keys);
          for (const key of keys) await tier.release(space, key, 'me');
        },
      }),
    ],
    [
      'that cannot be closed twice',
      'can be closed more than once',
      (tier) => {
        let closed = 0;
        return {
          close: async () => {
            if (closed++ === 1) throw new Error('closed already');
            return tier.close();
          },
        };
      },
    ],
    [
      'that answers after it was closed',
      'rejects every call after it was closed',
      () => ({
        renew: async () => {},
      }),
    ],
    [
      'that reports what is no trouble',
      'reads and writes',
      () => ({
        start: (report: (error: unknown) => void) => report(new Error('connecting')),
      }),
    ],
    [
      'that claims what it cannot do',
      'has a name and says what it can do',
      () => ({
        capabilities: { scope: 'shared', atomicFences: false, listsKeys: true, leases: true, maxEntryBytes: 1 },
      }),
    ],
  ])('finds a tier %s', async (_what, title, breaks) => {
    expect(await failuresOfTier(breaks, title)).not.toEqual([]);
  });

  it('finds a tier that silently does nothing where it lacks a capability', async () => {
    const failed = await failuresOfTier(
      () => ({ lease: async () => false, release: async () => {}, keys: async function* () {} }),
      'without the capability',
      { leases: false, listsKeys: false },
    );
    expect(failed).toEqual([
      'without the capability listsKeys rejects keys() with a CacheMisuseError that names it',
      'without the capability leases rejects lease() with a CacheMisuseError that names it',
      'without the capability leases rejects release() with a CacheMisuseError that names it',
    ]);
  });

  it('asks for a way to let time pass', async () => {
    const tests: (() => void | Promise<void>)[] = [];
    tierContract(
      { describe: (_title, body) => body(), it: (title, body) => title === 'end' && tests.push(body), expect },
      {
        name: 'a tier',
        capabilities: new InProcessTier().capabilities,
        make: async () => ({ tier: new InProcessTier(), dispose: () => {} }),
      },
    );
    expect(tests).toHaveLength(1);
    await expect(tests[0]!()).rejects.toThrow(CacheMisuseError);
  });
});

/** What becomes of a text that is written as UTF-8 and read again: lone surrogates are lost. */
function asUtf8(text: string): string {
  return Buffer.from(text).toString();
}
