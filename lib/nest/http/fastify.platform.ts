import { gather, isReadable } from './bounded-stream.js';
import { utf8Of } from './body-text.js';
import { bytesOf, CapturedBody, DetachedHeaders, plainHeaders } from './captured-body.js';
import { whenOver } from './express.platform.js';
import type { Headers, HeaderValue, HttpRequest } from './http-message.js';
import type { Answer, Capture, CaptureResult, HttpPlatform } from './http-platform.js';
import { sendInOneWrite } from './one-write.js';

interface RawResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  once(event: string, listener: () => void): unknown;
  getHeaders(): Record<string, unknown>;
  write: unknown;
  end: unknown;
}

/** The part of a Fastify reply that we touch. */
export interface FastifyReply {
  readonly raw: RawResponse;
  readonly sent: boolean;
  statusCode: number;
  code(status: number): unknown;
  header(name: string, value: unknown): unknown;
  getHeader(name: string): unknown;
  getHeaders(): Record<string, unknown>;
  removeHeader(name: string): unknown;
  serialize(payload: unknown): string;
  send(payload?: unknown): unknown;
}

interface FastifyRequest extends HttpRequest {
  readonly routeOptions?: { readonly url?: unknown };
}

interface FastifyAdapter {
  getInstance(): {
    addHook(name: 'onRequest', hook: (request: HttpRequest, reply: FastifyReply, next: () => void) => void): unknown;
  };
}

export class FastifyPlatform implements HttpPlatform<FastifyReply> {
  constructor(private readonly adapter: FastifyAdapter) {}

  patternOf({ routeOptions }: FastifyRequest): string {
    return String(routeOptions?.url ?? '');
  }

  headersOf(reply: FastifyReply): Headers {
    return plainHeaders(reply.getHeaders());
  }

  statusOf({ statusCode }: FastifyReply): number {
    return statusCode;
  }

  isSent({ sent, raw }: FastifyReply): boolean {
    return sent || raw.headersSent;
  }

  getHeader(reply: FastifyReply, name: string): unknown {
    return reply.getHeader(name);
  }

  setHeader(reply: FastifyReply, name: string, value: string): void {
    reply.header(name, value);
  }

  removeHeader(reply: FastifyReply, name: string): void {
    reply.removeHeader(name);
  }

  send(reply: FastifyReply, { status, headers, body }: Answer): void {
    reply.code(status);
    for (const name in headers) reply.header(name, headers[name]);
    // Without a type Fastify would give bytes one.
    if (body === undefined || (body.byteLength === 0 && headers['content-type'] === undefined))
      return void reply.send();
    const text = textOf(body, headers['content-type']);
    if (text !== undefined) sendInOneWrite(reply.raw);
    reply.send(text ?? Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  }

  silence(reply: FastifyReply): void {
    Object.assign(reply, SILENT);
  }

  whenSent({ raw }: FastifyReply): Promise<void> {
    return whenOver(raw);
  }

  capture(
    request: HttpRequest,
    reply: FastifyReply,
    maxBytes: number,
    detachedFrom?: { readonly headers: Headers; readonly status: number },
  ): Capture {
    return new FastifyCapture(request, reply, maxBytes, detachedFrom);
  }

  beforeRoutes(answer: (request: HttpRequest, reply: FastifyReply, next: () => void) => void): void {
    this.adapter.getInstance().addHook('onRequest', answer);
  }
}

function itself(this: unknown): unknown {
  return this;
}

/** What the pipeline, filters and interceptors call of a reply. */
const SILENT = { code: itself, status: itself, header: itself, send: itself, view: itself, redirect: itself };

const JSON_TYPE = 'application/json; charset=utf-8';
const CONDITIONS = ['if-none-match', 'if-modified-since'];

/** On the level of `reply.send`, so that the hooks of plugins still see each answer that goes out. */
class FastifyCapture implements Capture {
  readonly hasOwnTag = true;
  private readonly body: CapturedBody;
  private readonly before: Headers;
  private readonly originalSend: FastifyReply['send'];
  private detached: DetachedHeaders | undefined;
  private left: { readonly headers: Headers; readonly status: number };

  constructor(
    request: HttpRequest,
    private readonly reply: FastifyReply,
    private readonly maxBytes: number,
    detachedFrom: { readonly headers: Headers; readonly status: number } | undefined,
  ) {
    this.body = new CapturedBody(maxBytes);
    this.before = detachedFrom?.headers ?? plainHeaders(reply.getHeaders());
    this.left = detachedFrom ?? { headers: this.before, status: reply.statusCode };
    this.originalSend = reply.send;
    for (const name of CONDITIONS) {
      if (request.headers[name] !== undefined) Reflect.deleteProperty(request.headers, name);
    }
    if (detachedFrom === undefined) this.install();
    else this.detach();
  }

  get result(): Promise<CaptureResult> {
    return this.body.result;
  }

  get isDone(): boolean {
    return this.body.isDone;
  }

  finish(bytes: Uint8Array): void {
    if (!this.body.isDone) this.end(bytes);
  }

  fail(error: unknown): void {
    if (!this.body.isDone) this.body.fail(error);
  }

  release(headers: 'kept' | 'reset'): void {
    const { reply } = this;
    reply.send = this.originalSend;
    if (headers === 'kept') return;
    this.left = { status: reply.statusCode, headers: plainHeaders(reply.getHeaders()) };
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
    for (const [name, value] of Object.entries(this.before)) reply.header(name, value);
  }

  detach(): void {
    this.install();
    this.hide();
  }

  private install(): void {
    this.reply.send = (payload) => {
      if (!this.body.isDone) this.take(payload);
      return this.reply;
    };
  }

  /** What `reply.send` would have sent. */
  private take(payload: unknown): void {
    const { reply } = this;
    if (payload === undefined) return this.end(new Uint8Array());
    if (isReadable(payload)) return void this.takeStream(payload);
    if (payload instanceof Error || isOpaque(payload)) return this.pass(payload);
    const type = reply.getHeader('content-type');
    if (ArrayBuffer.isView(payload)) {
      if (type === undefined) reply.header('content-type', 'application/octet-stream');
      return this.end(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength));
    }
    if (typeof payload === 'string' && type === undefined) {
      reply.header('content-type', 'text/plain; charset=utf-8');
      return this.end(bytesOf(payload));
    }
    if (type === undefined) reply.header('content-type', JSON_TYPE);
    else if (/json/i.test(String(type)) && !/charset/i.test(String(type))) {
      reply.header('content-type', `${String(type)}; charset=utf-8`);
    }
    if (typeof payload === 'string') return this.end(bytesOf(payload));
    if (type !== undefined && !/json/i.test(String(type))) return this.pass(payload);
    let text: string;
    try {
      text = reply.serialize(payload);
    } catch (error) {
      return this.pass(error);
    }
    this.end(bytesOf(text));
  }

  private async takeStream(stream: AsyncIterable<unknown>): Promise<void> {
    const gathered = await gather(stream, this.maxBytes);
    if (this.body.isDone) return;
    if (gathered.kind === 'whole') this.end(gathered.body);
    else this.pass(gathered.kind === 'failed' ? gathered.error : gathered.whole());
  }

  private end(bytes: Uint8Array): void {
    if (!this.body.add(bytes)) return this.pass(bytes);
    this.body.end(this.reply.statusCode, this.detached?.all() ?? plainHeaders(this.reply.getHeaders()));
  }

  private pass(payload: unknown): void {
    this.body.pass();
    if (this.detached !== undefined) return;
    this.release('kept');
    this.reply.header('x-cache', 'MISS');
    this.reply.send(payload);
  }

  private hide(): void {
    const { reply, left } = this;
    const headers = new DetachedHeaders(left.headers);
    this.detached = headers;
    let { status } = left;
    const setHeader = (name: string, value: unknown): unknown => {
      headers.set(name, value);
      return reply;
    };
    const setStatus = (code: number): unknown => {
      status = code;
      return reply;
    };
    const hidden: Record<string, (...args: never[]) => unknown> = {
      code: setStatus,
      status: setStatus,
      header: setHeader,
      headers: (all: Record<string, unknown>) => {
        for (const [name, value] of Object.entries(all)) headers.set(name, value);
        return reply;
      },
      type: (value: string) => setHeader('content-type', value),
      getHeader: (name: string) => headers.get(name),
      getHeaders: () => headers.all(),
      hasHeader: (name: string) => headers.has(name),
      removeHeader: (name: string) => {
        headers.delete(name);
        return reply;
      },
    };
    Object.assign(reply, hidden);
    Object.defineProperty(reply, 'statusCode', { configurable: true, get: () => status, set: setStatus });
    Object.defineProperty(reply, 'sent', { configurable: true, get: () => false });
    // Exception filters look there.
    Object.defineProperty(reply.raw, 'headersSent', { configurable: true, get: () => false });
  }
}

/** Fastify adds a charset to texts that have none, where they are JSON; nothing may be added to what was stored. */
function textOf(body: Uint8Array, type: HeaderValue | undefined): string | undefined {
  return typeof type === 'string' && type.includes('charset=utf-8') ? utf8Of(body) : undefined;
}

/** Streams and responses of the web, which are read once. */
function isOpaque(payload: unknown): boolean {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    ('getReader' in payload || Object.prototype.toString.call(payload) === '[object Response]')
  );
}
