import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Bus, BusListener } from '../../lib/tiers/index.js';
import { TYPESCRIPT_FLAGS } from './child.js';

/** What a node is asked to do with one of its buses. */
export type Ask = { readonly bus: number; readonly id: number } & Wish;

type Wish =
  | { readonly ask: 'start'; readonly channel: string }
  | { readonly ask: 'publish'; readonly messages: readonly string[] }
  | { readonly ask: 'close' };

/** What it tells. */
export type Told = { readonly told: 'ready' } | ({ readonly bus: number } & News);

type News =
  | { readonly told: 'message'; readonly text: string }
  | { readonly told: 'connected'; readonly continuity: 'complete' | 'unknown' }
  | { readonly told: 'disconnected'; readonly reason: string }
  | { readonly told: 'error'; readonly error: string }
  | { readonly told: 'done'; readonly id: number; readonly error?: string };

/** What a node is spoken to by. */
interface Line {
  readonly kind: Pick<Bus, 'name' | 'scope'>;
  send(ask: Ask): void;
  listen(listener: (told: Told) => void): void;
  end(): Promise<void>;
}

const NODE = fileURLToPath(new URL('bus-node.ts', import.meta.url));

/** A node that is another process or thread, with as many buses as a test likes. */
export class RemoteNode {
  private readonly buses: RemoteBus[] = [];

  private constructor(private readonly line: Line) {}

  /** In a worker of this process's cluster, with buses of the kind `clusterBus`. */
  static inClusterWorker(): Promise<RemoteNode> {
    cluster.setupPrimary({ exec: NODE, execArgv: [...TYPESCRIPT_FLAGS] });
    const worker = cluster.fork();
    return RemoteNode.over({
      kind: { name: 'cluster', scope: 'host' },
      send: (ask) => void worker.send(ask),
      listen: (listener) => worker.on('message', listener),
      end: () =>
        new Promise((resolve) => {
          if (worker.isDead()) resolve();
          else worker.once('exit', () => resolve());
          worker.process.kill('SIGKILL');
        }),
    });
  }

  /** In a worker thread, with buses of the kind `broadcastBus`. */
  static inThread(): Promise<RemoteNode> {
    const thread = new Worker(NODE, { execArgv: [...TYPESCRIPT_FLAGS] });
    return RemoteNode.over({
      kind: { name: 'broadcast', scope: 'process' },
      send: (ask) => thread.postMessage(ask),
      listen: (listener) => thread.on('message', listener),
      end: async () => void (await thread.terminate()),
    });
  }

  private static over(line: Line): Promise<RemoteNode> {
    const node = new RemoteNode(line);
    return new Promise((resolve) => {
      line.listen((told) => {
        if (told.told === 'ready') resolve(node);
        else if ('bus' in told) node.buses[told.bus]?.take(told);
      });
    });
  }

  /** One more bus in that node, as if it were here. */
  bus(): RemoteBus {
    const bus = this.buses.length;
    const { kind } = this.line;
    const remote = new RemoteBus(kind, (id, wish) => this.line.send({ ...wish, id, bus }));
    this.buses.push(remote);
    return remote;
  }

  /** Ends the node at once, whatever it is doing. */
  async end(): Promise<void> {
    await this.line.end();
  }
}

/** A bus in a {@link RemoteNode}. */
export class RemoteBus implements Bus {
  readonly name: string;
  readonly scope: Bus['scope'];
  private listener: BusListener | undefined;
  private asked = 0;
  private readonly waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();

  constructor(
    kind: Pick<Bus, 'name' | 'scope'>,
    private readonly send: (id: number, wish: Wish) => void,
  ) {
    this.name = kind.name;
    this.scope = kind.scope;
  }

  start(channel: string, listener: BusListener): void {
    this.listener = listener;
    void this.ask({ ask: 'start', channel });
  }

  publish(messages: readonly string[]): Promise<void> {
    return this.ask({ ask: 'publish', messages: [...messages] });
  }

  close(): Promise<void> {
    return this.ask({ ask: 'close' });
  }

  take(news: News): void {
    switch (news.told) {
      case 'message':
        this.listener?.message(news.text);
        return;
      case 'connected':
        this.listener?.connected(news.continuity);
        return;
      case 'disconnected':
        this.listener?.disconnected(news.reason);
        return;
      case 'error':
        this.listener?.error(news.error);
        return;
      case 'done': {
        const waiting = this.waiting.get(news.id);
        this.waiting.delete(news.id);
        if (news.error === undefined) waiting?.resolve();
        else waiting?.reject(new Error(news.error));
      }
    }
  }

  private ask(wish: Wish): Promise<void> {
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send(id, wish);
    });
  }
}
