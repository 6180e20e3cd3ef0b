import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cacheable, CacheEvict, CacheMisuseError, defineCache } from '../../../lib/index.js';
import { appOf } from './app-of.js';

const order: string[] = [];

/** Wraps a method as a decorator for transactions does, and leaves metadata on what it finds. */
function Transactional(name: string): MethodDecorator {
  return (_, key, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => Promise<unknown>;
    const wrapped = {
      async [String(key)](this: unknown, ...args: unknown[]): Promise<unknown> {
        order.push(`begin ${name}`);
        try {
          const result = await Reflect.apply(method, this, args);
          order.push(`commit ${name}`);
          return result;
        } catch (error) {
          order.push(`rollback ${name}`);
          throw error;
        }
      },
    }[String(key)] as typeof method;
    for (const each of Reflect.getMetadataKeys(method) as unknown[]) {
      Reflect.defineMetadata(each, Reflect.getMetadata(each, method), wrapped);
    }
    Reflect.defineMetadata('transaction', name, wrapped);
    descriptor.value = wrapped as never;
  };
}

const Users = defineCache<string, string>('users');
const Anything = defineCache<string, unknown>('anything');
const ByObject = defineCache<object, unknown>('by object');

@Injectable()
class Service {
  calls = 0;

  @Transactional('around the cache')
  @Cacheable(Users, { key: (id: string) => `above ${id}` })
  async above(id: string): Promise<string> {
    this.calls++;
    return id;
  }

  @Cacheable(Users, { key: (id: string) => `below ${id}` })
  @Transactional('inside the cache')
  async below(id: string): Promise<string> {
    this.calls++;
    return id;
  }

  @CacheEvict(Users, { key: (id: string) => `below ${id}` })
  @Transactional('of the change')
  async change(id: string, fails: boolean): Promise<void> {
    if (fails) throw new Error(id);
  }

  @Cacheable({ ttl: '1m' })
  async ofAnything(value: unknown): Promise<number> {
    this.calls++;
    return typeof value === 'string' ? value.length : 0;
  }
}

describe('promise Decorators: beside a decorator that wraps the method, in any order', () => {
  it('above it sees every call; below, only those that reach the method', async () => {
    const app = await appOf({ providers: [Service] }, { caches: [Users] });
    const service = app.get(Service);
    order.length = 0;
    for (let call = 0; call < 2; call++) {
      expect(await service.above('a')).toBe('a');
      expect(await service.below('a')).toBe('a');
    }
    expect(service.calls).toBe(2);
    expect(order).toEqual([
      'begin around the cache',
      'commit around the cache',
      'begin inside the cache',
      'commit inside the cache',
      'begin around the cache',
      'commit around the cache',
    ]);
  });

  it('evicts after the commit, and nothing after a rollback', async () => {
    const app = await appOf({ providers: [Service] }, { caches: [Users] });
    const service = app.get(Service);
    await service.below('a');
    await expect(service.change('a', true)).rejects.toThrow('a');
    await service.below('a');
    expect(service.calls).toBe(1);
    await service.change('a', false);
    await service.below('a');
    expect(service.calls).toBe(2);
  });

  it('keeps what it left on the method', () => {
    const { above, below } = Service.prototype;
    expect(Reflect.getMetadata('transaction', above)).toBe('around the cache');
    expect(Reflect.getMetadata('transaction', below)).toBe('inside the cache');
    expect([above.name, below.name]).toEqual(['above', 'below']);
  });
});

describe('promise Decorators: arguments that cannot be a key', () => {
  it.each([
    [
      'circular ones',
      (): unknown => {
        const circular: { self?: unknown } = {};
        circular.self = circular;
        return circular;
      },
      'leads back to an object that holds it',
    ],
    ['a huge text in an object', (): unknown => ({ text: 'x'.repeat(5_000_000) }), 'more than 1048576 characters'],
    [
      'a huge list',
      (): unknown => Array.from({ length: 200_000 }, (_, id) => ({ id })),
      'holds more than 10000 values',
    ],
  ])('%s are refused on each call, before the method runs, saying what to do', async (_, make, problem) => {
    const app = await appOf({ providers: [Service] }, { caches: [Users] });
    const service = app.get(Service);
    for (let call = 0; call < 2; call++) {
      await expect(service.ofAnything(make())).rejects.toThrow(problem);
      await expect(service.ofAnything(make())).rejects.toThrow('give a key function');
    }
    expect(service.calls).toBe(0);
  });

  @Injectable()
  class Keyed {
    calls = 0;

    @Cacheable()
    async own(...args: unknown[]): Promise<unknown> {
      this.calls++;
      return args.length;
    }

    @Cacheable({ key: (argument: unknown) => argument })
    async ownByKey(_argument: unknown): Promise<unknown> {
      return this.calls++;
    }

    @Cacheable(Anything)
    async named(_argument: unknown): Promise<unknown> {
      return this.calls++;
    }

    @Cacheable(ByObject, { key: (argument: unknown) => argument as object })
    async namedByKey(_argument: unknown): Promise<unknown> {
      return this.calls++;
    }
  }

  const circular: { self?: unknown } = {};
  circular.self = circular;

  it.each<[string, keyof Omit<Keyed, 'calls'>, unknown[]]>([
    ['a circular argument', 'own', [circular]],
    ['a function', 'own', [() => 1]],
    ['a symbol', 'own', [Symbol('s')]],
    ['a symbol as the second argument', 'own', [1, Symbol('s')]],
    ['a function as the third argument', 'own', [1, 2, () => 1]],
    ['two texts that are too long together', 'own', ['x'.repeat(600_000), 'y'.repeat(600_000)]],
    ['a promise', 'named', [Promise.resolve()]],
    ['a circular argument of a named cache', 'named', [circular]],
    ['a function that its key function returns', 'ownByKey', [() => 1]],
    ['a circular object that its key function returns', 'namedByKey', [circular]],
  ])('%s rejects with an error that names Class.method and the option key', async (_, method, args) => {
    const service = (await appOf({ providers: [Keyed] }, { caches: [Anything, ByObject] })).get(Keyed);
    const call: (...args: unknown[]) => Promise<unknown> = service[method].bind(service);
    const error = await call(...args).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(CacheMisuseError);
    expect(String(error)).toContain(`@Cacheable of Keyed.${method}: `);
    expect(String(error)).toContain('option key');
    expect(String(error)).toContain('the method did not run');
    expect(service.calls).toBe(0);
  });
});
