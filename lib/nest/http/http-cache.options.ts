import { OptionProblems, type Duration } from '../../core/index.js';
import type { LoadOptions } from '../../cache/index.js';
import type { CacheNamed } from '../operations/decorator.options.js';
import type { CacheReference } from '../operations/operation.js';
import type { HttpRequest } from './http-message.js';

/** The cache of routes that name none: `defineCache('http', …)` among the app's definitions replaces it. */
export const DEFAULT_CACHE = 'http';

/** What `@HttpCache` takes. */
export interface HttpCacheOptions extends Pick<
  LoadOptions,
  'ttl' | 'staleWhileRevalidate' | 'staleIfError' | 'staleBackoff' | 'refreshAhead' | 'loadTimeout' | 'lock'
> {
  /** Where responses are kept: a definition of `defineCache<string, StoredResponse>()`, or the name of one. @defaultValue `'http'`, of 64 MB */
  readonly cache?: CacheNamed | string;
  /**
   * The query parameters that are part of the key; others do not tell responses apart, though the handler sees those of
   * the request that came first. `filter` means `filter[name]` too. `true`: all of them, `false`: none. @defaultValue true
   */
  readonly query?: boolean | readonly string[];
  /**
   * In the place of path and query: what tells the responses of this route apart. It is asked before guards where the
   * route is `public`, else after them.
   */
  readonly key?: (request: never) => string;
  /**
   * Request headers by which responses differ: part of the key, and of `Vary`. `authorization` or `cookie` among them
   * declare that requests which bear those may be answered from the cache. @defaultValue none
   */
  readonly vary?: readonly string[];
  /**
   * Who may be answered with one response. `'anonymous'`: requests without `Authorization` and `Cookie`, for which no guard
   * has set `request.user`; the others run the handler. `'everyone'`: who asks makes no difference. `'user'`: each user has responses of their own.
   * @defaultValue 'anonymous'; 'everyone' where the route is `public`
   */
  readonly scope?: 'anonymous' | 'everyone' | 'user';
  /** With `scope: 'user'`: who the user is. @defaultValue the request's `Authorization` and `Cookie`, hashed */
  readonly user?: (request: never) => string;
  /** Groups of the responses: a list, or a function of the request. */
  readonly groups?: readonly string[] | ((request: never) => readonly string[]);
  /**
   * Answers before guards, interceptors and pipes, which only the first request of a URL runs through. Refused on routes
   * that have guards. @defaultValue false
   */
  readonly public?: boolean;
  /** More response headers to keep. @defaultValue those that describe the body, and `Location`, `Link`, `Retry-After` */
  readonly headers?: readonly string[];
  /**
   * The validator of responses to which the handler gave none. `'weak'` survives a compression behind the app, `'strong'`
   * promises equal bytes, `false` makes none. @defaultValue 'weak'
   */
  readonly etag?: 'weak' | 'strong' | false;
  /**
   * For how long clients may use a response without asking, as `Cache-Control` tells them where the handler does not. `0`
   * lets them ask each time: with a validator that costs 304 and no body, and an invalidation reaches them at once.
   * `false` tells them nothing. @defaultValue the ttl
   */
  readonly maxAge?: Duration | false;
  /** How long 404 and 410 are kept. @defaultValue 0, not at all */
  readonly negativeTtl?: Duration;
  /** The largest body that is kept, in bytes; larger ones pass through. @defaultValue 1,048,576 */
  readonly maxBodySize?: number;
  /** Whether a request's own `Cache-Control` counts, which is for caches to decide (RFC 9111, 5.2.1). @defaultValue true */
  readonly requestDirectives?: boolean;
}

/** The options of one route, checked, with every default in place. */
export interface HttpCacheSettings {
  readonly cache: CacheReference;
  readonly load: LoadOptions;
  readonly query: true | ReadonlySet<string>;
  readonly key: ((request: HttpRequest) => string) | undefined;
  readonly vary: readonly string[];
  readonly scope: 'anonymous' | 'everyone' | 'user';
  readonly user: ((request: HttpRequest) => string) | undefined;
  readonly groupsOf: ((request: HttpRequest) => readonly string[]) | undefined;
  readonly isPublic: boolean;
  readonly headers: ReadonlySet<string>;
  readonly etag: 'weak' | 'strong' | false;
  /** `undefined`: the ttl of each response. */
  readonly maxAgeMs: number | false | undefined;
  readonly negativeMs: number;
  readonly maxBodySize: number;
  readonly requestDirectives: boolean;
}

const LOAD_OPTIONS: readonly (keyof LoadOptions & keyof HttpCacheOptions)[] = [
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'staleBackoff',
  'refreshAhead',
  'loadTimeout',
  'lock',
];
const OPTION_NAMES: readonly (keyof HttpCacheOptions)[] = [
  ...LOAD_OPTIONS,
  'cache',
  'query',
  'key',
  'vary',
  'scope',
  'user',
  'groups',
  'public',
  'headers',
  'etag',
  'maxAge',
  'negativeTtl',
  'maxBodySize',
  'requestDirectives',
];

/** What describes a body or where it is, and says nothing of the client or the connection. */
const KEPT_HEADERS = [
  'content-type',
  'content-language',
  'content-encoding',
  'content-disposition',
  'content-location',
  'cache-control',
  'expires',
  'etag',
  'last-modified',
  'link',
  'location',
  'retry-after',
  'vary',
];
/** Never kept: of one connection, of one client, or told anew of each answer. */
const NEVER_KEPT = [
  'set-cookie',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'content-length',
  'age',
  'date',
  'x-cache',
];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DEFAULT_MAX_BODY = 1_048_576;

/** Checks what stands in the decorator; throws every problem in one error. */
export function parseHttpCache(
  label: string,
  given: HttpCacheOptions,
  isCache: (cache: unknown) => boolean,
): HttpCacheSettings {
  const problems = new OptionProblems(label);
  problems.requireObject('options', given);
  problems.refuseUnknown(given, OPTION_NAMES);
  const { cache = DEFAULT_CACHE, vary = [], headers = [], groups, query = true, maxAge, user, key } = given;
  problems.require(isCache(cache), 'cache', 'must be a definition made with defineCache(), or the name of one', cache);
  requireNames(problems, 'vary', vary, ['*'], 'name the headers that responses differ by');
  requireNames(
    problems,
    'headers',
    headers,
    NEVER_KEPT,
    'it is of one client or one connection, or told anew each time',
  );
  if (typeof query !== 'boolean') {
    problems.requireEach('query', 'must be true, false or a list of the names of parameters', query, isText);
  }
  if (groups !== undefined && typeof groups !== 'function') {
    const rule = 'must be a list of texts that are not empty, or a function that returns one';
    problems.requireEach('groups', rule, groups, isText);
  }
  problems.function('key', key, undefined);
  problems.function('user', user, undefined);
  const isPublic = problems.oneOf('public', given.public, [true, false], false);
  const scope = problems.oneOf(
    'scope',
    given.scope,
    ['anonymous', 'everyone', 'user'] as const,
    isPublic ? 'everyone' : 'anonymous',
  );
  problems.require(
    !(isPublic && scope === 'user'),
    'public',
    "cannot go with scope: 'user': nobody is known yet",
    true,
  );
  problems.require(user === undefined || scope === 'user', 'user', "needs scope: 'user'", user);
  const settings: HttpCacheSettings = {
    cache,
    load: loadOptions(given),
    query: query === true ? true : new Set(query === false ? [] : query),
    key: key as HttpCacheSettings['key'],
    vary: [...new Set(lowered(vary))],
    scope,
    user: user as HttpCacheSettings['user'],
    groupsOf: typeof groups === 'function' ? (groups as HttpCacheSettings['groupsOf']) : undefined,
    isPublic,
    headers: new Set([...KEPT_HEADERS, ...lowered(headers)]),
    etag: problems.oneOf('etag', given.etag, ['weak', 'strong', false] as const, 'weak'),
    maxAgeMs: maxAge === false ? false : problems.duration('maxAge', maxAge, undefined),
    negativeMs: problems.duration('negativeTtl', given.negativeTtl, 0),
    maxBodySize: problems.positiveInteger('maxBodySize', given.maxBodySize, DEFAULT_MAX_BODY),
    requestDirectives: problems.oneOf('requestDirectives', given.requestDirectives, [true, false], true),
  };
  problems.throwIfAny();
  return settings;
}

/** What the cache itself checks and decides, as it was given. */
function loadOptions(given: HttpCacheOptions): LoadOptions {
  const { groups } = given;
  const load = Object.entries(given).filter(([name]) => LOAD_OPTIONS.includes(name as (typeof LOAD_OPTIONS)[number]));
  return { ...Object.fromEntries(load), ...(Array.isArray(groups) ? { groups: groups as readonly string[] } : {}) };
}

function requireNames(
  problems: OptionProblems,
  option: string,
  names: unknown,
  refused: readonly string[],
  reason: string,
): void {
  const isName = (name: unknown): name is string => isText(name) && TOKEN.test(name);
  problems.requireEach(option, 'must be a list of header names', names, isName);
  const bad = lowered(names).find((name) => refused.includes(name));
  problems.require(bad === undefined, option, `cannot name ${bad}: ${reason}`, bad);
}

function lowered(names: unknown): string[] {
  return Array.isArray(names) ? names.filter(isText).map((name) => name.toLowerCase()) : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
