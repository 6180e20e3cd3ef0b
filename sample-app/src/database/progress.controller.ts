import { Controller, Get } from '@nestjs/common';
import type { FillProgress } from './fill-progress.js';
import { FillService } from './fill.service.js';
import { QueryCounter } from './query-counter.js';

@Controller('progress')
export class ProgressController {
  constructor(
    private readonly fill: FillService,
    private readonly counter: QueryCounter,
  ) {}

  /** How far the fill is, and how many queries have been made since the start. */
  @Get()
  progress(): FillProgress & { readonly queries: number } {
    return { ...this.fill.progress, queries: this.counter.total };
  }
}
