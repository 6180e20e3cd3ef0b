/** Names in lower case. */
export type HeaderValue = string | readonly string[];
export type Headers = Readonly<Record<string, HeaderValue>>;

/** What we read of a request. Express and Fastify have these under the same names. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly params?: unknown;
  /** Who asks, where a guard has found out. */
  readonly user?: unknown;
}

/** What a pipeline has sent, before anybody decided what becomes of it. */
export interface Captured {
  readonly status: number;
  /** What stood there when the capture began, and what the pipeline set. */
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** A response as it stands in a cache: nothing but data, so that every tier can keep it. */
export interface StoredResponse {
  readonly status: number;
  /** Those on the route's allow-list, with the validator, `Cache-Control`, `Vary` and `Date` that go with it. */
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** When it was generated, in milliseconds since 1970. */
  readonly generatedAtMs: number;
  /** For how long it is fresh, counted from then. */
  readonly freshMs: number;
}

export function one(value: HeaderValue | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/** The names of a `Vary` field, in lower case. */
export function namesOf(field: HeaderValue | undefined): string[] {
  if (field === undefined) return [];
  const names = (one(field) ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}
