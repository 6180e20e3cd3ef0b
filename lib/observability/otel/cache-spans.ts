import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import type { Instrument, InstrumentedLoad, MeasuredStep } from '../../cache/index.js';
import { show, systemClock } from '../../core/index.js';
import {
  CACHE_NAME,
  ERROR_TYPE,
  errorType,
  LOAD_CAUSE,
  LOAD_KEY,
  LOAD_KEYS,
  TIER_NAME,
  TIER_OPERATION,
} from './attributes.js';

/** What spans tell. */
export interface SpanSettings {
  /** Whether the key of a load is an attribute. */
  readonly keys: boolean;
  /** Whether calls of tiers get spans. */
  readonly tiers: boolean;
}

/**
 * A span for each run of a loader, in which it runs: what it asks of databases and other services is a child of it. And
 * one for each call of a tier within a trace. Hits and joins have none: they do nothing that takes time.
 */
export class CacheSpans implements Instrument {
  constructor(
    private readonly tracer: Tracer,
    private readonly settings: SpanSettings,
  ) {}

  aroundLoad<R>(load: InstrumentedLoad, proceed: () => R): R {
    const options: SpanOptions = { kind: SpanKind.INTERNAL, attributes: this.attributesOf(load) };
    const startTime = load.sinceMs > 0 ? { startTime: systemClock.epochMs() - load.sinceMs } : {};
    const span = this.tracer.startSpan(`${load.cause} ${load.cache}`, { ...options, ...startTime });
    return context.with(trace.setSpan(context.active(), span), () => ended(span, proceed));
  }

  measured({ cache, kind, tier, durationMs, ...outcome }: MeasuredStep): void {
    if (tier === undefined || !this.settings.tiers || trace.getActiveSpan()?.isRecording() !== true) return;
    const attributes = { [CACHE_NAME]: cache, [TIER_NAME]: tier, [TIER_OPERATION]: kind };
    // It is told when it has ended.
    const endTime = systemClock.epochMs();
    const startTime = endTime - durationMs;
    const span = this.tracer.startSpan(`${kind} ${tier}`, { kind: SpanKind.INTERNAL, attributes, startTime });
    if ('error' in outcome) fail(span, outcome.error);
    span.end(endTime);
  }

  private attributesOf({ cache, cause, keys }: InstrumentedLoad): Attributes {
    const [only] = keys;
    const isTold = this.settings.keys && keys.length === 1;
    return {
      [CACHE_NAME]: cache,
      [LOAD_CAUSE]: cause,
      [LOAD_KEYS]: keys.length,
      ...(isTold && { [LOAD_KEY]: textOf(only) }),
    };
  }
}

function textOf(key: unknown): string {
  if (typeof key !== 'object') return String(key);
  try {
    return JSON.stringify(key);
  } catch {
    // A bigint or a circle in it.
    return show(key);
  }
}

/** Runs a loader and ends its span when it has ended; returns what it returned. */
function ended<R>(span: Span, proceed: () => R): R {
  let result: R;
  try {
    result = proceed();
  } catch (error) {
    fail(span, error);
    span.end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  // Beside the promise, which is handed on as it is: whoever waits for it hears of its rejection.
  result.then(
    () => span.end(),
    (error: unknown) => {
      fail(span, error);
      span.end();
    },
  );
  return result;
}

function fail(span: Span, error: unknown): void {
  span.setAttribute(ERROR_TYPE, errorType(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
  if (error instanceof Error) span.recordException(error);
}
