export { CachePrometheusModule } from './cache-prometheus.module.js';
export { exportPrometheusMetrics, type PrometheusMetricsOptions } from './prometheus-metrics.js';
