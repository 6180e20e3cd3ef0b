import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { redisTier } from '../../../lib/backends/redis/index.js';
import { seededRandom, type Random } from '../../../lib/core/index.js';
import { memoryTier } from '../../../lib/tiers/index.js';
import { startRedis, type RedisServer } from '../../servers/index.js';

jest.setTimeout(60_000);

const KEYS = 400;
const SEED = Number(process.env['STRATA_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

interface Value {
  readonly key: string;
  readonly made: Date;
  readonly tags: ReadonlyMap<string, ReadonlySet<number>>;
  readonly text: string;
  readonly bytes: Uint8Array;
}

const Values = defineCache<string, Value>('values', { ttl: '10m', compression: { threshold: 512 } });
const keyOf = (at: number): string => `k${at}`;
/** Some of them are compressed. */
const valueOf = (at: number): Value => ({
  key: keyOf(at),
  made: new Date(1_700_000_000_000 + at),
  tags: new Map([[`tag${at}`, new Set([at, at + 1])]]),
  text: 'text of '.repeat(1 + (at % 5) * 60) + at,
  bytes: Uint8Array.of(at & 0xff, 0, 255),
});

/** What somebody, or a fault, may leave in the place of an entry. Each gets the bytes that stood there, and another entry's. */
type Spoil = (redis: Redis, name: string, was: Buffer, other: Buffer, random: Random) => Promise<unknown>;

const below = (random: Random, end: number): number => Math.floor(random() * end);
const put = (redis: Redis, name: string, bytes: Buffer): Promise<unknown> => redis.set(name, bytes, 'KEEPTTL');
const replaced = async (redis: Redis, name: string, fill: () => Promise<unknown>): Promise<unknown> => {
  await redis.del(name);
  return fill();
};

const SPOILS: Readonly<Record<string, Spoil>> = {
  'one bit flipped': (redis, name, was, _other, random) => {
    const bytes = Buffer.from(was);
    const at = below(random, bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << below(random, 8));
    return put(redis, name, bytes);
  },
  'cut short': (redis, name, was, _other, random) => put(redis, name, was.subarray(0, below(random, was.length))),
  'bytes appended': (redis, name, was) => put(redis, name, Buffer.concat([was, Buffer.from('more')])),
  'the entry of another key': (redis, name, _was, other) => put(redis, name, other),
  'the halves of two entries': (redis, name, was, other) =>
    put(redis, name, Buffer.concat([was.subarray(0, was.length >> 1), other.subarray(other.length >> 1)])),
  'noise behind its own beginning': (redis, name, was, _other, random) =>
    put(
      redis,
      name,
      Buffer.concat([was.subarray(0, 8), Buffer.from(Array.from({ length: 200 }, () => below(random, 256)))]),
    ),
  'text of another application': (redis, name) =>
    put(redis, name, Buffer.from('{"value":{"__proto__":{"isAdmin":true}}}')),
  nothing: (redis, name) => put(redis, name, Buffer.alloc(0)),
  'a newer version': (redis, name, was) => {
    const bytes = Buffer.from(was);
    bytes[2] = (bytes[2] as number) + 1;
    return put(redis, name, bytes);
  },
  'a list': (redis, name) => replaced(redis, name, () => redis.rpush(name, 'a', 'b')),
  'a hash': (redis, name) => replaced(redis, name, () => redis.hset(name, 'field', 'value')),
};

describe('promise Tiers: garbage in Redis is a miss', () => {
  let server: RedisServer;
  let redis: Redis;
  const open: ClosableCache<string, Value>[] = [];

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.port);
  });

  afterAll(async () => {
    await Promise.all(open.map((cache) => cache.close()));
    redis.disconnect();
    await server.stop();
  });

  const node = (): ClosableCache<string, Value> => {
    const cache = createCache(Values, { tiers: [memoryTier({ maxSize: KEYS }), redisTier({ url: server.url })] });
    open.push(cache);
    return cache;
  };

  it(`of ${KEYS} spoilt entries (STRATA_SEED=${SEED}) none is a wrong value, and none an error`, async () => {
    const random = seededRandom(SEED);
    const ats = Array.from({ length: KEYS }, (_, at) => at);
    await node().putAll(ats.map((at) => [keyOf(at), valueOf(at)] as const));
    const names = await Promise.all(
      ats.map(async (at) => {
        const [name] = await redis.keys(`*{${keyOf(at)}}`);
        if (name === undefined) throw new Error(`there is no entry of ${keyOf(at)}`);
        return name;
      }),
    );
    const stored = await Promise.all(names.map((name) => redis.getBuffer(name)));
    const kinds = Object.entries(SPOILS);
    for (const at of ats) {
      const [, spoil] = kinds[at % kinds.length] as (typeof kinds)[number];
      const other = stored[(at + 7) % KEYS] as Buffer;
      await spoil(redis, names[at] as string, stored[at] as Buffer, other, random);
    }

    const found = new Map<string, number>();
    for (const at of ats) {
      const [kind] = kinds[at % kinds.length] as (typeof kinds)[number];
      // A node of its own for each kind at a time: the breaker of one tier would end the trial.
      const reader = at < kinds.length ? node() : (open[1 + (at % kinds.length)] as ClosableCache<string, Value>);
      const value = await reader.get(keyOf(at));
      if (value === undefined) continue;
      found.set(kind, (found.get(kind) ?? 0) + 1);
      expect(value).toEqual(valueOf(at));
    }
    // Every byte of an entry is checked: what was changed in any way is of no use.
    expect([...found]).toEqual([]);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();

    // A load goes on, and what it gives takes the place of the garbage, whatever that was.
    const loader = node();
    for (const at of ats.slice(0, 2 * kinds.length)) {
      expect(await loader.getOrLoad(keyOf(at), () => valueOf(at))).toEqual(valueOf(at));
    }
    const after = await node().getAll(ats.slice(0, 2 * kinds.length).map(keyOf));
    expect(after.size).toBe(2 * kinds.length);
  });
});
