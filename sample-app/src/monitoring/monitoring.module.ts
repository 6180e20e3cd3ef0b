import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CacheDashboardModule } from 'nestjs-strata/dashboard';
import { CacheLogModule } from 'nestjs-strata/diagnostics';
import { CachePrometheusModule } from 'nestjs-strata/prometheus';
import { CacheHealthModule } from 'nestjs-strata/terminus';
import { ChangesController } from './changes.controller.js';
import { ChangesService } from './changes.service.js';
import { EventsController } from './events.controller.js';
import { HealthController } from './health.controller.js';
import { HotKeysController } from './hot-keys.controller.js';
import { LocalVisitorGuard } from './local-visitor.guard.js';
import { MemoryController } from './memory.controller.js';
import { MetricsController } from './metrics.controller.js';
import { StatsController } from './stats.controller.js';
import { WarmStartService } from './warm-start.service.js';

@Module({
  imports: [
    CacheDashboardModule.forRoot({ path: '/strata', guards: [LocalVisitorGuard], actions: true }),
    CachePrometheusModule.forRoot(),
    CacheHealthModule,
    TerminusModule,
    CacheLogModule.forRoot({ types: ['tierError', 'breaker', 'recovered', 'bus'] }),
  ],
  controllers: [
    ChangesController,
    EventsController,
    HealthController,
    HotKeysController,
    MemoryController,
    MetricsController,
    StatsController,
  ],
  providers: [ChangesService, WarmStartService],
})
export class MonitoringModule {}
