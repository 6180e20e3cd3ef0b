/* A Nest app in a worker of a pool: its caches have the memory that the main thread has shared, and the bus of the process. */
import 'reflect-metadata';
import { getEnvironmentData } from 'node:worker_threads';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { broadcastBus } from '../../../lib/backends/local/index.js';
import { threadsTier, workerApp } from '../../../lib/backends/threads/index.js';
import { Cacheable, CacheEvict, CacheModule, defineCache, memoryTier } from '../../../lib/index.js';

const Reports = defineCache<string, string>('reports', { ttl: '10m', lock: true });

export interface ReportTask {
  readonly do: 'find' | 'revise';
  readonly id: string;
}

@Injectable()
class ReportsService {
  /** Shared by all threads: how often a report was made, and the revision of what it is made from. */
  private readonly counts = getEnvironmentData('counts') as unknown as Int32Array;

  @Cacheable(Reports, { key: (id: string) => id })
  async find(id: string): Promise<string> {
    Atomics.add(this.counts, 0, 1);
    return `${id} ${Atomics.load(this.counts, 1)}`;
  }

  @CacheEvict(Reports, { key: (id: string) => id })
  async revise(_id: string): Promise<string> {
    return `revision ${Atomics.add(this.counts, 1, 1) + 1}`;
  }
}

@Module({
  imports: [CacheModule.forRoot({ tiers: [memoryTier(), threadsTier()], bus: broadcastBus(), caches: [Reports] })],
  providers: [ReportsService],
})
class AppModule {}

export default workerApp(
  () => NestFactory.createApplicationContext(AppModule, { logger: false }),
  (app, task: ReportTask) => app.get(ReportsService)[task.do](task.id),
);
