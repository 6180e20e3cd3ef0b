import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Injectable, SetMetadata } from '@nestjs/common';
import { Cacheable, CacheEvict, CachePut, defineCache } from '../../../lib/index.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words');

/** A decorator that replaces the method and calls it, as a tracing one does. */
function Traced(log: string[]): MethodDecorator {
  return (_target, name, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const traced = function (this: unknown, ...args: unknown[]): unknown {
      log.push(`traced ${String(name)}`);
      return method.apply(this, args);
    };
    descriptor.value = traced as unknown as NonNullable<typeof descriptor.value>;
  };
}

describe('promise Decorators: what others left on a method survives', () => {
  it('keeps its name, its length, its metadata and its properties, above and below', () => {
    const Marked: MethodDecorator = (_target, _name, descriptor) => {
      Object.assign(descriptor.value as object, { marked: true });
    };
    class Service {
      @SetMetadata('above', 1)
      @Cacheable(Words)
      @SetMetadata('between', 2)
      @CacheEvict(Words, { all: true })
      @SetMetadata('below', 3)
      @Marked
      async find(_first: string, _second: string, _third = ''): Promise<string> {
        return '';
      }
    }
    const { find } = Service.prototype;
    expect([find.name, find.length]).toEqual(['find', 2]);
    expect(['above', 'between', 'below'].map((key) => Reflect.getMetadata(key, find) as number)).toEqual([1, 2, 3]);
    expect(find).toHaveProperty('marked', true);
    expect(Reflect.getMetadata('design:returntype', Service.prototype, 'find')).toBe(Promise);
    expect(Object.keys(Service.prototype)).toEqual([]);
    expect(find).not.toHaveProperty('prototype');
  });

  it('wraps once, however many decorators of ours stand on a method and whatever stands between', async () => {
    const log: string[] = [];
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable(Words, { key: (id: string) => id })
      @Traced(log)
      @CachePut(Words, { key: (id: string) => `copy of ${id}`, condition: (id: string) => id === 'never' })
      async find(_id: string): Promise<string> {
        return String(++this.calls);
      }
      @Traced(log)
      @Cacheable(Words, { key: () => 'constant' })
      async above(): Promise<string> {
        return String(++this.calls);
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    expect([await service.find('1'), await service.find('1'), service.calls]).toEqual(['1', '1', 1]);
    expect([await service.above(), await service.above(), service.calls]).toEqual(['2', '2', 2]);
    expect(log).toEqual(['traced find', 'traced find', 'traced above', 'traced above']);
  });

  it('adds nothing to instances that a copy, a comparison or a listing shows', async () => {
    @Injectable()
    class Service {
      readonly own = 1;
      @Cacheable(Words)
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    await service.find('1');
    expect(Object.keys(service)).toEqual(['own']);
    expect(Reflect.ownKeys({ ...service })).toEqual(['own']);
    expect(service).toStrictEqual(new Service());
  });

  it('works for methods named by a symbol', async () => {
    const find = Symbol('find');
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable()
      async [find](): Promise<number> {
        return ++this.calls;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    expect([await service[find](), await service[find]()]).toEqual([1, 1]);
  });
});

describe('a decorated method', () => {
  it('is called with exactly the arguments that were given, whatever their number', async () => {
    const seen: unknown[][] = [];
    @Injectable()
    class Service {
      @Cacheable()
      async own(first?: unknown, second: unknown = 'default', ...rest: unknown[]): Promise<unknown> {
        seen.push([first, second, ...rest]);
        return seen.length;
      }
      @Cacheable(Words, { key: (...args: unknown[]) => `key of ${args.length}` })
      async keyed(...args: unknown[]): Promise<string> {
        seen.push(args);
        return String(seen.length);
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    const calls = [[], ['a'], ['a', 'b'], ['a', undefined], ['a', 'b', 'c'], ['a', 'b', 'c', undefined, 'd']];
    for (const args of calls) await service.keyed(...args);
    expect(seen.splice(0)).toEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', undefined, 'd']]);
    for (const args of calls) await service.own(...args);
    expect(seen.splice(0)).toEqual([
      [undefined, 'default'],
      ['a', 'default'],
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c', undefined, 'd'],
    ]);
    for (const args of [...calls, [undefined], [undefined, undefined]]) await service.own(...args);
    expect(seen).toEqual([]);
  });

  it('has its key computed once for each call, and rejects with what that throws', async () => {
    const keys: string[] = [];
    const keyOf = (...ids: string[]): string => {
      keys.push(ids.join('+'));
      if (ids.includes('bad')) throw new RangeError('bad id');
      return ids.join('+');
    };
    @Injectable()
    class Service {
      @Cacheable(Words, { key: (id: string) => keyOf(id) })
      async one(id: string): Promise<string> {
        return id;
      }
      @Cacheable(Words, { key: (first: string, second: string) => keyOf(first, second) })
      async two(first: string, second: string): Promise<string> {
        return first + second;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    for (let call = 0; call < 2; call++) {
      expect([await service.one('a'), await service.two('a', 'b')]).toEqual(['a', 'ab']);
    }
    expect(keys).toEqual(['a', 'a+b', 'a', 'a+b']);
    await expect(service.one('bad')).rejects.toThrow(new RangeError('bad id'));
    await expect(service.two('a', 'bad')).rejects.toThrow(new RangeError('bad id'));
  });

  it('uses the caches of an instance when it is called on an object that inherits from it', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable()
      async find(id: string): Promise<string> {
        return `${id} ${++this.calls}`;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    expect(await service.find('a')).toBe('a 1');
    const heir = Object.create(service) as Service;
    expect([await heir.find('a'), await service.find('a')]).toEqual(['a 1', 'a 1']);
  });
});
