import { gunzipSync, gzipSync } from 'node:zlib';
import { Controller, Get, Header, HttpCode, Param, Redirect, type INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpCache } from '../../../lib/index.js';
import { PLATFORMS, startApp, type Answer, type HttpApp, type Platform } from './http-app.js';

let http: HttpApp;
let calls = 0;

afterEach(async () => {
  await http.app.close();
  calls = 0;
});

/* What decorators of Nest say of a response stands on the reply before the handler runs. */

@Controller('declared')
class Declared {
  @Get('file')
  @Header('Content-Type', 'text/csv; charset=utf-8')
  @Header('Content-Disposition', 'attachment; filename="a.csv"')
  @Header('Cache-Control', 'max-age=30, immutable')
  @HttpCache({ ttl: '1m' })
  file(): string {
    calls++;
    return 'a,b\n';
  }

  @Get('public-file')
  @HttpCache({ ttl: '1m', public: true, headers: ['x-rows'] })
  @Header('Content-Type', 'text/csv; charset=utf-8')
  @Header('Content-Disposition', 'attachment; filename="a.csv"')
  @Header('X-Rows', '1')
  publicFile(): string {
    calls++;
    return 'a,b\n';
  }

  @Get('status')
  @HttpCode(203)
  @HttpCache({ ttl: '1m', public: true })
  status(): object {
    calls++;
    return { call: calls };
  }

  @Get('moved/:id')
  @Redirect('/elsewhere', 301)
  @HttpCache({ ttl: '1m', public: true })
  moved(@Param('id') id: string): object {
    calls++;
    return { url: `/new/${id}`, statusCode: 308 };
  }

  @Get('language')
  @Header('Vary', 'Accept-Language')
  @HttpCache({ ttl: '1m' })
  language(): object {
    calls++;
    return { call: calls };
  }

  @Get('cookie')
  @Header('Set-Cookie', 'visited=yes')
  @HttpCache({ ttl: '1m', public: true })
  cookie(): object {
    calls++;
    return { call: calls };
  }
}

/** All of an answer that does not tell when it was sent, and from where. */
function contentOf({ status, headers, text }: Answer) {
  const {
    age: _age,
    date: _date,
    connection: _connection,
    'keep-alive': _alive,
    'x-cache': _cache,
    ...others
  } = headers;
  return { status, headers: others, text };
}

/** Compresses every answer, as a middleware or a plugin does. */
function compressAll(platform: Platform, app: INestApplication): void {
  if (platform === 'fastify') {
    const instance = (app as NestFastifyApplication).getHttpAdapter().getInstance();
    instance.addHook('onSend', async (_request, reply, payload) => {
      const zipped = gzipSync(payload as string | Buffer);
      void reply.header('content-encoding', 'gzip').header('content-length', zipped.byteLength);
      return zipped;
    });
    return;
  }
  app.use((_request: unknown, response: CompressedResponse, next: () => void) => {
    const { end } = response;
    response.end = (body: string | Uint8Array, encoding?: BufferEncoding) => {
      const zipped = gzipSync(typeof body === 'string' ? Buffer.from(body, encoding) : body);
      response.setHeader('content-encoding', 'gzip');
      response.setHeader('content-length', zipped.byteLength);
      return Reflect.apply(end, response, [zipped]);
    };
    next();
  });
}

interface CompressedResponse {
  end: (body: string | Uint8Array, encoding?: BufferEncoding) => unknown;
  setHeader(name: string, value: string | number): void;
}

describe.each(PLATFORMS)('what is declared of a route on %s', (platform) => {
  it.each(['file', 'public-file', 'status'])('comes with a hit as it came with the miss: %s', async (path) => {
    http = await startApp(platform, { controllers: [Declared] });
    const miss = await http.ask(`/declared/${path}`);
    const hit = await http.ask(`/declared/${path}`);

    expect([miss.cache, hit.cache, calls]).toEqual(['MISS', 'HIT', 1]);
    expect(contentOf(hit)).toEqual(contentOf(miss));
  });

  it('is what clients are told, word for word', async () => {
    http = await startApp(platform, { controllers: [Declared] });
    for (let time = 0; time < 2; time++) {
      expect((await http.ask('/declared/file')).headers['cache-control']).toBe('max-age=30, immutable');
    }
    http.clock.advance(31_000);
    expect((await http.ask('/declared/file')).cache).toBe('MISS');
  });

  it('is learned where it is Vary', async () => {
    http = await startApp(platform, { controllers: [Declared] });
    const ask = async (language: string) =>
      (await http.ask('/declared/language', { headers: { 'accept-language': language } })).text;
    const inFinnish = [await ask('fi'), await ask('fi')].at(-1);

    expect(await ask('de')).not.toBe(inFinnish);
    expect(await ask('fi')).toBe(inFinnish);
  });

  it('is for one client where it is Set-Cookie', async () => {
    http = await startApp(platform, { controllers: [Declared] });
    for (let time = 1; time <= 3; time++) {
      const { text, headers } = await http.ask('/declared/cookie');
      expect([text, headers['set-cookie']]).toEqual([`{"call":${time}}`, ['visited=yes']]);
    }
  });

  it('is where a redirection leads to', async () => {
    http = await startApp(platform, { controllers: [Declared] });
    // Express has its redirections vary by Accept, which the route learns first.
    await http.ask('/declared/moved/7');
    await http.ask('/declared/moved/7');
    const hit = await http.ask('/declared/moved/7');

    expect([hit.cache, hit.status, hit.headers.location]).toEqual(['HIT', 308, '/new/7']);
  });

  it('is kept as the handler made it, and compressed for each answer behind the cache', async () => {
    http = await startApp(platform, { controllers: [Declared], prepare: (app) => compressAll(platform, app) });
    for (const path of ['file', 'public-file']) {
      const answers = [await http.ask(`/declared/${path}`), await http.ask(`/declared/${path}`)];
      expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'HIT']);
      for (const { body, headers } of answers) {
        expect([headers['content-encoding'], headers['content-type']]).toEqual(['gzip', 'text/csv; charset=utf-8']);
        expect(gunzipSync(body).toString()).toBe('a,b\n');
      }
    }
  });
});
