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
import { exportTelemetry, type CacheTelemetryOptions } from './telemetry.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<CacheTelemetryOptions>({
  moduleName: 'StrataTelemetry',
})
  .setClassMethodName('forRoot')
  .build();

/** Exports from the bootstrap until the app shuts down. */
@Injectable()
class TelemetryExport implements OnModuleInit, OnApplicationShutdown {
  private stop = (): void => {};

  constructor(
    @Inject(CacheRegistry) private readonly caches: CacheRegistry,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: CacheTelemetryOptions,
  ) {}

  onModuleInit(): void {
    this.stop = exportTelemetry(this.caches, this.options);
  }

  onApplicationShutdown(): void {
    this.stop();
  }
}

/**
 * Tells OpenTelemetry of every cache of the app: metrics, and a span for each load. Needs `CacheModule.forRoot()`, and an
 * SDK that is started before the app.
 */
@Module({ providers: [TelemetryExport] })
export class CacheTelemetryModule extends ConfigurableModuleClass {
  static override forRoot(options: CacheTelemetryOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}
