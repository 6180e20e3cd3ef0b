import { createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  memcachedTier,
  type MemcachedError,
  type MemcachedTierOptions,
} from '../../../lib/backends/memcached/index.js';
import { MetaConnection } from '../../../lib/backends/memcached/meta-connection.js';
import { FakeClock } from '../../../lib/testing/index.js';
import type { Tier, TierWrite } from '../../../lib/tiers/index.js';
import { freePort, startMemcached, type MemcachedOptions, type MemcachedServer } from '../../servers/index.js';
import { tellMemcached, untilAnswering, untilConnected } from '../../servers/memcached-text.js';

jest.setTimeout(60_000);

const SPACE = 'strata:users';
const ending: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end();
});

async function servers(count: number, options?: MemcachedOptions): Promise<MemcachedServer[]> {
  const started = await Promise.all(Array.from({ length: count }, () => startMemcached(options)));
  for (const server of started) ending.push(() => server.stop());
  return started;
}

async function tierOf(
  of: readonly MemcachedServer[],
  more: Partial<MemcachedTierOptions> = {},
  report: (error: unknown) => void = () => {},
): Promise<Tier> {
  const tier = memcachedTier({ servers: of.map(({ address }) => address), silence: 200, ...more });
  ending.push(() => tier.close());
  await untilConnected(tier, report);
  return tier;
}

/** Somebody who listens and answers each chunk with this text. */
async function listener(answer: string): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const own = (key: string, text: string | Uint8Array, ttlMs = 60_000): TierWrite => ({
  key,
  bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text,
  ttlMs,
  fence: undefined,
});

async function textsOf(tier: Tier, keys: readonly string[]): Promise<(string | undefined)[]> {
  const { entries } = await tier.read(SPACE, keys, []);
  return entries.map((entry) => entry && new TextDecoder().decode(entry.bytes));
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

describe('promise Safety: a key', () => {
  const INJECTIONS = [
    'x\r\nset victim 0 0 5\r\nOWNED\r\nget y',
    'x\r\nms victim 5\r\nOWNED',
    'x\nms victim 5\nOWNED\n',
    ' 5\r\nOWNED\r\nms victim',
    'x 5 T0\r\nOWNED\r\nms victim 5\r\nOWNED\r\n',
    'x\r\nflush_all',
    'x\r\nshutdown',
    'x v k O0',
    '\0\r\nms victim 5\r\nOWNED\r\n',
    `${'k'.repeat(300)}\r\nms victim 5\r\nOWNED`,
    '\u{1f600}\r\nms victim 5\r\nOWNED',
    // Code units whose low bytes are CR and LF.
    'x\u010d\u010ams victim 5\u010d\u010aOWNED',
  ];

  it('reaches no command and no other item, in whatever place it is named', async () => {
    const [server] = (await servers(1)) as [MemcachedServer];
    const tier = await tierOf([server]);
    await tellMemcached(server.port, 'ms canary 5\r\nalive');

    for (const text of INJECTIONS) {
      for (const space of [SPACE, text]) {
        const { fences } = await tier.fence(space, [text], [text], 60_000);
        const fenced = { key: text, bytes: new TextEncoder().encode(text), ttlMs: 60_000, fence: fences[0] };
        expect(await tier.write(space, [fenced])).toEqual([true]);
        expect(await tier.write(space, [{ ...fenced, fence: text }])).toEqual([false]);
        const { entries, generations } = await tier.read(space, [text], [text]);
        expect(new TextDecoder().decode(entries[0]?.bytes)).toBe(text);
        expect(generations[0]).toBeDefined();
        await tier.renew(space, [text]);
        expect(await tier.lease(space, text, text, 5_000)).toBe(true);
        await tier.release(space, text, text);
        await tier.remove(space, [text]);
      }
    }

    expect(await tellMemcached(server.port, 'mg victim v')).toBe('EN\r\n');
    expect(await tellMemcached(server.port, 'mg canary v')).toBe('VA 5\r\nalive\r\n');
  });
});

describe('of several servers', () => {
  it('each has its share, and all processes agree on it', async () => {
    const three = await servers(3);
    const tier = await tierOf(three);
    const keys = Array.from({ length: 300 }, (_, i) => `${i}`);
    await tier.write(
      SPACE,
      keys.map((key) => own(key, `of ${key}`)),
    );

    const counts = await Promise.all(
      three.map(async ({ port }) => Number(/STAT curr_items (\d+)/.exec(await tellMemcached(port, 'stats'))?.[1])),
    );
    for (const count of counts) expect(count).toBeGreaterThan(50);
    expect(await textsOf(await tierOf(three.toReversed()), keys)).toEqual(keys.map((key) => `of ${key}`));
  });

  describe('when one is away', () => {
    it('its keys are missing or rejected, those of the others are served, and none moves', async () => {
      const three = await servers(3);
      const tier = await tierOf(three);
      const keys = Array.from({ length: 60 }, (_, i) => `${i}`);
      await tier.write(
        SPACE,
        keys.map((key) => own(key, `of ${key}`)),
      );
      await three[1]?.kill();
      await until(() => tier.read(SPACE, keys, []).then(({ entries }) => entries.includes(undefined)));

      const whileAway = await textsOf(tier, keys);
      const missing = keys.filter((_, i) => whileAway[i] === undefined);
      expect(missing.length).toBeGreaterThan(5);
      expect(missing.length).toBeLessThan(40);
      for (const key of missing) {
        await expect(tier.read(SPACE, [key], [])).rejects.toThrow(/memcached at .* is not connected/);
        await expect(tier.write(SPACE, [own(key, 'elsewhere')])).rejects.toThrow(/memcached at/);
        await expect(tier.fence(SPACE, [key], [], 1_000)).rejects.toThrow(/memcached at/);
        await expect(tier.remove(SPACE, [key])).rejects.toThrow(/memcached at/);
      }

      await three[1]?.restart();
      await untilAnswering(tier);
      expect(await textsOf(tier, missing)).toEqual(missing.map(() => undefined));
      const others = keys.filter((key) => !missing.includes(key));
      expect(await textsOf(tier, others)).toEqual(others.map((key) => `of ${key}`));
    });

    it('generations that were there are others when it is back, so that what recorded them stays unusable', async () => {
      const three = await servers(3);
      const tier = await tierOf(three);
      const names = Array.from({ length: 30 }, (_, i) => `g${i}`);
      const { generations: before } = await tier.fence(SPACE, [], names, 1_000);
      await three[0]?.restart();
      await until(() =>
        tier.read(SPACE, [], names).then(
          ({ generations }) => generations.includes(undefined),
          () => false,
        ),
      );
      const { generations: after } = await tier.fence(SPACE, [], names, 1_000);

      const changed = after.filter((token, i) => token !== before[i]);
      expect(changed.length).toBeGreaterThan(0);
      expect(changed.some((token) => before.includes(token))).toBe(false);
    });
  });
});

describe('a server', () => {
  it('that takes smaller items than was said refuses the larger ones, and nothing else of their batch', async () => {
    const reported: MemcachedError[] = [];
    const [server] = (await servers(1, { maxItemSize: '512k' })) as [MemcachedServer];
    const tier = await tierOf([server], {}, (error) => reported.push(error as MemcachedError));
    await tier.write(SPACE, [own('large', 'older')]);
    const written = await tier.write(SPACE, [
      own('before', '1'),
      own('large', new Uint8Array(600_000)),
      own('after', '2'),
    ]);

    expect(written).toEqual([true, false, true]);
    expect(await textsOf(tier, ['before', 'large', 'after'])).toEqual(['1', undefined, '2']);
    expect(reported.map(({ isTooLarge, message }) => [isTooLarge, message])).toEqual([
      [true, expect.stringContaining('maxEntryBytes')],
    ]);
  });

  it('that takes larger items is given them when told so', async () => {
    const [server] = (await servers(1, { maxItemSize: '4m' })) as [MemcachedServer];
    const tier = await tierOf([server], { maxEntryBytes: 3_000_000 });
    const bytes = new Uint8Array(3_000_000).fill(7);

    expect(await tier.write(SPACE, [own('large', bytes)])).toEqual([true]);
    const { entries } = await tier.read(SPACE, ['large'], []);
    expect(entries[0]?.bytes.every((byte) => byte === 7) && entries[0].bytes.length).toBe(3_000_000);

    // A node that was not told passes over it, and goes on.
    const other = await tierOf([server]);
    await other.write(SPACE, [own('small', '1')]);
    expect(await textsOf(other, ['large', 'small'])).toEqual([undefined, '1']);
  });

  it('is not given what is larger than was said, and loses what stood there', async () => {
    const [server] = (await servers(1)) as [MemcachedServer];
    const tier = await tierOf([server], { maxEntryBytes: 10 });
    await tier.write(SPACE, [own('k', 'older')]);

    expect(await tier.write(SPACE, [own('k', 'x'.repeat(11)), own('l', 'x'.repeat(10))])).toEqual([false, true]);
    expect(await textsOf(tier, ['k', 'l'])).toEqual([undefined, 'x'.repeat(10)]);
  });

  it('that has no room evicts fences, and then refuses what they were for', async () => {
    const [server] = (await servers(1, { memoryMb: 2 })) as [MemcachedServer];
    const tier = await tierOf([server]);
    const keys = Array.from({ length: 200 }, (_, i) => `fenced ${i}`);
    const { fences } = await tier.fence(SPACE, keys, [], 60_000);
    for (let round = 0; round < 10; round++) {
      const others = Array.from({ length: 5_000 }, (_, i) => `other ${round} ${i}`);
      await tier.fence(SPACE, others, [], 60_000);
    }
    const written = await tier.write(
      SPACE,
      keys.map((key, i) => ({ ...own(key, 'late'), fence: fences[i] })),
    );

    expect(written).toContain(false);
    const refused = keys.filter((_, i) => written[i] === false);
    expect(new Set(await textsOf(tier, refused))).toEqual(new Set([undefined]));
  });

  it('keeps the fence of an entry that ends while it is loaded anew', async () => {
    const [server] = (await servers(1)) as [MemcachedServer];
    const tier = await tierOf([server]);
    const take = async (): Promise<string | undefined> => (await tier.fence(SPACE, ['k'], [], 60_000)).fences[0];
    expect(await tier.write(SPACE, [{ ...own('k', 'first', 2_000), fence: await take() }])).toEqual([true]);
    const fence = await take();
    await until(async () => (await textsOf(tier, ['k']))[0] === undefined);

    // Whoever comes now shares it.
    const other = await take();
    expect(other?.split('.')[1]).toBe(fence?.split('.')[1]);
    expect(await tier.write(SPACE, [{ ...own('k', 'second'), fence }])).toEqual([true]);
    expect(await tier.write(SPACE, [{ ...own('k', 'third'), fence: other }])).toEqual([false]);
    expect(await textsOf(tier, ['k'])).toEqual(['second']);
  });

  it('without CAS gives no fences, and says how it is to be started', async () => {
    const [server] = (await servers(1, { args: ['-C'] })) as [MemcachedServer];
    const tier = await tierOf([server]);

    await expect(tier.fence(SPACE, ['k'], [], 1_000)).rejects.toThrow(/start it without -C/);
  });

  it('with items of others under our keys has none of ours there', async () => {
    const [server] = (await servers(1)) as [MemcachedServer];
    const tier = await tierOf([server]);
    for (const key of ['strata:users/e/k', 'strata:users/g/g', 'strata:users/l/k'])
      await tellMemcached(server.port, `ms ${key} 7 F7\r\nforeign`);

    expect(await tier.read(SPACE, ['k'], ['g'])).toEqual({ entries: [undefined], generations: [undefined] });
    const { fences, generations } = await tier.fence(SPACE, ['k'], ['g'], 1_000);
    expect(await tier.write(SPACE, [{ ...own('k', 'ours'), fence: fences[0] }])).toEqual([true]);
    expect((await tier.read(SPACE, [], ['g'])).generations).toEqual(generations);
    expect(await tier.lease(SPACE, 'k', 'me', 1_000)).toBe(false);
  });

  it('that is not there is reported by what was found of it, under each address of its name', async () => {
    const reported: unknown[] = [];
    const tier = memcachedTier({ servers: `localhost:${await freePort()}` });
    ending.push(() => tier.close());
    tier.start((error) => reported.push(error));
    await until(() => reported.length > 0);

    expect(String(reported[0])).toMatch(/memcached at localhost:\d+ failed: .*ECONNREFUSED/);
  });

  it('whose trouble is told to somebody who throws is connected to all the same', async () => {
    const port = await freePort();
    const tier = memcachedTier({ servers: `127.0.0.1:${port}` });
    ending.push(() => tier.close());
    let told = 0;
    tier.start(() => {
      told++;
      throw new Error('thrown by whoever is told');
    });
    await until(() => told > 0);

    await expect(tier.read(SPACE, ['k'], [])).rejects.toThrow(/is not connected/);
  });

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', /an unknown reply: \\?"HTTP/],
    ['a Memcached before 1.6', 'ERROR\r\n', /ERROR/],
    ['one that has too many connections', 'ERROR Too many open connections\r\n', /Too many open connections/],
    ['one that says nothing', '', /(owes a reply|no answer)/],
  ])('that is %s is not used, which is reported once', async (_what, answer, problem) => {
    const reported: unknown[] = [];
    const tier = memcachedTier({ servers: `127.0.0.1:${await listener(answer)}`, silence: 100 });
    ending.push(() => tier.close());
    tier.start((error) => reported.push(error));
    await until(() => reported.length > 0);

    expect(String(reported[0])).toMatch(problem);
    await expect(tier.read(SPACE, ['k'], [])).rejects.toThrow(/is not connected/);
    await sleep(300);
    expect(reported).toHaveLength(1);
  });
});

describe('MetaConnection', () => {
  /** Tells the pauses that were asked for. */
  class WatchedClock extends FakeClock {
    readonly pauses: number[] = [];

    override after(delayMs: number, task: () => void): () => void {
      if (delayMs !== CONNECT_MS) this.pauses.push(delayMs);
      return super.after(delayMs, task);
    }
  }
  const CONNECT_MS = 987;

  async function pausesWith(random: () => number): Promise<{ pauses: number[]; reports: number }> {
    const clock = new WatchedClock();
    const port = await freePort();
    const address = { name: `127.0.0.1:${port}`, host: '127.0.0.1', port };
    const settings = { clock, random, silenceMs: 1_000, connectTimeoutMs: CONNECT_MS, maxValueBytes: 100 };
    const connection = new MetaConnection(address, settings);
    let reports = 0;
    connection.start(() => reports++);
    for (let attempt = 1; attempt <= 7; attempt++) {
      await until(() => clock.pauses.length === attempt);
      clock.advance(clock.pauses[attempt - 1] as number);
    }
    await until(() => clock.pauses.length === 8);
    await connection.close();
    expect(clock.pendingTimers).toBe(0);
    return { pauses: clock.pauses, reports };
  }

  it('tries again after pauses that double up to a second, and reports the first failure', async () => {
    expect(await pausesWith(() => 0)).toEqual({ pauses: [50, 100, 200, 400, 800, 1_000, 1_000, 1_000], reports: 1 });
  });

  it('shortens each pause by chance, to half at most', async () => {
    expect((await pausesWith(() => 1)).pauses).toEqual([25, 50, 100, 200, 400, 500, 500, 500]);
  });
});
