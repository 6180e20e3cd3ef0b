import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Headers,
  Injectable,
  Param,
  Query,
  Req,
  Res,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HttpCache } from '../../../lib/index.js';
import { PLATFORMS, startApp, type Answer, type AppParts, type HttpApp, type Platform } from './http-app.js';

let calls = 0;

interface TenantRequest {
  readonly headers: { readonly 'x-tenant'?: string };
  readonly params: { readonly id: string };
}

/** Node's, below either platform. */
interface Raw {
  writeHead(status: number, headers: readonly string[]): Raw;
  write(chunk: string, done: () => void): boolean;
  end(chunk: string, done: () => void): unknown;
}

interface Settable {
  header(name: string, value: string): void;
}

@Controller()
class Targets {
  @Get(['paths/:first', 'paths/:first/:second'])
  @HttpCache({ ttl: '1m' })
  paths(@Param('first') first: string, @Param('second') second = '') {
    return { first, second };
  }

  @Get('public/b')
  @HttpCache({ ttl: '1m', public: true })
  publicOne() {
    return 'public';
  }

  @Get('a/public/b')
  another() {
    return 'another';
  }

  @Get('tenant/:id')
  @HttpCache({
    ttl: '1m',
    public: true,
    key: ({ headers, params }: TenantRequest) => `${headers['x-tenant']} ${params.id}`,
  })
  tenant(@Headers('x-tenant') tenant: string, @Param('id') id: string) {
    calls++;
    return { tenant, id };
  }

  @Get('echoed')
  @HttpCache({ ttl: '1m' })
  echoed(@Body() body: unknown) {
    calls++;
    return { body };
  }

  @Get('address')
  @HttpCache({ ttl: '1m' })
  address(@Req() { originalUrl }: { originalUrl: string }) {
    return originalUrl;
  }

  @Get('list')
  @HttpCache({ ttl: '1m' })
  list(@Query() query: Record<string, string>) {
    calls++;
    return { ...query };
  }

  @Get('places/:place')
  @HttpCache({ ttl: '1m', public: true })
  place(@Param('place') place: string) {
    return place;
  }

  @Get('typed')
  @HttpCache({ ttl: '1m', key: ({ headers }: TenantRequest) => headers['x-tenant'] ?? '' })
  typed(@Headers('x-tenant') tenant: string, @Res({ passthrough: true }) response: Settable) {
    if (tenant === 'teacher') response.header('vary', 'accept-language');
    return tenant;
  }

  @Get('scheme')
  @HttpCache({ ttl: '1m' })
  scheme(@Req() { protocol }: { protocol: string }) {
    return protocol;
  }

  @Get('mine')
  @HttpCache({ ttl: '1m', scope: 'user' })
  mine(@Headers('cookie') cookie = 'nobody') {
    return cookie;
  }
}

let http: HttpApp;

afterEach(async () => {
  calls = 0;
  await http.app.close();
});

/** An app whose requests lead elsewhere, by a header: as before a router, by Express's own middleware or Fastify's option. */
function rewriting(platform: Platform, urlOf: (tenant: string) => string): Pick<AppParts, 'prepare' | 'adapter'> {
  const rewrite = (request: { url?: string; headers: IncomingHttpHeaders }): string =>
    urlOf(String(request.headers['x-tenant']));
  if (platform === 'fastify') return { adapter: new FastifyAdapter({ rewriteUrl: rewrite }) };
  return {
    prepare: (app) =>
      app.use((request: IncomingMessage, _response: unknown, next: () => void) => {
        request.url = rewrite(request);
        next();
      }),
  };
}

const seen = ({ status, cache, text }: Answer): unknown[] => [status, cache, text];

describe.each(PLATFORMS)('@HttpCache against a hostile client of %s', (platform) => {
  const start = async (): Promise<HttpApp> => (http = await startApp(platform, { controllers: [Targets] }));

  it('does not take the end of a host for the beginning of a path', async () => {
    await start();
    await http.ask('/paths/evil', { headers: { host: 'site/paths' } });
    expect(JSON.parse((await http.ask('/paths/paths/evil', { headers: { host: 'site' } })).text)).toEqual({
      first: 'paths',
      second: 'evil',
    });
  });

  it('does not answer for another route ahead of the router', async () => {
    await start();
    await http.ask('/public/b', { headers: { host: 'site/a' } });
    expect((await http.ask('/a/public/b', { headers: { host: 'site' } })).text).toBe('another');
  });

  it('asks the key of a public route for each request', async () => {
    await start();
    const ask = (tenant: string, id: string): Promise<Answer> =>
      http.ask(`/tenant/${id}`, { headers: { 'x-tenant': tenant } });
    await ask('a', '1');
    expect(JSON.parse((await ask('b', '1')).text)).toEqual({ tenant: 'b', id: '1' });
    await ask('a', '2');
    await ask('a', 'undefined');
    expect(JSON.parse((await ask('a', '2')).text)).toEqual({ tenant: 'a', id: '2' });
    expect(calls).toBe(4);
  });

  it('neither keeps nor serves anything for a request with a body', async () => {
    await start();
    const headers = { 'content-type': 'application/json', 'content-length': '11' };
    const poisoned = await http.ask('/echoed', { headers, body: '{"evil":42}' });
    expect(poisoned.cache).toBe('BYPASS');
    const clean = await http.ask('/echoed');
    expect([clean.cache, clean.text.includes('evil')]).toEqual(['MISS', false]);
    expect((await http.ask('/echoed', { headers: { 'content-length': '0' } })).cache).toBe('HIT');
    expect((await http.ask('/echoed', { headers: { 'transfer-encoding': 'chunked' } })).cache).toBe('BYPASS');
  });

  it('keeps nothing of a request whose target names another server', async () => {
    await start();
    expect((await http.ask('http://evil.example/address')).cache).toBe('BYPASS');
    expect(seen(await http.ask('/address'))).toEqual([200, 'MISS', '/address']);
  });

  it.each(['/list#page=2', '/list#/?page=2', '/list?#page=2'])(
    'keeps nothing of a target with a fragment: %s',
    async (path) => {
      await start();
      expect((await http.ask(path)).cache).toBe('BYPASS');
      const clean = await http.ask('/list');
      expect(seen(clean)).toEqual([200, 'MISS', '{}']);
    },
  );

  it.each(['key', 'url'])('tells requests apart whose target middleware has written anew: %s', async (kind) => {
    const path = kind === 'url' ? '/places/here' : '/list?at=here';
    http = await startApp(platform, {
      controllers: [Targets],
      ...rewriting(platform, (tenant) => path.replace('here', tenant)),
    });
    const ask = async (tenant: string): Promise<unknown[]> =>
      seen(await http.ask(path, { headers: { 'x-tenant': tenant } }));
    const answer = (tenant: string): string => (kind === 'url' ? tenant : JSON.stringify({ at: tenant }));
    await ask('a');
    expect(await ask('b')).toEqual([200, 'MISS', answer('b')]);
    expect([await ask('a'), await ask('b')]).toEqual([
      [200, 'HIT', answer('a')],
      [200, 'HIT', answer('b')],
    ]);
  });

  it('does not take what a client writes into a key for the headers that it varies by', async () => {
    await start();
    const ask = (tenant: string, language = 'en'): Promise<Answer> =>
      http.ask('/typed', { headers: { 'x-tenant': tenant, 'accept-language': language } });
    await ask('a |accept-language=de');
    await ask('teacher');
    expect(seen(await ask('a', 'de'))).toEqual([200, 'MISS', 'a']);
  });

  it.each([
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'gopher'],
    ['x-forwarded-port', '666'],
    ['x-forwarded-prefix', '/evil'],
  ])('keeps what it answered to %s from who did not send it', async (name, value) => {
    await start();
    await http.ask('/scheme', { headers: { [name]: value } });
    expect((await http.ask('/scheme')).cache).toBe('MISS');
    expect((await http.ask('/scheme', { headers: { [name]: value } })).cache).toBe('HIT');
  });

  it('tells users apart who share an Authorization, such as that of a gate before the app', async () => {
    await start();
    const headers = { authorization: 'Basic gate' };
    await http.ask('/mine', { headers: { ...headers, cookie: 'session=alice' } });
    const bob = await http.ask('/mine', { headers: { ...headers, cookie: 'session=bob' } });
    expect(seen(bob)).toEqual([200, 'MISS', 'session=bob']);
  });
});

@Controller('raw')
class RawReplies {
  @Get('callbacks')
  @HttpCache({ ttl: '1m' })
  async callbacks(@Res({ passthrough: true }) response: Raw): Promise<void> {
    calls++;
    await new Promise<void>((resolve) => response.write('one ', resolve));
    await new Promise<void>((resolve) => void response.end('two', resolve));
  }

  @Get('list')
  @HttpCache({ ttl: '1m', headers: ['x-from'] })
  list(@Res({ passthrough: true }) response: Raw): void {
    response.writeHead(203, ['Content-Type', 'text/x-list', 'X-From', 'afar']).end('listed', () => {});
  }

  @Get('cut')
  @HttpCache({ ttl: '1m' })
  cut(@Res({ passthrough: true }) response: Raw & { setHeader(name: string, value: string): void }): void {
    calls++;
    response.setHeader('content-length', '100');
    response.end('only the beginning', () => {});
  }
}

/** Knows users by a header of its own, as those do that take API keys. */
@Injectable()
class ApiKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request: { headers: IncomingHttpHeaders; user?: unknown } = context.switchToHttp().getRequest();
    const { 'x-api-key': key } = request.headers;
    if (key !== undefined) request.user = { key };
    return true;
  }
}

@Controller('keyed')
@UseGuards(ApiKeyGuard)
class Keyed {
  @Get('undeclared')
  @HttpCache({ ttl: '1m' })
  undeclared(@Headers('x-api-key') key = 'nobody') {
    return key;
  }

  @Get('negotiated')
  @HttpCache({ ttl: '1m', vary: ['accept-language'] })
  negotiated(@Headers('x-api-key') key = 'nobody') {
    return key;
  }

  @Get('declared')
  @HttpCache({ ttl: '1m', vary: ['x-api-key'] })
  declared(@Headers('x-api-key') key = 'nobody') {
    return key;
  }

  @Get('everyone')
  @HttpCache({ ttl: '1m', scope: 'everyone' })
  everyone() {
    return 'all the same';
  }
}

describe.each(PLATFORMS)('a guard on %s that knows users by a header of its own', (platform) => {
  const asking = async (path: string): Promise<unknown[][]> => {
    http = await startApp(platform, { controllers: [Keyed] });
    const answers: unknown[][] = [];
    for (const key of ['alice', 'bob', 'alice']) {
      const headers = { 'x-api-key': key, 'accept-language': 'en' };
      const { cache, text } = await http.ask(`/keyed/${path}`, { headers });
      answers.push([cache, text]);
    }
    return answers;
  };

  it.each(['undeclared', 'negotiated'])('has each user answered by the handler: %s', async (path) => {
    expect(await asking(path)).toEqual([
      ['BYPASS', 'alice'],
      ['BYPASS', 'bob'],
      ['BYPASS', 'alice'],
    ]);
    const anonymous = [await http.ask(`/keyed/${path}`), await http.ask(`/keyed/${path}`)];
    expect(anonymous.map(({ cache, text }) => [cache, text])).toEqual([
      ['MISS', 'nobody'],
      ['HIT', 'nobody'],
    ]);
  });

  it('has users answered from the cache where vary or scope declare it', async () => {
    expect(await asking('declared')).toEqual([
      ['MISS', 'alice'],
      ['MISS', 'bob'],
      ['HIT', 'alice'],
    ]);
    await http.app.close();
    expect((await asking('everyone')).map(([cache]) => cache)).toEqual(['MISS', 'HIT', 'HIT']);
  });
});

describe('a handler that writes to the response of Express itself', () => {
  it('has its callbacks called', async () => {
    http = await startApp('express', { controllers: [RawReplies] });
    const answers = [await http.ask('/raw/callbacks'), await http.ask('/raw/callbacks')];
    expect(answers.map(seen)).toEqual(['MISS', 'HIT'].map((cache) => [200, cache, 'one two']));
  });

  it('may give headers as a list', async () => {
    http = await startApp('express', { controllers: [RawReplies] });
    for (const cache of ['MISS', 'HIT']) {
      const answer = await http.ask('/raw/list');
      expect([...seen(answer), answer.headers['content-type'], answer.headers['x-from'], answer.headers['0']]).toEqual([
        203,
        cache,
        'listed',
        'text/x-list',
        'afar',
        undefined,
      ]);
    }
  });

  it('leaves nothing in the cache when it sends less than it announced', async () => {
    http = await startApp('express', { controllers: [RawReplies] });
    await http.ask('/raw/cut');
    await http.ask('/raw/cut');
    expect(calls).toBe(2);
  });
});
