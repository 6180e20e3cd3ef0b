/** The directives of a `Cache-Control` field, names in lower case; `true` for one without an argument. */
export type Directives = ReadonlyMap<string, string | true>;

const NONE: Directives = new Map();
/** A directive: a token, and an argument that is a token or a quoted text. */
const DIRECTIVE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?\s*(?:,|$)/y;
/** Where the next directive begins after something that is none. */
const NEXT = /[^,]*(?:,|$)/y;

/** Longer fields are not read: whoever sends one means no cache any good. */
const MAX_LENGTH = 1_000;

/**
 * Reads a `Cache-Control` field (RFC 9111, 5.2). Of directives given twice the first counts; what is no directive is
 * passed over. A field of more than 1,000 characters counts as `no-store`.
 */
export function parseCacheControl(field: string | readonly string[] | undefined): Directives {
  if (field === undefined || field.length === 0) return NONE;
  const text = typeof field === 'string' ? field : field.join(',');
  if (text.length > MAX_LENGTH) return new Map([['no-store', true]]);
  const directives = new Map<string, string | true>();
  let at = 0;
  while (at < text.length) {
    if (text[at] === ' ' || text[at] === '\t' || text[at] === ',') {
      at++;
      continue;
    }
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(text);
    if (match === null) {
      NEXT.lastIndex = at;
      at += Math.max(1, NEXT.exec(text)?.[0].length ?? 1);
      continue;
    }
    at = DIRECTIVE.lastIndex;
    const name = (match[1] ?? '').toLowerCase();
    const argument = match[2]?.replace(/\\(.)/g, '$1') ?? match[3];
    if (!directives.has(name)) directives.set(name, argument === undefined || argument === '' ? true : argument);
  }
  return directives;
}

/**
 * The milliseconds of a directive in seconds, `undefined` where it is absent. One that is malformed counts as 0: what is
 * stale too early harms nobody.
 */
export function deltaMs(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return value !== true && /^\d{1,10}$/.test(value) ? Number(value) * 1_000 : 0;
}

/** What a route says of its responses where its handler says nothing. */
export interface Announcement {
  /** Absent: neither, so that shared caches keep it and answer nobody with it who shows credentials. */
  readonly scope: 'public' | 'private' | undefined;
  readonly maxAgeMs: number;
  readonly revalidateMs: number;
  readonly ifErrorMs: number;
}

/** Prints a `Cache-Control` field (RFC 9111, RFC 5861). Without an age the client has to ask each time, by its validator. */
export function printCacheControl({ scope, maxAgeMs, revalidateMs, ifErrorMs }: Announcement): string {
  const maxAge = seconds(maxAgeMs);
  const parts = scope === undefined ? [] : [scope as string];
  if (maxAge === 0) return [...parts, 'no-cache'].join(', ');
  parts.push(`max-age=${maxAge}`);
  if (seconds(revalidateMs) > 0) parts.push(`stale-while-revalidate=${seconds(revalidateMs)}`);
  if (seconds(ifErrorMs) > 0) parts.push(`stale-if-error=${seconds(ifErrorMs)}`);
  return parts.join(', ');
}

/** Whole seconds, up to what every recipient can hold (RFC 9111, 1.2.2). */
function seconds(ms: number): number {
  return Math.min(Math.floor(ms / 1_000), 2 ** 31 - 1);
}
