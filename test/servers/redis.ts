import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, ServerProcess } from './server-process.js';

const run = promisify(execFile);

/** How a Redis server is started. */
export interface RedisOptions {
  /** Lines of redis.conf: `{ 'maxmemory-policy': 'allkeys-lru', appendonly: 'yes' }`. */
  readonly config?: Readonly<Record<string, string | number>>;
  /** For example `'4mb'`. @defaultValue unbounded */
  readonly maxMemory?: string;
  /** As a node of a cluster, which `redis-cli --cluster create` then connects with others. @defaultValue false */
  readonly clusterNode?: boolean;
}

/** A Redis server that keeps nothing on disk unless its config says so. */
export class RedisServer {
  constructor(private readonly server: ServerProcess) {}

  get port(): number {
    return this.server.port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.server.pid;
  }

  get log(): string {
    return this.server.log;
  }

  kill = (): Promise<void> => this.server.kill();
  terminate = (): Promise<void> => this.server.terminate();
  pause = (): void => this.server.pause();
  resume = (): void => this.server.resume();
  restart = (): Promise<void> => this.server.restart();
  stop = (): Promise<void> => this.server.stop();

  /** Runs one command by redis-cli and gives its raw reply: for setting a scene, not for traffic. */
  async command(...command: readonly string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-p', String(this.port), '--raw', ...command], {
      maxBuffer: 2 ** 28,
    });
    return stdout.replace(/\n$/, '');
  }
}

/** The program: `redis-server`, or what `STRATA_REDIS_SERVER` names, which is in the PATH and takes the same arguments. */
export function redisProgram(): { readonly program: string; readonly debianPackage: string } {
  const program = process.env['STRATA_REDIS_SERVER'] ?? 'redis-server';
  return { program, debianPackage: program };
}

/** Starts a Redis server on a free port. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const { config = {}, maxMemory, clusterNode = false } = options;
  const server = await ServerProcess.start({
    ...redisProgram(),
    ports: clusterNode ? 2 : 1,
    args: ([port, clusterPort], folder) => {
      const lines: Record<string, string | number> = {
        port: String(port),
        bind: '127.0.0.1',
        dir: folder,
        save: '',
        appendonly: 'no',
        ...(maxMemory === undefined ? {} : { maxmemory: maxMemory }),
        ...(clusterNode
          ? {
              'cluster-enabled': 'yes',
              'cluster-port': String(clusterPort),
              'cluster-config-file': 'nodes.conf',
              'cluster-node-timeout': 2_000,
            }
          : {}),
        ...config,
      };
      return Object.entries(lines).flatMap(([name, value]) => [`--${name}`, String(value)]);
    },
    greeting: { say: 'PING\r\n', ready: /^(\+PONG|-NOAUTH)/ },
  });
  return new RedisServer(server);
}

/** A Redis Cluster of three masters. */
export class RedisCluster {
  constructor(readonly nodes: readonly RedisServer[]) {}

  /** What a client is told to begin with. */
  get startupNodes(): { host: string; port: number }[] {
    return this.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** Resolves when every node that runs finds the whole cluster in order. */
  async whenReady(): Promise<void> {
    for (const node of this.nodes) {
      while (!(await node.command('CLUSTER', 'INFO').catch(() => '')).includes('cluster_state:ok')) await sleep(20);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** Starts three masters on free ports, which share the slots among them. */
export async function startRedisCluster(options: RedisOptions = {}): Promise<RedisCluster> {
  if (findProgram('redis-cli') === undefined) {
    throw new Error(
      'these tests connect the nodes of a cluster by redis-cli, which is not installed; install it with: apt-get install --no-install-recommends redis-tools',
    );
  }
  const starting = [1, 2, 3].map(() => startRedis({ ...options, clusterNode: true }));
  const settled = await Promise.allSettled(starting);
  const nodes = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const cluster = new RedisCluster(nodes);
  try {
    await Promise.all(starting);
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
    await cluster.whenReady();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
