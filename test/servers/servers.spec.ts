import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { nextOutput, startChild } from '../processes/child.js';
import { startMemcached, startRedis, startRedisCluster } from './index.js';
import { ServerProcess } from './server-process.js';

const run = promisify(execFile);

/** What a server answers to a line, or `undefined` when the connection ends or nothing comes for a while. */
function ask(port: number, line: string, withinMs = 300): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const settle = (answer?: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(withinMs, () => settle());
    socket.once('error', () => settle());
    socket.once('connect', () => socket.write(`${line}\r\n`));
    socket.once('data', (reply) => settle(reply.toString().trimEnd()));
  });
}

describe('startRedis', () => {
  it('gives a server of its own on a port that is not the default', async () => {
    const [one, two] = await Promise.all([startRedis(), startRedis()]);
    try {
      await one.command('SET', 'k', 'of one');
      expect(await two.command('GET', 'k')).toBe('');
      expect(await one.command('GET', 'k')).toBe('of one');
      expect([one.port, two.port]).not.toContain(6379);
    } finally {
      await one.stop();
      await two.stop();
    }
  });

  it('takes a bound and lines of its configuration', async () => {
    const redis = await startRedis({ maxMemory: '3mb', config: { 'maxmemory-policy': 'allkeys-lru', databases: 3 } });
    try {
      expect(await redis.command('CONFIG', 'GET', 'maxmemory')).toBe('maxmemory\n3145728');
      expect(await redis.command('CONFIG', 'GET', 'maxmemory-policy')).toBe('maxmemory-policy\nallkeys-lru');
      expect(await redis.command('CONFIG', 'GET', 'databases')).toBe('databases\n3');
    } finally {
      await redis.stop();
    }
  });

  it('starts another program that STRATA_REDIS_SERVER names, as Valkey has it', async () => {
    const before = process.env['STRATA_REDIS_SERVER'];
    process.env['STRATA_REDIS_SERVER'] = 'none-such-server';
    try {
      await expect(startRedis()).rejects.toThrow('a real none-such-server, which is not installed');
    } finally {
      if (before === undefined) delete process.env['STRATA_REDIS_SERVER'];
      else process.env['STRATA_REDIS_SERVER'] = before;
    }
  });

  it('says what is wrong with a configuration', async () => {
    await expect(startRedis({ config: { 'maxmemory-policy': 'none-such' } })).rejects.toThrow(
      /-server on port \d+: it ended with 1[^]*maxmemory-policy/,
    );
  });
});

describe('a server', () => {
  it('is killed at once, and comes back on its port with nothing of before', async () => {
    const redis = await startRedis();
    const { port } = redis;
    try {
      await redis.command('SET', 'k', '1');
      await redis.kill();
      expect(await ask(port, 'PING')).toBeUndefined();
      await redis.restart();
      expect(redis.port).toBe(port);
      expect(await redis.command('EXISTS', 'k')).toBe('0');
    } finally {
      await redis.stop();
    }
  });

  it('keeps its folder over a restart, when it is told to save', async () => {
    const redis = await startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } });
    try {
      await redis.command('SET', 'k', '1');
      await redis.restart();
      expect(await redis.command('GET', 'k')).toBe('1');
    } finally {
      await redis.stop();
    }
  });

  it('answers nothing while it is paused, and everything afterwards', async () => {
    const redis = await startRedis();
    try {
      redis.pause();
      expect(await ask(redis.port, 'PING')).toBeUndefined();
      redis.resume();
      expect(await redis.command('PING')).toBe('PONG');
    } finally {
      await redis.stop();
    }
  });

  it('is stopped also while it is paused, with its folder removed', async () => {
    const server = await ServerProcess.start({
      program: 'redis-server',
      debianPackage: 'redis-server',
      ports: 1,
      args: ([port], folder) => ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      greeting: { say: 'PING\r\n', ready: /PONG/ },
    });
    expect(existsSync(server.folder)).toBe(true);
    server.pause();
    await server.stop();
    expect(existsSync(server.folder)).toBe(false);
    expect(await ask(server.port, 'PING')).toBeUndefined();
  });

  it('that is not installed is asked for in one sentence', async () => {
    await expect(
      ServerProcess.start({
        program: 'none-such-server',
        debianPackage: 'none-such',
        ports: 1,
        args: () => [],
        greeting: { say: '', ready: /./ },
      }),
    ).rejects.toThrow(
      'these tests start a real none-such-server, which is not installed; install it with: apt-get install --no-install-recommends none-such',
    );
  });

  it('does not outlive the process that started it, when that is killed', async () => {
    const child = startChild(new URL('starter.ts', import.meta.url));
    const { port } = JSON.parse(await nextOutput(child)) as { port: number };
    expect(await ask(port, 'PING')).toBe('+PONG');
    child.kill('SIGKILL');
    await once(child, 'exit');
    let answer: string | undefined = '+PONG';
    for (let attempt = 0; attempt < 100 && answer !== undefined; attempt++) answer = await ask(port, 'PING');
    expect(answer).toBeUndefined();
  }, 20_000);
});

describe('startRedisCluster', () => {
  it('gives three masters that share all slots', async () => {
    const cluster = await startRedisCluster();
    try {
      for (const node of cluster.nodes) {
        const info = await node.command('CLUSTER', 'INFO');
        expect(info).toContain('cluster_state:ok');
        expect(info).toContain('cluster_slots_assigned:16384');
        expect(info).toContain('cluster_size:3');
      }
      const port = String(cluster.startupNodes[0]?.port);
      const { stdout } = await run('redis-cli', ['-c', '-p', port, 'SET', 'some key', '1']);
      expect(stdout.trim()).toBe('OK');
    } finally {
      await cluster.stop();
    }
  }, 30_000);
});

describe('startMemcached', () => {
  it('gives a server that can be killed, restarted, paused and resumed', async () => {
    const memcached = await startMemcached({ memoryMb: 8, maxItemSize: '2m' });
    const { port } = memcached;
    try {
      expect(port).not.toBe(11_211);
      expect(await ask(port, 'version')).toMatch(/^VERSION /);
      expect(await ask(port, 'stats settings')).toContain('STAT maxbytes 8388608');
      memcached.pause();
      expect(await ask(port, 'version')).toBeUndefined();
      memcached.resume();
      expect(await ask(port, 'version')).toMatch(/^VERSION /);
      await memcached.kill();
      expect(await ask(port, 'version')).toBeUndefined();
      await memcached.restart();
      expect(memcached.port).toBe(port);
      expect(await ask(port, 'version')).toMatch(/^VERSION /);
    } finally {
      await memcached.stop();
    }
  });
});
