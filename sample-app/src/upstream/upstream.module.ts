import { Module } from '@nestjs/common';
import { ConditionsController } from './conditions.controller.js';
import { ModeController } from './mode.controller.js';
import { ModeState } from './mode.js';

/** The weather service: an app of its own, which the guide speaks to over HTTP only. It caches nothing. */
@Module({
  controllers: [ConditionsController, ModeController],
  providers: [ModeState],
})
export class UpstreamModule {}
