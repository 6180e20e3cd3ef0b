import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, UseInterceptors, type ModuleMetadata } from '@nestjs/common';
import * as theirs from '@nestjs/cache-manager';
import { Test, type TestingModule } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import * as ours from '../../lib/compat/cache-manager/index.js';
import { memoryStore, type CacheManagerStore, type CacheMethods } from '../../lib/compat/cache-manager/index.js';
import { CacheModule as StrataModule, CacheOptionsError, CacheRegistry, type Cache } from '../../lib/index.js';
import type { CachePackage } from './app.js';
import { silence } from './silence.js';

const running: TestingModule[] = [];

async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  const app = await Test.createTestingModule(metadata).setLogger(silence).compile();
  await app.init();
  running.push(app);
  return app;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

const PACKAGES = [
  { pkg: theirs as CachePackage, name: '@nestjs/cache-manager 12' },
  { pkg: ours as unknown as CachePackage, name: 'nestjs-strata/cache-manager' },
] as const;

/** A store of cache-manager 5, over a Map. */
function legacyStore(): CacheManagerStore & { readonly entries: Map<string, unknown> } {
  const entries = new Map<string, unknown>();
  return {
    entries,
    name: 'legacy',
    get: async (key) => entries.get(key) ?? null,
    mget: async (...keys) => keys.map((key) => entries.get(key) ?? null),
    set: async (key, value) => entries.set(key, value),
    mset: async (data) => {
      for (const [key, value] of Object.entries(data)) entries.set(key, value);
    },
    del: async (key) => void entries.delete(key),
    mdel: async (...keys) => keys.forEach((key) => entries.delete(key)),
    ttl: async () => -1,
    keys: async () => [...entries.keys()],
    reset: async () => entries.clear(),
  };
}

describe.each(PACKAGES)('CacheModule of $name', ({ pkg }) => {
  const { CACHE_MANAGER, Cache, CacheModule } = pkg;
  const cacheOf = (app: TestingModule): CacheMethods => app.get<CacheMethods>(CACHE_MANAGER);

  class Config {
    createCacheOptions() {
      return { ttl: 1_234, stores: [new Keyv({ namespace: 'of-config' })] };
    }
  }

  it.each([
    { how: 'useFactory', options: { useFactory: () => new Config().createCacheOptions() } },
    { how: 'an asynchronous useFactory', options: { useFactory: async () => new Config().createCacheOptions() } },
    { how: 'useClass', options: { useClass: Config } },
  ])('registerAsync with $how', async ({ options }) => {
    const cache = cacheOf(await start({ imports: [CacheModule.registerAsync(options)] }));
    const [store] = cache.stores as Keyv[];
    expect(store?.namespace).toBe('of-config');
    await cache.set('k', 'v');
    expect(((await cache.ttl('k')) ?? 0) - Date.now()).toBeGreaterThan(200);
    expect(((await cache.ttl('k')) ?? Infinity) - Date.now()).toBeLessThanOrEqual(1_234);
  });

  it('registerAsync with useExisting, imports, inject and extraProviders', async () => {
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    const existing = await start({
      imports: [CacheModule.registerAsync({ imports: [ConfigModule], useExisting: Config })],
    });
    expect((cacheOf(existing).stores as Keyv[])[0]?.namespace).toBe('of-config');

    const injected = await start({
      imports: [
        CacheModule.registerAsync({
          inject: ['NAMESPACE'],
          extraProviders: [{ provide: 'NAMESPACE', useValue: 'injected' }],
          useFactory: (namespace: string) => ({ stores: [new Keyv({ namespace })] }),
        }),
      ],
    });
    expect((cacheOf(injected).stores as Keyv[])[0]?.namespace).toBe('injected');
  });

  it('isGlobal lets other modules inject the cache, and without it they cannot', async () => {
    @Injectable()
    class Reader {
      constructor(@Inject(CACHE_MANAGER) readonly cache: CacheMethods) {}
    }
    @Module({ providers: [Reader] })
    class FeatureModule {}
    for (const module of [
      CacheModule.register({ isGlobal: true }),
      CacheModule.registerAsync({ isGlobal: true, useFactory: () => ({}) }),
    ]) {
      const app = await start({ imports: [module, FeatureModule] });
      expect(app.get(Reader).cache).toBe(app.get(Cache));
    }
    await expect(start({ imports: [CacheModule.register(), FeatureModule] })).rejects.toThrow(/CACHE_MANAGER/);
  });

  it('each registration has a cache of its own', async () => {
    @Module({ imports: [CacheModule.register()], exports: [CacheModule] })
    class One {}
    @Module({ imports: [CacheModule.register()], exports: [CacheModule] })
    class Two {}
    const app = await start({ imports: [One, Two] });
    const [one, two] = [One, Two].map((host) => app.select(host).get<CacheMethods>(CACHE_MANAGER, { strict: false }));
    await one?.set('k', 'of one');
    expect(one === two ? 'the same' : await two?.get('k')).toBe(one === two ? 'the same' : undefined);
  });

  it('takes a Keyv as it is, and puts a Map and other adapters into one, with the namespace and the ttl', async () => {
    const keyv = new Keyv({ namespace: 'own' });
    const map = new Map<string, unknown>();
    const app = await start({
      imports: [CacheModule.register({ stores: [keyv, map] as never, namespace: 'module', ttl: 5_000 })],
    });
    const cache = cacheOf(app);
    await cache.set('k', 'v');
    expect(cache.stores[0]).toBe(keyv);
    expect(keyv.namespace).toBe('own');
    expect([...map.keys()]).toEqual(['module:k']);
    expect(JSON.parse(String(map.get('module:k')))).toEqual({ value: 'v', expires: expect.any(Number) });
    expect([await keyv.get('k'), await cache.get('k')]).toEqual(['v', 'v']);
  });

  it('takes what is made like a Keyv as it is, and disconnects it once when the app shuts down', async () => {
    const disconnect = jest.fn<() => Promise<void>>().mockResolvedValue();
    const made = {
      ...{ opts: {}, hooks: {}, stats: {}, disconnect },
      ...{ get: async () => 'made', set: async () => true, delete: async () => true, clear: async () => {} },
    };
    const app = await Test.createTestingModule({
      imports: [CacheModule.register({ stores: made as never })],
    })
      .setLogger(silence)
      .compile();
    expect(cacheOf(app).stores).toEqual([made]);
    expect(await cacheOf(app).get('k')).toBe('made');
    await app.close();
    expect(disconnect.mock.calls.length).toBeGreaterThanOrEqual(1);
  });

  it('uses a Cacheable as it is', async () => {
    const keyv = new Keyv();
    const cacheable = {
      ...{ primary: keyv, secondary: undefined, nonBlocking: true },
      ...{ get: (key: string) => keyv.get(key), set: (key: string, value: unknown) => keyv.set(key, value) },
      ...{ delete: (key: string) => keyv.delete(key), clear: () => keyv.clear(), disconnect: () => keyv.disconnect() },
    };
    const cache = cacheOf(await start({ imports: [CacheModule.register({ stores: cacheable as never })] }));
    await cache.set('k', 'v');
    expect([cache.stores[0] === (cacheable as never), await cache.get('k'), await keyv.get('k')]).toEqual([
      true,
      'v',
      'v',
    ]);
  });
});

describe('CacheModule of nestjs-strata/cache-manager', () => {
  const cacheOf = (app: TestingModule): CacheMethods => app.get<CacheMethods>(ours.CACHE_MANAGER);
  const registered = async (options: object): Promise<CacheMethods> =>
    cacheOf(await start({ imports: [ours.CacheModule.register(options)] }));

  it('takes a Keyv of version 6 as it is', async () => {
    const keyv = new Keyv6();
    const cache = await registered({ stores: [keyv] });
    expect(cache.stores[0]).toBe(keyv);
    let calls = 0;
    expect([await cache.wrap('k', () => ++calls), await cache.wrap('k', () => ++calls)]).toEqual([1, 1]);
    expect([await cache.mget(['k', 'x']), await keyv.get('k')]).toEqual([[1, undefined], 1]);
  });

  it('takes stores of cache-manager 5', async () => {
    const store = legacyStore();
    const cache = await registered({ stores: store });
    await cache.set('k', { a: 1 });
    expect([await cache.get('k'), await cache.get('x'), await cache.mget(['k', 'x'])]).toEqual([
      { a: 1 },
      undefined,
      [{ a: 1 }, undefined],
    ]);
    await cache.mdel(['k']);
    expect(store.entries.size).toBe(0);
    await cache.set('l', 1);
    await cache.clear();
    expect(store.entries.size).toBe(0);
  });

  it('disconnects what it was given once, whatever the number of its tokens', async () => {
    const keyv = new Keyv();
    const disconnect = jest.spyOn(keyv, 'disconnect');
    const app = await Test.createTestingModule({ imports: [ours.CacheModule.register({ stores: [keyv] })] })
      .setLogger(silence)
      .compile();
    await app.close();
    expect(disconnect).toHaveBeenCalledTimes(1);
  });

  it('survives the errors that a store emits, also one that throws when nobody listens', async () => {
    const keyv = new Keyv6();
    await registered({ stores: [keyv] });
    expect(() => keyv.emit('error', new Error('connection lost'))).not.toThrow();
  });

  it('keeps what it holds within `max` and `maxMemory`', async () => {
    const byCount = await registered({ max: 10 });
    for (let at = 0; at < 50; at++) await byCount.set(`k${at}`, at);
    const left = (await byCount.mget(Array.from({ length: 50 }, (_, at) => `k${at}`))).filter(
      (each) => each !== undefined,
    );
    expect(left).toHaveLength(10);
    const byBytes = await registered({ maxMemory: '64kb' });
    for (let at = 0; at < 200; at++) await byBytes.set(`k${at}`, 'x'.repeat(1_000));
    const bytes = (await byBytes.mget(Array.from({ length: 200 }, (_, at) => `k${at}`))).filter(
      (each) => each !== undefined,
    );
    expect(bytes.length).toBeGreaterThan(10);
    expect(bytes.length).toBeLessThan(66);
  });

  it.each([
    [{ ttl: '5m' }, 'ttl', 'must be a number of milliseconds, 0 or more'],
    [{ ttl: -1 }, 'ttl', 'must be a number of milliseconds, 0 or more'],
    [{ refreshThreshold: '1s' }, 'refreshThreshold', 'must be a number of milliseconds, 0 or more'],
    [{ max: 0 }, 'max', 'must be a whole number from 1'],
    [{ maxMemory: '1 megabyte' }, 'maxMemory', "must be a number of bytes, 1 or more, or text such as '64kb'"],
    [null as unknown as object, 'options', 'must be an object'],
    [{ clone: 'deep' }, 'clone', 'must be one of plain, none'],
    [{ timeout: 0 }, 'timeout', 'must be above 0'],
    [{ compat: 'loose' }, 'compat', 'must be one of fixed, strict'],
    [{ startup: 'now' }, 'startup', 'must be one of lazy, require'],
    [{ namespace: 5 }, 'namespace', 'must be a text'],
    [{ cacheId: '' }, 'cacheId', 'must be a text that is not empty'],
    [{ stores: ['redis'] }, 'stores', 'must be a Keyv, a store of Keyv, or a list of such'],
  ])('refuses %j, naming the option', async (options, option, rule) => {
    const starting = registered(options);
    await expect(starting).rejects.toBeInstanceOf(CacheOptionsError);
    await expect(starting).rejects.toThrow(option);
    await expect(starting).rejects.toThrow(rule);
  });

  it('warns of the option that named a store until cache-manager 4, where there is no other', async () => {
    const warnings: string[] = [];
    const registeredWith = async (options: object): Promise<void> => {
      const app = await Test.createTestingModule({ imports: [ours.CacheModule.register(options)] })
        .setLogger({ ...silence, warn: (line: string) => warnings.push(line) })
        .compile();
      await app.close();
    };
    await registeredWith({ store: 'memory', stores: [new Keyv()] });
    await registeredWith({ max: 5 });
    expect(warnings).toEqual([]);
    await registeredWith({ store: 'redis', host: 'localhost' });
    expect(warnings).toEqual([
      expect.stringMatching(/^CacheModule\.register\(\): store is an option of cache-manager 4/),
    ]);
  });

  it('refuses what is no store, and says what is one', async () => {
    await expect(registered({ stores: [{ get: () => 1 }] })).rejects.toThrow(/must be a Keyv, or have the methods/);
    expect(() => ours.createCache({ stores: [{} as never] })).toThrow(/stores\[0\] is no store/);
  });

  describe('in an app with CacheModule.forRoot()', () => {
    it('has its memory in the registry, with numbers, events and invalidation', async () => {
      const app = await start({ imports: [StrataModule.forRoot(), ours.CacheModule.register({ max: 100 })] });
      const registry = app.get(CacheRegistry);
      const cache = cacheOf(app);
      const events: string[] = [];
      registry.events$.subscribe(({ type, cache: name }) => events.push(`${name} ${type}`));
      await cache.get('k');
      await Promise.all(Array.from({ length: 5 }, () => cache.wrap('k', async () => 'v')));
      await cache.get('k');
      await cache.wrap('k', () => 'w');
      const stats = registry.get('cache-manager').stats();
      expect(stats).toMatchObject({ hits: 2, misses: 2, loads: 1, joins: 4, maxSize: 100, size: 1 });
      expect(events).toContain('cache-manager load');
      expect(await registry.get('cache-manager').get('k')).toBe('v');
      await registry.clearAll();
      expect(await cache.get('k')).toBeUndefined();
    });

    it('does not store what was loaded before the registry cleared it', async () => {
      const app = await start({ imports: [StrataModule.forRoot(), ours.CacheModule.register()] });
      let end!: (value: string) => void;
      const loading = cacheOf(app).wrap('k', () => new Promise<string>((resolve) => (end = resolve)));
      await new Promise((resolve) => setImmediate(resolve));
      await app.get(CacheRegistry).clearAll();
      end('old');
      expect([await loading, await cacheOf(app).get('k')]).toEqual(['old', undefined]);
    });

    it('has a name for each, and takes `cacheId` for it', async () => {
      const app = await start({
        imports: [
          StrataModule.forRoot(),
          ours.CacheModule.register(),
          ours.CacheModule.register({ max: 5 }),
          ours.CacheModule.register({ cacheId: 'sessions' }),
          ours.CacheModule.register({ stores: [memoryStore({ name: 'front' }), new Keyv()] }),
        ],
      });
      const names = app.get(CacheRegistry).names();
      expect(names.toSorted()).toEqual(['cache-manager', 'cache-manager-2', 'front', 'sessions']);
    });

    it('is not touched by the defaults for other caches', async () => {
      const app = await start({
        imports: [
          StrataModule.forRoot({ defaults: { ttl: '1ms', tti: '1ms', maxSize: 1 } }),
          ours.CacheModule.register(),
        ],
      });
      const cache = cacheOf(app);
      await cache.set('a', 1);
      await cache.set('b', 2);
      expect([await cache.mget(['a', 'b']), await cache.ttl('a')]).toEqual([[1, 2], undefined]);
    });

    it('finds nothing after the app has shut down, and fails no call', async () => {
      const app = await start({ imports: [StrataModule.forRoot(), ours.CacheModule.register()] });
      const cache = cacheOf(app);
      await cache.set('k', 'v');
      await app.close();
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.set('k', 'w')).toBe('w');
      expect(await cache.wrap('k', () => 'x')).toBe('x');
      expect([await cache.del('k'), await cache.clear(), await cache.ttl('k')]).toEqual([true, true, undefined]);
    });

    it('is passed over where all caches are turned off', async () => {
      const app = await start({
        imports: [StrataModule.forRoot({ defaults: { enabled: false } }), ours.CacheModule.register()],
      });
      await cacheOf(app).set('k', 'v');
      expect(await cacheOf(app).get('k')).toBeUndefined();
      expect([await cacheOf(app).wrap('k', () => 1), await cacheOf(app).wrap('k', () => 2)]).toEqual([1, 2]);
    });
  });
});

describe('CacheInterceptor of nestjs-strata/cache-manager', () => {
  let calls = 0;

  @Controller()
  @UseInterceptors(ours.CacheInterceptor)
  class Handlers {
    @Get()
    find(): { call: number } | null {
      return ++calls % 2 === 0 ? null : { call: calls };
    }

    @Get('ttl')
    @ours.CacheTTL(() => {
      throw new Error('no ttl');
    })
    ttl() {
      return { call: ++calls };
    }
  }

  async function ask(override: (cache: CacheMethods) => void = () => {}, path = '', options = {}, cache?: object) {
    calls = 0;
    let building = Test.createTestingModule({ imports: [ours.CacheModule.register(options)], controllers: [Handlers] });
    if (cache !== undefined) building = building.overrideProvider(ours.CACHE_MANAGER).useValue(cache);
    const module = await building.setLogger(silence).compile();
    running.push(module);
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    override(app.get<CacheMethods>(ours.CACHE_MANAGER));
    const url = await app.getUrl();
    const answers: unknown[] = [];
    for (let at = 0; at < 3; at++) {
      const response = await fetch(`${url}/${path}`);
      answers.push([await response.text(), response.headers.get('x-cache')]);
    }
    await app.close();
    return answers;
  }

  it('works over what a test puts in place of the cache', async () => {
    const entries = new Map<string, unknown>();
    const stub = {
      get: async (key: string) => entries.get(key) ?? null,
      set: async (key: string, value: unknown) => entries.set(key, value),
    };
    expect(await ask(undefined, '', {}, stub)).toEqual([
      ['{"call":1}', 'MISS'],
      ['{"call":1}', 'HIT'],
      ['{"call":1}', 'HIT'],
    ]);
    expect([...entries]).toEqual([['/', { call: 1 }]]);
  });

  it('answers by the handler when that fails', async () => {
    const failing = { get: async () => Promise.reject(new Error('no get')), set: async () => {} };
    expect(await ask(undefined, 'ttl', {}, failing)).toEqual([1, 2, 3].map((call) => [`{"call":${call}}`, null]));
  });

  it('calls the methods of a cache that a test spies on', async () => {
    const seen: unknown[] = [];
    const answers = await ask((cache) => {
      jest.spyOn(cache, 'get').mockImplementation(async (key) => {
        seen.push(key);
        return 'spied' as never;
      });
    });
    expect(answers[0]).toEqual(['spied', 'HIT']);
    expect(seen[0]).toBe('/');
  });

  it('does not keep an answer when the function for its ttl throws', async () => {
    expect(await ask(undefined, 'ttl')).toEqual([1, 2, 3].map((call) => [`{"call":${call}}`, 'MISS']));
  });

  it('answers by the handler when the stores fail or do not answer', async () => {
    const broken = new Keyv();
    broken.get = (() => new Promise(() => {})) as typeof broken.get;
    broken.set = async () => {
      throw new Error('no set');
    };
    expect(await ask(undefined, 'ttl', { stores: [broken], timeout: 50 })).toEqual(
      [1, 2, 3].map((call) => [`{"call":${call}}`, 'MISS']),
    );
  });

  it("with compat: 'strict' takes null for a miss", async () => {
    expect((await ask(undefined, '', { compat: 'strict' })).map((each) => (each as string[])[1])).toEqual([
      'MISS',
      'HIT',
      'HIT',
    ]);
  });
});

describe('the memory that `Cache` of the registry shows', () => {
  it('is the store of the cache', async () => {
    const app = await start({ imports: [StrataModule.forRoot(), ours.CacheModule.register()] });
    const cache = app.get<CacheMethods>(ours.CACHE_MANAGER);
    const shown: Cache<string, unknown> = app.get(CacheRegistry).get<string, unknown>('cache-manager');
    await shown.put('k', 'v', { ttl: '1m' });
    expect(await cache.get('k')).toBe('v');
    expect(((await cache.ttl('k')) ?? 0) - Date.now()).toBeGreaterThan(50_000);
  });
});
