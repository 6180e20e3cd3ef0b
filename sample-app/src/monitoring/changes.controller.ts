import { Controller, Get } from '@nestjs/common';
import { type Change, ChangesService } from './changes.service.js';

@Controller('changes')
export class ChangesController {
  constructor(private readonly changes: ChangesService) {}

  @Get()
  latest(): readonly Change[] {
    return this.changes.latest();
  }
}
