import { keySlot } from './key-slot.js';
import type { Argument, Command, CommandSender, Connect, ConnectionEvents, Reply } from './redis-connection.js';
import { toError } from './redis-connection.js';

/** What is called of a client of ioredis or of iovalkey, for one server or Sentinel. */
export interface IoredisClient {
  readonly status: string;
  readonly stream?: IoredisStream;
  /** Set while a cluster's server owes a reply; ioredis 5 leaves it running when the socket has closed. */
  readonly socketTimeoutTimer?: { unref(): unknown };
  readonly options?: { readonly keyPrefix?: string };
  callBuffer(name: string, args: readonly Argument[]): Promise<unknown>;
  pipeline(): IoredisPipeline;
  subscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (...args: never[]) => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): void;
  duplicate(options: object): IoredisClient;
}

/** A socket of TCP, or one of another kind, which cannot be reset. */
interface IoredisStream {
  /** Whether it was told that nothing more will be sent. */
  readonly writableEnded?: boolean;
  destroy(): unknown;
  resetAndDestroy?(): unknown;
}

interface IoredisPipeline {
  callBuffer(name: string, args: readonly Argument[]): unknown;
  exec(): Promise<readonly (readonly [error: Error | null, reply?: unknown])[] | null>;
}

/** What is called of ioredis' client for a cluster. */
export interface IoredisCluster extends Omit<IoredisClient, 'stream' | 'duplicate' | 'options'> {
  readonly isCluster: true;
  /** For each slot its servers, the master first. */
  readonly slots: readonly (readonly string[] | undefined)[];
  readonly options?: { readonly keyPrefix?: string; readonly redisOptions?: object; slotsRefreshInterval?: number };
  /** Not for us: see {@link endRefreshing}. */
  refreshSlotsCache(callback?: () => void): void;
  nodes(role: 'all' | 'master'): IoredisClient[];
  duplicate(nodes: [], options: object): IoredisCluster;
}

/**
 * How we want a client: it queues, repeats and reconnects nothing by itself, since a command that is sent after its
 * caller gave up could undo what happened meanwhile. RESP2, in which all versions answer alike.
 */
export function ioredisOptions(connectTimeoutMs: number): object {
  return {
    keyPrefix: '',
    lazyConnect: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableAutoPipelining: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    reconnectOnError: null,
    connectTimeout: connectTimeoutMs,
    commandTimeout: undefined,
    readOnly: false,
    stringNumbers: false,
    showFriendlyErrorStack: false,
    protocol: 2,
  };
}

/** How soon a cluster's client looks again where slots are, and connects to servers that came back. */
const SLOTS_REFRESH_MS = 2_000;

/** The same for a cluster's client, whose parts for single servers replace sockets that owe replies by themselves. */
export function ioredisClusterOptions(given: object | undefined, connectTimeoutMs: number, zombieMs: number): object {
  const { enableOfflineQueue, retryStrategy, readOnly, keyPrefix, lazyConnect, ...ofServers } = ioredisOptions(
    connectTimeoutMs,
  ) as Record<string, unknown>;
  return {
    keyPrefix,
    lazyConnect,
    enableOfflineQueue,
    readOnly,
    enableAutoPipelining: false,
    scaleReads: 'master',
    clusterRetryStrategy: retryStrategy,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    redisOptions: { ...given, ...ofServers, keyPrefix: '', lazyConnect: true, socketTimeout: zombieMs },
  };
}

export function connectIoredis(make: () => IoredisClient): Connect {
  return (events) => {
    const client = make();
    listen(client, events);
    return {
      isCluster: false,
      send: (commands) => sendTo(client, commands),
      masters: async () => [{ send: (commands) => sendTo(client, commands) }],
      subscribe: (channel, listener) => subscribe(client, channel, listener),
      close: () => {
        disconnect(client);
        client.stream?.destroy();
      },
      abandon: () => {
        discard(client);
        disconnect(client);
      },
    };
  };
}

export function connectIoredisCluster(make: () => IoredisCluster): Connect {
  return (events) => {
    const cluster = make();
    const ready = (): void => {
      // It calls itself ready before it has connected to the servers, and rejects what is sent to them meanwhile.
      cluster.on('+node', (node: IoredisClient) => void connected(node));
      void Promise.all(cluster.nodes('master').map(connected)).then(events.ready);
    };
    listen(cluster, { ...events, ready });
    const close = (): void => {
      endRefreshing(cluster);
      for (const node of cluster.nodes('all')) discard(node);
      cluster.disconnect();
    };
    return {
      isCluster: true,
      send: (commands) => sendToCluster(cluster, commands),
      masters: async () =>
        cluster.nodes('master').map((node): CommandSender => ({ send: (commands) => sendTo(node, commands) })),
      subscribe: () => Promise.reject(new Error('a subscription needs one server, not a cluster')),
      close,
      abandon: close,
    };
  };
}

function listen(client: Pick<IoredisClient, 'on'>, events: ConnectionEvents): void {
  let lastError: unknown;
  client.on('error', (error: unknown) => {
    lastError = error;
    events.trouble(error);
  });
  client.on('ready', () => events.ready());
  client.on('end', () => events.closed(lastError ?? new Error('the connection was closed')));
}

/** Connects to a server of a cluster, if nobody did; resolves also when that failed, which the next use of it will tell. */
function connected(node: IoredisClient): Promise<void> {
  return new Promise((resolve) => {
    if (node.status === 'ready' || node.status === 'end') resolve();
    node.on('ready', resolve);
    node.on('end', resolve);
    if (node.status === 'wait') node.connect().catch(() => {});
  });
}

/**
 * A look at the slots that is under way when the client ends has the next one follow all the same, and that one another:
 * its timer would keep the process and the client for good. Without a method to look with, the first of them is the last.
 */
function endRefreshing(cluster: IoredisCluster): void {
  cluster.refreshSlotsCache = () => {};
  if (cluster.options !== undefined) cluster.options.slotsRefreshInterval = 1;
}

/**
 * Ends the socket at once: what is unsent would else be sent by the system, as long as that may take. To be called before
 * `disconnect()`, which ends it in the polite way: a socket that was half closed cannot be reset any more, and Node.js,
 * asked for it, would never close it, nor ever end the process.
 */
function discard({ stream, socketTimeoutTimer }: IoredisClient): void {
  socketTimeoutTimer?.unref();
  try {
    if (stream?.writableEnded !== true) stream?.resetAndDestroy?.();
  } catch {
    // Only TCP can be reset; other sockets are destroyed below.
  }
  stream?.destroy();
}

/** One whose socket has closed would wait for that for two seconds more. */
function disconnect(client: IoredisClient): void {
  if (client.status !== 'end') client.disconnect();
}

async function sendTo(
  client: Pick<IoredisClient, 'callBuffer' | 'pipeline'>,
  commands: readonly Command[],
): Promise<readonly Reply[]> {
  const [only] = commands;
  if (only !== undefined && commands.length === 1) return [await sendOne(client, only)];
  const pipeline = client.pipeline();
  for (const { name, args } of commands) pipeline.callBuffer(name, args);
  try {
    const results = (await pipeline.exec()) ?? [];
    return commands.map((_, at) => {
      const [error, reply] = results[at] ?? [new Error('the pipeline gave no reply')];
      return error ?? (reply as Reply);
    });
  } catch (error) {
    return commands.map(() => toError(error));
  }
}

async function sendOne(client: Pick<IoredisClient, 'callBuffer'>, { name, args }: Command): Promise<Reply> {
  try {
    return (await client.callBuffer(name, args)) as Reply;
  } catch (error) {
    return toError(error);
  }
}

/** One pipeline for each server; what it redirects is sent again by itself, since the client follows only that. */
async function sendToCluster(cluster: IoredisCluster, commands: readonly Command[]): Promise<readonly Reply[]> {
  const byServers = new Map<string, number[]>();
  commands.forEach(({ key }, at) => {
    const servers = cluster.slots[keySlot(key)]?.join() ?? '';
    const places = byServers.get(servers);
    if (places === undefined) byServers.set(servers, [at]);
    else places.push(at);
  });
  const replies = new Array<Reply>(commands.length);
  const sendGroup = async (places: readonly number[]): Promise<void> => {
    const group = places.map((at) => commands[at] as Command);
    const answers = await sendTo(cluster, group);
    await Promise.all(
      places.map(async (at, index) => {
        const answer = answers[index] as Reply;
        replies[at] =
          group.length > 1 && isRedirection(answer) ? await sendOne(cluster, commands[at] as Command) : answer;
      }),
    );
  };
  await Promise.all([...byServers.values()].map(sendGroup));
  return replies;
}

/** Whether the server refused to run the command because it, or the map of the cluster, is not the right one. */
function isRedirection(reply: Reply): boolean {
  return reply instanceof Error && /^(MOVED|ASK|TRYAGAIN) |slots allocation group/.test(reply.message);
}

async function subscribe(client: IoredisClient, channel: string, listener: (message: string) => void): Promise<void> {
  client.on('message', (on: string, message: string) => {
    if (on === channel) listener(message);
  });
  await client.subscribe(channel);
}
