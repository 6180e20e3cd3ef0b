import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Module,
  UnauthorizedException,
  VersioningType,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { map, type Observable } from 'rxjs';
import { CacheModule, CacheRegistry, defineCache, defineMemoryCache } from '../../lib/index.js';
import { CacheDashboardModule, type CacheDashboardOptions } from '../../lib/observability/dashboard/index.js';
import { snapshotFile } from '../../lib/observability/dashboard/actions.js';
import { buildDashboardPage } from '../servers/dashboard-page.js';

const Users = defineCache<string, object>('users', { groups: ['people'] });
const Sessions = defineMemoryCache<string, string>('sessions');

@Injectable()
class Allow implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable()
class Keys {
  readonly accepted = 'open sesame';
}

@Module({ providers: [Keys], exports: [Keys] })
class KeysModule {}

@Injectable()
class KeyGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-key'] !== this.keys.accepted) throw new UnauthorizedException();
    return true;
  }
}

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: unknown) => ({ wrapped: value })));
  }
}

const ADAPTERS = [
  ['Express', (_options?: object) => new ExpressAdapter()],
  ['Fastify', (options?: object) => new FastifyAdapter(options)],
] as const;

/** Every address of the dashboard below its path, with the method that it takes. */
const ROUTES = [
  ['GET', ''],
  ['GET', '/assets/main.js'],
  ['GET', '/api/live'],
  ['GET', '/api/keys?cache=users'],
  ['GET', '/api/hot-keys?cache=users'],
  ['GET', '/api/entry?cache=users&key=sa'],
  ['POST', '/api/actions'],
] as const;

beforeAll(() => buildDashboardPage(), 60_000);

describe.each(ADAPTERS)('the dashboard on %s', (name, adapter) => {
  const apps: INestApplication[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  interface Setup {
    readonly options?: Partial<CacheDashboardOptions>;
    readonly module?: ModuleMetadata;
    readonly before?: (app: INestApplication) => void;
    readonly adapter?: ExpressAdapter | FastifyAdapter;
  }

  async function start({ options, module, before, adapter: given = adapter() }: Setup = {}) {
    const imports = [
      CacheModule.forRoot({ caches: [Users, Sessions] }),
      CacheDashboardModule.forRoot({ guards: [Allow], history: 0, ...options }),
    ];
    const testing = await Test.createTestingModule({
      ...module,
      imports: [...imports, ...(module?.imports ?? [])],
    }).compile();
    const app = testing.createNestApplication(given, { logger: false });
    before?.(app);
    await app.listen(0, '127.0.0.1');
    apps.push(app);
    const origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    const registry = app.get(CacheRegistry);
    return {
      app,
      origin,
      users: registry.get(Users),
      sessions: registry.get(Sessions),
      get: (path: string, headers: Record<string, string> = {}) => fetch(origin + path, { headers }),
      act: (body: unknown, headers: Record<string, string> = {}) =>
        fetch(`${origin}/strata/api/actions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-strata-action': '1', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
    };
  }

  it('serves a page that may load nothing but its own files', async () => {
    const { get } = await start();
    const response = await get('/strata');
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    const files = [...html.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const asset = await get(new URL(file, 'http://any/strata').pathname);
      expect([file, asset.status]).toEqual([file, 200]);
      expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(html).not.toMatch(/https?:\/\//);
  });

  it('answers 304 to who has a file already, and 404 to who asks for any other', async () => {
    const { get } = await start();
    const etag = (await get('/strata/assets/main.js')).headers.get('etag') ?? '';
    const again = await get('/strata/assets/main.js', { 'if-none-match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    for (const name of ['nothing.js', '..%2f..%2fpackage.json', '%2e%2e%2fesm%2findex.js', 'main.ts']) {
      expect((await get(`/strata/assets/${name}`)).status).toBe(404);
    }
  });

  it('is there with a slash at the end of its path too, guarded, beside another dashboard', async () => {
    const { origin } = await start({
      options: { guards: [KeyGuard], imports: [KeysModule] },
      module: { imports: [CacheDashboardModule.forRoot({ path: '/open', guards: [], history: 0 })] },
      before: (app) => app.setGlobalPrefix('internal'),
    });
    const address = `${origin}/internal/strata/`;
    expect((await fetch(address)).status).toBe(401);
    const page = await fetch(address, { headers: { 'x-key': 'open sesame' } });
    const [, script = ''] = /src="([^"]+main\.js)"/.exec(await page.text()) ?? [];
    expect(new URL(script, address).pathname).toBe('/internal/strata/assets/main.js');
    expect((await fetch(`${origin}/internal/open/?all`)).status).toBe(200);
    expect((await fetch(address, { method: 'HEAD', headers: { 'x-key': 'open sesame' } })).status).toBe(200);
    expect((await fetch(`${origin}/internal/strata/other/`)).status).toBe(404);
  });

  it('works below a global prefix, with versions, and with interceptors that wrap every answer', async () => {
    const { get } = await start({
      options: { path: '/admin/caches' },
      module: { providers: [{ provide: APP_INTERCEPTOR, useClass: Wrapping }] },
      before: (app) =>
        app.setGlobalPrefix('internal').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    });
    const page = await get('/internal/admin/caches');
    expect(await page.text()).toContain('src="./caches/assets/main.js"');
    expect((await get('/internal/admin/caches/assets/main.js')).status).toBe(200);
    const keys = await get('/internal/admin/caches/api/keys?cache=users');
    expect(await keys.json()).toMatchObject({ cache: 'users', keys: [], matches: 0 });
  });

  it('starts where Fastify itself takes no notice of slashes', async () => {
    const given = [{ ignoreTrailingSlash: true }, { routerOptions: { ignoreTrailingSlash: true } }];
    for (const options of name === 'Fastify' ? given : [{}]) {
      const { get } = await start({ adapter: adapter(options) });
      expect([(await get('/strata')).status, (await get('/strata/')).status]).toEqual([200, 200]);
    }
  });

  it('asks its guards before everything that it has', async () => {
    const { origin } = await start({ options: { guards: [KeyGuard], imports: [KeysModule], actions: true } });
    for (const [method, path] of ROUTES) {
      const refused = await fetch(`${origin}/strata${path}`, { method });
      expect([path, refused.status]).toEqual([path, 401]);
    }
    const accepted = await fetch(`${origin}/strata`, { headers: { 'x-key': 'open sesame' } });
    expect(accepted.status).toBe(200);
  });

  it('refuses the pages of other sites, also in an app that allows them', async () => {
    const { origin } = await start({
      options: { actions: true },
      before: (app) => app.enableCors({ origin: true, credentials: true }),
    });
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    for (const [method, path] of ROUTES.filter(([, path]) => path.startsWith('/api'))) {
      const refused = await fetch(`${origin}/strata${path}`, {
        method,
        headers: { ...headers, 'x-strata-action': '1' },
      });
      expect([path, refused.status]).toEqual([path, 403]);
    }
  });

  it('lists keys and shows an entry', async () => {
    const { get, users } = await start({ options: { node: 'web-1' } });
    for (let at = 0; at < 120; at++) await users.put(`user:${at}`, { at });
    const list = await (await get('/strata/api/keys?cache=users&search=user:1&offset=30&limit=2')).json();
    expect(list).toMatchObject({ node: `web-1 (${process.pid})`, matches: 31, size: 120, offset: 30 });
    const entry = await (await get('/strata/api/entry?cache=users&key=suser:7')).json();
    expect(entry).toMatchObject({
      keyText: 'user:7',
      entry: {
        groups: ['people'],
        tier: 'memory',
        weight: 1,
        stale: false,
        value: { text: '{\n  at: 7,\n}', isTruncated: false },
      },
    });
    expect((await get('/strata/api/entry?cache=users&key=snobody')).status).toBe(200);
    expect(await (await get('/strata/api/entry?cache=users&key=snobody')).json()).toMatchObject({ entry: null });
  });

  it('tells the hot keys of a cache', async () => {
    const { get, users } = await start();
    await users.put('a', {});
    for (let at = 0; at < 500; at++) await users.getOrLoad('a');
    const { keys } = (await (await get('/strata/api/hot-keys?cache=users')).json()) as { keys: object[] };
    expect(keys).toEqual([
      expect.objectContaining({ key: expect.objectContaining({ text: 'a' }), share: 1, weight: 1 }),
    ]);
    expect(await (await get('/strata/api/hot-keys?cache=sessions')).json()).toMatchObject({ keys: [] });
  });

  it.each([
    ['/strata/api/keys', 400],
    ['/strata/api/keys?cache=nobody', 404],
    ['/strata/api/keys?cache=users&limit=100000', 400],
    ['/strata/api/keys?cache=users&offset=-1', 400],
    ['/strata/api/keys?cache=users&search=%5B*', 400],
    ['/strata/api/entry?cache=users', 400],
    ['/strata/api/entry?cache=users&key=%3Dnonsense', 404],
    ['/strata/api/live?events=1&cache=nobody', 404],
  ])('answers %s with %i', async (path, status) => {
    const { get } = await start();
    expect((await get(path)).status).toBe(status);
  });

  it('shows no value where the options say so, or another in its place', async () => {
    const hidden = await start({ options: { values: false } });
    await hidden.users.put('a', { password: 'secret' });
    const text = await (await hidden.get('/strata/api/entry?cache=users&key=sa')).text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({ entry: { value: null } });
    const replaced = await start({
      options: { values: (value, key, cache) => [Object.keys(Object(value)), key, cache] },
    });
    await replaced.users.put('a', { password: 'secret' });
    const entry = await (await replaced.get('/strata/api/entry?cache=users&key=sa')).json();
    expect(entry).toMatchObject({
      entry: { value: { text: expect.stringMatching(/^\[\s+\[\s+"password",\s+\],\s+"a",\s+"users",\s+\]$/) } },
    });
  });

  it('shows an entry whose replacement cannot be computed', async () => {
    const refuse = (): never => {
      throw new Error('no');
    };
    const { get, users } = await start({ options: { values: refuse } });
    await users.put('a', { password: 'secret' });
    const response = await get('/strata/api/entry?cache=users&key=sa');
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([
      200,
      { entry: { value: { text: 'cannot be shown: no' } } },
    ]);
    expect(text).not.toContain('secret');
  });

  it('streams the numbers alone to a page that wants only types of events that it does not know', async () => {
    const { app, get } = await start();
    const response = await get('/strata/api/live?events=1&types=nonsense&since=1&node=another');
    expect(response.status).toBe(200);
    const closed = app.close();
    expect(await response.text()).toMatch(/^event: hello\n/);
    await closed;
    apps.length = 0;
  });

  it('streams what happens, and ends its streams when the app shuts down', async () => {
    const { app, get, users } = await start({ options: { interval: 250 } });
    const response = await get('/strata/api/live?events=1&types=put');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended after ${text}`);
        text += value;
      }
    };
    await until(/^event: hello\ndata: .*"caches".*\n\n/m);
    await users.put('a', {});
    await until(/^event: events\ndata: .*"type":"put".*\n\n/m);
    await until(/^event: tick\ndata: .*\n\n/m);
    await app.close();
    apps.length = 0;
    while (!(await reader.read()).done);
  });

  describe('its actions', () => {
    it('are off unless they are enabled', async () => {
      const { act, users } = await start();
      await users.put('a', {});
      expect((await act({ action: 'clear', cache: 'users' })).status).toBe(403);
      expect(await users.has('a')).toBe(true);
    });

    it('are refused to forms and to other sites', async () => {
      const { origin, act, users } = await start({ options: { actions: true } });
      await users.put('a', {});
      const clear = { action: 'clear', cache: 'users' };
      expect((await act(clear, { origin: 'https://evil.example' })).status).toBe(403);
      expect((await act(clear, { origin, 'sec-fetch-site': 'same-site' })).status).toBe(403);
      const form = await fetch(`${origin}/strata/api/actions`, { method: 'POST', body: new URLSearchParams(clear) });
      expect(form.status).toBeGreaterThanOrEqual(400);
      expect(await users.has('a')).toBe(true);
      expect((await act(clear, { origin })).status).toBe(200);
      expect(await users.has('a')).toBe(false);
    });

    it('invalidate a key, a group, what matches a pattern, and everything', async () => {
      const { act, users, sessions } = await start({ options: { actions: true } });
      const removed = async (action: object): Promise<unknown> =>
        ((await (await act(action)).json()) as { removed: number }).removed;
      const fill = async (): Promise<void> => {
        for (const key of ['a', 'b', 'user:1', 'user:2']) await users.put(key, {});
        sessions.put('s', '', { groups: ['people'] });
      };
      await fill();
      expect(await removed({ action: 'invalidateKey', cache: 'users', key: 'sa' })).toBe(1);
      expect(await removed({ action: 'invalidateKey', cache: 'users', key: 'sa' })).toBe(0);
      expect(await removed({ action: 'invalidateMatching', cache: 'users', pattern: 'user:*' })).toBe(2);
      await fill();
      expect(await removed({ action: 'invalidateGroup', cache: 'users', group: 'people' })).toBe(4);
      await fill();
      expect(await removed({ action: 'invalidateGroup', cache: null, group: 'people' })).toBe(5);
      await fill();
      expect(await removed({ action: 'clear', cache: 'users' })).toBe(4);
      expect(await removed({ action: 'clear', cache: 'sessions' })).toBe(1);
    });

    it('save a snapshot of a cache, under a name of its own in the folder of the options', async () => {
      const folder = join(await mkdtemp(join(tmpdir(), 'strata-dashboard-')), 'made');
      const { act, users } = await start({ options: { actions: true, snapshots: folder } });
      await users.put('a', { name: 'Ada' });
      const report = await act({ action: 'saveSnapshot', cache: 'users', file: '../../elsewhere' });
      expect(await report.json()).toMatchObject({ saved: { file: 'users.snapshot', entries: 1, leftOut: 0 } });
      await users.clear();
      await users.restore(join(folder, 'users.snapshot'));
      expect(await users.get('a')).toEqual({ name: 'Ada' });
      await rm(folder, { recursive: true });
      const names = ['users', '../users', '..', 'a/b', 'a_b', '<b>', 'x'.repeat(1_000), 'CON:'].map(snapshotFile);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[\w.-]{1,100}\.snapshot$/);
    });

    it('save no snapshot where no folder is given, and tell nothing of the folder when saving fails', async () => {
      const off = await start({ options: { actions: true } });
      expect((await off.act({ action: 'saveSnapshot', cache: 'users' })).status).toBe(403);
      const broken = await start({ options: { actions: true, snapshots: '/dev/null/secret' } });
      const answer = await broken.act({ action: 'saveSnapshot', cache: 'users' });
      expect([answer.status, (await answer.text()).includes('secret')]).toEqual([500, false]);
    });

    it.each([
      ['nothing', '{}', 400],
      ['what is no JSON', '{"action":', 400],
      ['a list', '[]', 400],
      ['an action that there is not', { action: 'drop', cache: 'users' }, 400],
      ['a group that is empty', { action: 'invalidateGroup', cache: 'users', group: '' }, 400],
      ['a key that is none', { action: 'invalidateKey', cache: 'users', key: { $ne: 1 } }, 400],
      ['a pattern that is none', { action: 'invalidateMatching', cache: 'users', pattern: '[' }, 400],
      ['a cache that there is not', { action: 'clear', cache: 'constructor' }, 404],
    ])('answer %s with what is wrong', async (_what, body, status) => {
      const { act } = await start({ options: { actions: true } });
      expect((await act(body)).status).toBe(status);
    });
  });
});

describe('a dashboard without caches', () => {
  it('fails the bootstrap and says what is missing', async () => {
    const testing = Test.createTestingModule({ imports: [CacheDashboardModule.forRoot({ guards: [] })] });
    await expect(testing.compile()).rejects.toThrow('CacheDashboardModule.forRoot() needs CacheModule.forRoot()');
  });
});
