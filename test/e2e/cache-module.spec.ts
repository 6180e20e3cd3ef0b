import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  Cacheable,
  CacheMisuseError,
  CacheModule,
  CacheOptionsError,
  CacheRegistry,
  defineCache,
  defineMemoryCache,
  getCacheToken,
  InjectCache,
  MemoryCache,
  type Cache,
  type CacheModuleAsyncOptions,
  type CacheModuleOptions,
  type CacheOptionsFactory,
} from '../../lib/index.js';

const Users = defineCache<string, string>('users');
const Products = defineCache<string, string>('products', { maxSize: 5 });
const Engine = defineMemoryCache<string, string>('engine');

const started: TestingModule[] = [];

async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  const app = await Test.createTestingModule(metadata).compile();
  await app.init();
  started.push(app);
  return app;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.close()));
});

@Injectable()
class UsersReader {
  constructor(@InjectCache(Users) readonly users: Cache<string, string>) {}
}

describe('CacheModule.forRoot', () => {
  it('makes its caches injectable everywhere, each as one instance', async () => {
    @Injectable()
    class Second {
      @InjectCache('users')
      readonly users!: Cache<string, string>;
      @InjectCache(Engine)
      readonly engine!: MemoryCache<string, string>;
      @Inject(CacheRegistry)
      readonly registry!: CacheRegistry;
    }
    @Module({ providers: [Second], exports: [Second] })
    class FeatureModule {}
    const app = await start({
      imports: [CacheModule.forRoot({ caches: [Users, Engine] }), FeatureModule],
      providers: [UsersReader],
    });
    const second = app.get(Second);
    expect(second.users).toBe(app.get(UsersReader).users);
    expect(second.engine).toBeInstanceOf(MemoryCache);
    expect(second.registry.get(Users)).toBe(second.users);
    expect(second.registry.names()).toEqual(['users', 'engine']);
  });

  it('gives its defaults to caches that do not name an option themselves', async () => {
    const app = await start({
      imports: [CacheModule.forRoot({ caches: [Users, Products], defaults: { maxSize: 7 } })],
    });
    expect(app.get(CacheRegistry).stats()).toMatchObject({ users: { maxSize: 7 }, products: { maxSize: 5 } });
  });

  it('fails the bootstrap when it is called twice, naming both modules', async () => {
    @Module({ imports: [CacheModule.forRoot()] })
    class OrdersModule {}
    @Module({ imports: [CacheModule.forRoot({ caches: [Users] })] })
    class CatalogModule {}
    const starting = start({ imports: [OrdersModule, CatalogModule] });
    await expect(starting).rejects.toThrow(CacheMisuseError);
    await expect(starting).rejects.toThrow(
      /forRoot\(\) is called 2 times, in the imports of OrdersModule and of CatalogModule; call it once/,
    );
  });

  it('is one call when one dynamic module is imported twice', async () => {
    const caching = CacheModule.forRoot({ caches: [Users] });
    @Module({ imports: [caching] })
    class OrdersModule {}
    const app = await start({ imports: [OrdersModule, caching] });
    expect(app.get(CacheRegistry).names()).toEqual(['users']);
  });

  it.each([
    [{ cache: [Users] }, 'cache is not an option; did you mean caches?'],
    [{ defaults: 5 }, 'defaults must be an object'],
    [{ defaults: null }, 'defaults must be an object'],
    [{ defaults: { ttl: -1 }, caches: [Users] }, 'ttl must be milliseconds'],
    [{ defaults: { ttl: -1 } }, 'ttl must be milliseconds'],
    [{ defaults: { ttll: 1 } }, 'ttll is not an option; did you mean ttl?'],
    [{ clock: 5 }, 'clock must be a Clock'],
    [{ random: 'x' }, 'random must be a function'],
  ])('fails the bootstrap for %j', async (options, message) => {
    const starting = start({ imports: [CacheModule.forRoot(options as CacheModuleOptions)] });
    await expect(starting).rejects.toThrow(CacheOptionsError);
    await expect(starting).rejects.toThrow(message);
  });

  it.each([null, 5, 'users'])('refuses %j, which has no options, at once', (options) => {
    const given = options as unknown as CacheModuleOptions & CacheModuleAsyncOptions;
    expect(() => CacheModule.forRoot(given)).toThrow('CacheModule.forRoot(): options must be an object');
    expect(() => CacheModule.forRootAsync(given)).toThrow('CacheModule.forRootAsync(): options must be an object');
    expect(() => CacheModule.forRoot(given)).toThrow(CacheOptionsError);
  });

  it('refuses at once what has nobody to ask for options', () => {
    const says = 'CacheModule.forRootAsync(): useFactory must be a function that returns the options';
    expect(() => CacheModule.forRootAsync({})).toThrow(says);
    expect(() => CacheModule.forRootAsync({ useFactory: 5 as never })).toThrow(says);
  });

  it('refuses at once what is no definition', () => {
    const caches = [{ name: 'users' }] as unknown as CacheModuleOptions['caches'];
    expect(() => CacheModule.forRoot({ caches })).toThrow(CacheOptionsError);
    expect(() => CacheModule.forFeature(caches ?? [])).toThrow('CacheModule.forFeature(): caches must be a list');
  });

  it('names the cache that is injected but defined nowhere', async () => {
    await expect(start({ imports: [CacheModule.forRoot()], providers: [UsersReader] })).rejects.toThrow(/cache:users/);
  });

  it('lets a test replace a cache by its token', async () => {
    const app = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ caches: [Users] })],
      providers: [UsersReader],
    })
      .overrideProvider(getCacheToken(Users))
      .useValue('fake')
      .compile();
    expect(app.get(UsersReader).users).toBe('fake');
    await app.close();
  });

  it('starts in preview mode without making anything', async () => {
    @Module({ imports: [CacheModule.forRoot({ caches: [Users] })], providers: [UsersReader] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { preview: true, logger: false });
    await app.close();
  });
});

describe('CacheModule.forRootAsync', () => {
  const options: CacheModuleOptions = { defaults: { maxSize: 3 } };

  @Injectable()
  class Settings implements CacheOptionsFactory {
    async createCacheOptions(): Promise<CacheModuleOptions> {
      return options;
    }
  }
  @Module({ providers: [Settings, { provide: 'size', useValue: 3 }], exports: [Settings, 'size'] })
  class SettingsModule {}

  it.each([
    [
      'useFactory',
      () =>
        CacheModule.forRootAsync({
          imports: [SettingsModule],
          inject: ['size'],
          useFactory: async (maxSize: number) => ({ defaults: { maxSize } }),
          caches: [Users],
        }),
    ],
    ['useClass', () => CacheModule.forRootAsync({ useClass: Settings, caches: [Users] })],
    [
      'useExisting',
      () => CacheModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings, caches: [Users] }),
    ],
  ])('takes its options from %s', async (_, caching) => {
    const app = await start({ imports: [caching()], providers: [UsersReader] });
    expect(app.get(UsersReader).users.stats().maxSize).toBe(3);
  });

  it('defines caches that the factory returns for decorators and the registry', async () => {
    @Injectable()
    class Service {
      @Cacheable('products', { key: (id: string) => id })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const caching = CacheModule.forRootAsync({ useFactory: () => ({ caches: [Products] }) });
    const app = await start({ imports: [caching], providers: [Service] });
    await app.get(Service).find('a');
    expect(await app.get(CacheRegistry).get(Products).get('a')).toBe('a');
  });

  it('fails the bootstrap when the factory returns no options', async () => {
    const caching = CacheModule.forRootAsync({ useFactory: () => undefined as unknown as CacheModuleOptions });
    await expect(start({ imports: [caching] })).rejects.toThrow('a factory must return');
  });
});

describe('CacheModule.forFeature', () => {
  it('adds caches for the importing module, also while the options of forRootAsync are on their way', async () => {
    let give: (options: CacheModuleOptions) => void = () => {};
    const options = new Promise<CacheModuleOptions>((resolve) => (give = resolve));
    @Module({ imports: [CacheModule.forFeature([Users])], providers: [UsersReader], exports: [UsersReader] })
    class UsersModule {}
    const starting = start({
      imports: [UsersModule, CacheModule.forFeature([Users]), CacheModule.forRootAsync({ useFactory: () => options })],
    });
    setImmediate(() => give({ defaults: { maxSize: 2 } }));
    const app = await starting;
    expect(app.get(UsersReader).users.stats().maxSize).toBe(2);
    expect(app.get(CacheRegistry).names()).toEqual(['users']);
  });

  it('fails the bootstrap for another definition of the same name, and accepts an equal one', async () => {
    const equal = defineCache<string, string>('products', { maxSize: 5 });
    const different = defineCache<string, string>('products', { maxSize: 6 });
    const root = () => CacheModule.forRoot({ caches: [Products] });
    const app = await start({ imports: [root(), CacheModule.forFeature([equal])] });
    expect(app.get(CacheRegistry).names()).toEqual(['products']);
    await expect(start({ imports: [root(), CacheModule.forFeature([different])] })).rejects.toThrow(
      '"products" is defined twice with different options',
    );
  });

  it('says what is missing in an app without forRoot()', async () => {
    const starting = start({ imports: [CacheModule.forFeature([Users])] });
    await expect(starting).rejects.toThrow(
      'forFeature() of cache "users" needs CacheModule.forRoot() in the root module',
    );
  });
});
