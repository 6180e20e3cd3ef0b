import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { CacheRegistry } from '../../cache/index.js';
import { logCacheEvents, type CacheLogOptions } from './event-log.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<CacheLogOptions>({
  moduleName: 'StrataLog',
})
  .setClassMethodName('forRoot')
  .build();

/** Logs from the bootstrap until the app shuts down. */
@Injectable()
class LogExport implements OnModuleInit, OnApplicationShutdown {
  private stop = (): void => {};

  constructor(
    @Inject(CacheRegistry) private readonly caches: CacheRegistry,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: CacheLogOptions,
  ) {}

  onModuleInit(): void {
    this.stop = logCacheEvents(this.caches, this.options);
  }

  onApplicationShutdown(): void {
    this.stop();
  }
}

/** Logs trouble of every cache of the app, and its end, through Nest's `Logger`. Needs `CacheModule.forRoot()`. */
@Module({ providers: [LogExport] })
export class CacheLogModule extends ConfigurableModuleClass {
  static override forRoot(options: CacheLogOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}
