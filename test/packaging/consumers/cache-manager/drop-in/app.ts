/*
 * An app on Nest 11 as somebody wrote it against @nestjs/cache-manager 3. It is compiled and run as it stands, and once more
 * with the one import path changed; both print what their users saw.
 */
import 'reflect-metadata';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  Query,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import {
  Cache,
  CACHE_KEY_METADATA,
  CACHE_MANAGER,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  CacheTTL,
  type CacheModuleAsyncOptions,
  type CacheOptions,
  type CacheOptionsFactory,
} from '@nestjs/cache-manager';
import { Keyv } from 'keyv';

const disk = new Map<string, unknown>();

@Injectable()
class CacheConfig implements CacheOptionsFactory {
  createCacheOptions(): CacheOptions {
    return { stores: [new Keyv(), new Keyv({ store: disk, namespace: 'app' })], ttl: 60_000 };
  }
}

const configured: CacheModuleAsyncOptions = { isGlobal: true, useClass: CacheConfig };

@Injectable()
class ByLanguage extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    const url = super.trackBy(context);
    return typeof url === 'string' ? `${request.headers['accept-language'] ?? 'en'}:${url}` : url;
  }
}

@Injectable()
class CitiesService {
  loads = 0;

  constructor(@Inject(CACHE_MANAGER) private readonly cache: Cache) {}

  find(id: string): Promise<{ id: string; load: number }> {
    return this.cache.wrap(`city:${id}`, async () => ({ id, load: ++this.loads }), { ttl: 30_000 });
  }

  async rename(id: string): Promise<boolean> {
    return this.cache.del(`city:${id}`);
  }
}

@Controller('cities')
class CitiesController {
  private calls = 0;

  constructor(
    private readonly cities: CitiesService,
    private readonly cache: Cache,
  ) {}

  @Get()
  @CacheTTL(10_000)
  all(@Query('page') page = '1') {
    return { page, call: ++this.calls };
  }

  @Get('top')
  @CacheKey('top-cities')
  top() {
    return { top: ++this.calls };
  }

  @Get('greeting')
  @UseInterceptors(ByLanguage)
  greeting() {
    return `hello ${++this.calls}`;
  }

  @Get(':id')
  one(@Param('id') id: string) {
    return this.cities.find(id);
  }

  @Post('top')
  async forgetTop() {
    await this.cache.del('top-cities');
    return { left: (await this.cache.get('top-cities')) ?? null };
  }
}

@Module({
  imports: [CacheModule.registerAsync(configured)],
  controllers: [CitiesController],
  providers: [CitiesService, { provide: APP_INTERCEPTOR, useClass: CacheInterceptor }],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const seen: unknown[] = [];
  const ask = async (path: string, init?: RequestInit): Promise<void> => {
    const response = await fetch(`${url}/cities${path}`, init);
    seen.push([path, response.status, await response.text(), response.headers.get('x-cache')]);
  };

  for (const path of ['', '?page=2', '', '/top', '/top']) await ask(path);
  await ask('/top', { method: 'POST' });
  await ask('/top');
  await ask('/greeting');
  await ask('/greeting', { headers: { 'accept-language': 'de' } });
  await ask('/greeting');
  for (const path of ['/1', '/1', '/2']) await ask(path);

  const cities = app.get(CitiesService);
  await cities.rename('1');
  seen.push(await cities.find('1'), await cities.find('1'));
  const cache = app.get<Cache>(CACHE_MANAGER);
  const refreshed: unknown[] = [];
  cache.on('set', ({ key }) => refreshed.push(key));
  await cache.mset<unknown>([
    { key: 'a', value: 1, ttl: 5_000 },
    { key: 'b', value: { two: 2 } },
  ]);
  seen.push(await cache.mget(['a', 'b', 'c']), await cache.mdel(['a']), await cache.mget(['a', 'b']));
  await cache.set('c', 3);
  seen.push(refreshed, cache.stores.length, [...disk.keys()].sort());
  seen.push(Reflect.getMetadata(CACHE_KEY_METADATA, CitiesController.prototype.top));
  seen.push(await cache.clear(), disk.size);
  await app.close();
  console.log(JSON.stringify(seen));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
