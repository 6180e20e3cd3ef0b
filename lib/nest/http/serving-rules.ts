import { deltaMs, parseCacheControl } from './cache-control.js';
import { isUnmodifiedSince, matchesTag } from './entity-tag.js';
import { one, type HttpRequest, type StoredResponse } from './http-message.js';

/** What a request asks of a cache (RFC 9111, 5.2.1). */
export interface RequestLimits {
  /** Neither looked up nor stored. */
  readonly noStore: boolean;
  /** Nothing older is wanted; 0 wants a new one. */
  readonly maxAgeMs: number;
  /** For how long it has to stay fresh. */
  readonly minFreshMs: number;
  /** What is not in the cache is not wanted. */
  readonly onlyIfCached: boolean;
}

/** `undefined`, for most requests: whatever the route serves. */
export function limitsOf({ headers }: HttpRequest): RequestLimits | undefined {
  const field = headers['cache-control'];
  if (field === undefined) {
    // Only where there is no Cache-Control (RFC 9111, 5.4).
    const isReload = headers['pragma'] !== undefined && one(headers['pragma'])?.toLowerCase() === 'no-cache';
    return isReload ? { noStore: false, maxAgeMs: 0, minFreshMs: 0, onlyIfCached: false } : undefined;
  }
  const directives = parseCacheControl(field);
  return {
    noStore: directives.has('no-store'),
    maxAgeMs: directives.has('no-cache') ? 0 : (deltaMs(directives, 'max-age') ?? Infinity),
    minFreshMs: deltaMs(directives, 'min-fresh') ?? 0,
    onlyIfCached: directives.has('only-if-cached'),
  };
}

/** Whether a stored response is what the request asks for. */
export function satisfies(limits: RequestLimits, stored: StoredResponse, nowEpochMs: number): boolean {
  const oldMs = oldOf(stored, nowEpochMs);
  if (limits.maxAgeMs === 0 || oldMs > limits.maxAgeMs) return false;
  return limits.minFreshMs === 0 || stored.freshMs - oldMs >= limits.minFreshMs;
}

/** How old a response is; another node's clock may be ahead of ours. */
export function oldOf({ generatedAtMs }: StoredResponse, nowEpochMs: number): number {
  return Math.max(0, nowEpochMs - generatedAtMs);
}

/**
 * Whether the client has this response already (RFC 9110, 13.2.2). Only a success is compared: a 404 is not what its
 * validator is of.
 */
export function isNotModified(
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
  { status, headers }: Pick<StoredResponse, 'status' | 'headers'>,
): boolean {
  if (status !== 200 && status !== 203) return false;
  if (ifNoneMatch !== undefined) return matchesTag(ifNoneMatch, one(headers['etag']));
  return ifModifiedSince !== undefined && isUnmodifiedSince(ifModifiedSince, one(headers['last-modified']));
}
