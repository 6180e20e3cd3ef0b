import 'reflect-metadata';
import type { AnyMethod } from '../operations/method-types.js';
import type { HttpCacheSettings } from './http-cache.options.js';

const ROUTES = Symbol.for('nestjs-strata:http-routes');

/* Metadata of Nest's own. The names are the same in Nest 11 and 12, where the constants are exported from different
 * places. */
const ROUTE_ARGUMENTS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';
const SSE = '__sse__';
const GUARDS = '__guards__';
const METHOD = 'method';
const HEADERS = '__headers__';
/** Of parameters: the response, and `next`. */
const RESPONSE = 1;
const NEXT = 2;

/** A handler with `@HttpCache`. */
export interface HttpRecord {
  readonly prototype: object;
  readonly name: string | symbol;
  readonly settings: HttpCacheSettings;
  readonly original: AnyMethod;
  readonly wrapper: AnyMethod;
  /** Where the wrapper gets request and response; `undefined`: the handler sends its response itself. */
  readonly argumentsFrom: number | undefined;
}

export function addHttpRecord(record: HttpRecord): void {
  const records = ownRecords(record.prototype) ?? new Map<string | symbol, HttpRecord>();
  records.set(record.name, record);
  Reflect.defineMetadata(ROUTES, records, record.prototype);
}

/** The handlers that instances of this prototype have. */
export function httpRecordsOf(prototype: object): HttpRecord[] {
  const found: HttpRecord[] = [];
  const seen = new Set<string | symbol>();
  for (let level: object | null = prototype; level !== null && level !== Object.prototype;) {
    for (const record of ownRecords(level)?.values() ?? []) if (!seen.has(record.name)) found.push(record);
    for (const name of Reflect.ownKeys(level)) seen.add(name);
    level = Object.getPrototypeOf(level) as object | null;
  }
  return found;
}

export function httpRecord(prototype: object, name: string | symbol): HttpRecord | undefined {
  return ownRecords(prototype)?.get(name);
}

export function hasHttpRecords(prototype: object): boolean {
  return ownRecords(prototype) !== undefined;
}

/** How many parameters a handler has, decorated ones included; whether it takes the response out of Nest's hands. */
export function handlerParameters(target: object, name: string | symbol): { count: number; sendsItself: boolean } {
  const parameters = (Reflect.getMetadata(ROUTE_ARGUMENTS, target.constructor, name) ?? {}) as Record<
    string,
    { readonly index: number }
  >;
  const isPassthrough = Reflect.getMetadata(PASSTHROUGH, target.constructor, name) === true;
  const kinds = Object.keys(parameters).map((key) => Number(key.split(':', 1)[0]));
  return {
    count: Math.max(0, ...Object.values(parameters).map(({ index }) => index + 1)),
    sendsItself: !isPassthrough && kinds.some((kind) => kind === RESPONSE || kind === NEXT),
  };
}

/** What Nest calls: our wrapper, or what a decorator above ours has put around it. */
export function handlerOf(prototype: object, { name, wrapper }: HttpRecord): object {
  const handler: unknown = Reflect.get(prototype, name);
  return typeof handler === 'function' ? handler : wrapper;
}

/** Whether a handler is a stream of events. */
export function isEventStream(handler: object): boolean {
  return Reflect.getMetadata(SSE, handler) === true;
}

/** The request method of a route as Nest counts them, 0 for GET; `undefined` for what is no route. */
export function requestMethodOf(handler: object): number | undefined {
  return Reflect.getMetadata(METHOD, handler) as number | undefined;
}

/** The headers that `@Header()` gives each response of a handler, in lower case. Nest sets them before it calls anybody. */
export function declaredHeaders(handler: object): ReadonlySet<string> {
  const declared = (Reflect.getMetadata(HEADERS, handler) ?? []) as readonly { readonly name: string }[];
  return new Set(declared.map(({ name }) => name.toLowerCase()));
}

/** Whether guards stand on a handler or on its class. */
export function hasGuards(type: object, handler: object): boolean {
  return countOf(GUARDS, type) + countOf(GUARDS, handler) > 0;
}

function countOf(key: string, target: object): number {
  const listed: unknown = Reflect.getMetadata(key, target);
  return Array.isArray(listed) ? listed.length : 0;
}

function ownRecords(prototype: object): Map<string | symbol, HttpRecord> | undefined {
  return Reflect.getOwnMetadata(ROUTES, prototype) as Map<string | symbol, HttpRecord> | undefined;
}
