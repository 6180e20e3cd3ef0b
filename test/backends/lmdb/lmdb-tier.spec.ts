import { mkdtemp, open as openFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scheduler } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { open as openLmdb } from 'lmdb';
import { DataFile } from '../../../lib/backends/lmdb/data-file.js';
import { DataFolder } from '../../../lib/backends/lmdb/data-folder.js';
import { lmdbTier, type LmdbTierOptions } from '../../../lib/backends/lmdb/index.js';
import { CacheOptionsError, seededRandom } from '../../../lib/core/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import type { Tier } from '../../../lib/tiers/index.js';
import { inconsistencies } from './inspect.js';

jest.setTimeout(30_000);

/** A clock whose time of day can be set, while its timers go on. */
class HostClock extends FakeClock {
  setForwardMs = 0;

  override epochMs(): number {
    return super.epochMs() + this.setForwardMs;
  }
}

const SPACE = 'strata:disk';
const MAX_BYTES = 2 ** 20;

let path: string;
let clock: HostClock;
let reported: unknown[];
let opened: Tier[];

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'strata-lmdb-'));
  clock = new HostClock();
  reported = [];
  opened = [];
});

afterEach(async () => {
  for (const tier of opened) await tier.close();
  await rm(path, { recursive: true, force: true });
});

function started(options: Partial<LmdbTierOptions> = {}): Tier {
  const tier = lmdbTier({ path, maxBytes: MAX_BYTES, clock, ...options });
  tier.start((error) => reported.push(error));
  opened.push(tier);
  return tier;
}

const put = (tier: Tier, key: string, size = 1_000, ttlMs = 60_000) =>
  tier.write(SPACE, [{ key, bytes: Buffer.alloc(size, key.length), ttlMs, fence: undefined }]);

async function present(tier: Tier, ...keys: string[]): Promise<string[]> {
  const { entries } = await tier.read(SPACE, keys, []);
  return keys.filter((_, at) => entries[at] !== undefined);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let step = 0; step < 20_000; step++) {
    if (await holds()) return;
    await scheduler.yield();
  }
  throw new Error('what the test waits for did not come');
}

/** Lets time pass until the tiers that are started have swept. */
async function sweep(ms = 10_000): Promise<void> {
  const timers = clock.pendingTimers;
  clock.advance(ms);
  await until(() => clock.pendingTimers === timers);
}

const dataFile = (number = 1) => join(path, number === 1 ? 'strata-1.mdb' : `strata-1.${number}.mdb`);

describe('lmdbTier', () => {
  it('serves after a restart what was written before it', async () => {
    const first = started();
    await put(first, 'k');
    const { generations } = await first.fence(SPACE, [], ['g'], 1_000);
    await first.close();
    const second = started();
    expect(await present(second, 'k')).toEqual(['k']);
    expect((await second.read(SPACE, [], ['g'])).generations).toEqual(generations);
  });

  it('shares one file among the tiers of one thread, each closed on its own', async () => {
    const [first, second] = [started(), started()];
    await Promise.all([put(first, 'a'), put(second, 'b')]);
    await first.close();
    expect(await present(second, 'a', 'b')).toEqual(['a', 'b']);
    await put(second, 'c');
    await second.close();
    expect(await present(started(), 'a', 'b', 'c')).toEqual(['a', 'b', 'c']);
  });

  it('stores what was handed over before it was closed', async () => {
    const tier = started();
    const writing = Array.from({ length: 300 }, (_, at) => put(tier, `k${at}`));
    const closing = tier.close();
    expect((await Promise.all(writing)).flat()).toEqual(Array(300).fill(true));
    await closing;
    const { problems, records } = await inconsistencies(path);
    expect([problems, records]).toEqual([[], 300]);
  });

  it('leaves no timer behind when it is closed', async () => {
    const tier = started();
    await put(tier, 'k');
    expect(clock.pendingTimers).toBe(1);
    await tier.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses options that cannot be used, and names them', () => {
    const refused = (options: unknown): string[] => {
      try {
        lmdbTier(options as LmdbTierOptions);
      } catch (error) {
        if (error instanceof CacheOptionsError) return error.problems.map(({ option }) => option);
        throw error;
      }
      return [];
    };
    expect(refused({})).toEqual(['path', 'maxBytes']);
    expect(refused({ path: '', maxBytes: '1kb', sweepEvery: 0, clock: {} })).toEqual([
      'path',
      'maxBytes',
      'sweepEvery',
      'clock',
    ]);
    expect(refused({ path, maxBytes: '1mb', pathh: 1 })).toEqual(['pathh']);
    expect(refused({ path, maxBytes: '1mb', sweepEvery: '1s', ttl: '1h', name: 'disk', timeout: 50 })).toEqual([]);
  });

  it('refuses an entry that is larger than it says', async () => {
    const tier = started();
    const bytes = Buffer.alloc(tier.capabilities.maxEntryBytes + 1);
    const write = tier.write(SPACE, [{ key: 'k', bytes, ttlMs: 1_000, fence: undefined }]);
    await expect(write).rejects.toThrow('takes 65536 bytes at most; raise maxBytes');
  });
});

describe('lmdbTier when it is full', () => {
  it('evicts what was written longest ago, within its bytes after every write', async () => {
    const tier = started();
    const keys = Array.from({ length: 1_500 }, (_, at) => `k${at}`);
    for (const key of keys) await put(tier, key);
    const kept = await present(tier, ...keys);
    expect(kept.length).toBeGreaterThan(500);
    expect(kept).toEqual(keys.slice(-kept.length));
    await tier.close();
    const { problems, usedBytes } = await inconsistencies(path);
    expect(problems).toEqual([]);
    expect(usedBytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(usedBytes).toBeGreaterThan(MAX_BYTES * 0.99);
  });

  it('keeps what is read, also by a process that evicts nothing', async () => {
    const [writer, reader] = [started(), started()];
    await put(writer, 'hot', 1_000, Infinity);
    for (let at = 0; at < 3_000; at++) {
      await put(writer, `k${at}`);
      if (at % 100 === 0) {
        expect(await present(reader, 'hot')).toEqual(['hot']);
        await sweep();
      }
    }
    expect(await present(writer, 'hot', 'k0')).toEqual(['hot']);
  });

  it('takes a batch that is larger than all of it', async () => {
    const tier = started();
    const writes = Array.from({ length: 400 }, (_, at) => ({
      key: `k${at}`,
      bytes: Buffer.alloc(10_000, at),
      ttlMs: 60_000,
      fence: undefined,
    }));
    expect(await tier.write(SPACE, writes)).toEqual(Array(400).fill(true));
    expect(await present(tier, 'k0', 'k399')).toEqual(['k399']);
    await tier.close();
    expect((await inconsistencies(path)).problems).toEqual([]);
  });

  it('bounds fences, generations and leases as it bounds entries', async () => {
    const tier = started();
    for (let at = 0; at < 20; at++) {
      const names = Array.from({ length: 200 }, (_, of) => `${at}:${of}`);
      await tier.fence(SPACE, names, names, 60_000);
      await tier.lease(SPACE, `${at}`, 'me', 60_000);
    }
    const { fences } = await tier.fence(SPACE, ['k'], [], 60_000);
    const [isStored] = await tier.write(SPACE, [
      { key: 'k', bytes: Buffer.from('1'), ttlMs: 60_000, fence: fences[0] },
    ]);
    expect(isStored).toBe(true);
    await tier.close();
    const { problems, usedBytes } = await inconsistencies(path);
    expect(problems).toEqual([]);
    expect(usedBytes).toBeLessThanOrEqual(MAX_BYTES);
  });

  it('shrinks to what the next process permits', async () => {
    const large = started({ maxBytes: 2 * MAX_BYTES });
    for (let at = 0; at < 1_500; at++) await put(large, `k${at}`);
    await large.close();
    const small = started();
    await put(small, 'last');
    await small.close();
    const { problems, usedBytes } = await inconsistencies(path);
    expect(problems).toEqual([]);
    expect(usedBytes).toBeLessThanOrEqual(MAX_BYTES);
  });

  it('keeps its file near its bytes, whatever is written', async () => {
    const tier = started();
    const random = seededRandom(7);
    for (let round = 0; round < 300; round++) {
      await tier.write(
        SPACE,
        Array.from({ length: 20 }, () => ({
          key: `k${Math.floor(random() * 5_000)}`,
          bytes: Buffer.alloc(Math.floor(random() ** 4 * 20_000)),
          ttlMs: 60_000,
          fence: undefined,
        })),
      );
    }
    await tier.close();
    expect((await stat(dataFile())).size / MAX_BYTES).toBeLessThan(2);
  });
});

describe('lmdbTier as time passes', () => {
  it('removes what has expired without a read, and keeps the rest', async () => {
    const tier = started();
    for (let at = 0; at < 2_500; at++) void put(tier, `k${at}`, 10, at % 5 === 0 ? 90_000 : 1_000 + at);
    await tier.lease(SPACE, 'k', 'me', 100);
    await put(tier, 'last', 10, 90_000);
    await sweep();
    await tier.close();
    const { problems, records } = await inconsistencies(path);
    expect([problems, records]).toEqual([[], 501]);
  });

  it('leaves the sweep to one tier at a time, and takes it over when that has ended', async () => {
    const first = started();
    const second = started({ sweepEvery: '11s' });
    await put(first, 'a', 10, 1_000);
    await sweep(10_000);
    await put(first, 'b', 10, 500);
    await sweep(1_000);
    await first.close();
    await second.close();
    expect((await inconsistencies(path)).records).toBe(1);
    const third = started({ sweepEvery: '40s' });
    await put(third, 'c');
    await sweep(40_000);
    await third.close();
    expect((await inconsistencies(path)).records).toBe(1);
  });

  describe('when the clock of the host is set back', () => {
    it('serves nothing that was written under the later clock, and lets no lease or fence of it stand', async () => {
      const before = started();
      await put(before, 'k');
      await before.lease(SPACE, 'k', 'me', 30_000);
      const { fences } = await before.fence(SPACE, ['k'], [], 30_000);
      clock.setForwardMs = -3_600_000;
      expect(await present(before, 'k')).toEqual([]);
      expect(await before.lease(SPACE, 'k', 'you', 30_000)).toBe(true);
      const refused = await before.write(SPACE, [{ key: 'k', bytes: Buffer.from('1'), ttlMs: 1, fence: fences[0] }]);
      expect(refused).toEqual([false]);
    });

    it('removes what it met, so that it does not come back with the time', async () => {
      const tier = started();
      await put(tier, 'k');
      clock.setForwardMs = -3_600_000;
      expect(await present(tier, 'k')).toEqual([]);
      await sweep();
      clock.setForwardMs = -10_000;
      expect(await present(tier, 'k')).toEqual([]);
    });

    it('tells no more time than the entry was given', async () => {
      const tier = started();
      await put(tier, 'k', 10, 5_000);
      clock.setForwardMs = -900;
      expect((await tier.read(SPACE, ['k'], [])).entries[0]?.ttlLeftMs).toBe(5_000);
    });
  });
});

describe('lmdbTier on a file that cannot be used', () => {
  async function filled(): Promise<void> {
    const tier = started();
    for (let at = 0; at < 100; at++) await put(tier, `k${at}`);
    await tier.close();
  }

  const files = async () =>
    (await readdir(path)).filter((name) => name.endsWith('.mdb')).map((name) => join(path, name));

  const damages: Record<string, () => Promise<void>> = {
    'no LMDB file': () => writeFile(dataFile(), Buffer.alloc(50_000, 'nonsense')),
    text: () => writeFile(dataFile(), 'a note that somebody left'),
    'cut off in the middle': async () => {
      await filled();
      await truncate(dataFile(), 8_192 + 100);
    },
    'cut off in its first page': async () => {
      await filled();
      await truncate(dataFile(), 1_000);
    },
    'damaged in its second page': async () => {
      await filled();
      const file = await openFile(dataFile(), 'r+');
      await file.write(Buffer.alloc(200, 0xff), 0, 200, 4_096);
      await file.close();
    },
    'of another application': async () => {
      const other = openLmdb<string, string>({ path: dataFile(), noSubdir: true });
      await other.put('theirs', 'value');
      await other.close();
    },
  };

  for (const [what, damage] of Object.entries(damages)) {
    it(`leaves one alone that is ${what}, tells so, and starts cold`, async () => {
      await damage();
      const tier = started();
      expect(await present(tier, 'k1')).toEqual([]);
      await put(tier, 'k1');
      expect(await present(tier, 'k1')).toEqual(['k1']);
      expect(reported.map(String)).toEqual([
        `DamagedFileError: ${dataFile()} cannot be used; the cache starts cold, in ${dataFile(2)}`,
      ]);
      expect((await files()).sort()).toEqual([dataFile(), dataFile(2)].sort());
    });
  }

  describe('takes none as damaged', () => {
    it('that another process makes grow while it looks', async () => {
      const root = openLmdb<Buffer, number>({ path: dataFile(), noSubdir: true, noSync: true, encoding: 'binary' });
      const file = new DataFile(dataFile());
      for (let round = 0, key = 0; round < 20; round++) {
        let isOver = false;
        const looked = file.damage().finally(() => (isOver = true));
        while (!isOver) {
          root.putSync(key++, Buffer.alloc(20_000));
          await scheduler.yield();
        }
        expect(await looked).toBeUndefined();
      }
      await root.close();
    });

    it.each([1, 100, 4_096, 4_200])('of which another process has only just written %d bytes', async (bytes) => {
      await filled();
      const whole = await readFile(dataFile());
      await writeFile(dataFile(), whole.subarray(0, bytes));
      const looked = new DataFile(dataFile()).damage();
      await scheduler.wait(10);
      await writeFile(dataFile(), whole);
      expect(await looked).toBeUndefined();
    });
  });

  it('keeps the last two of them', async () => {
    for (let round = 1; round <= 5; round++) {
      await writeFile(dataFile(round), 'nonsense');
      const tier = started();
      expect(await present(tier, 'k')).toEqual([]);
      await tier.close();
    }
    expect((await files()).sort()).toEqual([4, 5, 6].map(dataFile));
    expect((await readdir(path)).filter((name) => name.endsWith('-lock'))).toHaveLength(3);
  });

  it('replaces it once, whoever finds the damage in the same moment, and whoever finds it late', async () => {
    const folder = new DataFolder(path);
    const damaged = await folder.current();
    const successors = await Promise.all(Array.from({ length: 20 }, () => new DataFolder(path).replace(damaged)));
    expect(successors.filter((file) => file !== undefined)).toEqual([await folder.current()]);
    await put(started(), 'k');
    expect(await folder.replace(damaged)).toBeUndefined();
    expect(await present(started(), 'k')).toEqual(['k']);
  });

  it('takes an empty one as new', async () => {
    await writeFile(dataFile(), '');
    await put(started(), 'k');
    expect(reported).toEqual([]);
  });

  it.each([
    [
      'file',
      async () => {
        await rename(dataFile(), `${dataFile()}.gone`);
        await rm(`${dataFile()}-lock`);
      },
    ],
    ['folder', () => rm(path, { recursive: true })],
  ])('goes on with what is there when its %s is taken away', async (_, takeAway) => {
    const [tier, other] = [started(), started()];
    await put(tier, 'k');
    await takeAway();
    clock.advance(10_000);
    await until(() => reported.length > 0);
    await until(() =>
      present(tier, 'k').then(
        ({ length }) => length === 0,
        () => false,
      ),
    );
    await put(tier, 'new');
    await until(() =>
      present(other, 'new').then(
        ({ length }) => length === 1,
        () => false,
      ),
    );
    expect(String(reported[0])).toContain('was taken away or replaced');
  });

  it('says what is wrong, and tries again, where no file can be made', async () => {
    await writeFile(join(path, 'file'), 'not a folder');
    const tier = started({ path: join(path, 'file', 'folder') });
    await expect(tier.read(SPACE, ['k'], [])).rejects.toMatchObject({ code: 'ENOTDIR' });
    await rm(join(path, 'file'));
    await expect(tier.read(SPACE, ['k'], [])).rejects.toMatchObject({ code: 'ENOTDIR' });
    clock.advance(1_000);
    expect(await present(tier, 'k')).toEqual([]);
    expect(reported).toHaveLength(1);
  });
});
