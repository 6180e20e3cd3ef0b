import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Headers,
  Injectable,
  Res,
  UseInterceptors,
  type ExecutionContext,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CACHE_MANAGER,
  CacheInterceptor,
  CacheModule,
  type CacheMethods,
} from '../../lib/compat/cache-manager/index.js';

const running: INestApplication[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
}

/** An app with one interceptor, and what it logs. */
async function start(interceptor: Type<CacheInterceptor>, options: object = {}) {
  let calls = 0;

  @Controller()
  @UseInterceptors(interceptor)
  class Handlers {
    @Get('me')
    me(@Headers('authorization') name = 'nobody') {
      return { name };
    }

    @Get('null')
    nothing() {
      calls++;
      return null;
    }

    @Get('query')
    query() {
      return { call: ++calls };
    }

    @Get('partial')
    partial(@Res({ passthrough: true }) reply: Reply) {
      reply.status(206).header('x-custom', 'yes');
      return { call: ++calls };
    }

    @Get('unavailable')
    unavailable(@Res({ passthrough: true }) reply: Reply) {
      reply.status(503);
      return { call: ++calls };
    }

    @Get('throttled')
    throttled(@Res({ passthrough: true }) reply: Reply) {
      reply.status(429);
      return { call: ++calls };
    }

    @Get('range')
    range(@Res({ passthrough: true }) reply: Reply) {
      reply.status(206).header('content-range', 'bytes 0-4/10');
      return { call: ++calls };
    }

    @Get('vary')
    vary(@Res({ passthrough: true }) reply: Reply) {
      reply.header('vary', 'accept-language');
      return { call: ++calls };
    }
  }

  const log: string[] = [];
  const module = await Test.createTestingModule({ imports: [CacheModule.register(options)], controllers: [Handlers] })
    .setLogger({ log: () => {}, error: (line: string) => log.push(line), warn: (line: string) => log.push(line) })
    .compile();
  const app = module.createNestApplication();
  running.push(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ask = async (path: string, authorization?: string) => {
    const response = await fetch(`${url}/${path}`, authorization === undefined ? {} : { headers: { authorization } });
    const text = await response.text();
    const body: unknown = text === '' ? null : JSON.parse(text);
    return {
      status: response.status,
      body,
      custom: response.headers.get('x-custom'),
      xCache: response.headers.get('x-cache'),
    };
  };
  return { ask, log, cache: app.get<CacheMethods>(CACHE_MANAGER), calls: () => calls };
}

describe('requests with credentials', () => {
  const asked = async ({ ask }: Awaited<ReturnType<typeof start>>) => [
    (await ask('me', 'alice')).body,
    (await ask('me', 'bob')).body,
    (await ask('me')).body,
    (await ask('me')).xCache,
  ];

  it('are answered each for itself, and warned about once, with the way out', async () => {
    const app = await start(CacheInterceptor);
    expect(await asked(app)).toEqual([{ name: 'alice' }, { name: 'bob' }, { name: 'nobody' }, 'HIT']);
    expect(app.log.filter((line) => line.includes('credentials'))).toEqual([
      expect.stringMatching(/^Handlers\.me was asked with credentials .*@CacheKey.*trackBy.*isShareable.*strict/),
    ]);
  });

  it('are so too where a subclass falls back to the URL', async () => {
    @Injectable()
    class Some extends CacheInterceptor {
      protected override trackBy(context: ExecutionContext) {
        return context.getHandler().name === 'query' ? 'mine' : super.trackBy(context);
      }
    }
    expect(await asked(await start(Some))).toEqual([{ name: 'alice' }, { name: 'bob' }, { name: 'nobody' }, 'HIT']);
  });

  it('are kept where a subclass puts who asks before the URL', async () => {
    @Injectable()
    class PerUser extends CacheInterceptor {
      protected override async trackBy(context: ExecutionContext) {
        const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
        return `${headers['authorization']}:${await super.trackBy(context)}`;
      }
    }
    const { ask } = await start(PerUser);
    const seen = [await ask('me', 'alice'), await ask('me', 'alice'), await ask('me', 'bob')];
    expect(seen.map(({ body, xCache }) => [body, xCache])).toEqual([
      [{ name: 'alice' }, 'MISS'],
      [{ name: 'alice' }, 'HIT'],
      [{ name: 'bob' }, 'MISS'],
    ]);
  });

  it('share what a subclass says that all may have', async () => {
    @Injectable()
    class ForAll extends CacheInterceptor {
      protected override isShareable(): boolean {
        return true;
      }
    }
    expect((await asked(await start(ForAll)))[1]).toEqual({ name: 'alice' });
  });
});

describe("compat: 'strict'", () => {
  it('has URLs for keys as they are, those of requests with credentials too', async () => {
    const { ask } = await start(CacheInterceptor, { compat: 'strict' });
    expect([(await ask('me', 'alice')).body, (await ask('me', 'bob')).body]).toEqual([
      { name: 'alice' },
      { name: 'alice' },
    ]);
    expect([(await ask('query?a=1&b=2')).body, (await ask('query?b=2&a=1')).body]).toEqual([{ call: 1 }, { call: 2 }]);
  });

  it('takes null for a miss, also one that was set by hand', async () => {
    const { ask, cache, calls } = await start(CacheInterceptor, { compat: 'strict' });
    expect([(await ask('null')).xCache, (await ask('null')).xCache, calls()]).toEqual(['MISS', 'MISS', 2]);
    await cache.set('/null', null);
    expect([(await ask('null')).xCache, calls()]).toEqual(['MISS', 3]);
  });

  it('hands out the stored objects', async () => {
    const { cache } = await start(CacheInterceptor, { compat: 'strict' });
    const value = { a: 1 };
    await cache.set('k', value);
    expect(await cache.get('k')).toBe(value);
  });
});

describe('the status and headers of an answer', () => {
  it('are not those of a body that was set since', async () => {
    const { ask, cache } = await start(CacheInterceptor);
    expect(await ask('partial')).toMatchObject({ status: 206, custom: 'yes', xCache: 'MISS' });
    expect(await ask('partial')).toMatchObject({ status: 206, custom: 'yes', xCache: 'HIT' });
    await cache.set('/partial', { by: 'hand' });
    expect(await ask('partial')).toEqual({ status: 200, body: { by: 'hand' }, custom: null, xCache: 'HIT' });
  });

  it.each([
    ['text', 'garbage'],
    ['a status that is none', { status: 7, headers: {}, of: '' }],
    ['headers that are none', { status: 200, headers: 'none', of: '' }],
  ])('are left alone where there is %s in their place', async (_what, record) => {
    const { ask, cache } = await start(CacheInterceptor);
    await cache.set('/partial', { call: 0 });
    await cache.set('nestjs-strata:reply:/partial', record);
    expect(await ask('partial')).toEqual({ status: 200, body: { call: 0 }, custom: null, xCache: 'HIT' });
  });

  it('are left alone where the server refuses them', async () => {
    const { ask, cache } = await start(CacheInterceptor);
    await ask('partial');
    const record = await cache.get<{ headers: Record<string, string> }>('nestjs-strata:reply:/partial');
    await cache.set('nestjs-strata:reply:/partial', {
      ...record,
      headers: { 'not a name': 'x', 'x-custom': 'a\r\nset-cookie: b' },
    });
    expect(await ask('partial')).toMatchObject({ body: { call: 1 }, custom: null, xCache: 'HIT' });
  });

  it.each(['unavailable', 'throttled', 'range', 'vary'])(
    'keep an answer out of the cache that is not for all: %s',
    async (path) => {
      const { ask } = await start(CacheInterceptor);
      expect([(await ask(path)).body, (await ask(path)).body]).toEqual([{ call: 1 }, { call: 2 }]);
    },
  );
});
