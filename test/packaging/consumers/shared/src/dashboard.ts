/* The dashboard without a server: every name of `nestjs-strata/dashboard`, and whether its page is found. */
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheModule } from 'nestjs-strata';
import { CacheDashboardModule, type CacheDashboardOptions, type ValueShown } from 'nestjs-strata/dashboard';

const shown: ValueShown = (value, key, cache) => [cache, key, typeof value];
const options: CacheDashboardOptions = { path: '/caches', guards: [], values: shown, history: 0 };
const dashboard: DynamicModule = CacheDashboardModule.forRoot(options);

@Module({ imports: [CacheModule.forRoot(), dashboard] })
class DashboardApp {}

export const EXPECTED_OF_DASHBOARD = { page: [200, true, true] };

interface DashboardController {
  page(request: object, response: object): Promise<void>;
}

export async function useDashboard() {
  const app = await NestFactory.createApplicationContext(DashboardApp, { logger: false });
  const [controller] = dashboard.controllers ?? [];
  if (controller === undefined) throw new Error('it has no controller');
  let status = 0;
  let text = '';
  const response = {
    setHeader: () => {},
    writeHead: (code: number) => {
      status = code;
      return response;
    },
    end: (body: string) => {
      text = body;
    },
  };
  await app.get<DashboardController>(controller).page({ url: '/caches' }, response);
  await app.close();
  return { page: [status, text.startsWith('<!doctype html>'), text.includes('src="./caches/assets/main.js"')] };
}
