import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import type { CacheRegistry, MeasuredStep } from '../../cache/index.js';
import { METRICS, type LatencyMetric, type NumberMetric } from '../metrics/index.js';
import { attributeOf, CACHE_NAME, ERROR_TYPE, errorType, TIER_NAME } from './attributes.js';

/** Whose steps each histogram is made of. */
const STEPS: Readonly<Record<string, readonly MeasuredStep['kind'][]>> = {
  'cache.hit.duration': ['hit'],
  'cache.miss.duration': ['miss'],
  'cache.load.duration': ['load'],
  'tier.operation.duration': ['read', 'write'],
};

/** Observes the numbers of every cache when they are collected, and records how long steps took as they end. Returns what ends that. */
export function exportOtelMetrics(caches: CacheRegistry, meter: Meter): () => void {
  const stops = [observeNumbers(caches, meter), recordLatencies(caches, meter)];
  return () => {
    for (const stop of stops) stop();
  };
}

function observeNumbers(caches: CacheRegistry, meter: Meter): () => void {
  const numbers = METRICS.filter((metric): metric is NumberMetric => metric.kind !== 'latency');
  const observed = numbers.map((metric) => ({ metric, instrument: instrumentOf(metric, meter) }));
  const instruments = observed.map(({ instrument }) => instrument);
  const observe = (result: BatchObservableResult): void => {
    for (const [cache, stats] of Object.entries(caches.stats())) {
      for (const { metric, instrument } of observed) {
        for (const { labels, value } of metric.values(stats)) {
          result.observe(instrument, value, attributesOf(cache, metric.name, labels));
        }
      }
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}

/** What can be summed over caches and nodes is an up-down counter, a bound or a state is a gauge. */
function instrumentOf({ name, unit, help, kind, isSum }: NumberMetric, meter: Meter): Observable {
  const options = { unit, description: help };
  if (kind === 'counter') return meter.createObservableCounter(`strata.${name}`, options);
  return isSum === true
    ? meter.createObservableUpDownCounter(`strata.${name}`, options)
    : meter.createObservableGauge(`strata.${name}`, options);
}

function recordLatencies(caches: CacheRegistry, meter: Meter): () => void {
  const latencies = METRICS.filter((metric): metric is LatencyMetric => metric.kind === 'latency');
  const histograms = new Map(
    latencies.flatMap(({ name, unit, help, bounds }) => {
      const advice = { explicitBucketBoundaries: [...bounds] };
      const histogram = meter.createHistogram(`strata.${name}`, { unit, description: help, advice });
      return (STEPS[name] ?? []).map((kind) => [kind, histogram] as const);
    }),
  );
  return caches.instrument({
    measured: (step) => histograms.get(step.kind)?.record(step.durationMs / 1_000, attributesOfStep(step)),
  });
}

function attributesOf(cache: string, metric: string, labels: Readonly<Record<string, string>>): Attributes {
  const own = Object.entries(labels).map(([label, value]) => [attributeOf(label, metric), value] as const);
  return { [CACHE_NAME]: cache, ...Object.fromEntries(own) };
}

function attributesOfStep({ cache, kind, tier, ...outcome }: MeasuredStep): Attributes {
  return {
    [CACHE_NAME]: cache,
    ...(tier !== undefined && { [TIER_NAME]: tier, [attributeOf('operation', 'tier.')]: kind }),
    ...('error' in outcome && { [ERROR_TYPE]: errorType(outcome.error) }),
  };
}
