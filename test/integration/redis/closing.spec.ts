import { once } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { forkChild, startChild } from '../../processes/child.js';
import { startRedis, startRedisCluster, type RedisServer } from '../../servers/index.js';

jest.setTimeout(120_000);

const CHILD = new URL('closing-child.ts', import.meta.url);
/** A process that something holds is ended by it, and the test fails. */
const PATIENCE_MS = 60_000;

/** How a process ended that closes tiers while they connect to the servers; nobody ends it. */
async function ending(servers: readonly RedisServer[]): Promise<string | number | null> {
  const child = startChild(
    CHILD,
    servers.map(({ port }) => String(port)),
  );
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(patience);
  return signal ?? code;
}

/** The same while the servers answer, and while all are stopped where they stand. */
async function endings(servers: readonly RedisServer[]) {
  const answering = await ending(servers);
  for (const server of servers) server.pause();
  const silent = await ending(servers);
  for (const server of servers) server.resume();
  return { answering, silent };
}

describe('promise Life: a process that closes Redis tiers while they connect, by any client, ends by itself', () => {
  it('at one server, whether it answers or not', async () => {
    const server = await startRedis();
    try {
      expect(await endings([server])).toEqual({ answering: 0, silent: 0 });
    } finally {
      await server.stop();
    }
  });

  it('at a cluster, whether it answers or not', async () => {
    const cluster = await startRedisCluster();
    try {
      expect(await endings(cluster.nodes)).toEqual({ answering: 0, silent: 0 });
    } finally {
      await cluster.stop();
    }
  });
});

describe('promise Life: Redis tiers that are closed after their server died, by any client', () => {
  it('leave no timer behind', async () => {
    const server = await startRedis();
    const child = forkChild(new URL('dead-server-child.ts', import.meta.url), [String(server.port)]);
    await once(child, 'message');
    await server.kill();
    child.send('killed');
    const [timers] = (await once(child, 'message')) as [readonly string[]];
    expect(timers).toEqual([]);
    await server.stop();
  });
});
