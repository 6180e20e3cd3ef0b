import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { CachePrometheusModule, exportPrometheusMetrics } from '../../../lib/observability/prometheus/index.js';
import { CacheRegistry } from '../../../lib/index.js';
import { Cities, startObservedApp, type ObservedApp } from './observed-app.js';

const REGISTRY = Symbol('registry');

@Controller('metrics')
class MetricsController {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  @Get()
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}

let started: ObservedApp | undefined;

afterEach(() => started?.close());

async function start(registry = new Registry(), options: object = {}): Promise<ObservedApp> {
  return (started = await startObservedApp({
    imports: [CachePrometheusModule.forRoot({ registry, ...options })],
    controllers: [MetricsController],
    providers: [{ provide: REGISTRY, useValue: registry }],
  }));
}

/** The values of a scrape by their whole names, labels included. */
async function scrape(observed: ObservedApp): Promise<Map<string, number>> {
  const text = await (await observed.get('/metrics')).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('nestjs-strata/prometheus', () => {
  it('exports what every cache did, to the registry that the app serves, beside its own metrics', async () => {
    const registry = new Registry();
    new Counter({ name: 'requests_total', help: 'own', registers: [registry] }).inc(3);
    const observed = await start(registry);
    for (const id of ['1', '2', '1', '1']) await observed.get(`/users/${id}`);
    await observed.caches.get(Cities).put('berlin', 'Berlin');
    const values = await scrape(observed);
    expect(values.get('requests_total')).toBe(3);
    expect(values.get('strata_cache_lookups_total{cache="users",result="hit"}')).toBe(2);
    expect(values.get('strata_cache_lookups_total{cache="users",result="miss"}')).toBe(2);
    expect(values.get('strata_cache_loads_total{cache="users"}')).toBe(2);
    expect(values.get('strata_cache_puts_total{cache="cities"}')).toBe(1);
    expect(values.get('strata_cache_entries{cache="users"}')).toBe(2);
    expect(values.get('strata_cache_max_entries{cache="local"}')).toBe(5);
    expect(values.has('strata_cache_max_entries{cache="users"}')).toBe(false);
    expect(values.get('strata_cache_memory_limit_bytes{cache="users"}')).toBe(1_048_576);
    expect(values.get('strata_tier_lookups_total{cache="users",tier="shared",result="miss"}')).toBe(2);
    expect(values.get('strata_tier_breaker_state{cache="users",tier="shared",state="closed"}')).toBe(1);
    expect(values.get('strata_bus_sent_total{cache="cities",bus="in-process"}')).toBe(1);
  });

  it('exports latencies as histograms whose buckets add up', async () => {
    const observed = await start();
    observed.users.load = (id) => new Promise((resolve) => setTimeout(() => resolve(id), 30));
    for (const id of ['1', '2', '3', '1']) await observed.get(`/users/${id}`);
    const values = await scrape(observed);
    const name = (le: string): string => `strata_cache_load_duration_seconds_bucket{cache="users",le="${le}"}`;
    expect(values.get(name('0.001'))).toBe(0);
    expect(values.get(name('10'))).toBe(3);
    expect(values.get(name('+Inf'))).toBe(3);
    expect(values.get('strata_cache_load_duration_seconds_count{cache="users"}')).toBe(3);
    expect(values.get('strata_cache_load_duration_seconds_sum{cache="users"}')).toBeGreaterThan(0.08);
    const read = 'cache="users",tier="shared",operation="read"';
    expect(values.get(`strata_tier_operation_duration_seconds_count{${read}}`)).toBe(3);
    expect(values.get('strata_cache_hit_duration_seconds_count{cache="users"}')).toBe(1);
  });

  it('tells of caches that are defined later, and of a breaker that opens', async () => {
    const observed = await start();
    observed.tier.inject({ kind: 'fail' });
    for (const id of ['1', '2', '3', '4']) await observed.get(`/users/${id}`);
    observed.caches.define({ ...Cities, name: 'later' });
    const values = await scrape(observed);
    expect(values.get('strata_tier_breaker_state{cache="users",tier="shared",state="open"}')).toBe(1);
    expect(values.get('strata_tier_errors_total{cache="users",tier="shared"}')).toBeGreaterThanOrEqual(3);
    expect(values.get('strata_cache_lookups_total{cache="later",result="hit"}')).toBe(0);
  });

  it('exports every metric that the Grafana dashboard names, and the dashboard names every one', async () => {
    const observed = await start();
    await observed.get('/users/1');
    await observed.get('/users/1');
    const exported = new Set([...(await scrape(observed)).keys()].map((line) => line.replace(/\{.*/, '')));
    const dashboard = await readFile(new URL('../../../grafana/dashboard.json', import.meta.url), 'utf8');
    const named = new Set(dashboard.match(/strata_\w+/g));
    expect(named.size).toBeGreaterThan(25);
    expect([...named].filter((name) => !exported.has(name))).toEqual([]);
    const metricOf = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');
    const known = new Set([...named].map(metricOf));
    expect([...exported].map(metricOf).filter((name) => name.startsWith('strata_') && !known.has(name))).toEqual([]);
  });

  it('selects in the dashboard only by labels that are exported', async () => {
    const observed = await start();
    await observed.get('/users/1');
    const labels = new Set([...(await scrape(observed)).keys()].flatMap((line) => line.match(/\w+(?==")/g) ?? []));
    const dashboard = JSON.parse(
      await readFile(new URL('../../../grafana/dashboard.json', import.meta.url), 'utf8'),
    ) as { panels: { targets?: { expr: string }[] }[] };
    const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const used = expressions.flatMap((expr) => [
      ...(expr.match(/\w+(?=!?=~?")/g) ?? []),
      ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
    ]);
    // Whoever scrapes adds the instance.
    expect([...new Set(used)].filter((label) => !labels.has(label) && label !== 'instance')).toEqual([]);
  });

  it('writes OpenMetrics where the registry does', async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const observed = await start(registry);
    await observed.get('/users/1');
    const text = await (await observed.get('/metrics')).text();
    expect(text).toContain('# TYPE strata_cache_loads counter');
    expect(text).toContain('strata_cache_loads_total{cache="users"} 1');
    expect(text.trimEnd().endsWith('# EOF')).toBe(true);
  });

  it('lets the registry go at the shutdown, so that another app can have it', async () => {
    const registry = new Registry();
    const first = await start(registry);
    expect(registry.getMetricsAsArray().length).toBeGreaterThan(25);
    await expect(startObservedApp({ imports: [CachePrometheusModule.forRoot({ registry })] })).rejects.toThrow(
      /the registry has a metric "strata_cache_lookups_total" already.*another prefix, or a registry of its own/,
    );
    await first.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
    await start(registry);
  });

  it('takes its options from a factory, and names bad ones', async () => {
    const registry = new Registry();
    started = await startObservedApp({
      imports: [
        CachePrometheusModule.forRootAsync({
          useFactory: async () => ({ registry, prefix: 'shop_', buckets: { other: [0.5, 1] } }),
        }),
      ],
    });
    await started.get('/users/1');
    const text = await registry.metrics();
    expect(text).toContain('shop_cache_load_duration_seconds_bucket{cache="users",le="0.5"} 1');
    expect(text).not.toContain('shop_cache_load_duration_seconds_bucket{cache="users",le="0.1"}');
    const caches = new CacheRegistry();
    expect(() => exportPrometheusMetrics(caches, { prefix: 'no spaces' })).toThrow(/prefix must be letters/);
    expect(() => exportPrometheusMetrics(caches, { buckets: { hit: [1, 1] } })).toThrow(/buckets\.hit must be/);
    expect(() => exportPrometheusMetrics(caches, { registry: {} as Registry })).toThrow(/registry must be a Registry/);
    expect(() => exportPrometheusMetrics(caches, { regsitry: registry } as object)).toThrow(
      /regsitry is not an option/,
    );
  });

  it('takes the numbers once for all metrics of a scrape', async () => {
    const observed = await start();
    let taken = 0;
    const stats = observed.caches.stats.bind(observed.caches);
    observed.caches.stats = () => (taken++, stats());
    await scrape(observed);
    await scrape(observed);
    expect(taken).toBe(2);
  });
});
