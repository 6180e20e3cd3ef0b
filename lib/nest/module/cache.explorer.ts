import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CacheMisuseError, CacheUnknownError, type CacheEvent } from '../../core/index.js';
import { CacheRegistry } from '../../cache/index.js';
import { BackgroundLog } from './background-log.js';
import { classNameOf, eventHandlersOf, recordsOf, type EventHandlerRecord } from '../operations/metadata.js';
import { LinkLog } from './link-log.js';
import { MemoryLog } from './memory-log.js';
import { MethodWarmer } from './method-warmer.js';
import { isFactory, prototypesOf, providersOf, singletonOf } from '../calls/module-scan.js';
import { Reporter } from '../steps/reporter.js';
import { kindOf } from '../steps/result-kind.js';
import type { HttpRuntime } from '../http/http-runtime.js';
import { HTTP_RUNTIME_TOKEN, RUNTIME, RUNTIME_TOKEN } from '../operations/tokens.js';
import { isClassHolder, type RuntimeHolder } from '../calls/runtime-holder.js';

/**
 * Looks through the app when all its singletons are built, before any other hook runs (a global module's come first):
 * binds the decorated methods, so that misuse fails the bootstrap; gives the runtime to instances that Nest did not build
 * itself; connects the event handlers; sees that the packages of tiers and buses are there; restores snapshots. When every
 * other provider is ready it warms. When the app is about to shut down it stops warming, and after all others it closes what
 * the app has opened.
 */
@Injectable()
export class CacheExplorer implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly subscriptions: { unsubscribe(): void }[] = [];
  private readonly reporter = new Reporter();

  constructor(
    @Inject(CacheRegistry) private readonly registry: CacheRegistry,
    @Inject(RUNTIME_TOKEN) private readonly holder: RuntimeHolder,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(HTTP_RUNTIME_TOKEN) private readonly http: HttpRuntime,
  ) {}

  async onModuleInit(): Promise<void> {
    this.holder.runtime.bindAll();
    this.http.bindAll();
    this.adoptForeignInstances();
    this.connectEventHandlers();
    try {
      new MethodWarmer(this.registry, this.holder.runtime, this.modules).bind();
      this.logLinks();
      await this.registry.loadPackages();
      this.logBackground();
      this.logMemory();
      await this.registry.open();
    } catch (error) {
      await this.onApplicationShutdown();
      throw error;
    }
  }

  onApplicationBootstrap(): Promise<void> {
    return this.registry.warm();
  }

  onModuleDestroy(): void {
    this.registry.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.holder.runtime.close();
    this.http.close();
    await this.registry.close();
  }

  private logMemory(): void {
    const log = new MemoryLog(this.registry.clock);
    const subscription = this.registry.memoryNews?.subscribe((news) => log.tell(news));
    if (subscription !== undefined) this.subscriptions.push(subscription);
  }

  private logLinks(): void {
    const log = new LinkLog(this.registry.clock);
    this.subscriptions.push(this.registry.linkNews.subscribe((news) => log.tell(news)));
  }

  private logBackground(): void {
    for (const { news } of this.registry.backgrounds()) {
      const log = new BackgroundLog();
      // It ends with the cache, whose last snapshot is told too.
      news.told.subscribe((told) => log.tell(told));
    }
  }

  /** Instances of `useValue` and `useFactory`: those that exist, and those that factories make for each request. */
  private adoptForeignInstances(): void {
    for (const provider of providersOf(this.modules)) {
      const instance = singletonOf(provider);
      if (instance !== undefined) this.adopt(instance);
      else if (isFactory(provider)) this.adoptResultsOf(provider);
    }
  }

  private adoptResultsOf(provider: { metatype: unknown }): void {
    const factory = provider.metatype as (...dependencies: unknown[]) => unknown;
    provider.metatype = async (...dependencies: unknown[]) => {
      const made = await factory(...dependencies);
      if (typeof made === 'object' && made !== null) this.adopt(made);
      return made;
    };
  }

  /** Leaves alone what another app uses: an instance that two apps share can belong to one of them only. */
  private adopt(instance: object): void {
    const prototype = Object.getPrototypeOf(instance) as object | null;
    if (prototype === null || recordsOf(prototype).length === 0 || !Object.isExtensible(instance)) return;
    const { [RUNTIME]: holder } = instance as { readonly [RUNTIME]?: unknown };
    if (isClassHolder(holder) && !holder.runtime.closed) return;
    Object.assign(instance, { [RUNTIME]: this.holder.ofClass(prototype) });
  }

  private connectEventHandlers(): void {
    const connected = new Set<object>();
    for (const provider of providersOf(this.modules)) {
      const instance = singletonOf(provider);
      if (instance === undefined || connected.has(instance)) continue;
      connected.add(instance);
      const prototype = Object.getPrototypeOf(instance) as object | null;
      for (const handler of prototype === null ? [] : eventHandlersOf(prototype)) this.connect(instance, handler);
    }
    this.refuseHandlersWithoutSingleton(connected);
  }

  private connect(instance: object, { name, cache, types }: EventHandlerRecord): void {
    const label = `@OnCacheEvent of ${classNameOf(Object.getPrototypeOf(instance) as object)}.${String(name)}`;
    if (cache !== undefined && !this.registry.has(cache)) {
      throw new CacheUnknownError(cache, this.registry.names(), label);
    }
    const { events$ } = cache === undefined ? this.registry : this.registry.get(cache);
    let failed = false;
    const fail = (error: unknown): void => {
      if (!failed) this.reporter.handlerFailed(label, error);
      failed = true;
    };
    const handle = (event: CacheEvent): void => {
      if (types !== undefined && !types.includes(event.type)) return;
      try {
        // The decorator's type made sure that the method takes an event.
        const result: unknown = (instance as Record<string | symbol, (event: CacheEvent) => unknown>)[name]?.(event);
        if (kindOf(result) === 'promise') Promise.resolve(result).catch(fail);
      } catch (error) {
        fail(error);
      }
    };
    // What no handler asks for is not even made; a MemoryCache makes it, for a handler to leave it.
    const isListed = types !== undefined && types.length > 0 && 'ofType' in events$;
    const source = isListed ? events$.ofType(...types) : events$;
    this.subscriptions.push(source.subscribe((event: CacheEvent) => handle(event)));
  }

  /** A handler of a request-scoped or transient provider has no instance to be called on. */
  private refuseHandlersWithoutSingleton(connected: ReadonlySet<object>): void {
    const served = new Set([...connected].map((instance) => Object.getPrototypeOf(instance) as object));
    for (const prototype of prototypesOf(this.modules)) {
      const [handler] = eventHandlersOf(prototype);
      if (handler === undefined || served.has(prototype)) continue;
      throw new CacheMisuseError(
        `@OnCacheEvent of ${classNameOf(prototype)}.${String(handler.name)} needs an instance for the whole app; ` +
          `move it to a provider of the default scope`,
      );
    }
  }
}
