/* The exporters as an app has them that has installed their peers: every name of their entries. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheModule, CacheRegistry, defineCache } from 'nestjs-strata';
import {
  CacheDiagnosticsModule,
  CacheLogModule,
  channelOf,
  logCacheEvents,
  publishDiagnostics,
  type CacheLogOptions,
  type LoadMessage,
  type LogLine,
} from 'nestjs-strata/diagnostics';
import { CacheTelemetryModule, exportTelemetry, type CacheTelemetryOptions } from 'nestjs-strata/otel';
import {
  CachePrometheusModule,
  exportPrometheusMetrics,
  type PrometheusMetricsOptions,
} from 'nestjs-strata/prometheus';
import {
  CacheHealthIndicator,
  CacheHealthModule,
  type BusHealth,
  type CacheHealth,
  type CacheHealthOptions,
  type TierHealth,
} from 'nestjs-strata/terminus';
import { Registry } from 'prom-client';

export const EXPECTED_OF_OBSERVABILITY: Record<string, unknown> = {
  scraped: true,
  health: 'up',
  diagnosed: ['1'],
  logged: ['put'],
  stopped: 0,
};

const Observed = defineCache<string, string>('observed');
const registry = new Registry();
const metrics: PrometheusMetricsOptions = { registry, prefix: 'app_' };
const telemetry: CacheTelemetryOptions = { keys: true };
const lines: LogLine[] = [];
const keep = (line: LogLine): void => void lines.push(line);
const log: CacheLogOptions = { types: ['put'], format: 'object', logger: { log: keep, warn: keep, debug: keep } };

@Injectable()
class Health {
  constructor(private readonly caches: CacheHealthIndicator) {}

  status(): string {
    const options: CacheHealthOptions = { caches: ['observed'] };
    return this.caches.check('caches', options).caches.status;
  }
}

@Module({
  imports: [
    CacheModule.forRoot({ caches: [Observed] }),
    CachePrometheusModule.forRoot(metrics),
    CacheTelemetryModule.forRoot(telemetry),
    CacheDiagnosticsModule,
    CacheLogModule.forRoot(log),
    CacheHealthModule,
  ],
  providers: [Health],
})
class ObservedModule {}

/** What a check tells beside its status. */
export function textOf(health: CacheHealth): string {
  const tiers: TierHealth[] = Object.values(health.tiers);
  const buses: BusHealth[] = Object.values(health.buses);
  return [...tiers.map(({ breaker }) => breaker), ...buses.map(({ trusted }) => String(trusted))].join(' ');
}

export async function useObservability(): Promise<Record<string, unknown>> {
  const app = await NestFactory.createApplicationContext(ObservedModule, { logger: false });
  const keys: unknown[] = [];
  const listener = (message: unknown): void => void keys.push(...(message as LoadMessage).keys);
  const start = `tracing:${channelOf('load')}:start`;
  subscribe(start, listener);
  const caches = app.get(CacheRegistry);
  await caches.get(Observed).getOrLoad('1', () => 'one');
  unsubscribe(start, listener);
  const scraped = (await registry.metrics()).includes('app_cache_loads_total{cache="observed"} 1');
  const health = app.get(Health).status();
  await app.close();

  const others = new CacheRegistry();
  const stops = [
    publishDiagnostics(others),
    logCacheEvents(others, log),
    exportTelemetry(others, telemetry),
    exportPrometheusMetrics(others, metrics),
  ];
  for (const stop of stops) stop();
  return {
    scraped,
    health,
    diagnosed: keys,
    logged: lines.map(({ event }) => event),
    stopped: registry.getMetricsAsArray().length,
  };
}
