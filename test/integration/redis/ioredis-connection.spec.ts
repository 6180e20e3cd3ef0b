import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { connectIoredis, ioredisOptions } from '../../../lib/backends/redis/ioredis-connection.js';
import { redisTier } from '../../../lib/backends/redis/index.js';
import { startRedis, startRedisCluster } from '../../servers/index.js';
import { until } from './until.js';

jest.setTimeout(60_000);

/** Longer than the time between two looks at the slots of a cluster. */
const LOOKS_WITHIN_MS = 5_000;

describe('promise Life: a connection by ioredis that is given up', () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
    jest.restoreAllMocks();
  });

  it('leaves no socket, also when that was just being closed in the polite way', async () => {
    const server = await startRedis();
    cleanUps.push(() => server.stop());
    const client = new Redis({ ...ioredisOptions(2_000), port: server.port });
    const connection = await new Promise<{ abandon(): void }>((resolve) => {
      const opened = connectIoredis(() => client as never)({
        ready: () => resolve(opened),
        closed: () => {},
        trouble: () => {},
      });
    });
    const socket = client.stream as Socket;
    // What its own timeouts do, in the same turn of the event loop.
    socket.end();
    connection.abandon();
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap')).toEqual([]);
  });

  it('of a cluster looks at the slots no more, also when it was just looking', async () => {
    const cluster = await startRedisCluster();
    cleanUps.push(() => cluster.stop());
    const { refreshSlotsCache } = Cluster.prototype;
    const looks = jest.spyOn(Cluster.prototype, 'refreshSlotsCache');
    const tier = redisTier({ url: cluster.startupNodes.map(({ port }) => `redis://127.0.0.1:${port}`), cluster: true });
    cleanUps.push(() => tier.close());
    tier.start(() => {});
    await until(() => tier.read('strata:life', ['k'], []));
    const before = looks.mock.calls.length;
    const closed = new Promise<void>((resolve) => {
      looks.mockImplementation(function (this: Cluster, callback) {
        refreshSlotsCache.call(this, callback);
        void tier.close().then(resolve);
      });
    });
    looks.mockClear();
    await closed;
    await sleep(LOOKS_WITHIN_MS);
    expect(before).toBeGreaterThan(0);
    expect(looks).toHaveBeenCalledTimes(1);
  });
});
