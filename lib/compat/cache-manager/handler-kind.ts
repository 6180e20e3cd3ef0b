import type { ExecutionContext } from '@nestjs/common';
import 'reflect-metadata';

/** Nest's own names for what its decorators leave on handlers; the same in versions 11 and 12. */
const SSE = '__sse__';
const PARAMETERS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';
const HEADERS = '__headers__';
/** `@Res()` and `@Next()`, as they begin the keys of these parameters. */
const ANSWERS_ITSELF = /^[12]:/;

/**
 * Whether what a handler returns is not what is sent: a stream of server-sent events, or a reply that the handler writes
 * itself because it asked for it by `@Res()` or `@Next()`.
 */
export function answersItself(context: ExecutionContext): boolean {
  if (context.getType() !== 'http') return false;
  const handler = context.getHandler();
  if (Reflect.getMetadata(SSE, handler) === true) return true;
  const host = context.getClass();
  if (host === undefined || host === null) return false;
  const parameters: unknown = Reflect.getMetadata(PARAMETERS, host, handler.name);
  if (typeof parameters !== 'object' || parameters === null) return false;
  if (!Object.keys(parameters).some((key) => ANSWERS_ITSELF.test(key))) return false;
  return Reflect.getMetadata(PASSTHROUGH, host, handler.name) !== true;
}

/** The headers of `@Header()`, in lower case: they are on the reply before the handler runs, and are its own all the same. */
export function declaredHeaders(context: ExecutionContext): ReadonlySet<string> {
  const declared: unknown = Reflect.getMetadata(HEADERS, context.getHandler());
  return new Set(Array.isArray(declared) ? declared.map(({ name }: { name: string }) => name.toLowerCase()) : []);
}

/** Whether a body is sent as it is produced, once. */
export function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return (
    'getStream' in body || // StreamableFile
    'pipe' in body ||
    Symbol.asyncIterator in body ||
    (typeof Response === 'function' && body instanceof Response)
  );
}
