import type { CallSettings, IndexedCache } from '../../cache/index.js';
import { KeyPlace } from '../../engine/index.js';
import { requireGroups } from '../steps/store-step.js';
import { printCacheControl } from './cache-control.js';
import { entityTag } from './entity-tag.js';
import { conditionsOf, HttpExchange, type CacheStatus, type Conditions, type Pipeline } from './http-exchange.js';
import type { HotUrl } from './hot-urls.js';
import type { HttpCacheSettings } from './http-cache.options.js';
import { HttpKeys, hasPlainTarget } from './http-key.js';
import {
  namesOf,
  one,
  type Captured,
  type Headers,
  type HeaderValue,
  type HttpRequest,
  type StoredResponse,
} from './http-message.js';
import type { HttpPlatform } from './http-platform.js';
import type { HttpRuntime } from './http-runtime.js';
import type { Loaded } from './load-outcomes.js';
import { isNotModified, limitsOf, oldOf, type RequestLimits } from './serving-rules.js';
import { ageMs, judge, type Verdict } from './storing-rules.js';

/** What a response of a route may be kept for, and what of it. */
export interface Prepared {
  readonly verdict: Verdict;
  /** With the headers that are kept, and those that a cache adds. */
  readonly response: StoredResponse;
  /** Request headers that it varies by and that the decorator did not name. */
  readonly varied: readonly string[];
}

/** What 304 leaves out (RFC 9110, 15.4.5). */
const OF_CONTENT = ['content-type', 'content-length', 'content-encoding', 'content-language', 'transfer-encoding'];

/** Of which a body without a validator gets one, as Express gives it to them. */
const TAGGED = new Set([200, 203]);

/** A route with `@HttpCache`, bound to its cache in one app. */
export class HttpRoute {
  readonly keys: HttpKeys;
  readonly isPublic: boolean;
  /** What comes with each answer so that other caches tell requests apart as we do. */
  private readonly varyOfScope: readonly string[];

  constructor(
    readonly label: string,
    readonly settings: HttpCacheSettings,
    /** Headers that stand on the reply before the handler runs, and are its own all the same. */
    private readonly declared: ReadonlySet<string>,
    readonly cache: IndexedCache<string, Loaded>,
    readonly prepared: CallSettings,
    readonly runtime: HttpRuntime,
    readonly platform: HttpPlatform,
  ) {
    this.keys = new HttpKeys(label, settings, (request) => platform.patternOf(request));
    this.isPublic = settings.isPublic;
    const { scope, user } = settings;
    const isTold = scope === 'everyone' || user !== undefined;
    this.varyOfScope = isTold ? settings.vary : [...new Set([...settings.vary, 'authorization', 'cookie'])];
  }

  get nowEpochMs(): number {
    return this.runtime.clock.epochMs();
  }

  /** Answers a request that has come to the place of the cache: from there, or by the rest of the pipeline. */
  serve(request: HttpRequest, reply: unknown, pipeline: Pipeline): HttpExchange | undefined {
    const limits = this.limitsOf(request);
    if (this.isBypassed(request, limits)) {
      this.platform.setHeader(reply, 'x-cache', 'BYPASS');
      pipeline.proceed();
      return undefined;
    }
    const ofUrl = this.keys.ofUrl(request);
    if (this.isPublic) {
      const { key } = this.settings;
      this.runtime.hotUrls.remember(
        request,
        key === undefined
          ? { route: this, ofUrl, place: this.placeOf(ofUrl) }
          : { route: this, ofUrl: undefined, params: request.params },
      );
    }
    const key = this.keys.withHeaders(ofUrl, request);
    const hit = this.cache.hitAt(this.cache.codec.index(key));
    if (hit === undefined || limits !== undefined) {
      const exchange = new HttpExchange(this, request, reply, limits, pipeline);
      exchange.begin(key, hit);
      return exchange;
    }
    hit.then(
      (stored) => {
        this.answerHit(request, reply, stored);
        this.platform.silence(reply);
        pipeline.done();
      },
      // A failure that the cache remembers (`errorTtl`).
      (error: unknown) => new HttpExchange(this, request, reply, limits, pipeline).recover(error),
    );
    return undefined;
  }

  /** Answers a request before its route is known, if there is something fresh; else calls `next`, or returns `false`. */
  serveEarly(request: HttpRequest, reply: unknown, { ofUrl, place, params }: HotUrl, next: () => void): boolean {
    const limits = this.limitsOf(request);
    if (limits !== undefined || this.isBypassed(request, limits)) return false;
    const ofTarget = ofUrl ?? this.keys.ofUrl(Object.assign(request, { params }));
    const key = this.keys.withHeaders(ofTarget, request);
    const isAtPlace = place !== undefined && key === ofUrl;
    const hit = isAtPlace ? this.cache.hitBy(place) : this.cache.hitAt(this.cache.codec.index(key));
    // Not before this returns: a middleware may have something to add when it has called next().
    hit?.then((stored) => this.answerHit(request, reply, stored), next);
    return hit !== undefined;
  }

  /** Sends a stored response, or that the client has it. `vary`: with or without what it was stored with. */
  answer(
    reply: unknown,
    stored: StoredResponse,
    status: CacheStatus,
    { ifNoneMatch, ifModifiedSince }: Conditions,
    vary: 'merged' | 'kept',
  ): void {
    const { platform } = this;
    // Somebody else has answered meanwhile: a middleware that is tired of waiting.
    if (platform.isSent(reply)) return;
    platform.setHeader(reply, 'x-cache', status);
    const oldSeconds = Math.floor(oldOf(stored, this.nowEpochMs) / 1_000);
    if (status !== 'MISS' || oldSeconds > 0) platform.setHeader(reply, 'age', String(oldSeconds));
    const present = platform.getHeader(reply, 'vary');
    let { headers } = stored;
    if (vary === 'kept' || present !== undefined) headers = withVary(headers, vary === 'kept' ? undefined : present);
    if (isNotModified(ifNoneMatch, ifModifiedSince, stored)) {
      for (const name of OF_CONTENT) platform.removeHeader(reply, name);
      const left = Object.entries(headers).filter(([name]) => !OF_CONTENT.includes(name));
      platform.send(reply, { status: 304, headers: Object.fromEntries(left), body: undefined });
    } else {
      const body = stored.status === 204 ? undefined : stored.body;
      platform.send(reply, { status: stored.status, headers, body });
    }
  }

  /** Whether a request is one that the cache has no business with. */
  isBypassed(request: HttpRequest, limits: RequestLimits | undefined): boolean {
    const { method, headers } = request;
    if (method !== 'GET' && method !== 'HEAD') return true;
    if (limits?.noStore === true || this.cache.closed || !this.cache.enabled) return true;
    // What the key does not have in it.
    if (hasBody(headers) || !hasPlainTarget(request)) return true;
    // Ranges are the handler's; the others are not for caches to judge (RFC 9111, 4.3.2).
    if (headers['range'] !== undefined || headers['if-match'] !== undefined) return true;
    if (headers['if-unmodified-since'] !== undefined) return true;
    if (this.settings.scope !== 'anonymous') return false;
    if (this.isUndeclared(headers, 'authorization') || this.isUndeclared(headers, 'cookie')) return true;
    return request.user !== undefined && request.user !== null && !this.isToldBy(headers);
  }

  /** The settings of a request's load. */
  callFor(request: HttpRequest): CallSettings {
    const { groupsOf } = this.settings;
    if (groupsOf === undefined) return this.prepared;
    const groups = requireGroups(`@HttpCache of ${this.label}`, groupsOf(request));
    return { ...this.prepared, groups: [...this.prepared.groups, ...groups] };
  }

  /** Decides about what a pipeline has sent; `present` are the headers that were there before the handler. */
  prepare(captured: Captured, present: Headers, hasOwnTag: boolean): Prepared {
    const { settings, prepared } = this;
    const before = without(present, this.declared);
    const nowEpochMs = this.runtime.clock.epochMs();
    const rules = {
      cacheKind: settings.scope === 'user' ? 'private' : 'shared',
      ttlMs: prepared.ttlMs,
      negativeMs: settings.negativeMs,
    } as const;
    const verdict = judge(captured, before, rules, nowEpochMs);
    const { status, body } = captured;
    const headers: Record<string, string | readonly string[]> = {};
    for (const [name, value] of Object.entries(captured.headers)) {
      if (settings.headers.has(name) && one(value) !== one(before[name])) headers[name] = value;
    }
    if (!hasOwnTag && settings.etag !== false) delete headers['etag'];
    if (settings.etag !== false && headers['etag'] === undefined && TAGGED.has(status)) {
      headers['etag'] = entityTag(
        settings.etag,
        body,
        `${one(headers['content-type'])} ${one(headers['content-encoding'])}`,
      );
    }
    const ofMiddleware = namesOf(before['vary']);
    const varied = namesOf(headers['vary']).filter((name) => name !== '*' && !ofMiddleware.includes(name));
    const freshMs = verdict.kind === 'store' ? verdict.ttlMs : 0;
    if (verdict.kind === 'store') {
      const vary = [...new Set([...this.varyOfScope, ...varied])];
      if (vary.length > 0) headers['vary'] = vary.join(', ');
      else delete headers['vary'];
      this.announce(headers, freshMs, verdict.staleness);
    }
    headers['date'] = new Date(nowEpochMs).toUTCString();
    const generatedAtMs = nowEpochMs - ageMs(captured.headers);
    return {
      verdict,
      response: { status, headers, body, generatedAtMs, freshMs: freshMs + ageMs(captured.headers) },
      varied: varied.filter((name) => !settings.vary.includes(name)),
    };
  }

  /** Whether a response is past its freshness. */
  isStale(stored: StoredResponse): boolean {
    return oldOf(stored, this.runtime.clock.epochMs()) >= stored.freshMs;
  }

  private placeOf(ofUrl: string): KeyPlace<string> | undefined {
    const index = this.cache.codec.index(ofUrl);
    return typeof index === 'string' ? new KeyPlace(index) : undefined;
  }

  private answerHit(request: HttpRequest, reply: unknown, stored: Loaded): void {
    // What only its owner may have is never stored.
    this.answer(reply, stored as StoredResponse, 'HIT', conditionsOf(request), 'merged');
  }

  private limitsOf(request: HttpRequest): RequestLimits | undefined {
    return this.settings.requestDirectives ? limitsOf(request) : undefined;
  }

  private isUndeclared(headers: HttpRequest['headers'], name: string): boolean {
    return headers[name] !== undefined && !this.settings.vary.includes(name);
  }

  /** Whether responses vary by a header of the request that may be what told a guard who asks. */
  private isToldBy(headers: HttpRequest['headers']): boolean {
    return this.settings.vary.some((name) => headers[name] !== undefined && !name.startsWith('accept'));
  }

  private announce(
    headers: Record<string, unknown>,
    freshMs: number,
    staleness: { readonly revalidateMs: number; readonly ifErrorMs: number },
  ): void {
    const { maxAgeMs = freshMs, scope } = this.settings;
    if (maxAgeMs === false || headers['cache-control'] !== undefined || headers['expires'] !== undefined) return;
    headers['cache-control'] = printCacheControl({
      scope: scope === 'user' ? 'private' : scope === 'everyone' ? 'public' : undefined,
      maxAgeMs,
      revalidateMs: Math.min(this.prepared.revalidateMs, staleness.revalidateMs),
      ifErrorMs: Math.min(this.prepared.ifErrorMs, staleness.ifErrorMs),
    });
  }
}

/** Whether a request has one, which with GET and HEAD means nothing (RFC 9110, 9.3.1); a handler may read it all the same. */
function hasBody(headers: HttpRequest['headers']): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  return length !== '0' || encoding !== undefined;
}

function without(headers: Headers, names: ReadonlySet<string>): Headers {
  if (names.size === 0) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)));
}

/** Headers with the names that are on the reply already added to theirs, or without theirs. */
function withVary(headers: Headers, present: unknown): Headers {
  const { vary, ...others } = headers;
  if (present === undefined) return others;
  return { ...others, vary: [...new Set([...namesOf(present as HeaderValue), ...namesOf(vary)])].join(', ') };
}
