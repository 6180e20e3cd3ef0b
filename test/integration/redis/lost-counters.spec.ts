import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { redisTier } from '../../../lib/backends/redis/index.js';
import { createCache, defineCache, type ClosableCache } from '../../../lib/cache/index.js';
import { startRedis, type RedisServer } from '../../servers/index.js';

jest.setTimeout(60_000);

const ENTRIES = 200;
const GROUPS = 20;
const Texts = defineCache<string, string>('texts', { ttl: '1h', compression: false });
const Fillers = defineCache<string, string>('fillers', { ttl: '1h', compression: false });
const keys = Array.from({ length: ENTRIES }, (_, at) => `k${at}`);
const groupOf = (at: number): string => `g${at % GROUPS}`;

describe('promise Groups: entries in Redis whose counters are lost', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  });

  async function started(maxMemory?: string) {
    const config = { 'maxmemory-policy': 'allkeys-lru' };
    const server = await startRedis({ config, ...(maxMemory !== undefined && { maxMemory }) });
    cleanUps.push(() => server.stop());
    return { server, texts: nodeOf(server, Texts), fillers: nodeOf(server, Fillers) };
  }

  /** A node with nothing in memory. */
  function nodeOf(server: RedisServer, definition: typeof Texts): ClosableCache<string, string> {
    const cache = createCache(definition, { tiers: [redisTier({ url: server.url, silence: '10s' })] });
    cleanUps.push(() => cache.close());
    return cache;
  }

  async function fill(texts: ClosableCache<string, string>): Promise<void> {
    await Promise.all(keys.map((key, at) => texts.put(key, `old ${key}`, { groups: [groupOf(at)] })));
  }

  it('miss when somebody deletes the counters, and none that was invalidated returns', async () => {
    const { server, texts } = await started();
    await texts.put('first', 'old', { groups: ['alone'] });
    await texts.invalidateGroup('alone');
    await fill(texts);
    await texts.invalidateGroup('g1');
    await texts.put('mine', 'of no group');
    const counters = (await server.command('KEYS', '*}:g')).split('\n');
    expect(await server.command('DEL', ...counters)).toBe(String(counters.length));
    const other = nodeOf(server, Texts);
    expect([...(await other.getAll([...keys, 'mine']))]).toEqual([]);
    // The counters are made anew in the way in which they were made at first, and are others.
    await other.put('second', 'new', { groups: ['alone'] });
    expect([...(await nodeOf(server, Texts).getAll(['first', 'second', 'mine', ...keys]))]).toEqual([
      ['second', 'new'],
    ]);
    await fill(other);
    expect((await nodeOf(server, Texts).getAll(keys)).size).toBe(ENTRIES);
  });

  it('miss when a group is invalidated while the server has no memory for a new counter', async () => {
    const { server, texts } = await started();
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await fill(texts);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await texts.invalidateGroup('g1');
    const left = await nodeOf(server, Texts).getAll(keys);
    expect([...left.keys()].filter((key) => groupOf(keys.indexOf(key)) === 'g1')).toEqual([]);
    expect(texts.stats().tiers.redis).toMatchObject({ recoveryQueue: 0 });
  });

  it('miss when the server evicts them, and none that was invalidated returns', async () => {
    const { server, texts, fillers } = await started('4mb');
    await fill(texts);
    const gone = new Set(Array.from({ length: GROUPS / 2 }, (_, at) => `g${at}`));
    for (const group of gone) await texts.invalidateGroup(group);
    const counters = async (): Promise<number> => (await server.command('KEYS', '*texts:{*}:g')).split('\n').length;
    const before = await counters();
    const other = nodeOf(server, Texts);
    let served = 0;
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => fillers.put(`f${round}.${at}`, 'x'.repeat(4_000))));
      const found = await other.getAll(keys.filter((_, at) => at % 40 === round));
      served += found.size;
      for (const key of found.keys()) expect(gone.has(groupOf(Number(key.slice(1))))).toBe(false);
    }
    expect(served).toBeGreaterThan(0);
    expect(await counters()).toBeLessThan(before);
    const found = await nodeOf(server, Texts).getAll(keys);
    for (const key of found.keys()) expect(gone.has(groupOf(Number(key.slice(1))))).toBe(false);
  });
});
