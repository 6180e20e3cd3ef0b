import { ServerResponse } from 'node:http';

/** What a response is ended with. */
export interface Ending {
  write: unknown;
  end: unknown;
}

type End = (this: ServerResponse, ...args: readonly unknown[]) => unknown;

/**
 * Whether a response writes and ends as Node's do over HTTP/1: no middleware has put something of its own in the way, and
 * it is neither of HTTP/2 nor of a request that no socket brought.
 */
export function isPlain(response: Ending): response is ServerResponse {
  const { write, end } = ServerResponse.prototype;
  return response.end === end && response.write === write;
}

/**
 * Ends a plain response with a text, in one write to the system.
 *
 * `end(text)` holds the socket back until an empty piece stands behind head and text, so that the system gets a list, which
 * costs more than all that is done here for a small response. What was written before `end()` needs no such piece, and goes
 * out as it is.
 */
export function endInOneWrite(response: ServerResponse, text: string, encoding: 'latin1' | 'utf8'): void {
  const { socket } = response;
  // Else write() would hold it back for the rest of the tick.
  socket?.cork();
  response.write(text, encoding);
  socket?.uncork();
  response.end();
}

/** Has a plain response end so when Fastify ends it with a text. */
export function sendInOneWrite(response: Ending): void {
  if (isPlain(response)) (response as Ending).end = endForFastify;
}

/** Fastify gives `null` for what it leaves out. */
function endForFastify(this: ServerResponse, body?: unknown, encoding?: unknown, done?: unknown): unknown {
  if (typeof body !== 'string' || encoding !== null || done !== null) {
    return (ServerResponse.prototype.end as End).call(this, body, encoding, done);
  }
  endInOneWrite(this, body, 'utf8');
  return this;
}
