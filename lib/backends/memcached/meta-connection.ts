import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Cancel, Random } from '../../core/index.js';
import { MemcachedError } from './memcached-error.js';
import { getValue, set, type MetaRequest } from './meta-requests.js';
import { MetaSocket, type MetaAnswer, type MetaSocketSettings } from './meta-socket.js';

/** Where a server listens. */
export interface ServerAddress {
  /** `host:port`, by which it is known in the ring and in errors. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface MetaConnectionSettings extends MetaSocketSettings {
  readonly random: Random;
  /** How long connecting may take, the answer to a first no-op included. */
  readonly connectTimeoutMs: number;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** The item that names a run of the server; without a `/`, so that no key of {@link MemcachedKeys} is it. */
const RUN_KEY = 'strata-server-run';

/**
 * The connection to one server: one socket at a time, opened by `start`, and replaced for as long as the server is away
 * after pauses that double from 50 ms to 1 s, each shortened by chance so that processes do not come back together.
 * While there is none, calls are rejected at once; none is kept for later.
 */
export class MetaConnection {
  /** Set while a socket is there that has answered its probe. */
  private ready: { readonly socket: MetaSocket; readonly epoch: string } | undefined;
  /** The socket of the moment, ready or on its way. */
  private current: MetaSocket | undefined;
  private cancelTimer: Cancel | undefined;
  private failures = 0;
  private lastError: unknown;
  private closed = false;
  private underWay = 0;
  private onIdle: (() => void) | undefined;
  private report: (error: unknown) => void = () => {};

  constructor(
    private readonly address: ServerAddress,
    private readonly settings: MetaConnectionSettings,
  ) {}

  /**
   * Names the run of the server, from its start to its end, that the socket of the moment is connected to; undefined while
   * there is none. CAS numbers mean something within one run only, since a server that is started again counts from 1 again.
   * The name is an item that whoever connects first adds. Should that be lost while the server runs, then connections made
   * later have another name for the same run, and what was fenced under the first is lost to them.
   */
  get epoch(): string | undefined {
    return this.ready?.epoch;
  }

  start(report: (error: unknown) => void): void {
    this.report = report;
    if (this.closed || this.current !== undefined || this.cancelTimer !== undefined) return;
    this.open();
  }

  /** What the server answers; rejects with a {@link MemcachedError}. The commands are handed to the socket within this call. */
  async exchange(requests: readonly MetaRequest[]): Promise<readonly MetaAnswer[]> {
    if (this.ready === undefined || this.closed) {
      const problem = this.closed ? 'is not asked any more: the tier is closed' : 'is not connected';
      throw new MemcachedError(this.address.name, problem, { cause: this.lastError });
    }
    this.underWay++;
    try {
      return await this.ready.socket.exchange(requests);
    } catch (error) {
      throw this.failure(error);
    } finally {
      if (--this.underWay === 0) this.onIdle?.();
    }
  }

  /** Lets what is under way end, which the watch over silent sockets bounds, and opens nothing any more. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.underWay > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    this.cancelTimer?.();
    this.ready = undefined;
    this.current?.end(new Error('the tier was closed'));
  }

  private open(): void {
    const { host, name, port } = this.address;
    const { clock, connectTimeoutMs } = this.settings;
    const stream = connect({ host, port, noDelay: true, keepAlive: true });
    const socket = new MetaSocket(stream, this.settings, (error) => this.ended(error));
    this.current = socket;
    this.cancelTimer = clock.after(connectTimeoutMs, () =>
      socket.end(new Error(`no answer within ${connectTimeoutMs} ms`)),
    );
    stream.once('connect', () => {
      greet(socket).then(
        (epoch) => this.opened(socket, epoch),
        (error: unknown) => socket.end(new MemcachedError(name, 'cannot be used', { cause: error })),
      );
    });
  }

  private opened(socket: MetaSocket, epoch: string): void {
    // It ended, or was replaced, between the reply and this.
    if (this.current !== socket || this.closed) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.failures = 0;
    this.ready = { socket, epoch };
  }

  private ended(error: unknown): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.current = undefined;
    this.ready = undefined;
    if (this.closed) return;
    this.lastError = error;
    // Once for each time that it is away, not for each attempt.
    if (this.failures === 0) this.report(this.failure(error));
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.failures++, 16));
    this.cancelTimer = this.settings.clock.after(pauseMs * (1 - this.settings.random() / 2), () => {
      this.cancelTimer = undefined;
      this.open();
    });
  }

  private failure(cause: unknown): MemcachedError {
    if (cause instanceof MemcachedError) return cause;
    return new MemcachedError(this.address.name, `failed: ${problemOf(cause)}`, { cause });
  }
}

/** Of several addresses that were tried in vain, Node tells the code alone. */
function problemOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}

/** Makes sure that a server answers, that it speaks the meta protocol, and which run of it this is. */
async function greet(socket: MetaSocket): Promise<string> {
  await socket.probe();
  const own = randomBytes(9).toString('base64url');
  const name = { bytes: Buffer.from(own), clientFlags: 0, seconds: 0, condition: 'absent' } as const;
  const [, kept] = await socket.exchange([set(RUN_KEY, name), getValue(RUN_KEY)]);
  const text = kept?.code === 'VA' && kept.value !== undefined ? Buffer.from(kept.value).toString('latin1') : '';
  // A server without room for it: then the name is known to this connection alone.
  return /^[\w-]{12}$/.test(text) ? text : own;
}
