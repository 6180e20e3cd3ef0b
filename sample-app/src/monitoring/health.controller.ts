import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { CacheHealthIndicator } from 'nestjs-strata/terminus';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly caches: CacheHealthIndicator,
  ) {}

  /** 200 while a tier is away, too: then the guide is degraded, and answers from memory and from its database. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.caches.check('caches')]);
  }
}
