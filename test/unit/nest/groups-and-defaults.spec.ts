import { describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Cacheable,
  CacheDefaults,
  CacheEvict,
  CacheGroup,
  CachePut,
  CacheRegistry,
  defineCache,
} from '../../../lib/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words', { groups: ['of the cache'] });
const Other = defineCache<string, string>('other');

describe('@CacheGroup', () => {
  @CacheGroup('base')
  abstract class Base {
    @Cacheable(Words, { key: (id: string) => `inherited ${id}` })
    async inherited(id: string): Promise<string> {
      return id;
    }
  }

  @CacheGroup('class')
  @Injectable()
  class Catalog extends Base {
    @CacheGroup('method')
    @CacheGroup((id: string) => [`id:${id}`, 'listed'])
    @Cacheable(Words, { key: (id: string) => id, groups: ['option'] })
    async find(id: string): Promise<string> {
      return id;
    }

    @CachePut(Words, { key: (id: string) => id })
    @CacheGroup((id: string) => `put:${id}`)
    async save(id: string): Promise<string> {
      return id;
    }

    @CacheGroup('method')
    async undecorated(id: string): Promise<string> {
      return id;
    }

    @CacheGroup(() => '')
    @Cacheable(Words, { key: (id: string) => id })
    async badGroup(id: string): Promise<string> {
      return id;
    }
  }

  const start = async () => {
    const app = await appOf({ providers: [Catalog] });
    return { catalog: app.get(Catalog), words: app.get(CacheRegistry).get(Words) };
  };

  it('adds up: of the cache, of the classes, of the method, of the arguments, of the options', async () => {
    const { catalog, words } = await start();
    await catalog.find('1');
    await catalog.inherited('2');
    await catalog.save('3');
    const groupsOf = async (key: string) => [...((await words.entry(key))?.groups ?? [])].sort();
    const byClass = ['base', 'class', 'of the cache'];
    expect(await groupsOf('1')).toEqual([...byClass, 'id:1', 'listed', 'method', 'option'].sort());
    expect(await groupsOf('inherited 2')).toEqual(byClass);
    expect(await groupsOf('3')).toEqual([...byClass, 'put:3'].sort());
  });

  it('neither caches nor evicts by itself', async () => {
    const { catalog, words } = await start();
    await catalog.find('1');
    expect(await catalog.undecorated('1')).toBe('1');
    expect(words.stats()).toMatchObject({ size: 1, gets: 1 });
  });

  it('outdates a running call when a group of its arguments is invalidated', async () => {
    const { catalog, words } = await start();
    const running = catalog.find('1');
    await words.invalidateGroup('id:1');
    await running;
    expect(await words.has('1')).toBe(false);
  });

  it('rejects when the function returns no group', async () => {
    const { catalog } = await start();
    await expect(catalog.badGroup('1')).rejects.toThrow(
      '@Cacheable of Catalog.badGroup: a group is not a text or empty',
    );
  });
});

describe('@CacheEvict', () => {
  @Injectable()
  class Service {
    @CacheEvict({ group: (id: string) => [`id:${id}`, 'always'] })
    async everywhere(_id: string): Promise<void> {}

    @CacheEvict({ group: 'before', before: true })
    @CacheEvict({ group: 'after' })
    async around(call: () => void): Promise<string> {
      call();
      return 'returned';
    }

    @CacheEvict(Words, { group: 'shared' })
    async onlyWords(): Promise<void> {}

    @CacheEvict(Words, { matching: 'a*' })
    async glob(): Promise<void> {}

    @CacheEvict(Words, { matching: /z$/ })
    async regExp(): Promise<void> {}

    @CacheEvict(Words, { matching: (key, suffix: string) => key.endsWith(suffix) })
    async predicate(_suffix: string): Promise<void> {}

    @CacheEvict(Words, { all: true })
    async all(): Promise<void> {}

    @CacheEvict(Words, { all: true, condition: (really: boolean) => really })
    async perhaps(_really: boolean): Promise<void> {}

    @Cacheable()
    async own(id: string): Promise<string> {
      return id;
    }

    @CacheEvict('Service.own', { all: true })
    async clearOwn(): Promise<void> {}

    @CacheEvict(Words, {
      matching: () => {
        throw new Error('predicate');
      },
    })
    async failing(): Promise<string> {
      return 'result';
    }
  }

  const start = async () => {
    const app = await appOf({ providers: [Service] }, { caches: [Words, Other] });
    const registry = app.get(CacheRegistry);
    const [words, other] = [registry.get(Words), registry.get(Other)];
    for (const key of ['ab', 'az', 'bz']) await words.put(key, key, { groups: ['shared'] });
    await other.put('k', 'k', { groups: ['shared', 'id:1'] });
    const left = async () => [
      ...(await words.getAll(['ab', 'az', 'bz'])).keys(),
      ...(await other.getAll(['k'])).keys(),
    ];
    return { app, service: app.get(Service), registry, left };
  };

  it('reaches every cache with a group and no cache, and only its own with one', async () => {
    const { service, left } = await start();
    await service.everywhere('1');
    expect(await left()).toEqual(['ab', 'az', 'bz']);
    await service.onlyWords();
    expect(await left()).toEqual([]);
    const again = await start();
    await again.service.onlyWords();
    expect(await again.left()).toEqual(['k']);
  });

  it.each([
    ['a glob', (service: Service) => service.glob(), ['bz', 'k']],
    ['a regular expression', (service: Service) => service.regExp(), ['ab', 'k']],
    ['a predicate of key and arguments', (service: Service) => service.predicate('b'), ['az', 'bz', 'k']],
    ['all', (service: Service) => service.all(), ['k']],
    ['a condition that holds', (service: Service) => service.perhaps(true), ['k']],
    ['a condition that does not', (service: Service) => service.perhaps(false), ['ab', 'az', 'bz', 'k']],
  ])('evicts by %s', async (_, evict, expected) => {
    const { service, left } = await start();
    await evict(service);
    expect(await left()).toEqual(expected);
  });

  it('waits for evictions before the method runs, and before its result is returned', async () => {
    const { app, registry } = await start();
    const steps: string[] = [];
    jest.spyOn(registry, 'invalidateGroup').mockImplementation(async (group) => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`evicted ${group}`);
      return 0;
    });
    steps.push(await app.get(Service).around(() => steps.push('called')));
    expect(steps).toEqual(['evicted before', 'called', 'evicted after', 'returned']);
  });

  it("reaches a method's own cache by its name", async () => {
    const { service, registry } = await start();
    await service.own('1');
    await service.clearOwn();
    expect(registry.stats()['Service.own']?.size).toBe(0);
  });

  it('returns the result of the method when the eviction fails', async () => {
    const { app, service } = await start();
    app.useLogger(false);
    expect(await service.failing()).toBe('result');
  });
});

describe('@CacheDefaults', () => {
  it('caches nothing by itself, and the closest option wins', async () => {
    @CacheDefaults({ ttl: '1m', maxSize: 7, unless: (result: string) => result === 'skip' })
    class Base {
      @Cacheable({ key: (id: string) => id })
      async ofBase(id: string): Promise<string> {
        return id;
      }
    }

    @CacheDefaults({ ttl: '10s' })
    @Injectable()
    class Service extends Base {
      calls = 0;

      async plain(): Promise<number> {
        return ++this.calls;
      }

      @Cacheable({ ttl: '1s', unless: () => false, maxSize: 3 })
      async closest(id: string): Promise<string> {
        return id;
      }
    }

    const clock = new FakeClock();
    const app = await appOf({ providers: [Service] }, { clock, defaults: { ttl: '1h', maxSize: 9 } });
    const service = app.get(Service);
    const stats = () => app.get(CacheRegistry).stats();
    expect([await service.plain(), await service.plain()]).toEqual([1, 2]);
    expect(stats()['Service.ofBase']?.maxSize).toBe(7);
    expect(stats()['Service.closest']?.maxSize).toBe(3);
    for (const id of ['skip', 'keep']) {
      await service.ofBase(id);
      await service.closest(id);
    }
    expect([stats()['Service.ofBase']?.size, stats()['Service.closest']?.size]).toEqual([1, 2]);
    const own = (name: string) => app.get(CacheRegistry).get<string, string>(name);
    const left = async (name: string) => {
      const keys: string[] = [];
      for await (const key of own(name).keys()) keys.push(key);
      return keys.length;
    };
    clock.advance(1_000);
    expect([await left('Service.ofBase'), await left('Service.closest')]).toEqual([1, 0]);
    clock.advance(9_000);
    expect(await left('Service.ofBase')).toBe(0);
  });

  it('gives a cache to operations that name none', async () => {
    @CacheDefaults({ cache: Words, ttl: '1s' })
    @Injectable()
    class Service {
      @Cacheable({ key: (id: string) => id })
      async find(id: string): Promise<string> {
        return id;
      }
      @CachePut({ key: (id: string) => id })
      async save(_id: string, value: string): Promise<string> {
        return value;
      }
      @Cacheable(Other, { key: (id: string) => id })
      async elsewhere(id: string): Promise<string> {
        return id;
      }
      @CacheEvict({ key: (id: string) => id })
      async remove(_id: string): Promise<void> {}
    }
    const clock = new FakeClock();
    const app = await appOf({ providers: [Service] }, { clock });
    const registry = app.get(CacheRegistry);
    const service = app.get(Service);
    await service.find('1');
    await service.save('1', 'new');
    expect(await service.find('1')).toBe('new');
    await service.remove('1');
    expect(await registry.get(Words).has('1')).toBe(false);
    await service.elsewhere('1');
    await service.find('2');
    expect(registry.stats()).toMatchObject({ words: { size: 1 }, other: { size: 1 } });
    clock.advance(1_000);
    expect([await registry.get(Words).has('2'), await registry.get(Other).has('1')]).toEqual([false, false]);
  });
});
