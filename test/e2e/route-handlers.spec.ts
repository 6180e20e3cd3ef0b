import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  createParamDecorator,
  Get,
  HttpCode,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { map, of, type Observable } from 'rxjs';
import {
  Cacheable,
  CacheEvict,
  CacheModule,
  CacheOperationInterceptor,
  CacheRegistry,
  defineCache,
} from '../../lib/index.js';

interface City {
  readonly id: number;
  readonly call: number;
}

const Cities = defineCache<number, City>('cities');

/** Calls that reached a handler. */
let calls = 0;

@Injectable()
class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.get<string | undefined>('role', context.getHandler());
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return role === undefined || request.headers['x-role'] === role;
  }
}

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: unknown) => ({ value })));
  }
}

const Header = createParamDecorator(
  (name: string, context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers[name],
);

@Controller('cities')
@UseGuards(RolesGuard)
class CitiesController {
  @Get('plain/:id')
  @Cacheable(Cities, { key: (id: number) => id })
  async above(@Param('id', ParseIntPipe) id: number): Promise<City> {
    return { id, call: ++calls };
  }

  @Cacheable()
  @Get('below/:id')
  @HttpCode(203)
  below(@Param('id', ParseIntPipe) id: number): Observable<City> {
    return of({ id, call: ++calls });
  }

  @Cacheable()
  @SetMetadata('role', 'admin')
  @Get('guarded/:id')
  @UseInterceptors(Wrapping)
  async guarded(@Param('id', ParseIntPipe) id: number): Promise<City> {
    return { id, call: ++calls };
  }

  @UseInterceptors(Wrapping)
  @Cacheable({ key: (language: string) => language })
  @Get('language')
  async language(@Header('accept-language') language: string): Promise<{ language: string; call: number }> {
    return { language, call: ++calls };
  }

  @Post('change')
  @CacheEvict(Cities, { key: (body: { id: number }) => body.id })
  async change(@Body() _body: { id: number }): Promise<void> {}
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get(':id')
  @Cacheable({ key: (id: string) => id })
  async find(@Param('id') id: string): Promise<{ id: string; call: number }> {
    return { id, call: ++calls };
  }
}

/** A controller that cannot be edited, as from a package: it is decorated from outside, so no wrapper serves it. */
@Controller('foreign')
class ForeignController {
  @Get(':id')
  async find(@Param('id') id: string): Promise<{ id: string; call: number }> {
    return { id, call: ++calls };
  }
}
interface UrlRequest {
  readonly url: string;
}
const decorateUntyped = Cacheable({ key: (request: UrlRequest) => request.url }) as MethodDecorator;
decorateUntyped(ForeignController.prototype, 'find', {
  ...Object.getOwnPropertyDescriptor(ForeignController.prototype, 'find'),
});

const apps: INestApplication[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('route handlers on %s', (_, adapter) => {
  async function start(...providers: { provide: string; useClass: typeof CacheOperationInterceptor }[]) {
    calls = 0;
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ caches: [Cities] })],
      controllers: [CitiesController, ScopedController, ForeignController],
      providers,
    }).compile();
    const app = module.createNestApplication<INestApplication>(adapter(), { logger: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const request = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${url}/${path}`, init);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    };
    return { app, request };
  }

  it('are cached by what their pipes make of the request', async () => {
    const { request } = await start();
    const answers = [
      await request('cities/plain/7'),
      await request('cities/plain/07'),
      await request('cities/plain/8'),
    ];
    expect(answers.map(({ body }) => body)).toEqual([
      { id: 7, call: 1 },
      { id: 7, call: 1 },
      { id: 8, call: 2 },
    ]);
    expect((await request('cities/plain/x')).status).toBe(400);
  });

  it('keep route, status, guards and interceptors with our decorator above them', async () => {
    const { request } = await start();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await request('cities/below/1')).toEqual({ status: 203, body: { id: 1, call: 1 } });
    }
    const admin = { headers: { 'x-role': 'admin' } };
    expect((await request('cities/guarded/1')).status).toBe(403);
    expect((await request('cities/guarded/1', admin)).body).toEqual({ value: { id: 1, call: 2 } });
    expect((await request('cities/guarded/1')).status).toBe(403);
    expect((await request('cities/guarded/1', admin)).body).toEqual({ value: { id: 1, call: 2 } });
  });

  it('are cached by parameters of custom decorators, and evicted by others', async () => {
    const { request } = await start();
    const inLanguage = (language: string) => request('cities/language', { headers: { 'accept-language': language } });
    expect([(await inLanguage('de')).body, (await inLanguage('en')).body, (await inLanguage('de')).body]).toEqual([
      { value: { language: 'de', call: 1 } },
      { value: { language: 'en', call: 2 } },
      { value: { language: 'de', call: 1 } },
    ]);
    await request('cities/plain/1');
    const headers = { 'content-type': 'application/json' };
    await request('cities/change', { method: 'POST', headers, body: JSON.stringify({ id: 1 }) });
    expect((await request('cities/plain/1')).body).toEqual({ id: 1, call: 4 });
  });

  it('share what they cached between requests of a request-scoped controller', async () => {
    const { request } = await start();
    expect([(await request('scoped/a')).body, (await request('scoped/a')).body]).toEqual([
      { id: 'a', call: 1 },
      { id: 'a', call: 1 },
    ]);
  });

  it('are looked up once where CacheOperationInterceptor stands before them', async () => {
    const { app, request } = await start({ provide: APP_INTERCEPTOR, useClass: CacheOperationInterceptor });
    await request('cities/plain/1');
    await request('cities/plain/1');
    expect(app.get(CacheRegistry).get(Cities).stats()).toMatchObject({ gets: 2, hits: 1, misses: 1, loads: 1 });
  });

  it('are cached by CacheOperationInterceptor where no wrapper serves them, and only then', async () => {
    const without = await start();
    await without.request('foreign/a');
    expect((await without.request('foreign/a')).body).toEqual({ id: 'a', call: 2 });
    const { app, request } = await start({ provide: APP_INTERCEPTOR, useClass: CacheOperationInterceptor });
    for (const path of ['foreign/a', 'foreign/a', 'foreign/b', 'foreign/a?page=2']) await request(path);
    expect((await request('foreign/a')).body).toEqual({ id: 'a', call: 1 });
    expect(calls).toBe(3);
    expect(app.get(CacheRegistry).stats()['ForeignController.find']).toMatchObject({ hits: 2, misses: 3 });
  });
});
