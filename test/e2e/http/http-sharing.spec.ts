import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Delete,
  Get,
  Headers,
  Header,
  InternalServerErrorException,
  Param,
  Res,
  Sse,
  UnauthorizedException,
  type MessageEvent,
} from '@nestjs/common';
import { from, type Observable } from 'rxjs';
import { CacheEvict, CacheRegistry, HttpCache } from '../../../lib/index.js';
import { PLATFORMS, startApp, type HttpApp } from './http-app.js';

let calls = 0;
/** What the failing handler does. */
let mood: 'fine' | 'failing' | 'unauthorised' = 'fine';
/** Holds handlers up. */
let gate: Promise<void> | undefined;

interface AnyReply {
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
  send(body: unknown): unknown;
}

function setHeader(reply: AnyReply, name: string, value: string): void {
  if (reply.header !== undefined) reply.header(name, value);
  else reply.setHeader?.(name, value);
}

@Controller('shared')
class Shared {
  @Get('me')
  @HttpCache({ ttl: '1m' })
  me(@Headers('authorization') authorization = 'nobody') {
    calls++;
    return { authorization, call: calls };
  }

  @Get('mine')
  @HttpCache({ ttl: '1m', scope: 'user' })
  mine(@Headers('authorization') authorization = 'nobody') {
    calls++;
    return { authorization };
  }

  @Get('declared')
  @HttpCache({ ttl: '1m', vary: ['Authorization'] })
  declared(@Headers('authorization') authorization = 'nobody') {
    calls++;
    return { authorization };
  }

  @Get('everyone')
  @HttpCache({ ttl: '1m', scope: 'everyone' })
  everyone() {
    calls++;
    return { call: calls };
  }

  @Get('no-store')
  @Header('Cache-Control', 'no-store')
  @HttpCache({ ttl: '1m' })
  async noStore() {
    const call = ++calls;
    await gate;
    return { call };
  }

  @Get('private')
  @Header('Cache-Control', 'private, max-age=60')
  @HttpCache({ ttl: '1m' })
  async ofOne() {
    const call = ++calls;
    await gate;
    return { call };
  }

  @Get('cookie')
  @HttpCache({ ttl: '1m' })
  async cookie(@Res({ passthrough: true }) reply: AnyReply) {
    const call = ++calls;
    await gate;
    setHeader(reply, 'set-cookie', `session=${call}`);
    return { call };
  }

  @Get('language')
  @HttpCache({ ttl: '1m', vary: ['accept-language'] })
  language(@Headers('accept-language') language: string) {
    calls++;
    return { language };
  }

  @Get('learned')
  @HttpCache({ ttl: '1m' })
  async learned(@Headers('accept-language') language: string, @Res({ passthrough: true }) reply: AnyReply) {
    calls++;
    await gate;
    setHeader(reply, 'vary', 'Accept-Language');
    return { language };
  }

  @Get('star')
  @Header('Vary', '*')
  @HttpCache({ ttl: '1m' })
  star() {
    calls++;
    return { call: calls };
  }

  @Get('stale/:id')
  @HttpCache({ ttl: '10s', staleWhileRevalidate: '20s', staleIfError: '1m', staleBackoff: 0 })
  stale(@Param('id') id: string, @Res({ passthrough: true }) reply: AnyReply) {
    calls++;
    setHeader(reply, 'content-language', 'fi');
    if (mood === 'failing') throw new InternalServerErrorException('broken');
    if (mood === 'unauthorised') throw new UnauthorizedException();
    return { id, call: calls };
  }

  @Get('strict')
  @Header('Cache-Control', 'max-age=10, must-revalidate')
  @HttpCache({ staleWhileRevalidate: '20s', staleIfError: '1m', staleBackoff: 0 })
  strict() {
    calls++;
    if (mood === 'failing') throw new InternalServerErrorException('broken');
    return { call: calls };
  }

  @Get('grouped')
  @HttpCache({ ttl: '1m', groups: ['cities'] })
  grouped() {
    calls++;
    return { call: calls };
  }

  @Delete('grouped')
  @CacheEvict({ group: 'cities' })
  async evict() {
    return { done: true };
  }

  @Sse('events')
  @HttpCache({ ttl: '1m' })
  events(): Observable<MessageEvent> {
    calls++;
    return from([{ data: 'a' }, { data: 'b' }, { data: 'c' }]);
  }

  @Get('itself')
  @HttpCache({ ttl: '1m' })
  itself(@Res() reply: AnyReply) {
    calls++;
    reply.send('by itself');
  }
}

describe.each(PLATFORMS)('what @HttpCache shares on %s', (platform) => {
  let http: HttpApp;

  const cacheOf = async (path: string, headers: Record<string, string> = {}): Promise<string | undefined> =>
    (await http.ask(`/shared/${path}`, { headers })).cache;

  beforeEach(async () => {
    calls = 0;
    mood = 'fine';
    gate = undefined;
    http = await startApp(platform, { controllers: [Shared] });
  });

  afterEach(() => http.app.close());

  describe('by default', () => {
    it('gives nobody with credentials a shared response, nor keeps theirs', async () => {
      const alice = await http.ask('/shared/me', { headers: { authorization: 'alice' } });
      const anonymous = [await http.ask('/shared/me'), await http.ask('/shared/me')];
      const bob = await http.ask('/shared/me', { headers: { authorization: 'bob' } });
      const withCookie = await http.ask('/shared/me', { headers: { cookie: 'session=1' } });

      expect([alice, bob, withCookie].map(({ cache }) => cache)).toEqual(['BYPASS', 'BYPASS', 'BYPASS']);
      expect(anonymous.map(({ cache }) => cache)).toEqual(['MISS', 'HIT']);
      expect(JSON.parse(bob.text)).toMatchObject({ authorization: 'bob' });
      expect(JSON.parse(anonymous[1]?.text ?? '')).toMatchObject({ authorization: 'nobody' });
    });

    it('tells other caches that credentials make a difference', async () => {
      const { headers } = await http.ask('/shared/me');

      expect(headers['vary']?.toLowerCase()).toBe('authorization, cookie');
      expect(headers['cache-control']).toBe('max-age=60');
    });
  });

  it("gives each user responses of their own where scope is 'user'", async () => {
    const asked = ['alice', 'bob', 'alice', 'bob'];
    const answers = [];
    for (const authorization of asked) answers.push(await http.ask('/shared/mine', { headers: { authorization } }));

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
    expect(answers.map(({ text }) => (JSON.parse(text) as { authorization: string }).authorization)).toEqual(asked);
    expect(answers[2]?.headers['cache-control']).toBe('private, max-age=60');
  });

  it('keeps no credentials in its keys', async () => {
    await http.ask('/shared/mine', { headers: { authorization: 'Bearer secret-1' } });
    await http.ask('/shared/declared', { headers: { authorization: 'Bearer secret-1' } });
    const keys: unknown[] = [];
    for await (const key of http.app.get(CacheRegistry).get('http').keys()) keys.push(key);

    expect(keys).toHaveLength(2);
    expect(keys.join()).not.toContain('secret');
  });

  it('shares by a header that carries credentials where vary declares it', async () => {
    const answers = [];
    for (const authorization of ['a', 'b', 'a']) {
      answers.push(await http.ask('/shared/declared', { headers: { authorization } }));
    }

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'MISS', 'HIT']);
  });

  it("shares with everybody where scope is 'everyone'", async () => {
    expect([await cacheOf('everyone', { authorization: 'a' }), await cacheOf('everyone', { cookie: 'b=1' })]).toEqual([
      'MISS',
      'HIT',
    ]);
    expect((await http.ask('/shared/everyone')).headers['cache-control']).toBe('public, max-age=60');
  });

  it.each(['no-store', 'private', 'cookie'])(
    'gives a response that is %s to nobody else, waiting or later',
    async (path) => {
      let open = (): void => {};
      gate = new Promise((resolve) => (open = resolve));
      const waiting = Array.from({ length: 5 }, () => http.ask(`/shared/${path}`));
      while (calls === 0) await new Promise(setImmediate);
      open();
      const answers = [...(await Promise.all(waiting)), await http.ask(`/shared/${path}`)];

      expect(new Set(answers.map(({ text }) => text)).size).toBe(6);
      expect(answers.map(({ cache }) => cache)).not.toContain('HIT');
      if (path === 'cookie') {
        const sessions = answers.map(({ headers, text }) => [headers['set-cookie']?.[0], JSON.parse(text)]);
        for (const [session, body] of sessions) expect(session).toBe(`session=${(body as { call: number }).call}`);
      }
    },
  );

  it('keeps one response for each value of a header in vary', async () => {
    const languages = ['de', 'fi', 'de', 'fi'];
    const answers = [];
    for (const language of languages) {
      answers.push(await http.ask('/shared/language', { headers: { 'accept-language': language } }));
    }

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
    expect(answers.map(({ text }) => (JSON.parse(text) as { language: string }).language)).toEqual(languages);
    expect(answers[2]?.headers['vary']?.toLowerCase()).toContain('accept-language');
  });

  it('learns from a response what its route varies by, and gives it to nobody who sent other values', async () => {
    let open = (): void => {};
    gate = new Promise((resolve) => (open = resolve));
    const languages = ['de', 'fi', 'de', 'fi'];
    const waiting = languages.map((language) =>
      http.ask('/shared/learned', { headers: { 'accept-language': language } }),
    );
    while (calls === 0) await new Promise(setImmediate);
    open();
    const answers = await Promise.all(waiting);
    const later = await http.ask('/shared/learned', { headers: { 'accept-language': 'fi' } });

    expect(answers.map(({ text }) => (JSON.parse(text) as { language: string }).language)).toEqual(languages);
    expect([later.cache, (JSON.parse(later.text) as { language: string }).language]).toEqual(['HIT', 'fi']);
  });

  it('keeps nothing that varies by everything', async () => {
    expect([await cacheOf('star'), await cacheOf('star')]).toEqual(['MISS', 'MISS']);
  });

  describe('when a response is stale', () => {
    it('serves it at once within staleWhileRevalidate, and has the handler run behind', async () => {
      await http.ask('/shared/stale/1');
      http.clock.advance(12_000);
      const stale = await http.ask('/shared/stale/1');
      while (calls < 2) await new Promise(setImmediate);
      let fresh = await http.ask('/shared/stale/1');
      while (fresh.cache === 'STALE') fresh = await http.ask('/shared/stale/1');

      expect(stale.headers).toMatchObject({
        age: '12',
        'content-language': 'fi',
        'cache-control': 'max-age=10, stale-while-revalidate=20, stale-if-error=60',
        'x-cache': 'STALE',
      });
      expect(JSON.parse(stale.text)).toEqual({ id: '1', call: 1 });
      expect(JSON.parse(fresh.text)).toEqual({ id: '1', call: 2 });
      expect([fresh.cache, fresh.headers['content-language'], calls]).toEqual(['HIT', 'fi', 2]);
    });

    it('serves it in the place of an error within staleIfError, and then the error', async () => {
      await http.ask('/shared/stale/1');
      mood = 'failing';
      http.clock.advance(69_999);
      const stale = await http.ask('/shared/stale/1');
      http.clock.advance(1);
      const failed = await http.ask('/shared/stale/1');

      expect([stale.status, stale.cache, stale.headers['age']]).toEqual([200, 'STALE', '69']);
      expect(JSON.parse(stale.text)).toEqual({ id: '1', call: 1 });
      expect([failed.status, failed.cache, calls]).toEqual([500, 'MISS', 3]);
    });

    it('does not serve it in the place of an answer that is none of a failure', async () => {
      await http.ask('/shared/stale/1');
      mood = 'unauthorised';
      http.clock.advance(40_000);

      expect((await http.ask('/shared/stale/1')).status).toBe(401);
    });

    it('does not serve it where the response forbids that', async () => {
      await http.ask('/shared/strict');
      http.clock.advance(10_000);
      const anew = await http.ask('/shared/strict');
      mood = 'failing';
      http.clock.advance(10_000);

      expect([anew.cache, calls]).toEqual(['MISS', 2]);
      expect((await http.ask('/shared/strict')).status).toBe(500);
    });
  });

  it('is reached by @CacheEvict, the registry and the statistics as any cache is', async () => {
    const first = [await cacheOf('grouped'), await cacheOf('grouped')];
    await http.ask('/shared/grouped', { method: 'DELETE' });
    const second = [await cacheOf('grouped'), await cacheOf('grouped')];
    const registry = http.app.get(CacheRegistry);

    expect([...first, ...second]).toEqual(['MISS', 'HIT', 'MISS', 'HIT']);
    expect(registry.get('http').stats()).toMatchObject({ hits: 2, misses: 2, loads: 2 });
    expect(await registry.invalidateGroup('cities')).toBe(1);
    expect(await cacheOf('grouped')).toBe('MISS');
  });

  describe('asked by the request itself', () => {
    it('runs the handler anew for no-cache, max-age=0 and Pragma, and keeps what it sends', async () => {
      await http.ask('/shared/everyone');
      const asked = [{ 'cache-control': 'no-cache' }, { 'cache-control': 'max-age=0' }, { pragma: 'no-cache' }];
      for (const headers of asked) expect(await cacheOf('everyone', headers as never)).toBe('MISS');

      expect(calls).toBe(4);
      expect(JSON.parse((await http.ask('/shared/everyone')).text)).toEqual({ call: 4 });
    });

    it('neither looks up nor keeps for no-store, ranges and preconditions', async () => {
      const asked = [
        { 'cache-control': 'no-store' },
        { range: 'bytes=0-1' },
        { 'if-match': '"a"' },
        { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      ];
      for (const headers of asked) expect(await cacheOf('everyone', headers as never)).toBe('BYPASS');

      expect(await cacheOf('everyone')).toBe('MISS');
    });

    it('answers 504 to only-if-cached where nothing is', async () => {
      const cold = await http.ask('/shared/everyone', { headers: { 'cache-control': 'only-if-cached' } });
      await http.ask('/shared/everyone');

      expect([cold.status, calls]).toEqual([504, 1]);
      expect(await cacheOf('everyone', { 'cache-control': 'only-if-cached' })).toBe('HIT');
    });

    it('keeps to max-age and min-fresh', async () => {
      await http.ask('/shared/everyone');
      http.clock.advance(30_000);

      expect(await cacheOf('everyone', { 'cache-control': 'max-age=30' })).toBe('HIT');
      expect(await cacheOf('everyone', { 'cache-control': 'min-fresh=30' })).toBe('HIT');
      expect(await cacheOf('everyone', { 'cache-control': 'min-fresh=31' })).toBe('MISS');
      http.clock.advance(30_000);
      expect(await cacheOf('everyone', { 'cache-control': 'max-age=29' })).toBe('MISS');
    });
  });

  it('leaves streams of events alone', async () => {
    const answers = [await http.ask('/shared/events'), await http.ask('/shared/events')];

    for (const { text, cache } of answers) {
      expect(text.match(/data: [abc]/g)).toEqual(['data: a', 'data: b', 'data: c']);
      expect(cache).toBeUndefined();
    }
    expect(calls).toBe(2);
  });

  it('leaves handlers that send their response themselves alone', async () => {
    const answers = [await http.ask('/shared/itself'), await http.ask('/shared/itself')];

    expect(answers.map(({ text, cache }) => [text, cache])).toEqual(answers.map(() => ['by itself', undefined]));
    expect(calls).toBe(2);
  });
});
