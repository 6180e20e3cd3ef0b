import { Global, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { DatabaseService } from './database.service.js';
import { FillService } from './fill.service.js';
import { ProgressController } from './progress.controller.js';
import { QueryCounter } from './query-counter.js';
import { QueryCounterInterceptor } from './query-counter.interceptor.js';

@Global()
@Module({
  controllers: [ProgressController],
  providers: [
    DatabaseService,
    FillService,
    QueryCounter,
    { provide: APP_INTERCEPTOR, useClass: QueryCounterInterceptor },
  ],
  exports: [DatabaseService, FillService],
})
export class DatabaseModule {}
