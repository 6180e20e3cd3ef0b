import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the proxy leads. */
export interface FaultProxyTarget {
  readonly port: number;
  readonly host?: string;
}

/** What happens to bytes that pass. */
interface Passage {
  /** Each byte arrives this much later. */
  readonly delayMs: number;
  /** Infinity: as fast as it goes. */
  readonly bytesPerSecond: number;
  /** Bytes vanish, and connections stay open. */
  readonly swallows: boolean;
}

const FREE: Passage = { delayMs: 0, bytesPerSecond: Infinity, swallows: false };

/**
 * A TCP proxy that does to a connection what networks do. Whatever is done, bytes of one direction of one connection
 * never overtake one another: what arrives is a prefix of what was sent, unless garbage was asked for.
 */
export class FaultProxy {
  private readonly links = new Set<Link>();
  private passage = FREE;
  private refuses = false;

  private constructor(
    private readonly server: Server,
    private readonly target: FaultProxyTarget,
  ) {
    server.on('connection', (client) => this.admit(client));
  }

  static async start(target: FaultProxyTarget): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new FaultProxy(server, target);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections pass through now. */
  get connections(): number {
    return this.links.size;
  }

  /** Resets every connection (RST) and refuses new ones until `mend()`. */
  cut(): void {
    this.refuses = true;
    this.reset();
  }

  /** Resets every connection (RST); new ones pass. */
  reset(): void {
    for (const link of this.links) link.reset();
  }

  /** Lets every byte vanish, of both directions, and accepts connections all the same: the other side is gone and never said so. */
  halfOpen(): void {
    this.change({ swallows: true });
  }

  /** Lets every byte arrive later by this much. */
  delay(ms: number): void {
    this.change({ delayMs: ms });
  }

  /** Lets no more bytes through than that, in each direction of each connection. */
  throttle(bytesPerSecond: number): void {
    this.change({ bytesPerSecond });
  }

  /** Puts these bytes before the next reply of each connection. */
  inject(garbage: Uint8Array): void {
    for (const link of this.links) link.garbage = Buffer.from(garbage);
  }

  /** Lets this many bytes of the next replies of each connection through and then resets it. */
  truncate(bytes: number): void {
    for (const link of this.links) link.repliesLeft = bytes;
  }

  /** From here on everything passes: what was throttled at once, what was delayed when it was due. Connections whose bytes vanished are reset, since no stream goes on after a hole. */
  mend(): void {
    this.refuses = false;
    this.passage = FREE;
    for (const link of this.links) {
      if (link.hasHole) link.reset();
      else link.garbage = link.repliesLeft = undefined;
    }
  }

  /** Ends it, with all its connections. */
  async stop(): Promise<void> {
    this.cut();
    if (!this.server.listening) return;
    await new Promise((resolve) => this.server.close(resolve));
  }

  private change(passage: Partial<Passage>): void {
    this.passage = { ...this.passage, ...passage };
  }

  private admit(client: Socket): void {
    if (this.refuses) {
      client.resetAndDestroy();
      return;
    }
    const link = new Link(
      client,
      createConnection({ host: '127.0.0.1', ...this.target, allowHalfOpen: true }),
      () => this.passage,
    );
    this.links.add(link);
    link.onceGone(() => this.links.delete(link));
  }
}

/** How often it is looked whether the rate has changed. */
const LOOK_MS = 20;

/** One connection through the proxy. */
class Link {
  /** Put before the next reply. */
  garbage: Buffer | undefined;
  /** The connection is reset after this many bytes of replies. */
  repliesLeft: number | undefined;
  /** Whether bytes of it have vanished. */
  hasHole = false;
  private gone = false;
  private readonly whenGone: (() => void)[] = [];

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly passage: () => Passage,
  ) {
    this.pipe(client, upstream, (chunk) => chunk);
    this.pipe(upstream, client, (chunk) => this.asReply(chunk));
  }

  onceGone(task: () => void): void {
    this.whenGone.push(task);
  }

  reset(): void {
    if (this.gone) return;
    // A socket that is still connecting cannot send a reset, and one that is just being half closed would never end.
    for (const socket of [this.client, this.upstream]) {
      if (socket.connecting || socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.end();
  }

  /** Hands on what comes from one side, each chunk after the one before it, whatever time either needs. */
  private pipe(from: Socket, to: Socket, change: (chunk: Buffer) => Buffer): void {
    from.setNoDelay(true);
    let queue = Promise.resolve();
    const then = (step: () => Promise<void> | void): void => {
      queue = queue.then(step).catch(() => this.reset());
    };
    from.on('data', (chunk: Buffer) => {
      const { delayMs, swallows } = this.passage();
      if (swallows) {
        this.hasHole = true;
        return;
      }
      const dueMs = performance.now() + delayMs;
      then(async () => {
        const waitMs = dueMs - performance.now();
        if (waitMs > 0) await sleep(waitMs, undefined, { ref: false });
        await this.takeThrough(chunk.length);
        if (this.gone) return;
        const bytes = change(chunk);
        if (bytes.length > 0 && !to.write(bytes)) await drained(to);
        if (this.repliesLeft === 0) await this.flushAndReset();
      });
    });
    from.once('end', () => then(() => void to.end()));
    from.once('error', () => this.reset());
    from.once('close', () => {
      if (this.client.closed && this.upstream.closed) this.end();
      else then(() => this.resetUnlessEnding(to));
    });
  }

  /** Waits for as long as so many bytes need at the rate of the moment, however often that changes meanwhile. */
  private async takeThrough(bytes: number): Promise<void> {
    for (let left = bytes; left > 0;) {
      const { bytesPerSecond } = this.passage();
      const isSame = (): boolean => this.passage().bytesPerSecond === bytesPerSecond;
      const beganMs = performance.now();
      const dueMs = beganMs + (left / bytesPerSecond) * 1_000;
      while (isSame() && performance.now() < dueMs) {
        await sleep(Math.min(LOOK_MS, Math.ceil(dueMs - performance.now())), undefined, { ref: false });
      }
      if (isSame()) return;
      left -= ((performance.now() - beganMs) / 1_000) * bytesPerSecond;
    }
  }

  /** One side is closed: fine when the other is about to, since it was told of the end. */
  private resetUnlessEnding(other: Socket): void {
    if (!other.writableEnded) this.reset();
  }

  private end(): void {
    if (this.gone) return;
    this.gone = true;
    for (const task of this.whenGone) task();
  }

  /** What the client gets of a reply. */
  private asReply(chunk: Buffer): Buffer {
    const { garbage = Buffer.alloc(0) } = this;
    this.garbage = undefined;
    const whole = Buffer.concat([garbage, chunk]);
    if (this.repliesLeft === undefined) return whole;
    const part = whole.subarray(0, this.repliesLeft);
    this.repliesLeft -= part.length;
    return part;
  }

  /** What was let through still arrives: a reset discards what the other side has not been sent. */
  private async flushAndReset(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.client.write('', () => resolve());
    });
    await sleep(5);
    this.reset();
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}
