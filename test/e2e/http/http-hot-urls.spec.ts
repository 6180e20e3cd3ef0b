import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Headers, Param } from '@nestjs/common';
import { CacheRegistry, HttpCache } from '../../../lib/index.js';
import { PLATFORMS, startApp, type HttpApp } from './http-app.js';

let http: HttpApp;

/** All of the first 256 hits are measured, which goes another way. */
const MANY = 320;

const FORWARDED = ['x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-prefix'];

@Controller('hot')
class Hot {
  @Get('named')
  @HttpCache({ ttl: '1m', public: true })
  named(@Headers() headers: Record<string, string>) {
    return [headers['host'], ...FORWARDED.map((name) => headers[name] ?? '')].join(' ');
  }

  @Get(':id/page')
  @HttpCache({ ttl: '1m', public: true })
  page(@Param('id') id: string) {
    return `page ${id}`;
  }
}

afterEach(() => http.app.close());

describe.each(PLATFORMS)('URLs that public routes have answered lately on %s', (platform) => {
  it('are told apart by how the client names the app', async () => {
    http = await startApp(platform, { controllers: [Hot] });
    const ways: Record<string, string>[] = [
      { host: 'site' },
      { host: 'other' },
      ...FORWARDED.map((name) => ({ host: 'site', [name]: '443' })),
    ];
    const answers = [];
    for (let round = 0; round < 4; round++) {
      for (const headers of ways) answers.push(await http.ask('/hot/named', { headers }));
    }

    const texts = ways.map(({ host, ...forwarded }) =>
      [host, ...FORWARDED.map((name) => forwarded[name] ?? '')].join(' '),
    );
    expect(answers.map(({ text }) => text)).toEqual([...texts, ...texts, ...texts, ...texts]);
    expect(answers.map(({ cache }) => cache)).toEqual(answers.map((_, at) => (at < ways.length ? 'MISS' : 'HIT')));
  });

  it('are told apart where they are alike at their ends', async () => {
    http = await startApp(platform, { controllers: [Hot] });
    const asked = ['a', 'b', 'a', 'b', 'b', 'a', 'a', 'b'];
    const answers = [];
    for (const id of asked) answers.push(await http.ask(`/hot/${id}/page`));

    expect(answers.map(({ text }) => text)).toEqual(asked.map((id) => `page ${id}`));
    expect(answers.map(({ cache }) => cache)).toEqual(asked.map((_, at) => (at < 2 ? 'MISS' : 'HIT')));
  });

  it('are answered by their pipeline when their entries have expired', async () => {
    http = await startApp(platform, { controllers: [Hot] });
    const caches = [];
    for (let round = 0; round < 3; round++) caches.push((await http.ask('/hot/a/page')).cache);
    http.clock.advance(60_000);
    for (let round = 0; round < 2; round++) caches.push((await http.ask('/hot/a/page')).cache);

    expect(caches).toEqual(['MISS', 'HIT', 'HIT', 'MISS', 'HIT']);
  });

  it('are answered with what middleware adds after it has called next()', async () => {
    http = await startApp(platform, {
      controllers: [Hot],
      prepare: (app) =>
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          next();
          response.setHeader('x-late', 'yes');
        }),
    });
    let late = 0;
    for (let at = 0; at < MANY; at++) {
      if ((await http.ask('/hot/a/page')).headers['x-late'] === 'yes') late++;
    }

    expect(late).toBe(MANY);
  });

  it('have their hits counted, whether or not they are measured', async () => {
    http = await startApp(platform, { controllers: [Hot] });
    for (let at = 0; at < MANY; at++) await http.ask('/hot/a/page');

    expect(http.app.get(CacheRegistry).get('http').stats()).toMatchObject({ hits: MANY - 1, misses: 1 });
  });
});
