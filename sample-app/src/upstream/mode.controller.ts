import { Body, Controller, Get, Put } from '@nestjs/common';
import { ModePipe } from './mode.pipe.js';
import { type Mode, ModeState, type ShownMode } from './mode.js';

@Controller('mode')
export class ModeController {
  constructor(private readonly state: ModeState) {}

  /** How the service answers, how many requests for weather it got, and how many still wait. */
  @Get()
  show(): ShownMode {
    const { current, requests, waiting } = this.state;
    return { ...current, requests, waiting };
  }

  /** Holds for requests from now on; those that hang already go on hanging. */
  @Put()
  change(@Body(ModePipe) change: Partial<Mode>): ShownMode {
    this.state.current = { ...this.state.current, ...change };
    return this.show();
  }
}
