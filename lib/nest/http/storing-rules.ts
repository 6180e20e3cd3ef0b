import { deltaMs, parseCacheControl, type Directives } from './cache-control.js';
import { namesOf, one, type Captured, type Headers } from './http-message.js';

/** What a captured response is good for. */
export type Verdict =
  /** It may be kept. */
  | { readonly kind: 'store'; readonly ttlMs: number; readonly staleness: StaleLimits }
  /** Everybody who asked for it meanwhile may have it, and nobody later. */
  | { readonly kind: 'share' }
  /** The same, and it says that the handler failed: a stale response may stand in (RFC 5861). */
  | { readonly kind: 'failure' }
  /** It is for the client that it was made for. */
  | { readonly kind: 'own' };

export interface StaleLimits {
  readonly revalidateMs: number;
  readonly ifErrorMs: number;
}

export interface StoringRules {
  /** `private`: the entries are of one user each, so that a private cache's rules hold. */
  readonly cacheKind: 'shared' | 'private';
  readonly ttlMs: number;
  /** How long 404 and 410 are kept. */
  readonly negativeMs: number;
}

/** Final statuses that a cache may keep without knowing more about them (RFC 9110, 15.1), but 206, which needs ranges. */
const SUCCESS = new Set([200, 203, 204, 300, 301, 308]);
const NEGATIVE = new Set([404, 410]);
/** That a stale response may stand in for (RFC 5861, 4). */
const FAILURES = new Set([500, 502, 503, 504]);
/** That speak of the client and not of the resource. */
const PERSONAL = new Set([304, 401, 402, 403, 407, 408, 412, 413, 416, 417, 421, 425, 429, 431]);

/**
 * What RFC 9111, 3 allows of a response to a GET request, `before` being the headers that were there before the handler:
 * those are of the request's own, a session's `Set-Cookie` say.
 */
export function judge(
  { status, headers, body }: Captured,
  before: Headers,
  rules: StoringRules,
  nowEpochMs: number,
): Verdict {
  if (status < 200 || status === 206 || PERSONAL.has(status)) return { kind: 'own' };
  if (one(headers['set-cookie']) !== one(before['set-cookie'])) return { kind: 'own' };
  if (namesOf(headers['vary']).includes('*') || headers['content-range'] !== undefined) return { kind: 'own' };
  // An incomplete one (RFC 9111, 3.3).
  if (headers['content-length'] !== undefined && Number(headers['content-length']) !== body.byteLength) {
    return { kind: 'own' };
  }
  const directives = parseCacheControl(headers['cache-control']);
  if (directives.has('no-store')) return { kind: 'own' };
  if (directives.has('private') && rules.cacheKind === 'shared') return { kind: 'own' };
  if (FAILURES.has(status)) return { kind: 'failure' };
  const isNegative = NEGATIVE.has(status);
  if (directives.has('no-cache') || (!isNegative && !SUCCESS.has(status))) return { kind: 'share' };
  const said = freshnessMs(directives, headers, rules.cacheKind, nowEpochMs);
  const ttlMs = said ?? (isNegative ? rules.negativeMs : rules.ttlMs);
  return ttlMs <= 0 ? { kind: 'share' } : { kind: 'store', ttlMs, staleness: staleLimits(directives, rules.cacheKind) };
}

/** How long the response itself says that it is fresh (RFC 9111, 4.2.1), less the age it came with; `undefined`: nothing. */
function freshnessMs(
  directives: Directives,
  headers: Headers,
  cacheKind: StoringRules['cacheKind'],
  nowEpochMs: number,
): number | undefined {
  const lifetimeMs =
    (cacheKind === 'shared' ? deltaMs(directives, 's-maxage') : undefined) ??
    deltaMs(directives, 'max-age') ??
    expiresMs(headers, nowEpochMs);
  return lifetimeMs === undefined ? undefined : lifetimeMs - ageMs(headers);
}

/** `Expires` that is no date, as `0` is none, has passed (RFC 9111, 5.3). */
function expiresMs(headers: Headers, nowEpochMs: number): number | undefined {
  const expires = one(headers['expires']);
  if (expires === undefined) return undefined;
  const dateMs = Date.parse(one(headers['date']) ?? '');
  const untilMs = Date.parse(expires);
  return Number.isFinite(untilMs) ? untilMs - (Number.isFinite(dateMs) ? dateMs : nowEpochMs) : 0;
}

/** How old the response was when the handler had it from somewhere else. */
export function ageMs(headers: Headers): number {
  const age = one(headers['age']) ?? '';
  return /^\d{1,10}$/.test(age) ? Number(age) * 1_000 : 0;
}

/** What the response allows (RFC 9111, 4.2.4; RFC 5861). It can only shorten what the route says. */
function staleLimits(directives: Directives, cacheKind: StoringRules['cacheKind']): StaleLimits {
  const isForbidden =
    directives.has('must-revalidate') ||
    (cacheKind === 'shared' && (directives.has('proxy-revalidate') || directives.has('s-maxage')));
  if (isForbidden) return { revalidateMs: 0, ifErrorMs: 0 };
  return {
    revalidateMs: deltaMs(directives, 'stale-while-revalidate') ?? Infinity,
    ifErrorMs: deltaMs(directives, 'stale-if-error') ?? Infinity,
  };
}
