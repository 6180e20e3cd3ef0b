import { Module } from '@nestjs/common';
import { ChangesController } from './changes.controller.js';
import { ChangesService } from './changes.service.js';
import { EventsController } from './events.controller.js';
import { StatsController } from './stats.controller.js';

@Module({
  controllers: [EventsController, StatsController, ChangesController],
  providers: [ChangesService],
})
export class MonitoringModule {}
