/*
 * What keeps entries of 1 KB outside the process, each as a function that reads and one that writes many at once, as
 * concurrent callers do. Every library encodes and checks what it does by default; the raw clients move bytes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from './server.mjs';

const TTL_MS = 600_000;
const SPACE = 'bench:users';

/** A value whose text is about 1 KB. */
const valueOf = (key) => ({ key, text: 'x'.repeat(1_000) });
const bytesOf = (key) => Buffer.from(JSON.stringify(valueOf(key)));
const all = (keys, each) => Promise.all(keys.map(each));

export const STORES = {
  async ioredis() {
    const { Redis } = await import('ioredis');
    const client = new Redis((await startServer()).port);
    const pipelined = async (keys, add) => {
      const pipeline = client.pipeline();
      for (const key of keys) add(pipeline, key);
      return (await pipeline.exec()).map(([, reply]) => reply);
    };
    return {
      get: (keys) => pipelined(keys, (pipeline, key) => pipeline.getBuffer(key)),
      put: (keys) => pipelined(keys, (pipeline, key) => pipeline.set(key, bytesOf(key), 'PX', TTL_MS)),
    };
  },

  async 'redis-tier'() {
    const { redisTier } = await import('nestjs-strata/redis');
    return ofTier(redisTier({ url: (await startServer()).url }));
  },

  async 'redis-cache'() {
    const { redisTier } = await import('nestjs-strata/redis');
    return ofCache([redisTier({ url: (await startServer()).url })]);
  },

  async 'lmdb-tier'() {
    const { lmdbTier } = await import('nestjs-strata/lmdb');
    return ofTier(lmdbTier({ path: await folder(), maxBytes: '1gb' }));
  },

  async 'cache-manager'() {
    const [{ createCache }, { default: KeyvRedis }, { Keyv }] = await Promise.all([
      import('cache-manager'),
      import('@keyv/redis'),
      import('keyv'),
    ]);
    const cache = createCache({ stores: [new Keyv({ store: new KeyvRedis((await startServer()).url) })], ttl: TTL_MS });
    return {
      get: (keys) => all(keys, (key) => cache.get(key)),
      put: (keys) => all(keys, (key) => cache.set(key, valueOf(key))),
    };
  },

  async cacheable() {
    const [{ Cacheable }, { default: KeyvRedis }] = await Promise.all([import('cacheable'), import('@keyv/redis')]);
    const cache = new Cacheable({ primary: new KeyvRedis((await startServer()).url), ttl: TTL_MS });
    return {
      get: (keys) => all(keys, (key) => cache.get(key)),
      put: (keys) => all(keys, (key) => cache.set(key, valueOf(key))),
    };
  },

  async 'keyv-sqlite'() {
    const [{ default: KeyvSqlite }, { Keyv }] = await Promise.all([import('@keyv/sqlite'), import('keyv')]);
    const store = new KeyvSqlite(`sqlite://${join(await folder(), 'cache.sqlite')}`);
    const cache = new Keyv({ store, ttl: TTL_MS });
    return {
      get: (keys) => all(keys, (key) => cache.get(key)),
      put: (keys) => all(keys, (key) => cache.set(key, valueOf(key))),
    };
  },

  async bentocache() {
    const { BentoCache, bentostore } = await import('bentocache');
    const { redisDriver } = await import('bentocache/drivers/redis');
    const { port } = await startServer();
    const store = bentostore().useL2Layer(redisDriver({ connection: { port } }));
    const cache = new BentoCache({ default: 'users', stores: { users: store } });
    return {
      get: (keys) => all(keys, (key) => cache.get({ key })),
      put: (keys) => all(keys, (key) => cache.set({ key, value: valueOf(key), ttl: TTL_MS })),
    };
  },
};

/** The tier by itself, in the batches that a cache makes of the calls of one tick. */
function ofTier(tier) {
  tier.start((error) => console.error(error));
  const entryOf = (key) => ({ key, bytes: bytesOf(key), ttlMs: TTL_MS, fence: undefined });
  return {
    get: async (keys) => (await tier.read(SPACE, keys, [''])).entries,
    put: (keys) => tier.write(SPACE, keys.map(entryOf)),
  };
}

/** A cache whose memory keeps nothing, so that every call goes to the tier. */
async function ofCache(tiers) {
  const { createCache, defineCache, memoryTier } = await import('nestjs-strata');
  const users = defineCache('users', { ttl: TTL_MS });
  const cache = createCache(users, { tiers: [memoryTier({ maxSize: 1 }), ...tiers] });
  return {
    get: (keys) => all(keys, (key) => cache.get(key)),
    put: (keys) => all(keys, (key) => cache.put(key, valueOf(key))),
  };
}

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'strata-bench-'));
  process.once('exit', () => void rm(path, { recursive: true, force: true }));
  return path;
}
