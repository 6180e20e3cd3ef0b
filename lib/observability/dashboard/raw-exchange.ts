import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** A request and its response as Node has them, whichever adapter the app has. */
export interface RawExchange {
  readonly request: IncomingMessage;
  /** Whether who asked has left. */
  isGone(): boolean;
  /** Takes the response away from the framework. After it nothing may throw. */
  take(): ServerResponse;
}

/** Of Fastify's reply. */
interface Reply {
  readonly raw: ServerResponse;
  hijack(): void;
}

/**
 * What Nest hands to a handler by `@Req()` and `@Res()`: Node's own objects with Express, and with Fastify others around
 * them. The dashboard answers with Node's, so that interceptors that wrap all answers of an app leave its files and
 * streams alone.
 */
export function rawExchange(request: unknown, response: unknown): RawExchange {
  const given = request as IncomingMessage | { readonly raw: IncomingMessage };
  return {
    request: 'raw' in given ? given.raw : given,
    isGone: () => (isReply(response) ? response.raw : (response as ServerResponse)).destroyed,
    take: () => {
      if (!isReply(response)) return response as ServerResponse; // Express extends it
      response.hijack();
      return response.raw;
    },
  };
}

function isReply(response: unknown): response is Reply {
  return typeof response === 'object' && response !== null && 'hijack' in response;
}

/** The parameters in a request's address. */
export function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start));
}

/**
 * Of every response: the page runs its own scripts and nothing else, talks to its own server, and stands in nobody's
 * frame.
 */
const SAFETY: OutgoingHttpHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

export function begin(response: ServerResponse, status: number, headers: OutgoingHttpHeaders): ServerResponse {
  for (const [name, value] of Object.entries({ ...SAFETY, ...headers })) {
    if (value !== undefined) response.setHeader(name, value);
  }
  return response.writeHead(status);
}

export function sendJson(response: ServerResponse, body: unknown): void {
  const text = JSON.stringify(body);
  begin(response, 200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(text);
}
