import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisError, redisTier } from '../../../lib/backends/redis/index.js';
import type { Tier } from '../../../lib/tiers/index.js';
import { SINGLE, type Access } from '../../contract/redis-clients.js';
import { FaultProxy, startRedis, type RedisServer } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(30_000);

const SPACE = 'strata:faults';
const SILENCE_MS = 300;
const entry = (key: string, text: string) => ({ key, bytes: Buffer.from(text), ttlMs: 60_000, fence: undefined });
const settled = (call: Promise<unknown>): Promise<'fulfilled' | Error> =>
  call.then(
    () => 'fulfilled',
    (error: Error) => error,
  );

/** Of bytes that Redis cannot compress: while it loads, it answers once for each 1,024 of them. */
const fillers = (count: number) =>
  Array.from({ length: count }, (_, at) => entry(`filler${at}`, randomBytes(1_000).toString('latin1')));

for (const [name, accessTo] of Object.entries(SINGLE)) {
  describe(`promise Tiers: redisTier by ${name}`, () => {
    let server: RedisServer;
    let proxy: FaultProxy;
    let access: Access;
    let tier: Tier;
    let reported: unknown[];

    beforeEach(async () => {
      server = await startRedis({ config: { 'enable-debug-command': 'local' } });
      proxy = await FaultProxy.start({ port: server.port });
      access = accessTo(proxy.port);
      tier = redisTier({ ...access.options, silence: SILENCE_MS });
      reported = [];
      tier.start((error) => reported.push(error));
      await tier.write(SPACE, [entry('k', 'before')]);
    });

    afterEach(async () => {
      await tier.close();
      access.end();
      await proxy.stop();
      await server.stop();
    });

    const text = async (key = 'k'): Promise<string | undefined> => {
      const [found] = (await tier.read(SPACE, [key], [])).entries;
      return found && Buffer.from(found.bytes).toString();
    };

    it('rejects every call while the server is dead, and works again when it lives', async () => {
      await server.kill();
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => settled(tier.read(SPACE, ['k'], []))));
      expect(outcomes.every((outcome) => outcome instanceof Error)).toBe(true);
      // A client may notice by its next call only; from then on nothing is sent, and the error is ours.
      await until(async () => (await settled(tier.read(SPACE, ['k'], []))) instanceof RedisError);
      await server.restart();
      await until(() => tier.write(SPACE, [entry('k', 'after')]));
      expect(await text()).toBe('after');
      expect(reported.length).toBe(1);
    });

    it('rejects calls that a stopped server does not answer, and works again when it goes on', async () => {
      server.pause();
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => settled(tier.read(SPACE, ['k'], []))));
      expect(outcomes.every((outcome) => outcome instanceof RedisError)).toBe(true);
      server.resume();
      expect(await until(() => text())).toBe('before');
    });

    it('replaces a connection whose other side is gone and never said so', async () => {
      proxy.halfOpen();
      expect((await settled(text())) instanceof RedisError).toBe(true);
      proxy.mend();
      expect(await until(() => text())).toBe('before');
    });

    it('has nothing run that it gave up before: it would undo what is newer', async () => {
      proxy.delay(4 * SILENCE_MS);
      expect((await settled(tier.write(SPACE, [entry('late', 'old')]))) instanceof RedisError).toBe(true);
      proxy.delay(0);
      await until(() => tier.write(SPACE, [entry('late', 'new')]).then(() => true));
      // Long enough for what is on its way to arrive.
      for (const end = performance.now() + 5 * SILENCE_MS; performance.now() < end;) {
        expect(await text('late').catch(() => 'new')).toBe('new');
      }
    });

    it('settles what runs when connections are reset, and reconnects', async () => {
      for (let round = 0; round < 5; round++) {
        const calls = Array.from({ length: 20 }, () => settled(tier.read(SPACE, ['k'], [])));
        proxy.reset();
        await Promise.all(calls);
        expect(await until(() => text())).toBe('before');
      }
    });

    it('takes garbage for no reply, and recovers', async () => {
      for (const garbage of [
        'HTTP/1.1 400 Bad Request\r\n\r\n',
        '\0\x01\x02\xff',
        '*1000000\r\n',
        '$-5\r\n',
        '@@@@\r\n',
      ]) {
        proxy.inject(Buffer.from(garbage, 'latin1'));
        await settled(text());
        proxy.mend();
        expect(await until(() => text())).toBe('before');
      }
    });

    it('takes half a reply for no reply, and recovers', async () => {
      await tier.write(SPACE, [entry('large', 'x'.repeat(100_000))]);
      for (const bytes of [1, 10, 50_000]) {
        proxy.truncate(bytes);
        expect((await settled(text('large'))) instanceof Error).toBe(true);
        expect((await until(() => text('large'))).length).toBe(100_000);
      }
    });

    it('runs its scripts when the server forgot them', async () => {
      await server.command('SCRIPT', 'FLUSH');
      expect(await text()).toBe('before');
      const { fences } = await tier.fence(SPACE, ['k'], [], 60_000);
      await server.command('SCRIPT', 'FLUSH');
      expect(await tier.write(SPACE, [{ ...entry('k', 'after'), fence: fences[0] }])).toEqual([true]);
    });

    it('rejects calls while the server loads its data, and works again when it has them', async () => {
      // Of each of 300 keys, in microseconds: it loads until it is told to hurry.
      await server.command('CONFIG', 'SET', 'key-load-delay', '20000');
      await server.command('CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
      await tier.write(SPACE, fillers(300));
      const loading = server.command('DEBUG', 'RELOAD');
      const other = redisTier({ ...access.options, silence: SILENCE_MS });
      other.start(() => {});
      await until(async () => String(await settled(tier.read(SPACE, ['k'], []))).includes('LOADING'));
      expect(await settled(other.read(SPACE, ['k'], []))).toBeInstanceOf(Error);
      expect(await server.command('CONFIG', 'SET', 'key-load-delay', '0')).toBe('OK');
      expect(await loading).toBe('OK');
      expect(await until(() => text())).toBe('before');
      expect((await until(() => other.read(SPACE, ['k'], []))).entries[0]).toBeDefined();
      await other.close();
    });

    it('overwrites what somebody else left under its names', async () => {
      for (const suffix of ['', ':f', ':g', ':l']) await server.command('SADD', `${SPACE}:{x}${suffix}`, 'foreign');
      expect(await text('x')).toBe(undefined);
      expect((await tier.read(SPACE, [], ['x'])).generations).toEqual([undefined]);
      const { fences, generations } = await tier.fence(SPACE, ['x'], ['x'], 60_000);
      expect(await tier.write(SPACE, [{ ...entry('x', 'ours'), fence: fences[0] }])).toEqual([true]);
      expect((await tier.read(SPACE, [], ['x'])).generations).toEqual(generations);
      expect(await tier.lease(SPACE, 'x', 'me', 1_000)).toBe(true);
      expect(await text('x')).toBe('ours');
    });
  });
}

describe('promise Tiers: redisTier without a server', () => {
  it('starts, rejects calls, and works when the server comes', async () => {
    const server = await startRedis();
    await server.kill();
    const tier = redisTier({ url: server.url });
    const reported: unknown[] = [];
    tier.start((error) => reported.push(error));
    expect((await settled(tier.read(SPACE, ['k'], []))) instanceof RedisError).toBe(true);
    expect(String(reported[0])).toContain('ECONNREFUSED');
    await server.restart();
    expect(await until(() => tier.write(SPACE, [entry('k', 'v')]))).toEqual([true]);
    await tier.close();
    await server.stop();
  });

  it('says what is wrong with the password, once', async () => {
    const server = await startRedis({ config: { requirepass: 'secret' } });
    const tier = redisTier({ url: `redis://:wrong@127.0.0.1:${server.port}` });
    const reported: unknown[] = [];
    tier.start((error) => reported.push(error));
    const outcome = await settled(tier.read(SPACE, ['k'], []));
    expect(String(outcome)).toContain('WRONGPASS');
    expect(String(outcome)).not.toContain('secret');
    expect(reported.length).toBe(1);
    await tier.close();
    await server.stop();
  });
});

describe('promise Fence: redisTier at a server that evicts', () => {
  it('refuses what was computed when its fence or generation may be lost, and never gives a token twice', async () => {
    const server = await startRedis({ maxMemory: '3mb', config: { 'maxmemory-policy': 'allkeys-lru' } });
    const tier = redisTier({ url: server.url, silence: '10s' });
    tier.start(() => {});
    const keys = Array.from({ length: 300 }, (_, at) => `k${at}`);
    const before = await tier.fence(SPACE, keys, keys, 60_000);
    const filler = Buffer.alloc(10_000, 1);
    for (let at = 0; at < 1_000; at++) await tier.write(SPACE, [{ ...entry(`filler${at}`, ''), bytes: filler }]);
    const after = await tier.fence(SPACE, keys, keys, 60_000);
    const isLost = keys.map((_, at) => before.fences[at] !== after.fences[at]);
    expect(isLost.filter(Boolean).length).toBeGreaterThan(0);
    const old = new Set([...before.fences, ...before.generations]);
    const changed = [...after.fences, ...after.generations].filter((token) => !old.has(token));
    expect(changed.length).toBe(
      isLost.filter(Boolean).length + keys.filter((_, at) => before.generations[at] !== after.generations[at]).length,
    );
    const stored = await tier.write(
      SPACE,
      keys.map((key, at) => ({ ...entry(key, 'old'), fence: before.fences[at] })),
    );
    stored.forEach((isStored, at) => {
      if (isLost[at]) expect(isStored).toBe(false);
    });
    await tier.close();
    await server.stop();
  });
});
