import { ConfigurableModuleBuilder, Module, type DynamicModule } from '@nestjs/common';
import { CacheRegistry } from '../../cache/index.js';
import { Cache } from './cache.js';
import type { AnyStoreConfig, CacheModuleAsyncOptions, CacheModuleOptions } from './cache.module-options.js';
import { makeManager } from './make-manager.js';
import { CACHE_MANAGER } from './tokens.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<CacheModuleOptions>({
  moduleName: 'Cache',
})
  .setFactoryMethodName('createCacheOptions')
  .build();

/** The token of the options within a `CacheModule`. */
export const CACHE_MODULE_OPTIONS: string | symbol = MODULE_OPTIONS_TOKEN;

/** Provides a cache by `CACHE_MANAGER` and `Cache`: one for each time it is registered. */
@Module({
  providers: [
    {
      provide: CACHE_MANAGER,
      inject: [MODULE_OPTIONS_TOKEN, { token: CacheRegistry, optional: true }],
      useFactory: async (options: CacheModuleOptions, registry: CacheRegistry | undefined) =>
        (await makeManager(options, registry)).api,
    },
    { provide: Cache, useExisting: CACHE_MANAGER },
  ],
  exports: [CACHE_MANAGER, Cache],
})
export class CacheModule extends ConfigurableModuleClass {
  static override register<StoreConfig extends AnyStoreConfig = AnyStoreConfig>(
    // Not a default of the type: `{}` has every property of an options object that requires none.
    options: CacheModuleOptions<StoreConfig> = {} as CacheModuleOptions<StoreConfig>,
  ): DynamicModule {
    return { global: options?.isGlobal, ...super.register(options as CacheModuleOptions) };
  }

  static override registerAsync<StoreConfig extends AnyStoreConfig = AnyStoreConfig>(
    options: CacheModuleAsyncOptions<StoreConfig>,
  ): DynamicModule {
    const { isGlobal, extraProviders = [], ...given } = options;
    const module = super.registerAsync(given as CacheModuleAsyncOptions);
    return { global: isGlobal, ...module, providers: [...(module.providers ?? []), ...extraProviders] };
  }
}
