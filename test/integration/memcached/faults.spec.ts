import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemcachedError, memcachedTier } from '../../../lib/backends/memcached/index.js';
import type { Tier } from '../../../lib/tiers/index.js';
import { FaultProxy, startMemcached, type MemcachedServer } from '../../servers/index.js';
import { untilAnswering, untilConnected } from '../../servers/memcached-text.js';

const SILENCE_MS = 200;
/** What a call may take when its server is silent, on a busy machine. */
const SETTLED_WITHIN_MS = 25 * SILENCE_MS;
const SPACE = 'strata:faults';
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

jest.setTimeout(60_000);

let server: MemcachedServer;
let proxy: FaultProxy;
let tier: Tier;
let reported: unknown[];

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(async () => {
  proxy = await FaultProxy.start({ port: server.port });
  tier = memcachedTier({ servers: `127.0.0.1:${proxy.port}`, silence: SILENCE_MS });
  reported = [];
  await untilConnected(tier, (error) => reported.push(error));
});

afterEach(async () => {
  await tier.close();
  await proxy.stop();
});

/** One call of each kind, many at once. */
function everyCall(): Promise<unknown>[] {
  return Array.from({ length: 20 }, (_, i) => [
    tier.read(SPACE, [`k${i}`], ['g']),
    tier.fence(SPACE, [`k${i}`], ['g'], 60_000),
    tier.write(SPACE, [{ key: `k${i}`, bytes: bytesOf(`of k${i}`), ttlMs: 60_000, fence: undefined }]),
    tier.remove(SPACE, [`r${i}`]),
    tier.renew(SPACE, ['h']),
    tier.lease(SPACE, `k${i}`, 'me', 5_000),
    tier.release(SPACE, `k${i}`, 'you'),
  ]).flat();
}

/** What became of calls, all of which must settle. */
async function settled(calls: readonly Promise<unknown>[]): Promise<{ rejected: unknown[]; fulfilled: number }> {
  const deadline = new AbortController();
  const late = sleep(SETTLED_WITHIN_MS, 'late' as const, { signal: deadline.signal, ref: true });
  const outcomes = await Promise.race([Promise.allSettled(calls), late]);
  deadline.abort();
  if (outcomes === 'late') throw new Error(`some calls did not settle within ${SETTLED_WITHIN_MS} ms`);
  const rejected = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  return { rejected, fulfilled: outcomes.length - rejected.length };
}

/** The values of k0 to k19, which may be missing but not another's. */
async function noValueIsAnothers(): Promise<void> {
  const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
  const { entries } = await tier.read(SPACE, keys, []);
  for (const [i, entry] of entries.entries())
    if (entry !== undefined) expect(new TextDecoder().decode(entry.bytes)).toBe(`of k${i}`);
}

interface Fault {
  readonly begin: () => void | Promise<void>;
  readonly end: () => void | Promise<void>;
  /** Whether not one call gets through. */
  readonly isTotal: boolean;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'the server is stopped': { begin: () => server.pause(), end: () => server.resume(), isTotal: true },
  'the server is killed': { begin: () => server.kill(), end: () => server.restart(), isTotal: true },
  'the network is cut': { begin: () => proxy.cut(), end: () => proxy.mend(), isTotal: true },
  'the other side is gone and never said so': { begin: () => proxy.halfOpen(), end: () => proxy.mend(), isTotal: true },
  'the connection is reset': { begin: () => proxy.reset(), end: () => {}, isTotal: false },
  'replies are late by more than the silence allowed': {
    begin: () => proxy.delay(5 * SILENCE_MS),
    end: () => proxy.mend(),
    isTotal: true,
  },
  'garbage comes': { begin: () => proxy.inject(bytesOf('garbage\r\n')), end: () => {}, isTotal: true },
  'garbage without an end comes': {
    begin: () => proxy.inject(new Uint8Array(100_000).fill(0x41)),
    end: () => {},
    isTotal: true,
  },
  'the reply to another key comes': {
    begin: () => proxy.inject(bytesOf('VA 5 f1157627904 t60 c7 kother O3\r\nother\r\n')),
    end: () => {},
    isTotal: true,
  },
  'a reply without key and token comes': { begin: () => proxy.inject(bytesOf('HD\r\n')), end: () => {}, isTotal: true },
  'a value is announced that never ends': {
    begin: () => proxy.inject(bytesOf('VA 1000000000 t60 c7 kother O3\r\n')),
    end: () => {},
    isTotal: true,
  },
  'half of the replies are lost with the connection': {
    begin: () => proxy.truncate(1_500),
    end: () => {},
    isTotal: false,
  },
};

describe('memcachedTier', () => {
  describe.each(Object.entries(FAULTS))('when %s', (_what, { begin, end, isTotal }) => {
    it('settles every call, hands out no wrong value, and works again by itself', async () => {
      await settled(everyCall());
      await begin();
      const { fulfilled, rejected } = await settled(everyCall());

      expect(rejected.length).toBeGreaterThan(0);
      if (isTotal) expect(fulfilled).toBe(0);
      for (const reason of rejected) expect(reason).toBeInstanceOf(MemcachedError);

      await end();
      await untilAnswering(tier);
      await noValueIsAnothers();
      expect((await settled(everyCall())).rejected).toEqual([]);
      // Once for each time that it was away, not for each call or attempt.
      expect(reported.length).toBeGreaterThan(0);
      expect(reported.length).toBeLessThan(6);
    });
  });

  it('hands out no wrong value wherever the stream of replies ends', async () => {
    await settled(everyCall());
    for (let bytes = 1; bytes < 60; bytes += 3) {
      proxy.truncate(bytes);
      await settled(everyCall());
      await untilAnswering(tier);
      await noValueIsAnothers();
    }
  });

  describe('while there is no connection', () => {
    it('rejects at once, and keeps nothing for later', async () => {
      proxy.cut();
      await settled(everyCall());
      const { rejected } = await settled([
        tier.write(SPACE, [{ key: 'kept?', bytes: bytesOf('late'), ttlMs: 60_000, fence: undefined }]),
      ]);
      expect(rejected).toEqual([expect.objectContaining({ message: expect.stringContaining('is not connected') })]);

      proxy.mend();
      await untilAnswering(tier);
      expect((await tier.read(SPACE, ['kept?'], [])).entries).toEqual([undefined]);
    });
  });

  describe('when more is under way than may be', () => {
    it('rejects what comes, until replies have come', async () => {
      server.pause();
      const many = Array.from({ length: 50_000 }, (_, i) => `k${i}`);
      const first = tier.read(SPACE, many, []);
      const further = tier.read(SPACE, ['k'], []);
      await expect(further).rejects.toThrow(/50000 replies are owed already/);

      server.resume();
      await Promise.allSettled([first]);
      await untilAnswering(tier);
      expect((await settled(everyCall())).rejected).toEqual([]);
    });
  });

  describe('when the server is started again', () => {
    it('takes no fence of before, although the server counts its CAS from 1 again', async () => {
      await server.restart();
      await untilAnswering(tier);
      const { fences: before } = await tier.fence(SPACE, ['k'], [], 60_000);
      await server.restart();
      await untilAnswering(tier);
      const { fences: after } = await tier.fence(SPACE, ['k'], [], 60_000);

      const casOf = (fence: string | undefined): unknown => fence?.split('.')[1];
      expect(casOf(before[0])).toBe(casOf(after[0]));
      const late = { key: 'k', bytes: bytesOf('late'), ttlMs: 60_000, fence: before[0] };
      expect(await tier.write(SPACE, [late])).toEqual([false]);
      expect((await tier.read(SPACE, ['k'], [])).entries).toEqual([undefined]);
      expect(await tier.write(SPACE, [{ ...late, fence: after[0] }])).toEqual([true]);
    });

    it('keeps a fence when only the connection was lost', async () => {
      const { fences } = await tier.fence(SPACE, ['k'], [], 60_000);
      proxy.reset();
      await untilAnswering(tier);

      const write = { key: 'k', bytes: bytesOf('computed'), ttlMs: 60_000, fence: fences[0] };
      expect(await tier.write(SPACE, [write])).toEqual([true]);
    });
  });

  describe('when it is closed', () => {
    it('lets what is under way end, and leaves no connection', async () => {
      const calls = Array.from({ length: 20 }, (_, i) => {
        const write = { key: `k${i}`, bytes: bytesOf(`of k${i}`), ttlMs: 60_000, fence: undefined };
        return [tier.write(SPACE, [write]), tier.remove(SPACE, [`r${i}`]), tier.read(SPACE, [`k${i}`], [])];
      });
      await tier.close();

      expect((await settled(calls.flat())).rejected).toEqual([]);
      while (proxy.connections > 0) await sleep(5);
      expect((await settled([tier.read(SPACE, ['k'], [])])).rejected).toHaveLength(1);
    });

    it('ends while the server is stopped, too', async () => {
      server.pause();
      const calls = everyCall();
      await settled([tier.close()]);
      server.resume();

      expect((await settled(calls)).fulfilled).toBe(0);
    });

    it('tries no longer to connect', async () => {
      proxy.cut();
      await settled(everyCall());
      await tier.close();
      proxy.mend();
      await sleep(3 * SILENCE_MS);

      expect(proxy.connections).toBe(0);
    });
  });
});
