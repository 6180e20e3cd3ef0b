import { Module } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { CacheHealthIndicator } from './cache-health.indicator.js';

/** Gives the importing module the `CacheHealthIndicator`. Needs `CacheModule.forRoot()`. */
@Module({ providers: [HealthIndicatorService, CacheHealthIndicator], exports: [CacheHealthIndicator] })
export class CacheHealthModule {}
