export { METRICS, type LatencyMetric, type Metric, type NumberMetric } from './metrics.js';
export { FAST_BOUNDS, SLOW_BOUNDS } from './bounds.js';
