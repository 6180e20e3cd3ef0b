import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { TierHits } from './tier-hits.js';
import { TierHitsInterceptor } from './tier-hits.interceptor.js';

@Module({ providers: [TierHits, { provide: APP_INTERCEPTOR, useClass: TierHitsInterceptor }] })
export class TierHitsModule {}
