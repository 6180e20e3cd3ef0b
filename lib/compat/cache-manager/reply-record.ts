import { createHash } from 'node:crypto';
import type { HttpServer } from '@nestjs/common';

/** What a handler changed of the reply beside its body; kept beside the body, which is kept as it is. */
export interface ReplyRecord {
  readonly status: number;
  /** The status is left to `@HttpCode` where it is the one that was there before the handler ran. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Tells the body it belongs to: what was stored since has nothing to do with it. */
  readonly of: string;
}

/** Statuses that speak of the client and not of what it asked for. */
const PERSONAL = new Set([401, 402, 403, 407, 429]);

/** What was there before the handler ran. */
interface Before {
  readonly status: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Belong to one message, not to the answer; or are made anew for each. */
const NOT_REPLAYED = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'x-cache',
]);

const NONE: ReadonlySet<string> = new Set();

/** The reply to one request, on Express and Fastify: what its handler makes of it, and the same again from a record. */
export class HttpReply {
  private before: Before | undefined;

  constructor(
    private readonly adapter: HttpServer,
    private readonly response: unknown,
    /** Headers that are the handler's although they are there before it runs. */
    private readonly declared: () => ReadonlySet<string>,
  ) {}

  /** Remembers what is there; what differs later is the handler's doing. */
  begin(): void {
    this.before = { status: this.status, headers: { ...this.headers } };
  }

  /** Whether the handler said, by the reply, that nobody else may have its answer. */
  get isPrivate(): boolean {
    const status = Number(this.status);
    if (this.isSent || status >= 500 || PERSONAL.has(status)) return true;
    const changed = this.changedHeaders(this.declared());
    // A part is for who asked for it by `Range`, which the URL does not say.
    if (['set-cookie', 'vary', 'content-range'].some((name) => name in changed)) return true;
    return /\b(?:no-store|private)\b/i.test(String(changed['cache-control'] ?? ''));
  }

  /** What the handler changed; `undefined` where that is nothing. */
  record(body: unknown): ReplyRecord | undefined {
    const headers = Object.fromEntries(
      Object.entries(this.changedHeaders()).filter(([name]) => !NOT_REPLAYED.has(name.toLowerCase())),
    );
    const { status } = this;
    const isSame = status === this.before?.status && Object.keys(headers).length === 0;
    return isSame || typeof status !== 'number' ? undefined : { status, headers, of: fingerprint(body) };
  }

  /** Makes the reply what the record says, unless that is about another body. */
  replay(record: ReplyRecord | undefined, body: unknown): void {
    if (record === undefined || record.of !== fingerprint(body)) return;
    this.adapter.status(this.response, record.status);
    for (const [name, value] of Object.entries(record.headers)) {
      // As it came from the reply of the same server.
      this.adapter.setHeader(this.response, name, value as string);
    }
  }

  private get status(): unknown {
    return property(this.response, 'statusCode');
  }

  private get isSent(): boolean {
    return property(this.response, 'headersSent') === true || property(this.response, 'sent') === true;
  }

  private get headers(): Record<string, unknown> {
    const getHeaders = property(this.response, 'getHeaders');
    const headers: unknown = typeof getHeaders === 'function' ? getHeaders.call(this.response) : undefined;
    return typeof headers === 'object' && headers !== null ? (headers as Record<string, unknown>) : {};
  }

  private changedHeaders(declared: ReadonlySet<string> = NONE): Record<string, unknown> {
    const before = this.before?.headers ?? {};
    const isOwn = ([name, value]: [string, unknown]): boolean =>
      declared.has(name.toLowerCase()) || String(before[name]) !== String(value);
    return Object.fromEntries(Object.entries(this.headers).filter(isOwn));
  }
}

/** The record in what a store gave back; anything else is none. */
export function recordIn(stored: unknown): ReplyRecord | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { status, headers, of } = stored as Partial<Record<keyof ReplyRecord, unknown>>;
  if (!Number.isInteger(status) || Number(status) < 100 || Number(status) > 999) return undefined;
  if (typeof headers !== 'object' || headers === null || typeof of !== 'string') return undefined;
  return { status: Number(status), headers: headers as Record<string, unknown>, of };
}

/** The same before and after a store has made text of the body and read it again. */
function fingerprint(body: unknown): string {
  try {
    return createHash('sha256')
      .update(String(JSON.stringify(body)))
      .digest('base64url');
  } catch {
    // Of no body at all, so that it is never replayed.
    return '';
  }
}

function property(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}
