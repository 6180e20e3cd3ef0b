import { Inject, Module, Optional, type DynamicModule, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CacheRegistry } from '../../cache/index.js';
import { systemClock } from '../../core/index.js';
import { requireRegistry } from '../module/index.js';
import { Dashboard } from './dashboard.js';
import { dashboardController } from './dashboard.controller.js';
import { resolveDashboardOptions, type CacheDashboardOptions } from './dashboard.options.js';
import { allowTrailingSlash } from './trailing-slash.js';

/**
 * A page that shows the caches of this process while they work: their numbers over time, their tiers, their keys and
 * entries, and what happens in them. Where `actions` are enabled, entries can be invalidated there.
 */
@Module({})
export class CacheDashboardModule implements NestModule {
  constructor(
    @Optional() @Inject(Dashboard) private readonly dashboard?: Dashboard,
    @Optional() @Inject(HttpAdapterHost) private readonly adapterHost?: HttpAdapterHost,
  ) {}

  /** Nest calls it when middleware can be added, before there are routes. */
  configure(): void {
    if (this.dashboard !== undefined) allowTrailingSlash(this.adapterHost?.httpAdapter, this.dashboard.settings);
  }

  static forRoot(options: CacheDashboardOptions): DynamicModule {
    const settings = resolveDashboardOptions(options);
    return {
      module: CacheDashboardModule,
      imports: settings.imports,
      controllers: [dashboardController(settings)],
      providers: [
        {
          provide: Dashboard,
          inject: [{ token: CacheRegistry, optional: true }],
          useFactory: (registry: CacheRegistry | undefined) =>
            new Dashboard(requireRegistry('CacheDashboardModule.forRoot()', registry), settings, systemClock),
        },
      ],
    };
  }
}
