import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';

const APP = fileURLToPath(new URL('../../main.js', import.meta.url));
const DATABASE = fileURLToPath(new URL('../../database/serve.js', import.meta.url));
const START_DEADLINE_MS = 60_000;
const CITIES = '2000';

/** A Redis server of our own, on a free port, which keeps nothing on disk: when it comes back it is empty. */
export class DemoRedis {
  private server: Child | undefined;

  private constructor(
    private readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(): Promise<DemoRedis> {
    const redis = new DemoRedis(await freePort(), await mkdtemp(join(tmpdir(), 'city-guide-redis-')));
    try {
      await redis.start();
    } catch (error) {
      await redis.stop();
      const isMissing = String(error).includes('ENOENT');
      throw isMissing ? new Error('this needs redis-server; install it with: apt-get install redis-server') : error;
    }
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = { port: this.port, bind: '127.0.0.1', dir: this.folder, save: '', appendonly: 'no' };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const command = ['redis-server', ...args] as const;
    this.server = await Child.start({
      name: 'redis-server',
      command: [...command],
      readyLine: 'Ready to accept connections',
      deadlineMs: START_DEADLINE_MS,
    });
  }

  async kill(): Promise<void> {
    await this.server?.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts the one database that all nodes ask; gives its address too. */
export async function startDatabase(): Promise<{ readonly child: Child; readonly url: string }> {
  const child = await Child.start({
    name: 'the database',
    command: [process.execPath, DATABASE],
    environment: { STRATA_DATA: 'memory', STRATA_CITIES: CITIES, STRATA_DATABASE: '' },
    readyLine: 'http://127.0.0.1:',
    deadlineMs: START_DEADLINE_MS,
  });
  return { child, url: child.lines.find((line) => line.startsWith('http://127.0.0.1:')) ?? '' };
}

/** One city guide among others, with Redis as tier and bus. */
export interface GuideNode {
  readonly address: string;
  readonly child: Child;
}

export async function startNode(databaseUrl: string, redisUrl: string): Promise<GuideNode> {
  const child = await Child.start({
    name: 'a city guide',
    command: [process.execPath, APP, '--redis', redisUrl],
    environment: { PORT: '0', WEATHER_PORT: '0', STRATA_DATABASE: databaseUrl, STRATA_CACHE: 'on', STRATA_WARM: 'off' },
    readyLine: 'are ready',
    deadlineMs: START_DEADLINE_MS,
  });
  const port = /http:\/\/localhost:(\d+)/.exec(child.lines.join('\n'))?.[1];
  return { address: `http://127.0.0.1:${port}`, child };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo; // it listens on a port
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
