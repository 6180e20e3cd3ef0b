import { firstDefined, show, type Duration, type OptionProblems } from '../../core/index.js';
import type { TierOptions } from '../../tiers/index.js';
import {
  connectIoredis,
  connectIoredisCluster,
  ioredisClusterOptions,
  ioredisOptions,
  type IoredisClient,
  type IoredisCluster,
} from './ioredis-connection.js';
import {
  connectNodeRedis,
  connectNodeRedisCluster,
  connectNodeRedisSentinel,
  nodeRedisClusterOptions,
  nodeRedisOptions,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
} from './node-redis-connection.js';
import { fromUrls } from './redis-urls.js';
import type { Connect } from './redis-connection.js';

/**
 * A client of ioredis 5 or 6, iovalkey, or node-redis 5 or 6: for one server, Sentinel, or a cluster. Connections of our
 * own are made by its `duplicate()`; the client itself is neither used nor closed.
 */
export interface RedisClient {
  duplicate(...options: never[]): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Where Redis or Valkey is: `url` or `client`, one of them. */
export interface RedisOptions {
  /**
   * `redis://user:password@host:6379/0`, or `rediss://` for TLS. Of a cluster or of Sentinels several may be given, of
   * which one must be there at the start. Needs the package `ioredis`.
   */
  readonly url?: string | readonly string[];
  /** That `url` is of servers of a Redis Cluster. @defaultValue false */
  readonly cluster?: boolean;
  /** The name of the master: then `url` is of Sentinels. User, password and database are the master's. */
  readonly sentinel?: string;
  /** A client whose settings are copied; see {@link RedisClient}. */
  readonly client?: RedisClient;
  /**
   * After which time without a single reply, while some are owed, a connection is given up for a new one.
   * @defaultValue twice the timeout, at least a second
   */
  readonly silence?: Duration;
}

/** What `redisTier` can be told. */
export interface RedisTierOptions extends TierOptions, RedisOptions {}

export const REDIS_OPTIONS: readonly (keyof RedisOptions)[] = ['url', 'cluster', 'sentinel', 'client', 'silence'];

/** How connections are made. */
export interface RedisSource {
  /** Where to, without credentials. */
  readonly target: string;
  /** What the client was told to put before every name. */
  readonly prefix: string;
  /** Whether there are several servers behind it. */
  readonly isCluster: boolean;
  readonly zombieMs: number;
  readonly openMs: number;
  readonly connector: () => Promise<Connect>;
  /** Hears the errors of a client that was handed in, of which one that nobody hears would end the process. */
  listenToErrors(listener: (error: unknown) => void): void;
}

/** Checks where Redis is, and says how connections are made. */
export function resolveRedis(problems: OptionProblems, given: RedisOptions, timeoutMs: number): RedisSource {
  const zombieMs = problems.duration('silence', given.silence, Math.max(2 * timeoutMs, 1_000));
  problems.require(
    zombieMs >= 10 && zombieMs < Infinity,
    'silence',
    'must be at least 10 ms, and finite',
    given.silence,
  );
  const openMs = Math.max(2 * zombieMs, 2_000);
  const { client } = given;
  problems.require(
    (given.url === undefined) !== (client === undefined),
    'url',
    'or client must be given, one of them: where Redis is',
    given.url,
  );
  for (const name of ['cluster', 'sentinel'] as const) {
    problems.require(given[name] === undefined || client === undefined, name, 'goes with url only', given[name]);
  }
  const timing = { zombieMs, openMs };
  if (client !== undefined) {
    const source = fromClient(client, zombieMs, openMs);
    if (source !== undefined)
      return { ...timing, ...source, listenToErrors: (listener) => void client.on('error', listener) };
    problems.add('client', 'must be a client of ioredis, iovalkey, or node-redis 5 or later', client);
  }
  const source = fromUrls(problems, given, { zombieMs, openMs });
  return { ...timing, ...source, prefix: '', listenToErrors: () => {} };
}

type ClientSource = Pick<RedisSource, 'target' | 'prefix' | 'isCluster' | 'connector'>;

function fromClient(client: RedisClient, zombieMs: number, openMs: number): ClientSource | undefined {
  if (typeof client !== 'object' || client === null || typeof client.duplicate !== 'function') return undefined;
  const target = targetOf(client);
  const source = (connect: Connect, isCluster: boolean, prefix?: string): ClientSource => ({
    target,
    prefix: prefix ?? '',
    isCluster,
    connector: async () => connect,
  });
  if (has(client, 'callBuffer')) {
    // By their methods these are what the type says; nothing else that is called of them is relied on before it is used.
    if ((client as { isCluster?: unknown }).isCluster === true) {
      const cluster = client as unknown as IoredisCluster;
      const options = ioredisClusterOptions(cluster.options?.redisOptions, openMs, zombieMs);
      return source(
        connectIoredisCluster(() => cluster.duplicate([], options)),
        true,
        cluster.options?.keyPrefix,
      );
    }
    const single = client as unknown as IoredisClient;
    const options = ioredisOptions(openMs);
    return source(
      connectIoredis(() => single.duplicate(options)),
      false,
      single.options?.keyPrefix,
    );
  }
  if (!has(client, 'sendCommand') || !has(client, 'destroy')) return undefined;
  if (has(client, 'nodeClient')) {
    const cluster = client as unknown as NodeRedisCluster;
    const prefix = (cluster._options as { keyPrefix?: string } | undefined)?.keyPrefix;
    return source(
      connectNodeRedisCluster((sockets) => cluster.duplicate(nodeRedisClusterOptions(cluster, sockets))),
      true,
      prefix,
    );
  }
  if (has(client, 'acquire')) {
    const sentinel = client as unknown as NodeRedisSentinel;
    return source(
      connectNodeRedisSentinel(() => sentinel.duplicate({})),
      true,
    );
  }
  const single = client as unknown as NodeRedisClient;
  return source(
    connectNodeRedis((sockets) => single.duplicate(nodeRedisOptions(single.options?.socket, openMs, sockets))),
    false,
    keyPrefixOf(single.options),
  );
}

function has(client: object, method: string): boolean {
  return typeof (client as Record<string, unknown>)[method] === 'function';
}

function keyPrefixOf(options: object | undefined): string | undefined {
  return (options as { keyPrefix?: string } | undefined)?.keyPrefix;
}

/** What the client's own options say of where it connects to. */
function targetOf(client: object): string {
  const options = (client as { options?: unknown }).options;
  if (typeof options !== 'object' || options === null) return 'the address of the client handed in';
  const { host, port, path, socket } = options as Record<string, unknown>;
  const address = (typeof socket === 'object' && socket !== null ? socket : { host, port, path }) as Record<
    string,
    unknown
  >;
  if (typeof address.path === 'string') return address.path;
  const name = firstDefined(address.host, 'localhost');
  return typeof name === 'string' ? `${name}:${Number(address.port ?? 6379)}` : show(name);
}
