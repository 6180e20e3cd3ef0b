import { observerModule } from '../module/index.js';
import { exportPrometheusMetrics, type PrometheusMetricsOptions } from './prometheus-metrics.js';

/**
 * Exports the numbers of every cache of the app to Prometheus, through a registry of prom-client that the app serves
 * itself: `CachePrometheusModule.forRoot({ registry })`. Needs `CacheModule.forRoot()`.
 */
export class CachePrometheusModule extends observerModule<PrometheusMetricsOptions>(
  'CachePrometheusModule',
  exportPrometheusMetrics,
) {}
