import { afterEach, describe, expect, it } from '@jest/globals';
import {
  CallHandler,
  Controller,
  createParamDecorator,
  ExecutionContext,
  Get,
  Injectable,
  Module,
  NestInterceptor,
  NestMiddleware,
  Param,
  ParseIntPipe,
  Post,
  Query,
  RequestTimeoutException,
  Scope,
  SetMetadata,
  UseGuards,
  VersioningType,
  type CanActivate,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { map, tap, timeout, catchError, throwError, type Observable } from 'rxjs';
import {
  Cacheable,
  CacheModule,
  CacheRegistry,
  defineCache,
  HttpCache,
  HttpCacheInterceptor,
  type StoredResponse,
} from '../../../lib/index.js';
import { PLATFORMS, startApp, type HttpApp } from './http-app.js';

let http: HttpApp | undefined;
let calls = 0;
const ran: string[] = [];

afterEach(async () => {
  await http?.app.close();
  http = undefined;
  calls = 0;
  ran.length = 0;
});

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      tap((value) => ran.push(value === undefined ? 'nothing' : 'wrapping')),
      map((data: unknown) => ({ data })),
    );
  }
}

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    ran.push('guard');
    return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-token'] === 'good';
  }
}

const Host = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['host'];
});

@Controller('pipeline')
class Pipelined {
  @Get('guarded')
  @UseGuards(TokenGuard)
  @HttpCache({ ttl: '1m' })
  guarded() {
    calls++;
    return { call: calls };
  }

  @Get('wrapped/:id')
  @HttpCache({ ttl: '1m' })
  wrapped(@Param('id', ParseIntPipe) id: number, @Host() host: string) {
    calls++;
    return { id, isHost: host.length > 0, call: calls };
  }

  @Get('slow')
  @HttpCache({ ttl: '1m' })
  slow() {
    calls++;
    return new Promise(() => {});
  }
}

@Injectable({ scope: Scope.REQUEST })
@Controller({ path: 'scoped', scope: Scope.REQUEST })
class Scoped {
  @Get()
  @HttpCache({ ttl: '1m' })
  get() {
    calls++;
    return { call: calls };
  }
}

abstract class BaseController {
  @Get('inherited')
  @HttpCache({ ttl: '1m' })
  inherited(@Query('page') page: string) {
    calls++;
    return { page, from: this.constructor.name };
  }
}

@Controller('one')
class One extends BaseController {}

@Controller('other')
class Other extends BaseController {}

describe.each(PLATFORMS)('the place of @HttpCache in the pipeline of %s', (platform) => {
  it('is behind guards, which decide about each request', async () => {
    http = await startApp(platform, { controllers: [Pipelined] });
    const good = { headers: { 'x-token': 'good' } };
    const answers = [
      await http.ask('/pipeline/guarded', good),
      await http.ask('/pipeline/guarded', good),
      await http.ask('/pipeline/guarded', { headers: { 'x-token': 'bad' } }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403]);
    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'HIT', undefined]);
    expect(ran).toEqual(['guard', 'guard', 'guard']);
  });

  it('is behind interceptors, and keeps what they have made of the result', async () => {
    http = await startApp(platform, {
      controllers: [Pipelined],
      providers: [{ provide: APP_INTERCEPTOR, useClass: Wrapping }],
    });
    const answers = [await http.ask('/pipeline/wrapped/1'), await http.ask('/pipeline/wrapped/1')];

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'HIT']);
    for (const { text } of answers) expect(JSON.parse(text)).toEqual({ data: { id: 1, isHost: true, call: 1 } });
    expect(ran).toEqual(['wrapping', 'nothing']);
  });

  it('is behind pipes, which decide about each request', async () => {
    http = await startApp(platform, { controllers: [Pipelined] });

    expect((await http.ask('/pipeline/wrapped/no-number')).status).toBe(400);
    expect(calls).toBe(0);
  });

  it('is where HttpCacheInterceptor stands, ahead of the interceptors behind that', async () => {
    http = await startApp(platform, {
      controllers: [Pipelined],
      providers: [
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
        { provide: APP_INTERCEPTOR, useClass: Wrapping },
      ],
    });
    const answers = [await http.ask('/pipeline/wrapped/1'), await http.ask('/pipeline/wrapped/1')];

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'HIT']);
    for (const { text } of answers) expect(JSON.parse(text)).toEqual({ data: { id: 1, isHost: true, call: 1 } });
    expect(ran).toEqual(['wrapping']);
  });

  it('lets go of a handler that an interceptor outside has given up', async () => {
    @Injectable()
    class Impatient implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(
          timeout(50),
          catchError(() => throwError(() => new RequestTimeoutException())),
        );
      }
    }
    http = await startApp(platform, {
      controllers: [Pipelined],
      providers: [
        { provide: APP_INTERCEPTOR, useClass: Impatient },
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
      ],
    });
    const app = http;
    const answers = await Promise.all([1, 2, 3].map(() => app.ask('/pipeline/slow')));

    expect(answers.map(({ status }) => status)).toEqual([408, 408, 408]);
  });

  it('serves request-scoped controllers, and each class that inherits a handler for itself', async () => {
    http = await startApp(platform, { controllers: [Scoped, One, Other] });
    const asked = ['/scoped', '/scoped', '/one/inherited?page=1', '/other/inherited?page=1', '/one/inherited?page=1'];
    const answers = [];
    for (const path of asked) answers.push(await http.ask(path));

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'HIT', 'MISS', 'MISS', 'HIT']);
    expect(JSON.parse(answers[3]?.text ?? '')).toEqual({ page: '1', from: 'Other' });
  });

  it('is nowhere in an app without CacheModule, and for a handler that is called by hand', async () => {
    expect(await new Other().inherited('3')).toEqual({ page: '3', from: 'Other' });

    http = await startApp(platform, { controllers: [Other], withoutCacheModule: true });
    const answers = [await http.ask('/other/inherited'), await http.ask('/other/inherited')];
    expect(answers.map(({ status, cache }) => [status, cache])).toEqual(
      [200, 200].map((status) => [status, undefined]),
    );
  });
});

@Controller('open')
class Open {
  @Get(':id')
  @HttpCache({ ttl: '1m', public: true, query: ['page'] })
  find(@Param('id', ParseIntPipe) id: number, @Query('page') page = '1') {
    calls++;
    return { id, page, call: calls };
  }

  @Get('varied/by')
  @HttpCache({ ttl: '1m', public: true, vary: ['accept-language'] })
  varied() {
    calls++;
    return { call: calls };
  }
}

@Injectable()
class Tracing implements NestMiddleware {
  use(_request: unknown, response: { setHeader(name: string, value: string): void }, next: () => void): void {
    ran.push('middleware');
    response.setHeader('x-traced', 'yes');
    next();
  }
}

@Module({ controllers: [Open] })
class OpenModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(Tracing).forRoutes('open/*path');
  }
}

describe.each(PLATFORMS)('a public route on %s', (platform) => {
  it('is answered before interceptors and pipes, behind middleware, from the second request on', async () => {
    http = await startApp(platform, {
      imports: [OpenModule],
      controllers: [],
      providers: [{ provide: APP_INTERCEPTOR, useClass: Wrapping }],
    });
    const miss = await http.ask('/open/1?page=2&nonce=1');
    const respelt = await http.ask('/open/1?nonce=2&page=2');
    ran.length = 0;
    const hit = await http.ask('/open/1?page=2&nonce=1');

    expect([miss.cache, respelt.cache, hit.cache]).toEqual(['MISS', 'HIT', 'HIT']);
    expect(hit.text).toBe(miss.text);
    expect(hit.headers).toMatchObject({ 'x-traced': 'yes', age: '0', 'cache-control': 'public, max-age=60' });
    expect(ran).toEqual(['middleware']);
    expect(calls).toBe(1);
  });

  it('answers 304, HEAD and varying requests ahead of the router as well', async () => {
    http = await startApp(platform, { controllers: [Open] });
    const { headers } = await http.ask('/open/1');
    const same = await http.ask('/open/1', { headers: { 'if-none-match': String(headers.etag) } });
    const head = await http.ask('/open/1', { method: 'HEAD' });
    const varied = [];
    for (const language of ['de', 'fi', 'de']) {
      varied.push(await http.ask('/open/varied/by', { headers: { 'accept-language': language } }));
    }

    expect([same.status, same.body.length, head.status, head.body.length]).toEqual([304, 0, 200, 0]);
    expect(head.headers['content-length']).toBe(headers['content-length']);
    expect(varied.map(({ cache }) => cache)).toEqual(['MISS', 'MISS', 'HIT']);
  });

  it('runs the handler again when its entry has gone', async () => {
    http = await startApp(platform, { controllers: [Open] });
    await http.ask('/open/1');
    await http.ask('/open/1');
    await http.app.get(CacheRegistry).clearAll();

    expect((await http.ask('/open/1')).cache).toBe('MISS');
  });

  it('is answered by its pipeline where the version of a request is in a header', async () => {
    http = await startApp(platform, {
      controllers: [Open],
      prepare: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' }),
    });
    const answers = [];
    for (const version of ['1', '1', '2'])
      answers.push(await http.ask('/open/1', { headers: { 'x-version': version } }));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404]);
  });
});

describe('a public route among hooks of Fastify', () => {
  it('is answered behind those of onRequest, ahead of preHandler, and sent through onSend', async () => {
    const heard: string[] = [];
    http = await startApp('fastify', {
      controllers: [Open],
      prepare: (app) => {
        const instance = (app as NestFastifyApplication).getHttpAdapter().getInstance();
        instance.addHook('onRequest', async () => void heard.push('onRequest'));
        instance.addHook('preHandler', async () => void heard.push('preHandler'));
        instance.addHook('onSend', async () => void heard.push('onSend'));
      },
    });
    const { cache: first } = await http.ask('/open/1');
    const { cache: second } = await http.ask('/open/1');

    expect([first, second]).toEqual(['MISS', 'HIT']);
    expect(heard).toEqual(['onRequest', 'preHandler', 'onSend', 'onRequest', 'onSend']);
  });
});

@UseGuards(TokenGuard)
@Controller('locked')
class Locked {
  @Get()
  @HttpCache({ public: true })
  get() {
    return {};
  }
}

@Controller('half-locked')
class HalfLocked {
  @Get()
  @UseGuards(TokenGuard)
  @HttpCache({ public: true })
  get() {
    return {};
  }
}

@Controller('changing')
class Changing {
  @Post()
  @HttpCache()
  post() {
    return {};
  }
}

@Controller('no-route')
class NoRoute {
  @SetMetadata('a', 1)
  @HttpCache()
  get() {
    return {};
  }
}

@Controller('upside-down')
class UpsideDown {
  @Get()
  @Cacheable({ ttl: '1m' })
  @HttpCache()
  async get() {
    return {};
  }
}

describe.each(PLATFORMS)('the bootstrap of an app on %s', (platform) => {
  it.each([
    {
      what: 'guards on its class',
      controllers: [Locked],
      says: /Locked\.get has public: true.*guards stand on it or on its class/,
    },
    { what: 'a guard of its own', controllers: [HalfLocked], says: /HalfLocked\.get has public: true.*guards stand/ },
    {
      what: 'a guard from APP_GUARD',
      controllers: [Open],
      providers: [{ provide: APP_GUARD, useClass: TokenGuard }],
      says: /Open\.find has public: true.*the app has global guards/,
    },
    {
      what: 'a global guard',
      controllers: [Open],
      prepare: 'guard' as const,
      says: /Open\.find has public: true.*the app has global guards/,
    },
  ])('refuses a public route with $what', async ({ controllers, providers, prepare, says }) => {
    const start = startApp(platform, {
      controllers,
      ...(providers === undefined ? {} : { providers }),
      prepare: (app) => (prepare === 'guard' ? app.useGlobalGuards(new TokenGuard()) : undefined),
    });

    await expect(start).rejects.toThrow(says);
  });

  it.each([
    { controllers: [Changing], says: /Changing\.post stands on a route that changes something/ },
    { controllers: [NoRoute], says: /NoRoute\.get stands on no route/ },
    { controllers: [UpsideDown], says: /UpsideDown\.get has @HttpCache below another decorator/ },
  ])('refuses what cannot work: $says', async ({ controllers, says }) => {
    await expect(startApp(platform, { controllers })).rejects.toThrow(says);
  });
});

describe('the options of @HttpCache', () => {
  it.each([
    [{ ttl: 'soon' }, /ttl/],
    [{ vary: ['*'] }, /vary cannot name \*: name the headers that responses differ by/],
    [{ headers: ['Set-Cookie'] }, /headers cannot name set-cookie: it is of one client/],
    [{ vary: ['accept', 'no header'] }, /vary must be a list of header names \(received "no header"\)/],
    [{ headers: ['no header'] }, /headers must be a list of header names/],
    [{ public: true, scope: 'user' }, /public cannot go with scope/],
    [{ user: () => 'a' }, /user needs scope/],
    [{ query: [''] }, /query must be true, false or a list/],
    [{ groups: 'cities' }, /groups must be a list/],
    [{ etag: true }, /etag must be one of weak, strong, false/],
    [{ maxBodySize: 0 }, /maxBodySize must be a whole number/],
    [{ maxAge: 'x' }, /maxAge/],
    [{ cache: 5 }, /cache must be a definition/],
    [{ querry: [] }, /querry is not an option; did you mean query\?/],
  ])('refuse %p', async (options, says) => {
    const decorate = (): unknown => {
      class Wrong {
        @Get()
        @HttpCache(options as never)
        get() {
          return {};
        }
      }
      return startApp('express', { controllers: [Controller('wrong')(Wrong) ?? Wrong] });
    };

    await expect((async () => decorate())()).rejects.toThrow(says);
  });

  it('refuse to stand on something twice', () => {
    expect(() => {
      class Twice {
        @HttpCache()
        @HttpCache()
        get() {}
      }
      return Twice;
    }).toThrow('@HttpCache of Twice.get stands there twice');
  });
});

const Pages = defineCache<string, StoredResponse>('pages', { maxMemory: '1mb', ttl: '10s' });

@Controller('named')
class Named {
  @Get('definition/:id')
  @HttpCache({ cache: Pages, key: ({ params }: { params: { id: string } }) => params.id.toLowerCase() })
  definition(@Param('id') id: string) {
    calls++;
    return id;
  }

  @Get('strong')
  @HttpCache({ etag: 'strong', maxAge: 0 })
  strong() {
    return 'body';
  }

  @Get('silent')
  @HttpCache({ etag: false, maxAge: false, scope: 'everyone', requestDirectives: false })
  silent() {
    calls++;
    return { call: calls };
  }

  @Get('of/:tenant')
  @HttpCache({ ttl: '1m', groups: ({ params }: { params: { tenant: string } }) => [`tenant:${params.tenant}`] })
  ofTenant() {
    calls++;
    return { call: calls };
  }
}

describe.each(PLATFORMS)('the options of @HttpCache on %s', (platform) => {
  it('name the cache, and what the key is in it', async () => {
    http = await startApp(platform, { controllers: [Named] });
    const answers = [await http.ask('/named/definition/A'), await http.ask('/named/definition/a?b=c')];
    const keys: unknown[] = [];
    for await (const key of http.app.get(CacheRegistry).get(Pages).keys()) keys.push(key);

    expect(answers.map(({ cache, text }) => [cache, text])).toEqual([
      ['MISS', 'A'],
      ['HIT', 'A'],
    ]);
    expect(answers[1]?.headers['cache-control']).toBe('max-age=10');
    expect(keys).toEqual(['Named.definition !a']);
  });

  it('say what clients are told', async () => {
    http = await startApp(platform, { controllers: [Named] });
    const { headers } = await http.ask('/named/strong');
    const silent = await http.ask('/named/silent');

    expect(headers['etag']).toMatch(/^"[\w-]{27}"$/);
    expect(headers['cache-control']).toBe('no-cache');
    expect(silent.headers).not.toHaveProperty('cache-control');
    expect((await http.ask('/named/silent', { headers: { 'cache-control': 'no-cache' } })).cache).toBe('HIT');
  });

  it('take groups from the request', async () => {
    http = await startApp(platform, { controllers: [Named] });
    await http.ask('/named/of/a');
    await http.ask('/named/of/b');
    await http.app.get(CacheRegistry).invalidateGroup('tenant:a');

    expect([(await http.ask('/named/of/a')).cache, (await http.ask('/named/of/b')).cache]).toEqual(['MISS', 'HIT']);
  });
});

describe('HttpCacheInterceptor', () => {
  it('passes everything through in an app without CacheModule', async () => {
    http = await startApp('express', {
      controllers: [Other],
      providers: [{ provide: APP_INTERCEPTOR, useClass: HttpCacheInterceptor }],
      withoutCacheModule: true,
    });

    expect((await http.ask('/other/inherited')).status).toBe(200);
  });
});

describe('an application without HTTP', () => {
  it('starts with controllers that have cached routes', async () => {
    const module = await Test.createTestingModule({ imports: [CacheModule.forRoot()], controllers: [Other] }).compile();
    await module.init();

    expect(await module.get(Other).inherited('1')).toEqual({ page: '1', from: 'Other' });
    await module.close();
  });
});
