import { Module } from '@nestjs/common';
import { CacheDashboardModule } from 'nestjs-strata/dashboard';
import { ChangesController } from './changes.controller.js';
import { ChangesService } from './changes.service.js';
import { EventsController } from './events.controller.js';
import { LocalVisitorGuard } from './local-visitor.guard.js';
import { StatsController } from './stats.controller.js';

@Module({
  imports: [CacheDashboardModule.forRoot({ path: '/strata', guards: [LocalVisitorGuard], actions: true })],
  controllers: [EventsController, StatsController, ChangesController],
  providers: [ChangesService],
})
export class MonitoringModule {}
