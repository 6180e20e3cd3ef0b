import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { CacheRegistry, defineMemoryCache } from '../../../lib/index.js';
import { CacheHealthIndicator, CacheHealthModule } from '../../../lib/observability/terminus/index.js';
import { until } from '../../integration/redis/until.js';
import { startObservedApp, type ObservedApp } from './observed-app.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly caches: CacheHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.caches.check('caches')]);
  }
}

let started: ObservedApp | undefined;

afterEach(() => started?.close());

async function start(): Promise<ObservedApp> {
  return (started = await startObservedApp({
    imports: [TerminusModule, CacheHealthModule],
    controllers: [HealthController],
  }));
}

async function healthOf(observed: ObservedApp) {
  const response = await observed.get('/health');
  const body = (await response.json()) as { status: string; details: { caches: Record<string, unknown> } };
  return { http: response.status, status: body.status, caches: body.details.caches };
}

describe('nestjs-strata/terminus', () => {
  it('is up while the tier answers and the bus is heard', async () => {
    const observed = await start();
    await observed.get('/users/1');
    expect(await healthOf(observed)).toEqual({
      http: 200,
      status: 'ok',
      caches: {
        status: 'up',
        tiers: { shared: { breaker: 'closed', recoveryQueue: 0 } },
        buses: { 'in-process': { trusted: true, nodes: 0, waiting: 0 } },
        problems: [],
      },
    });
  });

  it('is degraded, not down, while a breaker is open, and up again after it has closed', async () => {
    const observed = await start();
    observed.tier.inject({ kind: 'fail' });
    for (const id of ['1', '2', '3', '4']) expect((await observed.get(`/users/${id}`)).status).toBe(200);
    expect(await healthOf(observed)).toMatchObject({
      http: 200,
      status: 'degraded',
      caches: {
        status: 'degraded',
        tiers: { shared: { breaker: 'open' } },
        problems: ['tier "shared" failed too often and is not called for a while'],
      },
    });
    observed.tier.heal();
    let attempts = 0;
    await until(async () => {
      await observed.get(`/users/again ${attempts++}`);
      return (await healthOf(observed)).status === 'ok';
    });
  });

  it('is degraded when too many changes wait for a tier, and looks at the caches that it is told of', async () => {
    const observed = await start();
    const indicator = observed.app.get(CacheHealthIndicator, { strict: false });
    observed.tier.inject({ kind: 'fail' });
    await observed.caches.get<string, string>('cities').put('berlin', 'Berlin');
    await observed.caches.get<string, string>('cities').put('paris', 'Paris');
    expect(indicator.check('caches', { caches: ['cities'], maxRecoveryQueue: 1 })).toMatchObject({
      caches: {
        status: 'degraded',
        problems: expect.arrayContaining([`2 changes wait until tier "shared" takes them`]),
      },
    });
    expect(indicator.check('caches', { caches: ['local'] })).toEqual({
      caches: { status: 'up', tiers: {}, buses: {}, problems: [] },
    });
  });

  it('names options that are wrong', async () => {
    const observed = await start();
    const indicator = observed.app.get(CacheHealthIndicator, { strict: false });
    expect(() => indicator.check('caches', { caches: ['cites'] })).toThrow(
      /caches must be a list of names of caches; this app has users, cities, local \(received "cites"\)/,
    );
    expect(() => indicator.check('caches', { maxRecoveryQueue: -1 })).toThrow(/maxRecoveryQueue must be 0 or more/);
    expect(() => indicator.check('caches', { cache: [] } as object)).toThrow(/did you mean caches/);
  });

  it('is up, with the problems, where Terminus knows no degraded', () => {
    /** As Terminus 11 has it. */
    @Injectable()
    class OldIndicators {
      check(key: string) {
        return { up: (data: object) => ({ [key]: { status: 'up', ...data } }) };
      }
    }
    const registry = new CacheRegistry();
    registry.define(defineMemoryCache('local'));
    const busy = Object.assign(registry, {
      stats: () => ({}),
      get: () => ({ stats: () => ({ tiers: { shared: { breaker: 'open', recoveryQueue: 0 } } }) }),
    });
    const old = new OldIndicators() as unknown as HealthIndicatorService;
    const indicator = new CacheHealthIndicator(busy as unknown as CacheRegistry, old);
    expect(indicator.check('caches')).toMatchObject({ caches: { status: 'up', problems: [expect.any(String)] } });
  });
});
