import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Module,
  Optional,
  type ConfigurableModuleAsyncOptions,
  type ConfigurableModuleCls,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { CacheRegistry } from '../../cache/index.js';
import { CacheOptionsError, OptionProblems } from '../../core/index.js';
import { requireRegistry } from './required-registry.js';

/** A module that observes the caches of an app, to be extended by one with a name. */
export interface ObserverModule<Options> {
  new (): InstanceType<ConfigurableModuleCls<Options>>;
  forRoot(options?: Options): DynamicModule;
  forRootAsync(options: ConfigurableModuleAsyncOptions<Options>): DynamicModule;
}

/**
 * Makes the base class of a module that observes all caches from the bootstrap until the app shuts down.
 *
 * @param name of the module, which its errors begin with
 * @param observe starts, and returns what ends it
 */
export function observerModule<Options extends object>(
  name: string,
  observe: (caches: CacheRegistry, options: Options) => () => void,
): ObserverModule<Options> {
  const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<Options>({
    moduleName: `Strata${name}`,
  })
    .setClassMethodName('forRoot')
    .build();

  @Injectable()
  class Observer implements OnModuleInit, OnApplicationShutdown {
    private stop = (): void => {};

    constructor(
      @Inject(MODULE_OPTIONS_TOKEN) private readonly options: Options,
      @Optional() @Inject(CacheRegistry) private readonly caches?: CacheRegistry,
    ) {}

    onModuleInit(): void {
      const caches = requireRegistry(name, this.caches);
      try {
        this.stop = observe(caches, this.options);
      } catch (error) {
        // To whoever reads it, the options came in here.
        throw error instanceof CacheOptionsError ? new CacheOptionsError(`${name}.forRoot()`, error.problems) : error;
      }
    }

    onApplicationShutdown(): void {
      this.stop();
    }
  }

  @Module({ providers: [Observer] })
  class ConfiguredModule extends ConfigurableModuleClass {
    static override forRoot(options = {} as Options): DynamicModule {
      return super.forRoot(options);
    }

    static override forRootAsync(options: ConfigurableModuleAsyncOptions<Options>): DynamicModule {
      const problems = new OptionProblems(`${name}.forRootAsync()`);
      problems.requireObject('options', options);
      const { useFactory, useClass, useExisting } = options;
      if (useClass === undefined && useExisting === undefined) {
        const rule = 'must be a function that returns the options; or give useClass or useExisting';
        problems.require(typeof useFactory === 'function', 'useFactory', rule, useFactory);
      }
      problems.throwIfAny();
      return super.forRootAsync(options);
    }
  }
  return ConfiguredModule;
}
