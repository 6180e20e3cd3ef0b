import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Header,
  HttpCode,
  NotFoundException,
  Param,
  Query,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { of } from 'rxjs';
import { HttpCache } from '../../../lib/index.js';
import { PLATFORMS, startApp, type HttpApp } from './http-app.js';

/** Calls that reached a handler. */
let calls = 0;

interface AnyReply {
  status(code: number): unknown;
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

function setHeader(reply: AnyReply, name: string, value: string): void {
  if (reply.header !== undefined) reply.header(name, value);
  else reply.setHeader?.(name, value);
}

function bodies() {
  class Bodies {
    json() {
      calls++;
      return { id: 1, name: 'Åland', at: new Date(0) };
    }
    text() {
      calls++;
      return 'plain ✓';
    }
    nothing() {
      calls++;
      return null;
    }
    number() {
      calls++;
      return 7;
    }
    buffer() {
      calls++;
      return Buffer.from([1, 2, 250]);
    }
    file() {
      calls++;
      return new StreamableFile(Readable.from([Buffer.from('a,b\n'), Buffer.from('1,2\n')]), { type: 'text/csv' });
    }
    observable() {
      calls++;
      return of({ from: 'rxjs' });
    }
    promise() {
      calls++;
      return Promise.resolve(['a', 'b']);
    }
  }
  return Bodies;
}

const KINDS = ['json', 'text', 'nothing', 'number', 'buffer', 'file', 'observable', 'promise'] as const;

/** The same handlers twice: with the cache and without it. */
function bodiesController(path: string, isCached: boolean) {
  const type = bodies();
  for (const kind of KINDS) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, kind) as PropertyDescriptor;
    Get(kind)(type.prototype, kind, descriptor);
    if (isCached) HttpCache({ ttl: '1m' })(type.prototype, kind, descriptor);
    Object.defineProperty(type.prototype, kind, descriptor);
  }
  Controller(path)(type);
  Object.defineProperty(type, 'name', { value: `Bodies${path}` });
  return type;
}

@Controller('cities')
class Cities {
  @Get('status')
  @HttpCode(203)
  @Header('Cache-Control', 'max-age=30')
  @HttpCache({ headers: ['x-total-count'] })
  status(@Res({ passthrough: true }) reply: AnyReply) {
    calls++;
    reply.status(300);
    setHeader(reply, 'x-total-count', '12');
    setHeader(reply, 'x-other', 'one');
    setHeader(reply, 'content-language', 'de');
    return { call: calls };
  }

  @Get('missing')
  @HttpCache({ ttl: '1m' })
  missing(): never {
    calls++;
    throw new NotFoundException('no such city');
  }

  @Get('gone')
  @HttpCache({ ttl: '1m', negativeTtl: '10s' })
  gone(): never {
    calls++;
    throw new NotFoundException('no such city');
  }

  @Get(':id')
  @HttpCache({ ttl: '1m', query: ['page', 'sort'] })
  find(@Param('id') id: string, @Query() query: Record<string, string>) {
    calls++;
    return { id, query, call: calls };
  }
}

describe.each(PLATFORMS)('@HttpCache on %s', (platform) => {
  let http: HttpApp;

  beforeEach(async () => {
    calls = 0;
    http = await startApp(platform, {
      controllers: [bodiesController('kept', true), bodiesController('bare', false), Cities],
    });
  });

  afterEach(() => http.app.close());

  describe.each(KINDS)('with a handler that returns: %s', (kind) => {
    it('sends what it would send without the cache, and the same again', async () => {
      const bare = await http.ask(`/bare/${kind}`);
      const miss = await http.ask(`/kept/${kind}`);
      const callsBefore = calls;
      const hit = await http.ask(`/kept/${kind}`);

      for (const answer of [miss, hit]) {
        expect(answer.status).toBe(bare.status);
        expect(answer.body).toEqual(bare.body);
        expect(answer.headers['content-type']).toBe(bare.headers['content-type']);
        expect(answer.headers['content-length']).toBe(String(bare.body.length));
      }
      expect([miss.cache, hit.cache]).toEqual(['MISS', 'HIT']);
      expect(calls).toBe(callsBefore);
    });
  });

  it('keeps the status and the headers that describe the response or are on the list', async () => {
    const miss = await http.ask('/cities/status');
    const hit = await http.ask('/cities/status');

    expect(miss.headers).toMatchObject({ 'x-other': 'one', 'x-total-count': '12' });
    expect(hit.status).toBe(300);
    expect(hit.headers).toMatchObject({
      'x-total-count': '12',
      'content-language': 'de',
      'cache-control': 'max-age=30',
      'x-cache': 'HIT',
    });
    expect(hit.headers).not.toHaveProperty('x-other');
    expect(hit.text).toBe(miss.text);
  });

  it('counts the age from when the handler ran, and runs it again when the ttl has passed', async () => {
    await http.ask('/cities/1');
    http.clock.advance(59_999);
    const old = await http.ask('/cities/1');
    http.clock.advance(1);
    const anew = await http.ask('/cities/1');

    expect(old.headers).toMatchObject({ age: '59', 'cache-control': 'max-age=60', 'x-cache': 'HIT' });
    expect(anew.cache).toBe('MISS');
    expect(anew.headers).not.toHaveProperty('age');
    expect(calls).toBe(2);
  });

  it('takes the spelling of a query out of the key, and what is not on the list', async () => {
    await http.ask('/cities/1?sort=name&page=2&nonce=1');
    const reordered = await http.ask('/cities/1?nonce=2&page=2&sort=na%6De');
    const others = await Promise.all(
      ['/cities/1?page=3&sort=name', '/cities/2?sort=name&page=2', '/cities/1'].map((url) => http.ask(url)),
    );

    expect(reordered.cache).toBe('HIT');
    expect(others.map(({ cache }) => cache)).toEqual(['MISS', 'MISS', 'MISS']);
  });

  it('runs the handler once for 500 requests that come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, () => http.ask('/cities/7')));

    expect(calls).toBe(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('answers HEAD from what a GET stored, and the other way round', async () => {
    await http.ask('/cities/1');
    const head = await http.ask('/cities/1', { method: 'HEAD' });
    const first = await http.ask('/cities/2', { method: 'HEAD' });
    const second = await http.ask('/cities/2');

    expect([head.cache, first.cache, second.cache]).toEqual(['HIT', 'MISS', 'HIT']);
    expect([head.body.length, first.body.length]).toEqual([0, 0]);
    expect(first.headers['content-length']).toBe(second.headers['content-length']);
    expect(JSON.parse(second.text)).toMatchObject({ id: '2' });
  });

  it('answers 304 to who has the response already', async () => {
    const miss = await http.ask('/cities/1');
    const etag = String(miss.headers.etag);
    const same = await http.ask('/cities/1', { headers: { 'if-none-match': etag } });
    const other = await http.ask('/cities/1', { headers: { 'if-none-match': '"other"' } });
    const cold = await http.ask('/cities/3', { headers: { 'if-none-match': etag } });

    expect(etag).toMatch(/^W\/"/);
    expect([same.status, other.status, cold.status]).toEqual([304, 200, 200]);
    expect(same.body.length).toBe(0);
    expect(same.headers).toMatchObject({ etag, age: '0', 'x-cache': 'HIT', 'cache-control': 'max-age=60' });
    expect(same.headers).not.toHaveProperty('content-type');
  });

  it('does not keep errors, unless negativeTtl says so', async () => {
    const missing = [await http.ask('/cities/missing'), await http.ask('/cities/missing')];
    const gone = [await http.ask('/cities/gone'), await http.ask('/cities/gone')];

    expect(missing.map(({ status, cache }) => [status, cache])).toEqual([
      [404, 'MISS'],
      [404, 'MISS'],
    ]);
    expect(gone.map(({ status, cache }) => [status, cache])).toEqual([
      [404, 'MISS'],
      [404, 'HIT'],
    ]);
    expect(calls).toBe(3);
  });
});
