/* Every name of `nestjs-strata/dashboard`, and whether its page is found, served by both platforms that Nest has. */
import type { AddressInfo } from 'node:net';
import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CacheModule } from 'nestjs-strata';
import { CacheDashboardModule, type CacheDashboardOptions, type ValueShown } from 'nestjs-strata/dashboard';

const shown: ValueShown = (value, key, cache) => [cache, key, typeof value];
const options: CacheDashboardOptions = { path: '/caches', guards: [], values: shown, history: 0 };
const dashboard: DynamicModule = CacheDashboardModule.forRoot(options);

@Module({ imports: [CacheModule.forRoot(), dashboard] })
class DashboardApp {}

const SEEN = ['/caches 200 ./caches/assets/main.js', '/caches/ 200 ./assets/main.js', '/caches/assets/main.js 200 '];

export const EXPECTED_OF_DASHBOARD = { dashboard: { express: SEEN, fastify: SEEN } };

export async function useDashboard() {
  const express = await look(await NestFactory.create(DashboardApp, new ExpressAdapter(), { logger: false }));
  const fastify = await look(await NestFactory.create(DashboardApp, new FastifyAdapter(), { logger: false }));
  return { dashboard: { express, fastify } };
}

async function look(app: INestApplication): Promise<string[]> {
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const seen: string[] = [];
  for (const path of ['/caches', '/caches/', '/caches/assets/main.js']) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(await answer.text()) ?? [];
    seen.push(`${path} ${answer.status} ${script}`);
  }
  await app.close();
  return seen;
}
