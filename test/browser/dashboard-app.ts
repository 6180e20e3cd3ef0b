import type { AddressInfo } from 'node:net';
import { Injectable, type CanActivate, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CacheModule, CacheRegistry, defineCache, defineMemoryCache, memoryTier } from '../../lib/index.js';
import { CacheDashboardModule, type CacheDashboardOptions } from '../../lib/observability/dashboard/index.js';
import { ChaosTier, InProcessTier, inProcessHub } from '../../lib/testing/index.js';

@Injectable()
class Allow implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

export const HOSTILE = '<script>alert(1)</script>';

const Users = defineCache<unknown, unknown>('users', { loader: () => 'loaded', groups: ['people'] });
const Many = defineMemoryCache<string, number>('many', { maxSize: 100_000 });
const Hostile = defineCache<unknown, unknown>(HOSTILE, {});

/** An app with a dashboard, on a port of its own. */
export class DashboardApp {
  private constructor(
    private readonly app: INestApplication,
    /** Fails when it is told to. */
    readonly tier: ChaosTier,
    readonly address: string,
    readonly port: number,
  ) {}

  static async start(options: Partial<CacheDashboardOptions> = {}, on: 'express' | 'fastify' = 'express', port = 0) {
    const tier = new ChaosTier(new InProcessTier());
    const imports = [
      CacheModule.forRoot({
        caches: [Users, Many, Hostile],
        tiers: [memoryTier(), tier],
        bus: inProcessHub().bus(),
      }),
      CacheDashboardModule.forRoot({ guards: [Allow], actions: true, interval: 250, ...options }),
    ];
    const testing = await Test.createTestingModule({ imports }).compile();
    const app = testing.createNestApplication(on === 'express' ? new ExpressAdapter() : new FastifyAdapter(), {
      logger: false,
    });
    await app.listen(port, '127.0.0.1');
    const { port: taken } = app.getHttpServer().address() as AddressInfo;
    return new DashboardApp(app, tier, `http://127.0.0.1:${taken}/strata`, taken);
  }

  get users() {
    return this.app.get(CacheRegistry).get(Users);
  }

  get many() {
    return this.app.get(CacheRegistry).get(Many);
  }

  /** A cache that the app did not have at its start. */
  define(name: string) {
    const definition = defineCache<unknown, unknown>(name, { loader: () => 'loaded' });
    const registry = this.app.get(CacheRegistry);
    registry.define(definition, 'a test');
    return registry.get(definition);
  }

  get hostile() {
    return this.app.get(CacheRegistry).get(Hostile);
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}
