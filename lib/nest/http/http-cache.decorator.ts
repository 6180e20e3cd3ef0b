import { Inject, Optional, Req, Res, StreamableFile } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { isDefinition } from '../../cache/index.js';
import { copyMetadata } from '../operations/metadata.js';
import type { AnyMethod } from '../operations/method-types.js';
import { requireMethod } from '../calls/method-wrapper.js';
import { failedStream, gather } from './bounded-stream.js';
import { claimOf } from './claim.js';
import { parseHttpCache, type HttpCacheOptions } from './http-cache.options.js';
import type { HttpExchange } from './http-exchange.js';
import { addHttpRecord, handlerParameters, hasHttpRecords, httpRecord, type HttpRecord } from './http-metadata.js';
import type { HttpRequest } from './http-message.js';
import type { HttpRoute } from './http-route.js';
import { isHttpRuntime } from './http-runtime.js';
import { HTTP_RUNTIME, HTTP_RUNTIME_TOKEN } from '../operations/tokens.js';
import { CacheMisuseError } from '../../core/index.js';

interface Host {
  readonly [HTTP_RUNTIME]?: unknown;
}

/**
 * Keeps the responses of a route handler, for GET and HEAD, and answers later requests from there: status, headers and
 * body as they were sent, with `Age`, `ETag`, `Cache-Control`, `Vary` and `X-Cache`, and 304 for who has it already. The
 * handler runs once for all requests that ask for the same meanwhile.
 *
 * It is looked up where the handler would run, after guards, interceptors and pipes; with {@link HttpCacheInterceptor},
 * where that stands. On a handler that sends its response itself (`@Res()`), and on `@Sse()`, it does nothing.
 */
export function HttpCache(options: HttpCacheOptions = {}): MethodDecorator {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const label = `@HttpCache of ${requireMethod('@HttpCache', { target, name, descriptor })}`;
    if (httpRecord(target, name) !== undefined) throw new CacheMisuseError(`${label} stands there twice; keep one`);
    const isCache = (given: unknown): boolean => (typeof given === 'string' && given !== '') || isDefinition(given);
    const settings = parseHttpCache(label, options, isCache);
    // requireMethod() was here before: the value is a method.
    const original = descriptor.value as AnyMethod;
    const { count, sendsItself } = handlerParameters(target, name);
    const argumentsFrom = sendsItself ? undefined : Math.max(original.length, count);
    const record: HttpRecord = { prototype: target, name, settings, original, argumentsFrom, wrapper: original };
    const wrapper = wrap(record);
    if (argumentsFrom !== undefined) {
      Req()(target, name, argumentsFrom);
      Res({ passthrough: true })(target, name, argumentsFrom + 1);
    }
    if (!hasHttpRecords(target)) injectRuntime(target);
    addHttpRecord(Object.assign(record, { wrapper }));
    descriptor.value = wrapper;
  };
}

function wrap(record: HttpRecord): AnyMethod {
  const { original, argumentsFrom = Infinity } = record;
  let prototype: object | undefined;
  let holder: unknown;
  let route: HttpRoute | undefined;
  /** An inline cache of one entry: the app and the class that called last. */
  const find = (self: object): HttpRoute | undefined => {
    const runtime = (self as Host)[HTTP_RUNTIME];
    const type = Object.getPrototypeOf(self) as object;
    if (runtime === holder && type === prototype) return route;
    if (!isHttpRuntime(runtime)) return undefined;
    route = runtime.routeOf(type, record);
    holder = runtime;
    prototype = type;
    return route;
  };
  const { wrapper } = {
    wrapper(this: object, ...args: never[]): unknown {
      // Called by somebody else than Nest's router.
      if (args.length < argumentsFrom + 2) return Reflect.apply(original, this, args);
      const request: unknown = args[argumentsFrom];
      // The transports of messages have no such parameters, and say null.
      if (!isRequest(request)) {
        return Reflect.apply(original, this, request === null ? args.slice(0, argumentsFrom) : args);
      }
      const reply: unknown = args[argumentsFrom + 1];
      const call = (): unknown => Reflect.apply(original, this, args.slice(0, argumentsFrom));
      const claim = claimOf(request);
      if (claim !== undefined) return claim.exchange === undefined ? call() : captured(call, reply, claim.exchange);
      const found = find(this);
      return found === undefined ? call() : serve(found, request, reply, call);
    },
  };
  for (const key of Reflect.ownKeys(original)) {
    if (key !== 'prototype') Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(original, key) ?? {});
  }
  copyMetadata(original, wrapper);
  return wrapper;
}

function isRequest(given: unknown): given is HttpRequest {
  return typeof given === 'object' && given !== null && 'headers' in given && 'method' in given;
}

function serve(route: HttpRoute, request: HttpRequest, reply: unknown, call: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const exchange: HttpExchange | undefined = route.serve(request, reply, {
      // What runs at once runs before the exchange is known here.
      proceed: () => resolve(captured(call, reply, () => exchange)),
      done: () => resolve(undefined),
      fail: reject,
    });
  });
}

/** Calls the handler; what it returns that is read once is read here, where a bound can be kept. */
async function captured(
  call: () => unknown,
  reply: unknown,
  exchange: HttpExchange | (() => HttpExchange | undefined),
): Promise<unknown> {
  let result = await call();
  const current = typeof exchange === 'function' ? exchange() : exchange;
  if (current?.isCapturing !== true) return result;
  if (isObservable(result)) result = await lastValueFrom(result);
  if (!(result instanceof StreamableFile)) return result;
  const { type, disposition, length } = result.getHeaders();
  const gathered = await gather(result.getStream(), current.maxBodySize);
  if (gathered.kind === 'whole') return current.finishWith(reply, gathered.body, { type, disposition });
  const stream = gathered.kind === 'failed' ? failedStream(gathered.error) : gathered.whole();
  return new StreamableFile(stream, { type, disposition, length });
}

function injectRuntime(prototype: object): void {
  Optional()(prototype, HTTP_RUNTIME);
  Inject(HTTP_RUNTIME_TOKEN)(prototype, HTTP_RUNTIME);
  Object.defineProperty(prototype, HTTP_RUNTIME, {
    configurable: true,
    get: () => undefined,
    set(this: object, value: unknown) {
      Object.defineProperty(this, HTTP_RUNTIME, { value, writable: true, configurable: true });
    },
  });
}
