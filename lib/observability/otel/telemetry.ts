import { metrics, trace, type Meter, type Tracer } from '@opentelemetry/api';
import type { CacheRegistry } from '../../cache/index.js';
import { OptionProblems } from '../../core/index.js';
import { CacheSpans } from './cache-spans.js';
import { exportOtelMetrics } from './otel-metrics.js';

/** What OpenTelemetry hears of caches. */
export interface CacheTelemetryOptions {
  /** Whether metrics are made, and by which meter. @defaultValue a meter of the global provider, which has to be set before */
  readonly metrics?: boolean | Meter;
  /** Whether spans are made, and by which tracer. @defaultValue a tracer of the global provider */
  readonly spans?: boolean | Tracer;
  /** Whether a load's span names its key. A key may be somebody's name. @defaultValue false */
  readonly keys?: boolean;
  /** Whether calls of tiers get spans, within a trace: a client of a server's often has spans of its own. @defaultValue true */
  readonly tiers?: boolean;
}

const SCOPE = 'nestjs-strata';

/** Tells OpenTelemetry of every cache, those that are defined later included. Returns what ends that. */
export function exportTelemetry(caches: CacheRegistry, options: CacheTelemetryOptions = {}): () => void {
  const { meter, tracer, keys, tiers } = resolve(options);
  const stops = [
    ...(meter === undefined ? [] : [exportOtelMetrics(caches, meter)]),
    ...(tracer === undefined ? [] : [caches.instrument(new CacheSpans(tracer, { keys, tiers }))]),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function resolve(options: CacheTelemetryOptions) {
  const problems = new OptionProblems('exportTelemetry()');
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['metrics', 'spans', 'keys', 'tiers']);
  const { metrics: measured = true, spans = true } = options;
  const isMeter = typeof measured === 'boolean' || typeof measured?.createHistogram === 'function';
  problems.require(isMeter, 'metrics', 'must be true, false or a Meter', measured);
  const isTracer = typeof spans === 'boolean' || typeof spans?.startSpan === 'function';
  problems.require(isTracer, 'spans', 'must be true, false or a Tracer', spans);
  const keys = problems.oneOf('keys', options.keys, [true, false], false);
  const tiers = problems.oneOf('tiers', options.tiers, [true, false], true);
  problems.throwIfAny();
  return {
    meter: typeof measured === 'object' ? measured : measured ? metrics.getMeter(SCOPE) : undefined,
    tracer: typeof spans === 'object' ? spans : spans ? trace.getTracer(SCOPE) : undefined,
    keys,
    tiers,
  };
}
