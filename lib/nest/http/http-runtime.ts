import { Logger } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { CacheMisuseError, type Clock } from '../../core/index.js';
import { defineCache, type CacheRegistry } from '../../cache/index.js';
import { labelOf } from '../methods/method-binder.js';
import { ownRecord } from '../operations/metadata.js';
import { prototypesOf } from '../calls/module-scan.js';
import { nameOf } from '../operations/operation.js';
import { ExpressPlatform } from './express.platform.js';
import { FastifyPlatform } from './fastify.platform.js';
import { HotUrls } from './hot-urls.js';
import { DEFAULT_CACHE } from './http-cache.options.js';
import {
  declaredHeaders,
  handlerOf,
  hasGuards,
  httpRecordsOf,
  isEventStream,
  requestMethodOf,
  type HttpRecord,
} from './http-metadata.js';
import type { HttpRequest } from './http-message.js';
import type { HttpPlatform } from './http-platform.js';
import { HttpRoute } from './http-route.js';
import type { Loaded } from './load-outcomes.js';

const BRAND = Symbol.for('nestjs-strata:http-runtime');
const logger = new Logger('nestjs-strata');
/** Of Nest's request methods, those that reach the cache: GET, HEAD, and ALL, of which the others bypass it. */
const CACHEABLE_METHODS = [0, 7, 5];
const DEFAULT_MEMORY = '64mb';

type Adapter = HttpAdapterHost['httpAdapter'];

/** The routes with `@HttpCache` of one app. */
export class HttpRuntime {
  readonly [BRAND] = true;
  readonly hotUrls = new HotUrls();
  private readonly routes = new WeakMap<object, Map<HttpRecord, HttpRoute | undefined>>();
  private readonly handlers = new WeakMap<object, Map<object, HttpRoute | undefined>>();
  private readonly bound: HttpRoute[] = [];
  private platform: HttpPlatform | undefined;
  private isConnected = false;

  constructor(
    private readonly registry: CacheRegistry,
    private readonly adapterHost: HttpAdapterHost | undefined,
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
  ) {}

  get clock(): Clock {
    return this.registry.clock;
  }

  /** The route of a handler in one class; `undefined` where nothing is to be cached. */
  routeOf(prototype: object, record: HttpRecord): HttpRoute | undefined {
    let ofClass = this.routes.get(prototype);
    if (ofClass === undefined) this.routes.set(prototype, (ofClass = new Map()));
    if (!ofClass.has(record)) ofClass.set(record, this.bind(prototype, record));
    return ofClass.get(record);
  }

  /** The same for a handler as Nest knows it. */
  routeOfHandler(prototype: object, handler: object): HttpRoute | undefined {
    let ofClass = this.handlers.get(prototype);
    if (ofClass === undefined) this.handlers.set(prototype, (ofClass = new Map()));
    if (!ofClass.has(handler)) {
      const record = httpRecordsOf(prototype).find((known) => handlerOf(prototype, known) === handler);
      ofClass.set(handler, record === undefined ? undefined : this.routeOf(prototype, record));
    }
    return ofClass.get(handler);
  }

  /** Binds every route of the app, so that misuse fails the bootstrap. */
  bindAll(): void {
    const owners = new Map<string, object>();
    for (const [prototype, record] of this.all()) {
      const label = labelOf(prototype, record);
      this.check(label, prototype, record);
      if (owners.has(label)) {
        throw new CacheMisuseError(
          `two classes have a route ${label} with @HttpCache, and would share its entries; rename one of the classes`,
        );
      }
      owners.set(label, prototype);
      this.routeOf(prototype, record);
    }
  }

  /** Before the app has routes: sees to it that those that are public can be answered ahead of the router. */
  connect(): void {
    const platform = this.findPlatform();
    if (this.isConnected || platform === undefined) return;
    this.isConnected = true;
    if (!this.all().some(([, { settings }]) => settings.isPublic)) return;
    if (this.isVersionedByHeader()) {
      logger.warn('public routes are answered after guards and pipes: the version of a request is not in its URL');
      return;
    }
    platform.beforeRoutes((request, reply, next) => this.serveEarly(request, reply, next));
  }

  close(): void {
    this.hotUrls.dispose();
    for (const { keys } of this.bound) keys.dispose();
  }

  private serveEarly(request: HttpRequest, reply: unknown, next: () => void): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    const hot = this.hotUrls.find(request);
    let isServed = false;
    try {
      isServed = hot !== undefined && hot.route.serveEarly(request, reply, hot, () => next());
    } catch {
      // A function of the user's: the pipeline is the place for its error.
    }
    if (!isServed) next();
  }

  private bind(prototype: object, record: HttpRecord): HttpRoute | undefined {
    const { settings, argumentsFrom } = record;
    const platform = this.findPlatform();
    const handler = handlerOf(prototype, record);
    if (platform === undefined || argumentsFrom === undefined || isEventStream(handler)) return undefined;
    const label = labelOf(prototype, record);
    const caller = `@HttpCache of ${label}`;
    const { cache: reference } = settings;
    if (typeof reference !== 'string') this.registry.define(reference, caller);
    else if (reference === DEFAULT_CACHE && !this.registry.has(DEFAULT_CACHE)) {
      this.registry.define(defineCache(DEFAULT_CACHE, { maxMemory: DEFAULT_MEMORY }), caller);
    }
    const cache = this.registry.core<string, Loaded>(nameOf(reference), caller);
    const prepared = cache.prepare(caller, settings.load);
    const route = new HttpRoute(label, settings, declaredHeaders(handler), cache, prepared, this, platform);
    this.bound.push(route);
    return route;
  }

  private check(label: string, prototype: object, record: HttpRecord): void {
    const { settings, wrapper, argumentsFrom, name } = record;
    const handler = handlerOf(prototype, record);
    const method = requestMethodOf(handler);
    if (method === undefined) {
      throw new CacheMisuseError(`@HttpCache of ${label} stands on no route; put it on a handler with @Get()`);
    }
    if (!CACHEABLE_METHODS.includes(method)) {
      throw new CacheMisuseError(
        `@HttpCache of ${label} stands on a route that changes something; put it on a handler with @Get(), ` +
          `and @CacheEvict on the ones that change what it answers`,
      );
    }
    if (isEventStream(handler)) {
      logger.warn(`@HttpCache of ${label} does nothing: a stream of events is never cached`);
    } else if (argumentsFrom === undefined) {
      logger.warn(`@HttpCache of ${label} does nothing: it sends its response itself; use @Res({ passthrough: true })`);
    }
    if (ownRecord(prototype, name)?.original === wrapper) {
      throw new CacheMisuseError(
        `${label} has @HttpCache below another decorator of nestjs-strata; put it above: it caches what they answer`,
      );
    }
    if (settings.isPublic) this.requireNoGuards(label, prototype.constructor, handler);
  }

  private requireNoGuards(label: string, type: object, handler: object): void {
    const { config } = this;
    const isGlobal = config.getGlobalGuards().length + config.getGlobalRequestGuards().length > 0;
    if (!isGlobal && !hasGuards(type, handler)) return;
    throw new CacheMisuseError(
      `@HttpCache of ${label} has public: true, which answers before guards, and ` +
        `${isGlobal ? 'the app has global guards' : 'guards stand on it or on its class'}; take public away`,
    );
  }

  private all(): [prototype: object, record: HttpRecord][] {
    return [...prototypesOf(this.modules)].flatMap((prototype) =>
      httpRecordsOf(prototype).map((record): [object, HttpRecord] => [prototype, record]),
    );
  }

  private findPlatform(): HttpPlatform | undefined {
    // An application context has none, and is told so by null.
    const adapter = (this.adapterHost?.httpAdapter ?? undefined) as Adapter | undefined;
    if (this.platform === undefined && adapter !== undefined) this.platform = platformOf(adapter);
    return this.platform;
  }

  private isVersionedByHeader(): boolean {
    const versioning = this.config.getVersioning() as { readonly type: number } | undefined;
    // VersioningType.URI
    return versioning !== undefined && versioning.type !== 0;
  }
}

/** Tells it from the mocks that test tools inject. */
export function isHttpRuntime(injected: unknown): injected is HttpRuntime {
  return (
    typeof injected === 'object' && injected !== null && (injected as { readonly [BRAND]?: unknown })[BRAND] === true
  );
}

function platformOf(adapter: Adapter): HttpPlatform | undefined {
  // The interface of an adapter says `any`; what we use of it is in the types of the platforms.
  const known: unknown = adapter;
  switch (adapter.getType?.()) {
    case 'express':
      return new ExpressPlatform(known as ConstructorParameters<typeof ExpressPlatform>[0]) as HttpPlatform;
    case 'fastify':
      return new FastifyPlatform(known as ConstructorParameters<typeof FastifyPlatform>[0]) as HttpPlatform;
    default:
      return undefined;
  }
}
