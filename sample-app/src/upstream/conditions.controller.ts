import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Controller, Get, Param, Res, ServiceUnavailableException } from '@nestjs/common';
import { NumberPipe } from '../validation/number.pipe.js';
import { type Conditions, conditionsAt } from './conditions.js';
import { ModeState } from './mode.js';

const cityId = new NumberPipe({ min: 1, max: 2_147_483_647, whole: true });

@Controller('weather')
export class ConditionsController {
  constructor(private readonly state: ModeState) {}

  @Get(':cityId')
  async show(
    @Param('cityId', cityId) id: number,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<Conditions> {
    const { mode, delayMs, validForMs } = this.state.current;
    this.state.requests++;
    this.state.waiting++;
    response.once('close', () => this.state.waiting--);
    if (mode === 'fail') throw new ServiceUnavailableException('the weather service is out of order, as it was told');
    if (mode === 'hang') await new Promise<never>(() => {});
    if (mode === 'slow') await setTimeout(delayMs, undefined, { ref: false });
    return conditionsAt(id, new Date(), validForMs);
  }
}
