import { latin1Of } from './body-text.js';
import { CapturedBody, DetachedHeaders, plainHeaders } from './captured-body.js';
import type { Headers, HttpRequest } from './http-message.js';
import type { Answer, Capture, CaptureResult, HttpPlatform } from './http-platform.js';
import { endInOneWrite, isPlain } from './one-write.js';

type Method = (...args: never[]) => unknown;

/** The part of an Express response that we touch. Our own properties on it hide its prototype's. */
export interface ExpressReply {
  statusCode: number;
  headersSent: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  getHeader(name: string): unknown;
  getHeaders(): Record<string, unknown>;
  setHeader(name: string, value: unknown): unknown;
  removeHeader(name: string): void;
  once(event: string, listener: () => void): unknown;
  send: Method;
  writeHead: Method;
  write: Method;
  end(body?: Uint8Array | string, encoding?: string): unknown;
}

interface ExpressRequest extends HttpRequest {
  readonly route?: { readonly path?: unknown };
}

type Registration = (...args: readonly unknown[]) => unknown;

interface Layer {
  readonly name?: string;
}

interface ExpressAdapter {
  get: Registration;
  getInstance?(): { readonly router?: { readonly stack?: Layer[] } };
  use(handler: (request: HttpRequest, response: ExpressReply, next: () => void) => void): unknown;
}

export class ExpressPlatform implements HttpPlatform<ExpressReply> {
  constructor(private readonly adapter: ExpressAdapter) {}

  patternOf({ route }: ExpressRequest): string {
    return String(route?.path ?? '');
  }

  headersOf(response: ExpressReply): Headers {
    return plainHeaders(response.getHeaders());
  }

  statusOf({ statusCode }: ExpressReply): number {
    return statusCode;
  }

  isSent({ headersSent }: ExpressReply): boolean {
    return headersSent;
  }

  getHeader(response: ExpressReply, name: string): unknown {
    return response.getHeader(name);
  }

  setHeader(response: ExpressReply, name: string, value: string): void {
    response.setHeader(name, value);
  }

  removeHeader(response: ExpressReply, name: string): void {
    response.removeHeader(name);
  }

  send(response: ExpressReply, { status, headers, body }: Answer): void {
    response.statusCode = status;
    for (const name in headers) response.setHeader(name, headers[name]);
    if (body === undefined) {
      response.end();
    } else {
      response.setHeader('content-length', body.byteLength);
      const text = latin1Of(body);
      if (text === undefined) response.end(body);
      else if (isPlain(response)) endInOneWrite(response, text, 'latin1');
      else response.end(text, 'latin1');
    }
  }

  silence(response: ExpressReply): void {
    // A capture has left methods on the response itself, which would hide those of a prototype.
    if (Object.hasOwn(response, 'send')) Object.assign(response, SILENT);
    else Object.setPrototypeOf(response, silentPrototype(Object.getPrototypeOf(response) as object));
  }

  whenSent(response: ExpressReply): Promise<void> {
    return whenOver(response);
  }

  capture(
    request: HttpRequest,
    response: ExpressReply,
    maxBytes: number,
    detachedFrom?: { readonly headers: Headers; readonly status: number },
  ): Capture {
    return new ExpressCapture(request, response, maxBytes, detachedFrom);
  }

  beforeRoutes(answer: (request: HttpRequest, reply: ExpressReply, next: () => void) => void): void {
    const { adapter } = this;
    // Behind all middleware, also what modules apply to routes: that is added just before the first of them.
    adapter.get = (...route) => {
      Reflect.deleteProperty(adapter, 'get');
      adapter.use(answer);
      moveAheadOfParsers(adapter.getInstance?.().router?.stack ?? []);
      return adapter.get(...route);
    };
  }
}

/** What the last layer answers has no body to parse: where nothing else stands between, Nest's parsers come behind it. */
function moveAheadOfParsers(layers: Layer[]): void {
  const last = layers.length - 1;
  let first = last;
  while (['jsonParser', 'urlencodedParser'].includes(layers[first - 1]?.name ?? '')) first--;
  if (first < last) layers.splice(first, 0, ...layers.splice(last, 1));
}

/** Headers as `writeHead` takes them: an object, or a list of names and values by turns. */
function headerPairs(headers: object): [name: string, value: unknown][] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  const values: readonly unknown[] = headers;
  return values.flatMap((name, at) => (at % 2 === 0 ? [[String(name), values[at + 1]]] : []));
}

/** Tells whoever waits until a piece of a body is taken that it is. */
function callBack(...args: readonly unknown[]): void {
  const done = args.find((arg) => typeof arg === 'function');
  if (done !== undefined) queueMicrotask(done as () => void);
}

function itself(this: unknown): unknown {
  return this;
}

/** What the pipeline, filters and interceptors call of a response. */
const SILENT = {
  status: itself,
  send: itself,
  json: itself,
  setHeader: itself,
  appendHeader: itself,
  write: () => true,
  end: itself,
  render: itself,
  redirect: itself,
};

const silentPrototypes = new WeakMap<object, object>();

/** One for each app: to give a response another prototype costs far less than to give it properties. */
function silentPrototype(prototype: object): object {
  let silent = silentPrototypes.get(prototype);
  if (silent === undefined) {
    silent = Object.assign(Object.create(prototype) as object, SILENT);
    silentPrototypes.set(prototype, silent);
  }
  return silent;
}

/** Resolves when a response has been handed to the system, or its connection has gone. */
export function whenOver(response: Pick<ExpressReply, 'writableFinished' | 'destroyed' | 'once'>): Promise<void> {
  if (response.writableFinished || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    response.once('finish', resolve);
    response.once('close', resolve);
  });
}

/** Validators of the client's, which would make Express send 304 where we need the response. */
const CONDITIONS = ['if-none-match', 'if-modified-since'];

/**
 * On the level of `write` and `end`, where all ways to send end: `send`, `json`, `render`, `redirect`, a piped file, an
 * exception filter.
 */
class ExpressCapture implements Capture {
  hasOwnTag = false;
  private readonly body: CapturedBody;
  private readonly before: Headers;
  private readonly method: string;
  private readonly originals: Pick<ExpressReply, 'send' | 'writeHead' | 'write' | 'end'>;
  private detached: DetachedHeaders | undefined;
  /** As the pipeline had made the reply when an answer took it. */
  private left: { readonly headers: Headers; readonly status: number };

  constructor(
    private readonly request: HttpRequest,
    private readonly response: ExpressReply,
    maxBytes: number,
    detachedFrom: { readonly headers: Headers; readonly status: number } | undefined,
  ) {
    this.body = new CapturedBody(maxBytes);
    this.method = request.method;
    this.before = detachedFrom?.headers ?? plainHeaders(response.getHeaders());
    const { send, writeHead, write, end } = response;
    this.originals = { send, writeHead, write, end };
    this.left = { headers: this.before, status: response.statusCode };
    this.takeRequest();
    this.install();
    if (detachedFrom === undefined) {
      response.once('close', () => {
        // A body that was being piped when its client went is never ended by anybody.
        if (!this.body.isDone && this.body.sofar.byteLength > 0 && this.detached === undefined)
          this.fail(new Error('gone'));
      });
    } else {
      response.statusCode = detachedFrom.status;
      this.hide(detachedFrom.headers);
    }
  }

  get result(): Promise<CaptureResult> {
    return this.body.result;
  }

  get isDone(): boolean {
    return this.body.isDone;
  }

  finish(body: Uint8Array): void {
    if (this.body.isDone) return;
    this.end(body);
  }

  fail(error: unknown): void {
    if (!this.body.isDone) this.body.fail(error);
  }

  release(headers: 'kept' | 'reset'): void {
    const { response } = this;
    this.giveRequestBack();
    Object.assign(response, this.originals);
    Reflect.deleteProperty(response, 'headersSent');
    if (headers === 'kept') return;
    this.left = { status: response.statusCode, headers: plainHeaders(response.getHeaders()) };
    for (const name of Object.keys(response.getHeaders())) response.removeHeader(name);
    for (const [name, value] of Object.entries(this.before)) response.setHeader(name, value);
  }

  detach(): void {
    this.takeRequest();
    this.install();
    this.hide(this.left.headers);
    if (this.response.statusCode !== this.left.status) this.response.statusCode = this.left.status;
  }

  /** A GET without conditions: what is kept is the whole response. */
  private takeRequest(): void {
    Object.assign(this.request, { method: 'GET' });
    const { headers } = this.request;
    for (const name of CONDITIONS) if (headers[name] !== undefined) Reflect.deleteProperty(headers, name);
  }

  private giveRequestBack(): void {
    Object.assign(this.request, { method: this.method });
  }

  private install(): void {
    const { response, originals, body } = this;
    const capture: Record<string, (...args: never[]) => unknown> = {
      send: (...args) => {
        this.hasOwnTag = response.getHeader('etag') !== undefined;
        return Reflect.apply(originals.send, response, args);
      },
      writeHead: (status: number, ...rest: readonly unknown[]) => {
        response.statusCode = status;
        const headers = rest.find((part) => typeof part === 'object' && part !== null);
        for (const [name, value] of headerPairs(headers ?? {})) response.setHeader(name, value);
        return response;
      },
      write: (chunk: unknown, encoding?: unknown, done?: unknown) => {
        callBack(encoding, done);
        if (body.isDone) return true;
        if (body.add(chunk, encoding)) return true;
        return this.pass((sofar) => Reflect.apply(originals.write, response, [sofar]) as boolean);
      },
      end: (chunk?: unknown, encoding?: unknown, done?: unknown) => {
        callBack(chunk, encoding, done);
        return this.end(chunk, encoding);
      },
      flushHeaders: () => {},
    };
    Object.assign(response, capture);
    Object.defineProperty(response, 'headersSent', { configurable: true, get: () => body.isDone });
  }

  private end(chunk?: unknown, encoding?: unknown): unknown {
    const { body, response, originals } = this;
    if (body.isDone) return response;
    if (!body.add(chunk, encoding)) this.pass((sofar) => Reflect.apply(originals.end, response, [sofar]) !== undefined);
    else body.end(response.statusCode, this.detached?.all() ?? plainHeaders(response.getHeaders()));
    return response;
  }

  /** Too large: from here on it goes its own way. */
  private pass(send: (sofar: Uint8Array) => boolean): boolean {
    const { body, response } = this;
    body.pass();
    if (this.detached !== undefined) return true;
    this.release('kept');
    response.setHeader('x-cache', 'MISS');
    return send(body.sofar);
  }

  /** Headers of a response that has been sent can no longer be set: the pipeline sets these. */
  private hide(initial: Headers): void {
    const headers = new DetachedHeaders(initial);
    this.detached = headers;
    const { response } = this;
    const hidden: Record<string, (...args: never[]) => unknown> = {
      setHeader: (name: string, value: unknown) => {
        headers.set(name, value);
        return response;
      },
      appendHeader: (name: string, value: unknown) => {
        headers.append(name, value);
        return response;
      },
      getHeader: (name: string) => headers.get(name),
      getHeaders: () => headers.all(),
      getHeaderNames: () => Object.keys(headers.all()),
      hasHeader: (name: string) => headers.has(name),
      removeHeader: (name: string) => headers.delete(name),
    };
    Object.assign(response, hidden);
  }
}
