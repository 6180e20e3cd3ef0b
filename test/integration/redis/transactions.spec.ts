import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { redisTier } from '../../../lib/backends/redis/index.js';
import type { Tier, TierWrite } from '../../../lib/tiers/index.js';
import { startRedis, type RedisServer } from '../../servers/index.js';
import { SINGLE, type Access } from '../../contract/redis-clients.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const SPACE = 'strata:users';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** As many that all of them are a transaction. */
const OTHERS = Array.from({ length: 24 }, (_, index) => `other ${index}`);

describe('a redisTier at one server', () => {
  let server: RedisServer;
  let cleanUps: (() => unknown)[];

  beforeEach(async () => {
    server = await startRedis();
    cleanUps = [() => server.stop()];
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });

  async function tierAt({ options, end }: Access, ttl: number = Infinity): Promise<Tier> {
    const tier = redisTier({ ...options, ttl, silence: '10s' });
    cleanUps.push(end, () => tier.close());
    tier.start(() => {});
    await until(async () => (await tier.read(SPACE, ['nothing'], [])) !== undefined);
    return tier;
  }

  const byUser = (user: string): Access => ({
    options: { url: `redis://${user}:word@127.0.0.1:${server.port}` },
    end: () => {},
  });
  const callsOf = async (command: string): Promise<number> => {
    const statistics = await server.command('INFO', 'commandstats');
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(statistics)?.[1] ?? 0);
  };
  const lifeOf = async (key: string): Promise<number> => Number(await server.command('PTTL', `${SPACE}:{${key}}`));

  describe.each(Object.entries(SINGLE))('by %s', (_, accessTo) => {
    it('reads and writes many entries in transactions, each with its own lifetime', async () => {
      const tier = await tierAt(accessTo(server.port));
      const lives = [MINUTE_MS, DAY_MS];
      await tier.write(
        SPACE,
        withOthers(
          lives.map((ttlMs) => writeOf(`for ${ttlMs}`, ttlMs)),
          MINUTE_MS,
        ),
      );
      await tier.write(SPACE, withOthers([writeOf('without end', Infinity)], Infinity));
      await tier.write(SPACE, withOthers([writeOf('mixed', Infinity)], MINUTE_MS));
      await tier.write(SPACE, [writeOf('with one', MINUTE_MS)]);

      const keys = [...lives.map((ttlMs) => `for ${ttlMs}`), 'missing', 'without end', 'mixed', 'with one'];
      const { entries } = await tier.read(SPACE, [...keys, ...OTHERS], ['']);
      const expected = [...lives, undefined, Infinity, Infinity, MINUTE_MS];
      expect(entries.map((entry) => entry && Buffer.from(entry.bytes).toString())).toEqual([
        ...keys.map((key) => (key === 'missing' ? undefined : key)),
        ...OTHERS,
      ]);
      for (const [at, entry] of entries.slice(0, keys.length).entries()) {
        const ttlMs = expected[at];
        expect(isAbout(entry?.ttlLeftMs, ttlMs)).toBe(true);
      }
      expect(await callsOf('mset')).toBe(2);
      expect(await callsOf('exec')).toBe(3);
    });

    it('keeps calls of the same moment apart', async () => {
      const tier = await tierAt(accessTo(server.port));
      const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
      await Promise.all(keys.map((key) => tier.write(SPACE, withOthers([writeOf(key, MINUTE_MS)], MINUTE_MS))));
      const read = await Promise.all([
        ...keys.map((key, index) => tier.read(SPACE, index % 2 === 0 ? [key] : [key, ...OTHERS], [])),
        tier.fence(SPACE, ['fenced'], [''], MINUTE_MS),
        tier.remove(SPACE, ['another']),
      ]);
      expect(
        read.slice(0, 50).map((one) => one && 'entries' in one && Buffer.from(one.entries[0]?.bytes ?? '').toString()),
      ).toEqual(keys);
    });
  });

  it.each([
    ['transactions', ['+@all', '-multi', '-exec']],
    ['writing many values at once', ['+@all', '-mset']],
    ['anything but what docs/redis.md lists', undefined],
  ])('does without %s where the user has no right to that', async (_, rights) => {
    const listed = 'mget set del unlink pttl pexpire scan eval evalsha'.split(' ').map((name) => `+${name}`);
    const opening = ['+ping', '+info', '+select', '+hello', '+client'];
    await server.command('ACL', 'SETUSER', 'narrow', 'on', '>word', '~*', ...(rights ?? [...listed, ...opening]));
    const tier = await tierAt(byUser('narrow'));

    for (const round of [1, 2]) {
      const key = `of round ${round}`;
      const stored = await tier.write(SPACE, withOthers([writeOf(key, MINUTE_MS)], MINUTE_MS));
      expect(stored).not.toContain(false);
      const { entries } = await tier.read(SPACE, [key, 'missing', ...OTHERS], []);
      expect(entries[0] && Buffer.from(entries[0].bytes).toString()).toBe(key);
      expect(isAbout(await lifeOf(key), MINUTE_MS)).toBe(true);
    }
    expect(await callsOf('evalsha')).toBeGreaterThan(0);
  });

  it('does without transactions where a proxy refuses them in its own words', async () => {
    // With the wrong number of arguments, and as long.
    const passed = (sent: Buffer): string => sent.toString('latin1').replaceAll('MULTI\r\n', 'WATCH\r\n');
    const proxy = createServer((client) => {
      const behind = connect(server.port, '127.0.0.1');
      client.on('data', (sent) => behind.write(passed(sent), 'latin1')).on('close', () => behind.destroy());
      behind.pipe(client).on('error', () => {});
      behind.on('error', () => client.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => proxy.close());
    const tier = await tierAt((SINGLE['a URL'] as (port: number) => Access)((proxy.address() as AddressInfo).port));

    const write = (): Promise<readonly boolean[]> =>
      tier.write(SPACE, withOthers([writeOf('k', MINUTE_MS)], MINUTE_MS));
    expect(await write()).not.toContain(false);
    expect(await write()).not.toContain(false);
    const { entries } = await tier.read(SPACE, ['k', ...OTHERS], []);
    expect(entries.map((entry) => Buffer.from(entry?.bytes ?? '').toString())).toEqual(['k', ...OTHERS]);
    expect(isAbout(await lifeOf('k'), MINUTE_MS)).toBe(true);
    // Tried once.
    expect(await server.command('INFO', 'commandstats')).toMatch(/cmdstat_watch:.*rejected_calls=1,/);
  });

  it('asks for few keys, and writes few, by a script', async () => {
    const tier = await tierAt((SINGLE['a URL'] as (port: number) => Access)(server.port));
    await tier.write(SPACE, [writeOf('k', MINUTE_MS), ...OTHERS.slice(1).map((key) => writeOf(key, MINUTE_MS))]);
    const { entries } = await tier.read(SPACE, ['k', ...OTHERS.slice(1)], []);
    expect(entries.filter((entry) => entry !== undefined)).toHaveLength(OTHERS.length);
    expect(await callsOf('exec')).toBe(0);
  });

  it('breaks the fence of what a caller writes in the same step', async () => {
    const tier = await tierAt((SINGLE['a URL'] as (port: number) => Access)(server.port));
    const { fences } = await tier.fence(SPACE, ['k'], [], MINUTE_MS);
    const own = { ...writeOf('k', MINUTE_MS), bytes: Buffer.from('own') };
    expect(await tier.write(SPACE, withOthers([own], MINUTE_MS))).not.toContain(false);
    const late = { ...writeOf('k', MINUTE_MS), fence: fences[0] };
    expect(await tier.write(SPACE, [late])).toEqual([false]);
    expect(Buffer.from((await tier.read(SPACE, ['k'], [])).entries[0]?.bytes ?? '').toString()).toBe('own');
  });

  it('reads while the server has no memory for a transaction, and in one again when it has', async () => {
    const tier = await tierAt((SINGLE['a URL'] as (port: number) => Access)(server.port));
    await tier.write(SPACE, [writeOf('k', MINUTE_MS)]);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const read = async (): Promise<string> =>
      Buffer.from((await tier.read(SPACE, ['k', ...OTHERS], [])).entries[0]?.bytes ?? '').toString();
    const before = await callsOf('evalsha');
    expect(await read()).toBe('k');
    expect(await callsOf('evalsha')).toBe(before + 1);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await read()).toBe('k');
    expect(await callsOf('evalsha')).toBe(before + 1);
  });
});

function writeOf(key: string, ttlMs: number): TierWrite {
  return { key, bytes: Buffer.from(key), ttlMs, fence: undefined };
}

function withOthers(writes: readonly TierWrite[], ttlMs: number): TierWrite[] {
  return [...writes, ...OTHERS.map((key) => writeOf(key, ttlMs))];
}

/** Within what has passed since. */
function isAbout(leftMs: number | undefined, ttlMs: number | undefined): boolean {
  if (leftMs === undefined || ttlMs === undefined || ttlMs === Infinity) return leftMs === ttlMs;
  return leftMs <= ttlMs && leftMs > ttlMs - MINUTE_MS / 2;
}
