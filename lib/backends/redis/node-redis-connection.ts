import { systemRandom } from '../../core/index.js';
import type {
  Argument,
  Command,
  CommandSender,
  Connect,
  ConnectionEvents,
  RedisConnection,
  Reply,
} from './redis-connection.js';
import { toError } from './redis-connection.js';
import { SocketEnd } from './socket-end.js';

/** What is called of any client of node-redis. */
interface NodeRedisBase {
  on(event: string, listener: (...args: never[]) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): unknown;
}

/** Its client for one server. */
export interface NodeRedisClient extends NodeRedisBase {
  readonly isReady: boolean;
  readonly options?: { readonly socket?: object };
  sendCommand(args: readonly Argument[], options?: object): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  duplicate(options: object): NodeRedisClient;
}

/** Its client for a cluster. */
export interface NodeRedisCluster extends NodeRedisBase {
  readonly masters: readonly object[];
  readonly _options?: { readonly defaults?: { readonly socket?: object } };
  sendCommand(
    key: string | undefined,
    isReadOnly: boolean | undefined,
    args: readonly Argument[],
    options?: object,
  ): Promise<unknown>;
  nodeClient(node: object): Promise<NodeRedisClient> | NodeRedisClient;
  duplicate(options: object): NodeRedisCluster;
}

/** Its client for servers that Sentinel watches. */
export interface NodeRedisSentinel extends NodeRedisBase {
  acquire(): unknown;
  sendCommand(isReadOnly: boolean | undefined, args: readonly Argument[], options?: object): Promise<unknown>;
  duplicate(options: object): NodeRedisSentinel;
}

/** When the parts of a cluster's client connect again: as node-redis does by default. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
const RETRY_SPREAD_MS = 200;

/** Bulk strings (`$`, 36) as bytes, and no timer for each command. */
const REPLIES = { timeout: undefined, typeMapping: { 36: Buffer } };

/** How we want a client for one server: it queues and reconnects nothing by itself. RESP2, in which all versions answer alike. */
export function nodeRedisOptions(given: object | undefined, connectTimeoutMs: number, sockets: SocketEnd): object {
  return {
    RESP: 2,
    disableOfflineQueue: true,
    pingInterval: undefined,
    clientSideCache: undefined,
    emitInvalidate: undefined,
    maintNotifications: 'disabled',
    commandOptions: REPLIES,
    socket: {
      ...given,
      reconnectStrategy: false,
      connectTimeout: connectTimeoutMs,
      socketTimeout: undefined,
      signal: sockets.signal,
    },
  };
}

/** The same for a cluster's client, whose parts for single servers have to reconnect by themselves. */
export function nodeRedisClusterOptions(cluster: NodeRedisCluster, sockets: SocketEnd): object {
  const defaults = cluster._options?.defaults;
  const socket: { readonly reconnectStrategy?: unknown } = { ...defaults?.socket };
  const reconnectStrategy = reconnectingUntil(sockets, socket.reconnectStrategy);
  return {
    RESP: 2,
    commandOptions: REPLIES,
    defaults: {
      ...defaults,
      disableOfflineQueue: true,
      pingInterval: undefined,
      socket: { ...socket, reconnectStrategy, signal: sockets.signal },
    },
  };
}

/** When node-redis connects again: as it was told to, else after a while that doubles; never once its sockets were ended. */
function reconnectingUntil(sockets: SocketEnd, given: unknown) {
  return (retries: number, cause: unknown): unknown => {
    if (sockets.hasEnded) return false;
    if (typeof given === 'function') return given(retries, cause) as unknown;
    if (given !== undefined) return given;
    return Math.min(FIRST_RETRY_MS * 2 ** retries, LAST_RETRY_MS) + Math.floor(systemRandom() * RETRY_SPREAD_MS);
  };
}

export function connectNodeRedis(make: (sockets: SocketEnd) => NodeRedisClient): Connect {
  return (events) => {
    const sockets = new SocketEnd();
    const client = make(sockets);
    const send = (commands: readonly Command[]): Promise<readonly Reply[]> =>
      repliesOf(commands, (command) => client.sendCommand(line(command), REPLIES));
    // It says nothing more exact than `error`, and a socket that had one is not used again.
    const closed = listen(client, events, (error) => closed(error));
    return {
      ...connection(client, sockets),
      isCluster: false,
      send,
      masters: async () => [{ send }],
      subscribe: subscribeTo(client),
    };
  };
}

export function connectNodeRedisCluster(make: (sockets: SocketEnd) => NodeRedisCluster): Connect {
  return (events) => {
    const sockets = new SocketEnd();
    const cluster = make(sockets);
    listen(cluster, events, (error) => events.trouble(error));
    const senderOf = (client: NodeRedisClient): CommandSender => ({
      send: (commands) => repliesOf(commands, (command) => client.sendCommand(line(command), REPLIES)),
    });
    return {
      ...connection(cluster, sockets),
      isCluster: true,
      send: (commands) =>
        repliesOf(commands, (command) => cluster.sendCommand(command.key, false, line(command), REPLIES)),
      masters: async () => Promise.all(cluster.masters.map(async (node) => senderOf(await cluster.nodeClient(node)))),
    };
  };
}

export function connectNodeRedisSentinel(make: () => NodeRedisSentinel): Connect {
  return (events) => {
    const client = make();
    const send = (commands: readonly Command[]): Promise<readonly Reply[]> =>
      repliesOf(commands, (command) => client.sendCommand(false, line(command), REPLIES));
    listen(client, events, (error) => events.trouble(error));
    // Its sockets come and go behind it, as those of a cluster do.
    return { ...connection(client), isCluster: true, send, masters: async () => [{ send }] };
  };
}

function connection(
  client: NodeRedisBase,
  sockets?: SocketEnd,
): Pick<RedisConnection, 'subscribe' | 'close' | 'abandon'> {
  const close = (): void => {
    // It throws, or rejects, when it is closed already.
    void Promise.resolve()
      .then(() => client.destroy())
      .catch(() => {})
      .then(() => sockets?.end());
  };
  return {
    subscribe: () => Promise.reject(new Error('a subscription needs one server, not a cluster')),
    close,
    abandon: close,
  };
}

function listen(
  client: NodeRedisBase,
  events: ConnectionEvents,
  onError: (error: unknown) => void,
): (reason: unknown) => void {
  let isClosed = false;
  const closed = (reason: unknown): void => {
    if (isClosed) return;
    isClosed = true;
    events.closed(reason);
  };
  client.on('error', onError);
  client.connect().then(() => {
    if (!isClosed) events.ready();
  }, closed);
  return closed;
}

function subscribeTo(client: NodeRedisClient): RedisConnection['subscribe'] {
  return async (channel, listener) => {
    await client.subscribe(channel, listener);
  };
}

function line({ name, args }: Command): readonly Argument[] {
  return [name, ...args];
}

/** The client itself puts what is sent in one tick into one pipeline. */
function repliesOf(
  commands: readonly Command[],
  send: (command: Command) => Promise<unknown>,
): Promise<readonly Reply[]> {
  return Promise.all(commands.map((command) => send(command).then((reply) => reply as Reply, toError)));
}
