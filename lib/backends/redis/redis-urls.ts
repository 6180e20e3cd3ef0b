import { CacheMisuseError, show, type OptionProblems } from '../../core/index.js';
import {
  connectIoredis,
  connectIoredisCluster,
  ioredisClusterOptions,
  ioredisOptions,
  type IoredisClient,
  type IoredisCluster,
} from './ioredis-connection.js';
import type { Connect } from './redis-connection.js';

/** The part of a source that URLs decide. */
export interface UrlSource {
  readonly target: string;
  readonly isCluster: boolean;
  readonly connector: () => Promise<Connect>;
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: object;
}

/** Reads `url`, `cluster` and `sentinel`. ioredis is imported when the first connection is made, and not before. */
export function fromUrls(
  problems: OptionProblems,
  given: { readonly url?: string | readonly string[]; readonly cluster?: boolean; readonly sentinel?: string },
  { zombieMs, openMs }: { readonly zombieMs: number; readonly openMs: number },
): UrlSource {
  const { url, cluster = false, sentinel } = given;
  problems.oneOf('cluster', given.cluster, [true, false], false);
  const isName = sentinel === undefined || (typeof sentinel === 'string' && sentinel !== '');
  problems.require(isName, 'sentinel', 'must be the name of the master that the Sentinels watch', sentinel);
  problems.require(
    !(cluster && sentinel !== undefined),
    'sentinel',
    'does not go with cluster; leave one out',
    sentinel,
  );
  const urls = url === undefined ? [] : Array.isArray(url) ? (url as readonly string[]) : [url];
  const isOneServer = !cluster && sentinel === undefined;
  if (url !== undefined) {
    problems.require(urls.length > 0, 'url', 'must be one URL, or several', url);
    problems.require(
      urls.length <= 1 || !isOneServer,
      'url',
      'may be several only with cluster: true, or with sentinel',
      url,
    );
  }
  const addresses = urls.flatMap((text) => {
    const address = addressOf(text);
    // A URL may have a password, and is not shown.
    if (address === undefined)
      problems.add('url', 'must look like redis://user:password@host:6379/0, or rediss://', '…');
    return address ?? [];
  });
  problems.throwIfAny();
  const nodes = addresses.map(({ host, port }) => ({ host, port }));
  const target = nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  const { host: _host, port: _port, ...access } = addresses[0] ?? { host: '', port: 0 };
  const options = ioredisOptions(openMs);

  const connector = async (): Promise<Connect> => {
    const { Redis, Cluster } = await importIoredis();
    if (cluster) {
      const clusterOptions = ioredisClusterOptions({ ...access, db: undefined }, openMs, zombieMs);
      return connectIoredisCluster(() => new Cluster(nodes, clusterOptions));
    }
    if (sentinel === undefined) return connectIoredis(() => new Redis({ ...addresses[0], ...options }));
    const toSentinels = { sentinels: nodes, name: sentinel, sentinelRetryStrategy: null };
    return connectIoredis(() => new Redis({ ...access, ...options, ...toSentinels }));
  };
  return { target, isCluster: cluster, connector };
}

function addressOf(text: unknown): Address | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname } = new URL(text);
  const isSafe = protocol === 'rediss:' || protocol === 'valkeys:';
  if (!isSafe && protocol !== 'redis:' && protocol !== 'valkey:') return undefined;
  if (hostname === '' || !/^\/?\d*$/.test(pathname)) return undefined;
  const db = pathname.slice(1);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 6379),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(db && { db: Number(db) }),
    ...(isSafe && { tls: {} }),
  };
}

/** The part of ioredis that is used here. */
interface Ioredis {
  readonly Redis: new (options: object) => IoredisClient;
  readonly Cluster: new (nodes: readonly object[], options: object) => IoredisCluster;
}

async function importIoredis(): Promise<Ioredis> {
  try {
    // Its own types would make it needed by whoever only hands in a client of another package.
    return (await import('ioredis')) as unknown as Ioredis;
  } catch (error) {
    throw new CacheMisuseError(
      `connecting to Redis by url needs the package ioredis, which cannot be loaded (${show(error instanceof Error ? error.message : error)}); ` +
        `run "npm install ioredis", or hand in a client`,
      { cause: error },
    );
  }
}
