import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { CacheMisuseError, CacheOptionsError } from '../../core/index.js';
import { CacheRegistry, isDefinition, type AnyDefinition } from '../../cache/index.js';
import { CacheExplorer } from './cache.explorer.js';
import {
  requireAsyncOptions,
  requireOptionsObject,
  resolveModuleOptions,
  type CacheModuleAsyncOptions,
  type CacheModuleOptions,
} from './cache.module-options.js';
import { CacheRuntime } from '../calls/cache-runtime.js';
import { prototypesOf, requireOneRoot } from '../calls/module-scan.js';
import { RuntimeHolder } from '../calls/runtime-holder.js';
import { HttpRuntime, isHttpRuntime } from '../http/http-runtime.js';
import { HttpCacheInterceptor } from '../http/http-cache.interceptor.js';
import { getCacheToken, HTTP_RUNTIME_TOKEN, RUNTIME_TOKEN } from '../operations/tokens.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<CacheModuleOptions>({
  moduleName: 'Strata',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createCacheOptions')
  .build();

/**
 * Caching for an app. `forRoot()` or `forRootAsync()` once, in the root module: it is global. `forFeature()` wherever a
 * module has caches of its own.
 */
@Module({})
export class CacheModule extends ConfigurableModuleClass implements NestModule {
  constructor(@Optional() @Inject(HTTP_RUNTIME_TOKEN) private readonly http?: unknown) {
    super();
  }

  /** Nest calls it when middleware can be added, before there are routes. */
  configure(): void {
    if (isHttpRuntime(this.http)) this.http.connect();
  }

  static override forRoot(options: CacheModuleOptions = {}): DynamicModule {
    requireOptionsObject('CacheModule.forRoot()', options);
    return asRoot(super.forRoot(options), options.caches);
  }

  static override forRootAsync(given: CacheModuleAsyncOptions): DynamicModule {
    requireAsyncOptions('CacheModule.forRootAsync()', given);
    const { caches, ...options } = given;
    return asRoot(super.forRootAsync(options), caches);
  }

  /** Adds definitions: the importing module can inject these caches, and all decorators can name them. */
  static forFeature(caches: readonly AnyDefinition[]): DynamicModule {
    const providers = requireDefinitions('CacheModule.forFeature()', caches).map(cacheProvider);
    return { module: CacheModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}

function asRoot(module: DynamicModule, caches: readonly AnyDefinition[] | undefined): DynamicModule {
  const cacheProviders = requireDefinitions('CacheModule.forRoot()', caches ?? []).map(cacheProvider);
  const providers: Provider[] = [
    {
      provide: CacheRegistry,
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
      useFactory: (given: CacheModuleOptions, modules: ModulesContainer) => {
        requireOneRoot(modules, CacheRegistry);
        const { caches: defined, ...settings } = resolveModuleOptions(given);
        const registry = new CacheRegistry(settings);
        for (const definition of defined) registry.define(definition, 'CacheModule.forRoot()');
        return registry;
      },
    },
    {
      provide: RUNTIME_TOKEN,
      inject: [CacheRegistry, ModulesContainer],
      // The runtime is no provider of its own: tools that wrap providers in proxies leave it alone.
      useFactory: (registry: CacheRegistry, modules: ModulesContainer) =>
        new RuntimeHolder(new CacheRuntime(registry, () => prototypesOf(modules))),
    },
    {
      provide: HTTP_RUNTIME_TOKEN,
      inject: [CacheRegistry, { token: HttpAdapterHost, optional: true }, ModulesContainer, ApplicationConfig],
      useFactory: (
        registry: CacheRegistry,
        adapterHost: HttpAdapterHost | undefined,
        modules: ModulesContainer,
        config: ApplicationConfig,
      ) => new HttpRuntime(registry, adapterHost, modules, config),
    },
    HttpCacheInterceptor,
    CacheExplorer,
    ...cacheProviders,
  ];
  return {
    ...module,
    global: true,
    providers: [...(module.providers ?? []), ...providers],
    exports: [
      CacheRegistry,
      RUNTIME_TOKEN,
      HTTP_RUNTIME_TOKEN,
      HttpCacheInterceptor,
      ...cacheProviders.map(({ provide }) => provide),
    ],
  };
}

/** Makes a cache for injection; who is injected with it may wait for the options of `forRootAsync()`. */
function cacheProvider(definition: AnyDefinition) {
  return {
    provide: getCacheToken(definition),
    inject: [{ token: CacheRegistry, optional: true }],
    useFactory: (registry: CacheRegistry | undefined): unknown => {
      if (registry === undefined) {
        throw new CacheMisuseError(
          `CacheModule.forFeature() of cache "${definition.name}" needs CacheModule.forRoot() in the root module`,
        );
      }
      registry.define(definition, 'CacheModule.forFeature()');
      return registry.get(definition.name);
    },
  };
}

function requireDefinitions(caller: string, caches: readonly AnyDefinition[]): readonly AnyDefinition[] {
  if (Array.isArray(caches) && caches.every(isDefinition)) return caches;
  throw new CacheOptionsError(caller, [
    { option: 'caches', rule: 'must be a list of definitions made with defineCache()', received: caches },
  ]);
}
