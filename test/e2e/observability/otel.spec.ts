import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { context, trace, SpanStatusCode, type Attributes } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { DataPointType, MeterProvider, MetricReader, type MetricData } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { CacheRegistry } from '../../../lib/index.js';
import {
  CacheTelemetryModule,
  exportTelemetry,
  type CacheTelemetryOptions,
} from '../../../lib/observability/otel/index.js';
import { startObservedApp, Users, type ObservedApp } from './observed-app.js';

/** Collects when it is asked to. */
class ManualReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

const contexts = new AsyncLocalStorageContextManager();
const spans = new InMemorySpanExporter();
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const tracer = tracers.getTracer('test');
const reader = new ManualReader();
const meters = new MeterProvider({ readers: [reader] });

let started: ObservedApp | undefined;

beforeAll(() => {
  context.setGlobalContextManager(contexts.enable());
});

afterEach(async () => {
  await started?.close();
  spans.reset();
});

afterAll(async () => {
  context.disable();
  await Promise.all([tracers.shutdown(), meters.shutdown()]);
});

async function start(options: CacheTelemetryOptions = {}): Promise<ObservedApp> {
  const telemetry = { metrics: meters.getMeter('test'), spans: tracer, ...options };
  return (started = await startObservedApp({ imports: [CacheTelemetryModule.forRoot(telemetry)] }));
}

async function collect(): Promise<Map<string, MetricData>> {
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
}

function valueOf(metric: MetricData | undefined, attributes: Attributes): unknown {
  const wanted = JSON.stringify(Object.entries(attributes).toSorted());
  const points = metric?.dataPoints ?? [];
  return points.find((point) => JSON.stringify(Object.entries(point.attributes).toSorted()) === wanted)?.value;
}

describe('nestjs-strata/otel', () => {
  it('observes the numbers of every cache, with units by UCUM and attributes of our own', async () => {
    const { get, caches } = await start();
    for (const id of ['1', '2', '1', '1']) await get(`/users/${id}`);
    await caches.get<string, string>('cities').put('berlin', 'Berlin');
    const metrics = await collect();
    const lookups = metrics.get('strata.cache.lookups');
    expect(lookups).toMatchObject({
      descriptor: { unit: '{lookup}' },
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
    });
    expect(valueOf(lookups, { 'strata.cache.name': 'users', 'strata.cache.result': 'hit' })).toBe(2);
    expect(valueOf(metrics.get('strata.cache.puts'), { 'strata.cache.name': 'cities' })).toBe(1);
    expect(metrics.get('strata.cache.entries')).toMatchObject({ dataPointType: DataPointType.SUM, isMonotonic: false });
    expect(metrics.get('strata.cache.max_entries')?.dataPointType).toBe(DataPointType.GAUGE);
    expect(metrics.get('strata.cache.memory.used')?.descriptor.unit).toBe('By');
    const closed = { 'strata.cache.name': 'users', 'strata.tier.name': 'shared', 'strata.tier.state': 'closed' };
    expect(valueOf(metrics.get('strata.tier.breaker.state'), closed)).toBe(1);
    expect(
      valueOf(metrics.get('strata.bus.sent'), { 'strata.cache.name': 'cities', 'strata.bus.name': 'in-process' }),
    ).toBe(1);
  });

  it('records how long loads and calls of tiers took, and with which error they ended', async () => {
    const { get, users } = await start();
    await get('/users/1');
    users.load = () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
    expect((await get('/users/2')).status).toBe(500);
    const metrics = await collect();
    const loads = metrics.get('strata.cache.load.duration');
    expect(loads).toMatchObject({ descriptor: { unit: 's' }, dataPointType: DataPointType.HISTOGRAM });
    expect(valueOf(loads, { 'strata.cache.name': 'users' })).toMatchObject({ count: expect.any(Number) });
    expect(valueOf(loads, { 'strata.cache.name': 'users', 'error.type': 'ECONNREFUSED' })).toMatchObject({ count: 1 });
    const read = { 'strata.cache.name': 'users', 'strata.tier.name': 'shared', 'strata.tier.operation': 'read' };
    const reads = valueOf(metrics.get('strata.tier.operation.duration'), read) as { count: number };
    expect(reads.count).toBeGreaterThanOrEqual(2);
  });

  it('makes a span of each load, within the span of the request, around what the loader does', async () => {
    const { users } = await start();
    users.load = async (id) => {
      await Promise.resolve();
      tracer.startSpan('query').end();
      return id;
    };
    await tracer.startActiveSpan('request', async (request) => {
      await Promise.all([users.find('1'), users.find('1')]);
      await users.find('1');
      request.end();
    });
    const finished = spans.getFinishedSpans();
    const named = (name: string) => finished.filter((span) => span.name === name);
    const [request] = named('request');
    const [load] = named('load users');
    expect(named('load users')).toHaveLength(1);
    expect(load).toMatchObject({
      parentSpanContext: { spanId: request?.spanContext().spanId },
      attributes: { 'strata.cache.name': 'users', 'strata.load.cause': 'load', 'strata.load.keys': 1 },
    });
    expect(load?.attributes).not.toHaveProperty(['strata.load.key']);
    expect(named('query')[0]?.parentSpanContext?.spanId).toBe(load?.spanContext().spanId);
    const [read] = named('read shared');
    expect(read?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(read?.attributes).toMatchObject({ 'strata.tier.name': 'shared', 'strata.tier.operation': 'read' });
  });

  it('ends the span of a load that fails with the error, which reaches the caller as it is', async () => {
    const { users } = await start({ keys: true });
    users.load = () => Promise.reject(new TypeError('broken'));
    await expect(users.find('7')).rejects.toThrow(new TypeError('broken'));
    const [load] = spans.getFinishedSpans().filter(({ name }) => name === 'load users');
    expect(load).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'broken' },
      attributes: { 'error.type': 'TypeError', 'strata.load.key': '7' },
      events: [{ name: 'exception' }],
    });
  });

  it('makes no spans of tiers outside of a trace, nor where they are switched off', async () => {
    const { users } = await start({ tiers: false });
    await users.find('1');
    await tracer.startActiveSpan('request', async (request) => {
      await users.find('2');
      request.end();
    });
    expect(spans.getFinishedSpans().map(({ name }) => name)).toEqual(['load users', 'load users', 'request']);
  });

  it('follows loaders that throw or return at once, bulk loads, and refreshes', async () => {
    const registry = new CacheRegistry();
    registry.define(Users);
    const stop = exportTelemetry(registry, { metrics: false, spans: tracer, keys: true });
    const cache = registry.get(Users);
    expect(await cache.getOrLoad('a', () => 'at once')).toBe('at once');
    await expect(
      cache.getOrLoad('b', () => {
        throw new Error('thrown');
      }),
    ).rejects.toThrow('thrown');
    await cache.getOrLoadAll(['c', 'd'], async (keys) => new Map(keys.map((key) => [key, key])));
    stop();
    await cache.getOrLoad('e', () => 'unseen');
    expect(spans.getFinishedSpans().map(({ attributes }) => attributes)).toEqual([
      { 'strata.cache.name': 'users', 'strata.load.cause': 'load', 'strata.load.keys': 1, 'strata.load.key': 'a' },
      {
        'strata.cache.name': 'users',
        'strata.load.cause': 'load',
        'strata.load.keys': 1,
        'strata.load.key': 'b',
        'error.type': 'Error',
      },
      { 'strata.cache.name': 'users', 'strata.load.cause': 'load', 'strata.load.keys': 2 },
    ]);
    await registry.close();
  });

  it('uses the global providers where it is told of none, and names options that are wrong', async () => {
    trace.setGlobalTracerProvider(tracers);
    try {
      const registry = new CacheRegistry();
      registry.define(Users);
      const stop = exportTelemetry(registry);
      await registry.get(Users).getOrLoad('a', () => 'x');
      stop();
      expect(spans.getFinishedSpans()).toHaveLength(1);
      expect(() => exportTelemetry(registry, { metrics: {} as never })).toThrow(
        /metrics must be true, false or a Meter/,
      );
      expect(() => exportTelemetry(registry, { spans: 1 as never })).toThrow(/spans must be true, false or a Tracer/);
      expect(() => exportTelemetry(registry, { key: true } as object)).toThrow(/did you mean keys/);
    } finally {
      trace.disable();
    }
  });
});
