import { Redis as Ioredis5 } from 'ioredis';
import { Cluster as Ioredis6Cluster, Redis as Ioredis6 } from 'ioredis6';
import { Cluster as IovalkeyCluster, Redis as Iovalkey } from 'iovalkey';
import { createClient, createCluster } from 'redis';
import { createClient as createClient5, createCluster as createCluster5 } from 'redis5';
import type { RedisOptions } from '../../lib/backends/redis/index.js';

/** A way to say where Redis is, and what ends the client that was made for it. */
export interface Access {
  readonly options: RedisOptions;
  end(): void;
}

const ended = { end: () => {} };

/** Every way to reach one server. Clients that are not connected are as good as others: their settings are copied. */
export const SINGLE: Readonly<Record<string, (port: number) => Access>> = {
  'a URL': (port) => ({ options: { url: `redis://127.0.0.1:${port}` }, ...ended }),
  'ioredis 5': (port) => {
    const client = new Ioredis5(port, '127.0.0.1', { lazyConnect: true });
    return { options: { client }, end: () => client.disconnect() };
  },
  'ioredis 6': (port) => {
    const client = new Ioredis6(port, '127.0.0.1');
    return { options: { client }, end: () => client.disconnect() };
  },
  iovalkey: (port) => {
    const client = new Iovalkey(port, '127.0.0.1', { lazyConnect: true });
    return { options: { client }, end: () => client.disconnect() };
  },
  'node-redis 5': (port) => ({ options: { client: createClient5({ url: `redis://127.0.0.1:${port}` }) }, ...ended }),
  'node-redis 6': (port) => ({ options: { client: createClient({ url: `redis://127.0.0.1:${port}` }) }, ...ended }),
};

type Nodes = { host: string; port: number }[];

/** Every way to reach a cluster; by URLs it is ioredis 5 that is installed here. */
export const CLUSTER: Readonly<Record<string, (nodes: Nodes) => Access>> = {
  'URLs of a cluster': (nodes) => ({ options: { url: urlsOf(nodes), cluster: true }, ...ended }),
  "ioredis 6's Cluster": (nodes) => {
    const client = new Ioredis6Cluster(nodes, { lazyConnect: true });
    return { options: { client }, end: () => client.disconnect() };
  },
  "iovalkey's Cluster": (nodes) => {
    const client = new IovalkeyCluster(nodes, { lazyConnect: true });
    return { options: { client }, end: () => client.disconnect() };
  },
  "node-redis 5's cluster": (nodes) => ({
    options: { client: createCluster5({ rootNodes: rootsOf(nodes) }) },
    ...ended,
  }),
  "node-redis 6's cluster": (nodes) => ({
    options: { client: createCluster({ rootNodes: rootsOf(nodes) }) },
    ...ended,
  }),
};

function urlsOf(nodes: Nodes): string[] {
  return nodes.map(({ host, port }) => `redis://${host}:${port}`);
}

function rootsOf(nodes: Nodes): { url: string }[] {
  return urlsOf(nodes).map((url) => ({ url }));
}
