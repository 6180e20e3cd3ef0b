import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { describe, expect, it } from '@jest/globals';
import { CacheModule, defineCache } from '../../../lib/index.js';
import { CacheDashboardModule } from '../../../lib/observability/dashboard/index.js';
import { CacheDiagnosticsModule, CacheLogModule } from '../../../lib/observability/diagnostics/index.js';
import { CacheTelemetryModule } from '../../../lib/observability/otel/index.js';
import { CachePrometheusModule } from '../../../lib/observability/prometheus/index.js';
import { CacheHealthIndicator, CacheHealthModule } from '../../../lib/observability/terminus/index.js';

type Imported = Type | DynamicModule;

async function start(...imports: Imported[]) {
  class App {}
  Module({ imports })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
  return app;
}

/** What the bootstrap fails with. */
async function failure(...imports: Imported[]): Promise<string> {
  try {
    const app = await start(...imports);
    await app.close();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it started';
}

describe('an exporter in an app without CacheModule.forRoot()', () => {
  it.each<[string, () => Imported]>([
    ['CachePrometheusModule', () => CachePrometheusModule.forRoot()],
    ['CacheTelemetryModule', () => CacheTelemetryModule.forRoot()],
    ['CacheLogModule', () => CacheLogModule.forRoot()],
    ['CacheDiagnosticsModule', () => CacheDiagnosticsModule],
    ['CacheHealthModule', () => CacheHealthModule],
    ['CacheDashboardModule.forRoot()', () => CacheDashboardModule.forRoot({ guards: [] })],
  ])('fails the bootstrap, as %s', async (name, module) => {
    expect(await failure(module())).toBe(`${name} needs CacheModule.forRoot() in the root module`);
  });
});

describe('an option of an exporter that is wrong', () => {
  // What plain JavaScript may give.
  const wrong = (options: unknown): never => options as never;

  it.each<[string, () => Imported]>([
    [
      'CachePrometheusModule.forRoot(): prefix must be letters, digits, "_" or ":", not beginning with a digit (received "a-b")',
      () => CachePrometheusModule.forRoot({ prefix: 'a-b' }),
    ],
    [
      'CachePrometheusModule.forRoot(): buckets.hit must be a list of finite numbers above 0, ascending (received an array of 2)',
      () => CachePrometheusModule.forRoot({ buckets: { hit: [2, 1] } }),
    ],
    [
      'CachePrometheusModule.forRoot(): registy is not an option; did you mean registry? (received 1)',
      () => CachePrometheusModule.forRootAsync({ useFactory: () => wrong({ registy: 1 }) }),
    ],
    [
      'CacheTelemetryModule.forRoot(): keys must be one of true, false (received "yes")',
      () => CacheTelemetryModule.forRoot(wrong({ keys: 'yes' })),
    ],
    [
      'CacheLogModule.forRoot(): types must name one at least (received an array of 0)',
      () => CacheLogModule.forRoot({ types: [] }),
    ],
  ])('fails the bootstrap: %s', async (message, module) => {
    expect(await failure(CacheModule.forRoot(), module())).toBe(message);
  });

  it('shows which of a list it is', async () => {
    const module = CacheLogModule.forRoot({ types: wrong(['evict', 'evicted']) });
    expect(await failure(CacheModule.forRoot(), module)).toMatch(
      /types must be a list of hit, .*\(received "evicted"\)$/,
    );
  });

  it.each([CachePrometheusModule, CacheTelemetryModule, CacheLogModule])(
    'is said at once where forRootAsync() has nobody to ask for options, of %p',
    (module) => {
      expect(() => module.forRootAsync({})).toThrow(
        `${module.name}.forRootAsync(): useFactory must be a function that returns the options; or give useClass or useExisting`,
      );
    },
  );
});

describe('a health check that is asked wrongly', () => {
  it.each<[string, readonly unknown[]]>([
    ['key must be a text that is not empty (received "")', ['']],
    ['options must be an object (received null)', ['caches', null]],
    [
      'maxRecoveryQueu is not an option; did you mean maxRecoveryQueue? (received 1)',
      ['caches', { maxRecoveryQueu: 1 }],
    ],
    ['maxRecoveryQueue must be 0 or more (received -1)', ['caches', { maxRecoveryQueue: -1 }]],
    [
      'caches must be a list of names of caches; this app has users (received "user")',
      ['caches', { caches: ['users', 'user'] }],
    ],
    [
      'caches must be a list of names of caches; this app has users (received "users")',
      ['caches', { caches: 'users' }],
    ],
  ])('throws: %s', async (message, given) => {
    const app = await start(CacheModule.forRoot({ caches: [defineCache('users')] }), TerminusModule, CacheHealthModule);
    const indicator = app.get(CacheHealthIndicator);
    const check = indicator.check.bind(indicator) as (...args: readonly unknown[]) => unknown; // as plain JavaScript may
    expect(() => check(...given)).toThrow(`CacheHealthIndicator.check(): ${message}`);
    await app.close();
  });
});
