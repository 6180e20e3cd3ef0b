import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Module,
  type ConfigurableModuleAsyncOptions,
  type ConfigurableModuleCls,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { CacheRegistry } from '../../cache/index.js';

/** A module that observes the caches of an app, to be extended by one with a name. */
export interface ObserverModule<Options> {
  new (): InstanceType<ConfigurableModuleCls<Options>>;
  forRoot(options?: Options): DynamicModule;
  forRootAsync(options: ConfigurableModuleAsyncOptions<Options>): DynamicModule;
}

/**
 * Makes the base class of a module that observes all caches from the bootstrap until the app shuts down.
 *
 * @param name of the token of its options
 * @param observe starts, and returns what ends it
 */
export function observerModule<Options extends object>(
  name: string,
  observe: (caches: CacheRegistry, options: Options) => () => void,
): ObserverModule<Options> {
  const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<Options>({ moduleName: name })
    .setClassMethodName('forRoot')
    .build();

  @Injectable()
  class Observer implements OnModuleInit, OnApplicationShutdown {
    private stop = (): void => {};

    constructor(
      @Inject(CacheRegistry) private readonly caches: CacheRegistry,
      @Inject(MODULE_OPTIONS_TOKEN) private readonly options: Options,
    ) {}

    onModuleInit(): void {
      this.stop = observe(this.caches, this.options);
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
  }
  return ConfiguredModule;
}
