import { describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool } from 'redis';
import {
  redisBus,
  redisTier,
  type RedisBusOptions,
  type RedisTierOptions,
} from '../../../../lib/backends/redis/index.js';

const URL = 'redis://127.0.0.1:1';

describe('redisTier', () => {
  it('is called redis, keeps entries for thirty days at most, and connects to nothing before it is started', async () => {
    const tier = redisTier({ url: URL });
    expect([tier.name, tier.guard.maxTtlMs]).toEqual(['redis', 30 * 86_400_000]);
    expect(tier.capabilities).toMatchObject({ scope: 'shared', atomicFences: true, listsKeys: true, leases: true });
    await expect(tier.read('s', ['k'], [])).rejects.toThrow('it was not started');
    await tier.close();
    await expect(tier.read('s', ['k'], [])).rejects.toThrow('it was closed');
  });

  it('takes another limit, or none', () => {
    expect(redisTier({ url: URL, ttl: '1h' }).guard.maxTtlMs).toBe(3_600_000);
    expect(redisTier({ url: URL, ttl: Infinity }).guard.maxTtlMs).toBe(Infinity);
  });

  it('takes one URL, several of a cluster or of Sentinels, and a client', () => {
    const client = new Redis(1, { lazyConnect: true });
    const cluster = new Cluster([URL], { lazyConnect: true });
    const good: RedisTierOptions[] = [
      { url: URL },
      { url: [URL] },
      { url: 'rediss://user:p%40ss@example.org:7000/3' },
      { url: 'valkey://[::1]:7000' },
      { url: [URL, URL], cluster: true },
      { url: [URL, URL], sentinel: 'main' },
      { client },
      { client: cluster },
      { client: createClient() },
    ];
    for (const options of good) expect(redisTier(options).name).toBe('redis');
  });

  it('refuses what it cannot use, and says what to do', () => {
    const refused: [options: unknown, message: RegExp][] = [
      [undefined, /options must be an object/],
      [{}, /url or client must be given/],
      [{ url: URL, client: createClient() }, /url or client must be given, one of them/],
      [{ url: 'localhost:6379' }, /url must look like redis:/],
      [{ url: 'http://localhost' }, /url must look like redis:/],
      [{ url: 'redis://localhost/first' }, /url must look like redis:/],
      [{ url: [] }, /url must be one URL, or several/],
      [{ url: [URL, URL] }, /url may be several only with cluster: true, or with sentinel/],
      [{ url: URL, cluster: true, sentinel: 'main' }, /sentinel does not go with cluster/],
      [{ url: URL, sentinel: '' }, /sentinel must be the name of the master/],
      [{ client: createClient(), cluster: true }, /cluster goes with url only/],
      [{ client: {} }, /client must be a client of ioredis, iovalkey, or node-redis 5 or later/],
      [{ client: 'redis' }, /client must be a client of ioredis/],
      [{ client: createClientPool() }, /client must be a client of ioredis/],
      [{ url: URL, silence: 0 }, /silence must be at least 10 ms/],
      [{ url: URL, urll: 1 }, /urll is not an option; did you mean url/],
      [{ url: URL, timeout: 0 }, /timeout must be above 0/],
    ];
    for (const [options, message] of refused) expect(() => redisTier(options as RedisTierOptions)).toThrow(message);
  });

  it('never shows a password', () => {
    const url = 'http://user:secret@localhost';
    expect(() => redisTier({ url })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    );
  });
});

describe('redisBus', () => {
  it('is a stream unless told otherwise', () => {
    expect([redisBus({ url: URL }).name, redisBus({ url: URL, name: 'events' }).scope]).toEqual(['redis', 'shared']);
  });

  it('refuses what it cannot use, and says what to do', () => {
    const refused: [options: unknown, message: RegExp][] = [
      [undefined, /options must be an object/],
      [{ url: URL, name: '' }, /name must be 1 to 64 letters/],
      [{ url: URL, transport: 'kafka' }, /transport must be one of stream, pubsub/],
      [{ url: URL, cluster: true, transport: 'pubsub' }, /transport must be 'stream' with a cluster/],
      [{ url: URL, maxLength: 0 }, /maxLength must be a whole number from 1/],
    ];
    for (const [options, message] of refused) expect(() => redisBus(options as RedisBusOptions)).toThrow(message);
  });

  it('rejects what is published before it was started', async () => {
    await expect(redisBus({ url: URL }).publish(['early'])).rejects.toThrow('call start() first');
  });
});
