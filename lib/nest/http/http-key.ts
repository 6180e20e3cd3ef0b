import { MemoryCache } from '../../engine/index.js';
import { digest } from '../../cache/index.js';
import { CacheMisuseError, show } from '../../core/index.js';
import { one, type HttpRequest } from './http-message.js';
import type { HttpCacheSettings } from './http-cache.options.js';

/** A longer key is cut, and its end hashed. */
const MAX_KEY = 512;
/** A longer URL is not remembered: its key is built each time. */
export const MAX_REMEMBERED = 2_048;
/** How many spellings are remembered of a route, and how long they and their keys are in all: clients choose them. */
const REMEMBERED = 10_000;
const MAX_CHARACTERS = 1_000_000;
/** Before what cannot be decoded: the encoding of no text has it. */
const UNDECODABLE = '%!';
/** By which handlers know how a client names the app. */
const FORWARDED = ['x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-prefix'] as const;
/** How the keys that hold them are shorter. */
const FORWARDED_PREFIX = 'x-forwarded-'.length;
/** What a name of a host, with its port, consists of. */
const PLAIN = /^[\w.:[\]=-]*$/;
/** Their values are secrets: keys show a hash of them. */
const SECRETS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * The keys of a route's responses. A key is what the request means and not how it is spelt: host, route pattern, the
 * values of its parameters, the query sorted and without what is not on the allow-list; then the headers that responses
 * vary by.
 *
 * How a URL was spelt is remembered, so that a hit builds no key: of each route 10,000 spellings, or a million characters.
 */
export class HttpKeys {
  private readonly spellings = new MemoryCache<string, string>({
    maxSize: REMEMBERED,
    maxWeight: MAX_CHARACTERS,
    weigher: (key, spelling) => spelling.length + key.length,
    policy: 'sieve',
  });
  private varying: readonly string[];

  constructor(
    private readonly label: string,
    private readonly settings: HttpCacheSettings,
    /** The pattern that the router matched. */
    private readonly patternOf: (request: HttpRequest) => string,
  ) {
    this.varying = settings.vary;
  }

  /** The headers that responses vary by: those of the decorator, and those that responses have named. */
  get vary(): readonly string[] {
    return this.varying;
  }

  /** Learns what a response varies by; `false` when all of it was known. */
  learn(names: readonly string[]): boolean {
    const added = names.filter((name) => !this.varying.includes(name));
    if (added.length > 0) this.varying = [...this.varying, ...added].toSorted();
    return added.length > 0;
  }

  of(request: HttpRequest): string {
    return this.withHeaders(this.ofUrl(request), request);
  }

  /** What does not depend on headers. */
  ofUrl(request: HttpRequest): string {
    const { key } = this.settings;
    if (key !== undefined) return cut(`${this.label} !${unmarked(this.requireText('key', key(request)))}`);
    const spelling = spellingOf(request);
    const known = this.spellings.get(spelling);
    if (known !== undefined) return known;
    const text = cut(this.build(request));
    if (spelling.length <= MAX_REMEMBERED) this.spellings.put(spelling, text);
    return text;
  }

  withHeaders(ofUrl: string, request: HttpRequest): string {
    const isOfUser = this.settings.scope === 'user';
    if (this.varying.length === 0 && !isOfUser) return ofUrl;
    const parts = this.varying.map((name) => `${name}=${this.headerIn(request, name)}`);
    if (isOfUser) parts.push(`user=${this.userOf(request)}`);
    return cut(`${ofUrl} |${parts.join('&')}`);
  }

  dispose(): void {
    this.spellings.dispose();
  }

  private headerIn({ headers }: HttpRequest, name: string): string {
    const value = one(headers[name]);
    if (value === undefined) return '';
    return SECRETS.has(name) ? digest(value) : encodeURIComponent(value.trim().replace(/\s*,\s*/g, ','));
  }

  private userOf(request: HttpRequest): string {
    const { user } = this.settings;
    if (user !== undefined) return encodeURIComponent(this.requireText('user', user(request)));
    const { authorization, cookie } = request.headers;
    if (authorization === undefined && cookie === undefined) return '';
    // Both: the one may be that of a gate before the app, which all of its users share.
    return digest(one(authorization) ?? '', one(cookie) ?? '');
  }

  private build(request: HttpRequest): string {
    const params = Object.entries((request.params ?? {}) as Record<string, unknown>);
    const path = params.map(
      ([name, value]) =>
        `${name}=${[value]
          .flat()
          .map((part) => encodeURIComponent(String(part)))
          .join('/')}`,
    );
    const { url } = request;
    const query = canonicalQuery(url, this.settings.query);
    const where = `${shown(originOf(request))}${this.patternOf(request)}${path.length > 0 ? `#${path.join('&')}` : ''}`;
    return `${this.label} ${where}${behindSemicolon(url)}${mountOf(request)}${query}`;
  }

  private requireText(option: string, value: unknown): string {
    if (typeof value === 'string') return value;
    throw new CacheMisuseError(
      `@HttpCache of ${this.label}: what its option ${option} returned is ${show(value)}; return a text for every request`,
    );
  }
}

/** How a request names its target: also as it did before a middleware has written it anew, by a header perhaps. */
export function spellingOf(request: HttpRequest): string {
  const { url, originalUrl = url } = request;
  return originalUrl === url ? `${originOf(request)}\n${url}` : `${originOf(request)}\n${url}\n${originalUrl}`;
}

/** A spelling in its parts, as requests bring them: to compare it with that of a request builds no text. */
export class Spelling {
  private readonly url: string;
  private readonly originalUrl: string | undefined;
  private readonly host: string | undefined;
  private readonly forwarded: readonly unknown[];

  constructor({ url, originalUrl, headers }: HttpRequest) {
    this.url = url;
    this.originalUrl = originalUrl;
    this.host = headers['host'] as string | undefined;
    this.forwarded = FORWARDED.map((name) => headers[name]);
  }

  isOf({ url, originalUrl, headers }: HttpRequest): boolean {
    if (url !== this.url || originalUrl !== this.originalUrl || headers['host'] !== this.host) return false;
    for (let at = 0; at < FORWARDED.length; at++) {
      if (headers[FORWARDED[at] as string] !== this.forwarded[at]) return false;
    }
    return true;
  }
}

/**
 * Whether the target is a path with a query. Not so the URL of some server; nor what has a fragment, which no browser
 * sends, and which platforms take for a query, for a part of one, or for nothing.
 */
export function hasPlainTarget({ url, originalUrl = url }: HttpRequest): boolean {
  return isPlainTarget(url) && (originalUrl === url || isPlainTarget(originalUrl));
}

/** `?a=1&b=2` of any spelling: sorted by name, equal names in their order, without those that are not on the list. */
export function canonicalQuery(url: string, allowed: true | ReadonlySet<string>): string {
  const start = url.indexOf('?');
  if (start === -1 || (allowed !== true && allowed.size === 0)) return '';
  const pairs: [name: string, value: string][] = [];
  for (const part of url.slice(start + 1).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = canonicalText(equals === -1 ? part : part.slice(0, equals));
    if (allowed !== true && !isAllowed(name, allowed)) continue;
    pairs.push([name, equals === -1 ? '' : canonicalText(part.slice(equals + 1))]);
  }
  if (pairs.length === 0) return '';
  const sorted = pairs.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return `?${sorted.map(([name, value]) => `${name}=${value}`).join('&')}`;
}

function isPlainTarget(url: string): boolean {
  return url.startsWith('/') && !url.includes('#');
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** The path that the client asked for, where it is another than the router saw: an app that is mounted in another one. */
function mountOf({ url, originalUrl = url }: HttpRequest): string {
  return originalUrl === url ? '' : `@${encodeURIComponent(pathOf(originalUrl))}`;
}

/** Fastify can be told that a query begins there. */
function behindSemicolon(url: string): string {
  const path = pathOf(url);
  const at = path.indexOf(';');
  return at === -1 ? '' : `;${encodeURIComponent(path.slice(at + 1))}`;
}

/** A user's text without the mark that stands before the headers in a key. */
function unmarked(text: string): string {
  return text.replace(/[%|]/g, encodeURIComponent);
}

/**
 * The host, and what proxies say of the address that the client used: a handler may build links with any of it, and
 * whoever reaches the app may send it. One a line, as no header has a line end in it.
 */
function originOf({ headers }: HttpRequest): string {
  let origin = one(headers['host']) ?? '';
  for (const name of FORWARDED) {
    const { [name]: value } = headers;
    if (value !== undefined) origin += `\n${name.slice(FORWARDED_PREFIX)}=${one(value)}`;
  }
  return origin;
}

/** An origin in one line, whose end cannot be mistaken for the beginning of a path. */
function shown(origin: string): string {
  return origin
    .split('\n')
    .map((line) => (PLAIN.test(line) ? line : encodeURIComponent(line)))
    .join(',');
}

function isAllowed(name: string, allowed: ReadonlySet<string>): boolean {
  if (name.startsWith(UNDECODABLE)) return false;
  const text = decodeURIComponent(name);
  const bracket = text.indexOf('[');
  return allowed.has(text) || (bracket > 0 && allowed.has(text.slice(0, bracket)));
}

/** One spelling for each text. */
function canonicalText(text: string): string {
  try {
    return encodeURIComponent(decodeURIComponent(text.replaceAll('+', ' ')));
  } catch {
    return UNDECODABLE + encodeURIComponent(text);
  }
}

/** A key with that mark in it is hashed whatever its length, so that nobody can write the key of a longer one. */
function cut(key: string): string {
  return key.length <= MAX_KEY && !key.includes('…') ? key : `${key.slice(0, MAX_KEY / 2)}…${digest(key)}`;
}
