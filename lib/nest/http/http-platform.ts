import type { Captured, Headers, HttpRequest } from './http-message.js';

/** What is sent to a client. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** `undefined`: none, as with 304. */
  readonly body: Uint8Array | undefined;
}

/** `'passed'`: it went to the client as it came, being too large or of a kind that cannot be kept. */
export type CaptureResult = Captured | 'passed';

/**
 * Catches what the rest of the request pipeline sends, so that somebody can decide what becomes of it. Until then nothing
 * reaches the client.
 */
export interface Capture {
  /** Settles when the pipeline has sent; rejects when it never will, for its client has gone. */
  readonly result: Promise<CaptureResult>;
  /** Whether the handler's `ETag` is there, and not one that the platform made. */
  readonly hasOwnTag: boolean;
  /** Whether the result has settled. */
  readonly isDone: boolean;
  /** Sends a body in the place of the pipeline, with the headers that it has set. */
  finish(body: Uint8Array): void;
  /** The pipeline ends without a response. */
  fail(error: unknown): void;
  /** Lets go of the reply, for an answer; with the headers as they were before the handler, where that says so. */
  release(headers: 'kept' | 'reset'): void;
  /** The reply has been answered while the pipeline still runs: catches on, where nothing can reach the client. */
  detach(): void;
}

/** What Express and Fastify do differently. A reply is an Express response or a Fastify reply. */
export interface HttpPlatform<Reply = unknown> {
  /** The pattern of the route that was matched. */
  patternOf(request: HttpRequest): string;
  headersOf(reply: Reply): Headers;
  statusOf(reply: Reply): number;
  /** Whether an answer is on its way, so that no other can be. */
  isSent(reply: Reply): boolean;
  getHeader(reply: Reply, name: string): unknown;
  setHeader(reply: Reply, name: string, value: string): void;
  removeHeader(reply: Reply, name: string): void;
  send(reply: Reply, answer: Answer): void;
  /** Whatever the pipeline still does to an answered reply does nothing. */
  silence(reply: Reply): void;
  /** Resolves when an answer has gone out, or its client. */
  whenSent(reply: Reply): Promise<void>;
  /**
   * @param detachedFrom the reply has been answered; these were its headers and its status before
   */
  capture(
    request: HttpRequest,
    reply: Reply,
    maxBytes: number,
    detachedFrom?: { readonly headers: Headers; readonly status: number },
  ): Capture;
  /** Calls `answer` with each request that no route has seen yet; it sends, or calls `next`. */
  beforeRoutes(answer: (request: HttpRequest, reply: Reply, next: () => void) => void): void;
}
