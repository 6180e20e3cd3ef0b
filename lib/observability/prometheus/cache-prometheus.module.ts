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
import { exportPrometheusMetrics, type PrometheusMetricsOptions } from './prometheus-metrics.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<PrometheusMetricsOptions>({
  moduleName: 'StrataPrometheus',
})
  .setClassMethodName('forRoot')
  .build();

/** Exports from the bootstrap until the app shuts down. */
@Injectable()
class MetricsExport implements OnModuleInit, OnApplicationShutdown {
  private stop = (): void => {};

  constructor(
    @Inject(CacheRegistry) private readonly caches: CacheRegistry,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: PrometheusMetricsOptions,
  ) {}

  onModuleInit(): void {
    this.stop = exportPrometheusMetrics(this.caches, this.options);
  }

  onApplicationShutdown(): void {
    this.stop();
  }
}

/**
 * Exports the numbers of every cache of the app to Prometheus, through a registry of prom-client that the app serves
 * itself: `CachePrometheusModule.forRoot({ registry })`. Needs `CacheModule.forRoot()`.
 */
@Module({ providers: [MetricsExport] })
export class CachePrometheusModule extends ConfigurableModuleClass {
  static override forRoot(options: PrometheusMetricsOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}
