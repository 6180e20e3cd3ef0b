import { Controller, Get } from '@nestjs/common';
import { CacheRegistry, type MemoryState } from 'nestjs-strata';

@Controller('memory')
export class MemoryController {
  constructor(private readonly registry: CacheRegistry) {}

  /** How full the heap is, what the caches take of it, and what they had to give back. */
  @Get()
  state(): MemoryState | undefined {
    return this.registry.memory();
  }
}
