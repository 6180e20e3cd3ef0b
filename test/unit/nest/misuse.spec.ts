import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EMPTY, Observable } from 'rxjs';
import {
  Cacheable,
  CacheableAll,
  CacheDefaults,
  CacheEvict,
  CacheGroup,
  CacheMisuseError,
  CacheOptionsError,
  CachePut,
  CacheUnknownError,
  defineCache,
  defineMemoryCache,
  getCacheToken,
  InjectCache,
  isCacheError,
  OnCacheEvent,
} from '../../../lib/index.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words');

/** A decorator of ours without its type, as a JavaScript user has it. */
type Untyped = (...args: readonly unknown[]) => (target: object, name: string, descriptor?: PropertyDescriptor) => void;
const untyped = { Cacheable, CacheableAll, CachePut, CacheEvict, CacheGroup, OnCacheEvent } as unknown as Record<
  string,
  Untyped
>;

/** What applying a decorator to `Cities.find` throws. */
function refusal(decorator: string, ...args: readonly unknown[]): unknown {
  class Cities {
    async find(): Promise<void> {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Cities.prototype, 'find');
  try {
    untyped[decorator]?.(...args)(Cities.prototype, 'find', descriptor);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('promise Decorators: misuse is reported while the class is being defined', () => {
  it.each(Object.keys(untyped))('on a static member, a field and an accessor: %s', (decorator) => {
    class Cities {
      static async all(): Promise<void> {}
      get size(): number {
        return 0;
      }
    }
    const argumentsOf: Record<string, unknown[]> = {
      CacheableAll: [Words, { key: String }],
      CacheGroup: ['g'],
      CacheEvict: [Words, { all: true }],
    };
    const apply = (target: object, name: string) => (): void => {
      const descriptor = Object.getOwnPropertyDescriptor(target, name);
      untyped[decorator]?.(...(argumentsOf[decorator] ?? []))(target, name, descriptor);
    };
    expect(apply(Cities, 'all')).toThrow(`@${decorator} stands on the static member Cities.all`);
    expect(apply(Cities.prototype, 'size')).toThrow(`@${decorator} stands on Cities.size, which is no method`);
    expect(apply(Cities.prototype, 'field')).toThrow(CacheMisuseError);
  });

  it.each([
    ['Cacheable', [{ ttl: '5 minutes' }], 'ttl must be milliseconds'],
    ['Cacheable', [{ ttl: -1 }], 'ttl must be milliseconds'],
    ['Cacheable', [{ tll: '5m' }], 'tll is not an option; did you mean ttl?'],
    ['Cacheable', [{ key: 'id' }], 'key must be a function'],
    ['Cacheable', [{ groups: [1] }], 'groups must be a list of texts'],
    ['Cacheable', [{ maxItems: 0 }], 'maxItems must be a whole number'],
    ['Cacheable', [{ name: '' }], 'name must be a text'],
    ['Cacheable', [Words, { maxSize: 5 }], "maxSize describes a method's own cache; give it to defineCache()"],
    ['Cacheable', [''], 'names no cache'],
    [
      'Cacheable',
      [undefined],
      '@Cacheable of Cities.find: its cache is undefined, most likely because of a circular import',
    ],
    ['Cacheable', [undefined, { ttl: 5 }], '@Cacheable of Cities.find: its cache is undefined'],
    ['CacheableAll', [undefined, { key: () => 'k' }], '@CacheableAll of Cities.find: its cache is undefined'],
    ['CachePut', [undefined, { key: () => 'k' }], '@CachePut of Cities.find: its cache is undefined'],
    ['CacheEvict', [undefined, { all: true }], '@CacheEvict of Cities.find: its cache is undefined'],
    ['OnCacheEvent', [undefined], '@OnCacheEvent of Cities.find: its cache is undefined'],
    ['Cacheable', [42], 'its options must be an object'],
    ['Cacheable', [defineMemoryCache('engine')], 'names "engine", a MemoryCache'],
    ['Cacheable', [Words, { staleIfError: 'long' }], 'staleIfError must be milliseconds'],
    ['Cacheable', [Words, { refreshAhead: 1 }], 'refreshAhead must be a number above 0 and below 1'],
    ['Cacheable', [Words, { loadTimeout: { hart: 1 } }], 'hart is not an option; did you mean hard?'],
    ['Cacheable', [Words, { abortWhenAbandoned: 'yes' }], 'abortWhenAbandoned must be one of true, false'],
    ['Cacheable', [Words, { signal: 1 }], 'signal is not an option'],
    ['CacheableAll', [Words], 'key must be a function of one id'],
    ['CacheableAll', [Words, { key: 'id' }], 'key must be a function'],
    ['CacheableAll', [Words, { key: String, maxSize: 5 }], 'maxSize is not an option'],
    ['CacheableAll', [Words, { key: String, errorTtl: -1 }], 'errorTtl must be milliseconds'],
    ['CachePut', [Words, { errorTtl: '1s' }], 'errorTtl is not an option'],
    ['CachePut', [Words, { key: 'id' }], 'key must be a function'],
    ['CachePut', [Words, { all: true }], 'all is not an option'],
    ['CacheEvict', [Words], 'must name exactly one of key, group, matching and all: true'],
    ['CacheEvict', [Words, { all: true, group: 'x' }], 'must name exactly one of key, group, matching and all: true'],
    ['CacheEvict', [Words, { all: 'yes' }], 'all must be true'],
    ['CacheEvict', [Words, { matching: 7 }], 'matching must be a glob'],
    ['CacheEvict', [Words, { all: true, before: 'yes' }], 'before must be one of true, false'],
    ['CacheGroup', [''], 'group must be a text that is not empty'],
    ['OnCacheEvent', [Words, 'delete'], '"delete" is no type of event; there are hit, miss'],
    ['OnCacheEvent', [42], "the first argument must be a cache's definition"],
  ])('@%s(%j)', (decorator, args, message) => {
    const error = refusal(decorator, ...args);
    expect(isCacheError(error, 'CACHE_MISUSE')).toBe(true);
    expect(String(error)).toContain(`@${decorator} of Cities.find`);
    expect(String(error)).toContain(message);
  });

  it('names the circular import where @CacheDefaults, @InjectCache and getCacheToken() get undefined', () => {
    const decorate = (): unknown => {
      @CacheDefaults({ cache: undefined })
      class Cities {}
      return Cities;
    };
    expect(decorate).toThrow(
      '@CacheDefaults of Cities: its cache is undefined, most likely because of a circular import',
    );
    const inject = 'the cache to inject is undefined, most likely because of a circular import';
    expect(() => InjectCache(undefined as never)).toThrow(inject);
    expect(() => getCacheToken(undefined as never)).toThrow(inject);
    expect(() => InjectCache({ name: 'users' } as never)).toThrow('the cache to inject is an object');
    expect(() => InjectCache(Words)).not.toThrow();
  });

  it('names every problem of the options at once', () => {
    expect(String(refusal('Cacheable', { ttl: 'x', key: 1, conditon: true }))).toMatch(/conditon.*ttl.*key/);
  });

  it('refuses a second @Cacheable on one method', () => {
    expect(() => {
      class Cities {
        @Cacheable()
        @Cacheable(Words)
        async find(): Promise<string> {
          return '';
        }
      }
      return Cities;
    }).toThrow('Cities.find has two @Cacheable decorators');
  });

  it('refuses a @CacheableAll beside another decorator that stores', () => {
    expect(() => {
      class Cities {
        @CacheableAll(Words, { key: (id: string) => id })
        @Cacheable()
        async find(_ids: string[]): Promise<never[]> {
          return [];
        }
      }
      return Cities;
    }).toThrow('Cities.find has a @CacheableAll beside another decorator that stores its result');
  });

  it('refuses bad class defaults', () => {
    const decorate = (options: object) => () => CacheDefaults(options)(class Cities {});
    expect(decorate({ ttl: 'soon' })).toThrow('@CacheDefaults of Cities: ttl must be milliseconds');
    expect(decorate({ cache: Words, maxSize: 1 })).toThrow(CacheMisuseError);
    expect(decorate({ group: 'x' })).toThrow('group is not an option');
    expect(decorate({ cache: Words, staleIfError: 'x' })).toThrow('staleIfError must be milliseconds');
  });
});

describe('promise Decorators: misuse is reported at bootstrap, naming Class.method', () => {
  /** What the bootstrap of an app with this provider rejects with. */
  const bootstrapOf = (provider: new () => object, ...caches: ReturnType<typeof defineCache<string, string>>[]) =>
    appOf({ providers: [Injectable()(provider) ?? provider] }, { caches });

  it('for a cache that nothing defines', async () => {
    class Cities {
      @Cacheable('nowhere')
      async find(): Promise<string> {
        return '';
      }
    }
    const starting = bootstrapOf(Cities, Words);
    await expect(starting).rejects.toThrow(CacheUnknownError);
    await expect(starting).rejects.toThrow('@Cacheable of Cities.find asks for cache "nowhere"');
  });

  it('for two definitions of one name with different options', async () => {
    class Cities {
      @Cacheable(defineCache<string, string>('words', { ttl: '1s' }))
      async find(): Promise<string> {
        return '';
      }
    }
    await expect(bootstrapOf(Cities, Words)).rejects.toThrow(
      /"words" is defined twice with different options, by CacheModule.forRoot\(\) and by @Cacheable of Cities.find/,
    );
  });

  it('for a method whose metadata shows that it is synchronous', async () => {
    class Cities {
      // @ts-expect-error -- the compiler refuses it too
      @Cacheable()
      count(): number {
        return 1;
      }
    }
    await expect(bootstrapOf(Cities)).rejects.toThrow('Cities.count is synchronous');
    class Sequences {
      // @ts-expect-error -- the compiler refuses it too
      @Cacheable()
      *values(): Generator<number> {
        yield 1;
      }
    }
    await expect(bootstrapOf(Sequences)).rejects.toThrow('Sequences.values is synchronous');
  });

  it('for two classes of one name with a cache of their own', async () => {
    const make = (): new () => object => {
      class Cities {
        @Cacheable()
        async find(): Promise<string> {
          return '';
        }
      }
      return Cities;
    };
    await expect(appOf({ providers: [make(), make()] })).rejects.toThrow(/Cities\.find.*name/s);
  });

  it('for options of its own cache that are wrong', async () => {
    class Cities {
      @Cacheable({ maxSize: 0 })
      async find(): Promise<string> {
        return '';
      }
    }
    const starting = bootstrapOf(Cities);
    await expect(starting).rejects.toThrow(CacheOptionsError);
    await expect(starting).rejects.toThrow(/Cities\.find.*maxSize/);
  });

  it('for @CachePut under a key that no other method reads', async () => {
    class Cities {
      @CachePut(Words)
      async save(): Promise<string> {
        return '';
      }
    }
    await expect(bootstrapOf(Cities)).rejects.toThrow('@CachePut of Cities.save needs key');
  });

  it('for a @CacheableAll that names no cache, or stands on a method that returns no Promise', async () => {
    class Cities {
      @CacheableAll({ key: (id: string) => id })
      async find(_ids: string[]): Promise<string[]> {
        return [];
      }
    }
    class Countries {
      // @ts-expect-error -- the compiler refuses it too
      @CacheableAll(Words, { key: (id: string) => id })
      find(_ids: string[]): Observable<string[]> {
        return EMPTY;
      }
    }
    await expect(bootstrapOf(Cities)).rejects.toThrow('@CacheableAll of Cities.find names no cache');
    await expect(bootstrapOf(Countries)).rejects.toThrow(
      '@CacheableAll of Countries.find stands on a method that returns no Promise',
    );
  });

  it('for operations that need a cache and name none', async () => {
    class Cities {
      @CachePut({ key: () => 'k' })
      async save(): Promise<string> {
        return '';
      }
    }
    class Countries {
      @CacheEvict({ all: true })
      async clear(): Promise<void> {}
    }
    await expect(bootstrapOf(Cities)).rejects.toThrow('@CachePut of Cities.save names no cache');
    await expect(bootstrapOf(Countries)).rejects.toThrow('@CacheEvict of Countries.clear names no cache');
  });
});

describe('promise Decorators: misuse is reported at the call', () => {
  it('lets a synchronous result through uncached once, and refuses the next call', async () => {
    @Injectable()
    class Cities {
      calls = 0;

      @Cacheable()
      count(): ReturnType<typeof JSON.parse> {
        return ++this.calls;
      }
    }
    const cities = (await appOf({ providers: [Cities] })).get(Cities);
    expect(cities.count()).toBe(1);
    expect(() => cities.count() as unknown).toThrow(CacheMisuseError);
    expect(() => cities.count() as unknown).toThrow('Cities.count is synchronous');
    expect(cities.calls).toBe(1);
  });

  it('learns from the first result what a method of undeclared type returns', async () => {
    @Injectable()
    class Cities {
      calls = 0;
      @Cacheable()
      find(id: string): Promise<string> | Observable<string> {
        this.calls++;
        return Promise.resolve(id);
      }
    }
    const cities = (await appOf({ providers: [Cities] })).get(Cities);
    const [first, second] = [cities.find('1'), cities.find('1')];
    expect([await first, await second, await cities.find('1')]).toEqual(['1', '1', '1']);
    expect(cities.calls).toBe(1);
  });
});
