import type { Socket } from 'node:net';
import { nextTick } from 'node:process';
import type { Cancel, Clock } from '../../core/index.js';
import { MetaProtocolError, MetaReplyParser, type MetaRefusal, type MetaReply } from './meta-replies.js';
import type { MetaRequest } from './meta-requests.js';

/** What a command came to. */
export type MetaAnswer = MetaReply | MetaRefusal;

/** What one socket is told. */
export interface MetaSocketSettings {
  readonly clock: Clock;
  /** How long it may be silent while it owes a reply. */
  readonly silenceMs: number;
  /** Longer values are passed over. */
  readonly maxValueBytes: number;
}

/** One call's commands, answered together. */
interface Exchange {
  readonly answers: MetaAnswer[];
  readonly count: number;
  readonly startedAtMs: number;
  resolve(answers: readonly MetaAnswer[]): void;
  reject(error: unknown): void;
}

interface OwedReply {
  readonly request: MetaRequest;
  /** Undefined for the probe, whose reply has no flags. */
  readonly opaque: string | undefined;
  readonly exchange: Exchange;
}

/** The no-op of the meta protocol: a server that answers it speaks that protocol, and is awake. */
const PROBE: MetaRequest = { key: '', command: 'mn', codes: ['MN'] };
/** More commands than that are not sent ahead of their answers; a single call may, when nothing else is under way. */
const MAX_OWED = 50_000;
/** More bytes than that are not kept for a server that does not read. */
const MAX_UNSENT_BYTES = 32 * 2 ** 20;
/** Silence is counted in this many steps, so that one blocked event loop is not taken for a silent server. */
const SILENT_STEPS = 4;
/** A server that sends a little now and then must have answered a call after this many times `silenceMs`. */
const SLOWEST_ANSWER = 4;

/**
 * One TCP connection, pipelined. Replies come in the order of the commands; each is checked all the same: by the opaque
 * token that was sent along, by the key it names, and by what its command can answer. One that does not fit ends the
 * socket, as does garbage, silence while a reply is owed, and any error: then every call that waits is rejected and `onEnd`
 * told, once. Nothing is ever sent again by itself.
 *
 * No command is sent in the protocol's quiet mode. It would save the replies to misses, but a refusal of the server names
 * neither token nor key: only as long as each command has its one reply is it known whose it is.
 *
 * An idle socket does not keep the process alive; one that owes a reply does.
 */
export class MetaSocket {
  private readonly parser: MetaReplyParser;
  private readonly owed = new Queue<OwedReply>();
  private requests = 0;
  private corked = false;
  private ended = false;
  private heard = false;
  private silentSteps = 0;
  private cancelWatch: Cancel | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly settings: MetaSocketSettings,
    private readonly onEnd: (error: unknown) => void,
  ) {
    this.parser = new MetaReplyParser(settings.maxValueBytes, (answer) => this.settle(answer));
    socket.unref();
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    // Stays for as long as the socket does: an error that nobody listens to would end the process.
    socket.on('error', (error) => this.end(error));
    socket.on('close', () => this.end(new Error('the connection was closed')));
  }

  /** Asks whether the other side is a Memcached server that answers. */
  async probe(): Promise<void> {
    const [answer] = await this.send([PROBE]);
    if (answer?.code !== 'MN') throw new Error('the server does not answer a no-op');
  }

  /** Sends commands; their answers, in the same order. Rejects when the socket ends before all have come. */
  exchange(requests: readonly MetaRequest[]): Promise<readonly MetaAnswer[]> {
    if (requests.length === 0) return Promise.resolve([]);
    const { length } = this.owed;
    if (length > 0 && length + requests.length > MAX_OWED)
      return Promise.reject(new Error(`${length} replies are owed already`));
    if (this.socket.writableLength > MAX_UNSENT_BYTES)
      return Promise.reject(new Error(`${this.socket.writableLength} bytes wait to be sent already`));
    return this.send(requests);
  }

  /** Ends it now; waiting calls are rejected with the error. */
  end(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelWatch?.();
    this.discard();
    const waiting = new Set<Exchange>();
    for (let owed = this.owed.shift(); owed !== undefined; owed = this.owed.shift()) waiting.add(owed.exchange);
    for (const exchange of waiting) exchange.reject(error);
    this.onEnd(error);
  }

  /**
   * A system goes on sending what a closed connection has not sent, for minutes: when the way is open again, commands that
   * were given up would arrive beside newer ones. A reset drops them. One that is being shut down, because the server has
   * ended its half, cannot be reset any more: Node.js, asked for it, would never close it.
   */
  private discard(): void {
    const { connecting, writableEnded, writableLength } = this.socket;
    const isShutDown = writableEnded && writableLength === 0;
    if (this.owed.length > 0 && !connecting && !isShutDown) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  private send(requests: readonly MetaRequest[]): Promise<readonly MetaAnswer[]> {
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(new Error('the connection was closed'));
      const startedAtMs = this.settings.clock.now();
      const exchange: Exchange = { answers: [], count: requests.length, startedAtMs, resolve, reject };
      if (this.owed.length === 0) this.watch();
      this.corkForThisTick();
      let text = '';
      for (const request of requests) {
        const opaque = request === PROBE ? undefined : (this.requests++).toString(36);
        this.owed.push({ request, opaque, exchange });
        text += opaque === undefined ? `${request.command}\r\n` : `${request.command} k O${opaque}\r\n`;
        if (request.bytes === undefined) continue;
        this.socket.write(text, 'latin1');
        this.socket.write(request.bytes);
        text = '\r\n';
      }
      this.socket.write(text, 'latin1');
    });
  }

  /** The commands of one tick leave in one system call. */
  private corkForThisTick(): void {
    if (this.corked) return;
    this.corked = true;
    this.socket.cork();
    nextTick(() => {
      this.corked = false;
      this.socket.uncork();
    });
  }

  private receive(chunk: Buffer): void {
    this.heard = true;
    try {
      this.parser.push(chunk);
    } catch (error) {
      this.end(error);
    }
  }

  private settle(answer: MetaAnswer): void {
    // What the same chunk held after an ended exchange belongs to nobody.
    if (this.ended) return;
    const owed = this.owed.first;
    if (owed === undefined) throw new MetaProtocolError(`a reply that nothing asked for: ${answer.code}`);
    requireFits(owed, answer);
    this.owed.shift();
    const { exchange } = owed;
    exchange.answers.push(answer);
    if (this.owed.length === 0) this.socket.unref();
    if (exchange.answers.length === exchange.count) exchange.resolve(exchange.answers);
  }

  /** From the first reply that is owed on: is anything heard? */
  private watch(): void {
    this.socket.ref();
    this.heard = true;
    if (this.cancelWatch === undefined) this.step();
  }

  private step(): void {
    const { clock, silenceMs } = this.settings;
    this.cancelWatch = clock.after(silenceMs / SILENT_STEPS, () => {
      this.cancelWatch = undefined;
      const oldest = this.owed.first;
      if (oldest === undefined) return;
      this.silentSteps = this.heard ? 0 : this.silentSteps + 1;
      this.heard = false;
      const waitedMs = clock.now() - oldest.exchange.startedAtMs;
      const isSilent = this.silentSteps >= SILENT_STEPS;
      if (isSilent || waitedMs > SLOWEST_ANSWER * silenceMs)
        this.end(new Error(`the server owes a reply for ${Math.round(waitedMs)} ms`));
      else this.step();
    });
  }
}

function requireFits({ opaque, request }: OwedReply, answer: MetaAnswer): void {
  if (answer.code === 'refused') {
    // "SERVER_ERROR" is about this command. The others say that the server read something else than we wrote.
    if (!answer.message.startsWith('SERVER_ERROR')) throw new MetaProtocolError(answer.message.slice(0, 100));
    return;
  }
  if (!request.codes.includes(answer.code))
    throw new MetaProtocolError(`${answer.code} in reply to "${request.command.slice(0, 2)}"`);
  // Old servers tell a miss without flags; then its place in the order is all there is.
  if (answer.code === 'EN' && answer.opaque === undefined && answer.key === undefined) return;
  const key = opaque === undefined ? undefined : request.key;
  if (answer.opaque !== opaque || answer.key !== key)
    throw new MetaProtocolError(`the reply to another command: ${answer.key} instead of ${key}`);
}

/** First in, first out, in O(1) each: an array's own `shift` moves all that is left. */
class Queue<T> {
  private values: T[] = [];
  private head = 0;

  get length(): number {
    return this.values.length - this.head;
  }

  get first(): T | undefined {
    return this.values[this.head];
  }

  push(value: T): void {
    this.values.push(value);
  }

  shift(): T | undefined {
    const value = this.values[this.head];
    if (value === undefined) return undefined;
    this.head++;
    if (this.head === this.values.length || this.head >= 1_024) {
      this.values = this.values.slice(this.head);
      this.head = 0;
    }
    return value;
  }
}
