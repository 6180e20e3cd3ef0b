import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, Optional, Scope, type ModuleMetadata } from '@nestjs/common';
import { ContextIdFactory, LazyModuleLoader, ModuleRef, NestFactory } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  Cacheable,
  CacheEvict,
  CacheModule,
  CacheRegistry,
  defineCache,
  InjectCache,
  type Cache,
} from '../../lib/index.js';

const Words = defineCache<string, string>('words');

const started: TestingModule[] = [];

async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  const { imports = [], ...rest } = metadata;
  const app = await Test.createTestingModule({ imports: [CacheModule.forRoot(), ...imports], ...rest }).compile();
  started.push(app);
  return app.init();
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.close()));
});

/** Counts calls outside of the instances, for those of some scopes live shortly. */
let calls = 0;

class Counting {
  @Cacheable({ key: (id: string) => id })
  async find(id: string): Promise<string> {
    return `${id} ${++calls}`;
  }

  async findTwice(id: string): Promise<string[]> {
    return [await this.find(id), await this.find(id)];
  }
}

@Injectable()
class Singleton extends Counting {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest extends Counting {}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable extends Counting {}

@Injectable({ scope: Scope.TRANSIENT })
class Transient extends Counting {}

describe('decorated methods of providers', () => {
  it('are cached in a singleton, when it calls itself too', async () => {
    const app = await start({ providers: [Singleton] });
    calls = 0;
    expect(await app.get(Singleton).findTwice('a')).toEqual(['a 1', 'a 1']);
    expect(await app.get(Singleton).find('a')).toBe('a 1');
  });

  it.each([
    ['request-scoped', PerRequest],
    ['durable', Durable],
    ['transient', Transient],
  ])('share what they cached between the instances of a %s provider', async (_, type) => {
    const app = await start({ providers: [type] });
    calls = 0;
    const resolve = () => app.resolve<Counting>(type, ContextIdFactory.create());
    const [first, second] = [await resolve(), await resolve()];
    expect(first).not.toBe(second);
    expect([await first.find('a'), await second.find('a'), await second.find('b')]).toEqual(['a 1', 'a 1', 'b 2']);
  });

  it('are cached for each inheriting class on its own', async () => {
    @Injectable()
    class Other extends Counting {}
    const app = await start({ providers: [Singleton, Other] });
    calls = 0;
    expect([await app.get(Singleton).find('a'), await app.get(Other).find('a')]).toEqual(['a 1', 'a 2']);
    expect([await app.get(Singleton).find('a'), await app.get(Other).find('a')]).toEqual(['a 1', 'a 2']);
    expect(app.get(CacheRegistry).names().sort()).toEqual(['Other.find', 'Singleton.find']);
  });

  it('are not cached where an override without a decorator replaces them', async () => {
    @Injectable()
    class Plain extends Counting {
      override async find(id: string): Promise<string> {
        return `plain ${id} ${++calls}`;
      }
    }
    const app = await start({ providers: [Plain] });
    calls = 0;
    expect(await app.get(Plain).findTwice('a')).toEqual(['plain a 1', 'plain a 2']);
  });

  it('are cached apart when an override calls the method that it overrides', async () => {
    @Injectable()
    class Above extends Counting {
      @Cacheable({ key: (id: string) => id })
      override async find(id: string): Promise<string> {
        return `above ${await super.find(id)}`;
      }
      clear(): Promise<void> {
        return this.clearAbove();
      }
      @CacheEvict('Above.find', { all: true })
      private async clearAbove(): Promise<void> {}
    }
    const app = await start({ providers: [Above] });
    calls = 0;
    const above = app.get(Above);
    expect(await above.findTwice('a')).toEqual(['above a 1', 'above a 1']);
    await above.clear();
    expect(await above.find('a')).toBe('above a 1');
    expect(app.get(CacheRegistry).names().sort()).toEqual(['Above.find', 'Above/Counting.find']);
  });

  it('are cached in a class that inherits from an abstract one and injects properties of its own', async () => {
    abstract class Repository {
      protected abstract readonly prefix: string;
      @Cacheable()
      async find(id: string): Promise<string> {
        return `${this.prefix}${id} ${++calls}`;
      }
    }
    @Injectable()
    class Cities extends Repository {
      @Inject('prefix')
      protected readonly prefix!: string;
      @Optional()
      @Inject('missing')
      readonly missing?: string;
    }
    const app = await start({ providers: [Cities, { provide: 'prefix', useValue: 'city ' }] });
    calls = 0;
    expect([await app.get(Cities).find('a'), await app.get(Cities).find('a')]).toEqual(['city a 1', 'city a 1']);
    expect(app.get(Cities).missing).toBeUndefined();
  });

  it('are cached in instances that useFactory and useValue bring', async () => {
    const app = await start({
      providers: [
        { provide: 'factory', useFactory: async () => new Counting() },
        { provide: 'value', useValue: new Counting() },
        { provide: 'alias', useExisting: 'factory' },
      ],
    });
    calls = 0;
    expect(await app.get<Counting>('factory').findTwice('a')).toEqual(['a 1', 'a 1']);
    expect(await app.get<Counting>('value').findTwice('a')).toEqual(['a 1', 'a 1']);
    expect(await app.get<Counting>('alias').find('a')).toBe('a 1');
  });

  it('are cached again when the next app is given an instance that a closed one had', async () => {
    const value = new Counting();
    const first = await start({ providers: [{ provide: 'value', useValue: value }] });
    calls = 0;
    await value.find('a');
    await first.close();
    expect(await value.find('a')).toBe('a 2');
    await start({ providers: [{ provide: 'value', useValue: value }] });
    expect(await value.findTwice('a')).toEqual(['a 3', 'a 3']);
  });

  it('are cached in instances that a tool wraps in proxies', async () => {
    const traced: string[] = [];
    const instanceDecorator = (instance: unknown): unknown =>
      typeof instance !== 'object' || instance === null || instance instanceof Map
        ? instance
        : new Proxy(instance, {
            get(target, name, receiver): unknown {
              const value: unknown = Reflect.get(target, name, receiver);
              if (typeof value !== 'function' || name === 'constructor') return value;
              return (...args: unknown[]): unknown => {
                traced.push(String(name));
                return Reflect.apply(value, receiver, args);
              };
            },
          });
    @Module({ imports: [CacheModule.forRoot()], providers: [Singleton, PerRequest] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, {
      instrument: { instanceDecorator },
      abortOnError: false,
      logger: false,
    });
    calls = 0;
    expect(await app.get(Singleton).findTwice('a')).toEqual(['a 1', 'a 1']);
    const scoped = await app.resolve(PerRequest);
    expect([await scoped.find('a'), await scoped.find('a')]).toEqual(['a 2', 'a 2']);
    traced.length = 0;
    await app.get(Singleton).find('a');
    expect(traced).toEqual(['find']);
    await app.close();
  });

  it('are cached in instances that a factory makes for each request', async () => {
    const app = await start({
      providers: [{ provide: 'factory', scope: Scope.REQUEST, useFactory: () => new Counting() }],
    });
    calls = 0;
    for (let request = 0; request < 2; request++) {
      const instance = await app.resolve<Counting>('factory', ContextIdFactory.create());
      expect(await instance.find('a')).toBe('a 1');
    }
  });

  it('are cached before other providers are initialised, and during their hooks', async () => {
    @Injectable()
    class Eager {
      found: string[] = [];
      constructor(@Inject('factory') private readonly factory: Counting) {}
      async onModuleInit(): Promise<void> {
        this.found = await this.factory.findTwice('a');
      }
    }
    calls = 0;
    const app = await start({ providers: [Eager, { provide: 'factory', useFactory: () => new Counting() }] });
    expect(app.get(Eager).found).toEqual(['a 1', 'a 1']);
  });

  it('are cached in a module that is loaded lazily, with caches of its own', async () => {
    const Late = defineCache<string, string>('late');
    @Injectable()
    class LateService {
      constructor(@InjectCache(Late) readonly cache: Cache<string, string>) {}
      @Cacheable(Late, { key: (id: string) => id })
      async find(id: string): Promise<string> {
        return `${id} ${++calls}`;
      }
      @Cacheable()
      async own(id: string): Promise<string> {
        return `${id} ${++calls}`;
      }
      @CacheEvict('LateService.own', { all: true })
      async clear(): Promise<void> {}
    }
    @Module({ imports: [CacheModule.forFeature([Late])], providers: [LateService] })
    class LateModule {}
    const app = await start({});
    const late = (await app.get(LazyModuleLoader).load(() => LateModule)).get(LateService);
    calls = 0;
    await late.clear();
    expect([await late.find('a'), await late.find('a')]).toEqual(['a 1', 'a 1']);
    expect(await late.cache.get('a')).toBe('a 1');
    await late.own('a');
    await late.clear();
    expect(await late.own('a')).toBe('a 3');
  });

  it('are cached in instances of moduleRef.create(), and of an app that is compiled but not initialised', async () => {
    const app = await start({ providers: [] });
    calls = 0;
    const created = await app.get(ModuleRef).create(Singleton);
    expect(await created.findTwice('a')).toEqual(['a 1', 'a 1']);

    @Injectable()
    class Evicting {
      @CacheEvict('Singleton.find', { all: true })
      async clear(): Promise<void> {}
    }
    const compiled = await Test.createTestingModule({
      imports: [CacheModule.forRoot()],
      providers: [Singleton, Evicting],
    }).compile();
    started.push(compiled);
    await compiled.get(Evicting).clear();
    expect(await compiled.get(Singleton).findTwice('a')).toEqual(['a 2', 'a 2']);
    await compiled.get(Evicting).clear();
    expect(await compiled.get(Singleton).find('a')).toBe('a 3');
  });

  it('do not become request-scoped by their decorators', async () => {
    const app = await start({ providers: [Singleton] });
    expect(app.get(Singleton)).toBe(app.get(Singleton));
  });

  it('are cached in a cache that is shared by name', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Reader {
      @Cacheable(Words, { key: (id: string) => id })
      async find(id: string): Promise<string> {
        return `${id} ${++calls}`;
      }
    }
    const app = await start({ imports: [CacheModule.forFeature([Words])], providers: [Reader] });
    calls = 0;
    const reader = await app.resolve(Reader);
    await reader.find('a');
    expect(await app.get(CacheRegistry).get(Words).get('a')).toBe('a 1');
  });
});
