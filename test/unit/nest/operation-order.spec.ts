import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Cacheable,
  CacheEvict,
  CacheMisuseError,
  CachePut,
  CacheRegistry,
  createCache,
  defineCache,
  type Cache,
} from '../../../lib/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words');
const Other = defineCache<string, string>('other');

describe('promise Decorators: the order of steps', () => {
  it('is evict-before → condition → key → lookup → call → put → evict-after', async () => {
    const steps: string[] = [];
    @Injectable()
    class Service {
      @CacheEvict(Other, { key: () => note('evict-after key', 'late') })
      @CacheEvict(Other, { key: () => note('evict-before key', 'early'), before: true })
      @Cacheable(Words, {
        condition: () => note('condition', true),
        key: (id: string) => note('key', id),
        unless: () => note('unless', false),
      })
      async find(id: string): Promise<string> {
        return note('call', id);
      }
    }
    function note<T>(step: string, value: T): T {
      steps.push(step);
      return value;
    }
    const app = await appOf({ providers: [Service] });
    const registry = app.get(CacheRegistry);
    const subscription = registry.events$.subscribe(({ type, key }) => steps.push(`${type} ${String(key)}`));
    const other = registry.get(Other);
    await other.put('early', 'x');
    await other.put('late', 'x');
    steps.length = 0;

    await app.get(Service).find('1');

    subscription.unsubscribe();
    expect(steps).toEqual([
      'evict-before key',
      'invalidate early',
      'condition',
      'key',
      'evict-after key',
      'miss 1',
      'call',
      'unless',
      'load 1',
      'put 1',
      'invalidate late',
    ]);
  });

  it('evicts with several @CacheEvict on one method, after a hit too', async () => {
    @Injectable()
    class Service {
      @CacheEvict(Words, { key: () => 'a' })
      @CacheEvict(Words, { key: () => 'b' })
      @Cacheable(Other, { key: () => 'only' })
      async find(): Promise<string> {
        return 'value';
      }
    }
    const app = await appOf({ providers: [Service] });
    const words = app.get(CacheRegistry).get(Words);
    await app.get(Service).find();
    await words.putAll([
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'x'],
    ]);
    await app.get(Service).find();
    expect([...(await words.getAll(['a', 'b', 'c'])).keys()]).toEqual(['c']);
  });

  it('gives @CachePut the last word beside @Cacheable, and runs the method every time', async () => {
    @Injectable()
    class Service {
      calls = 0;

      @CachePut(Words, { key: (id: string) => id })
      @Cacheable(Words, { key: (id: string) => id })
      async find(_id: string): Promise<string> {
        return `call ${++this.calls}`;
      }

      @CachePut('words')
      @Cacheable('words')
      async both(): Promise<string> {
        return `both ${++this.calls}`;
      }
    }
    const app = await appOf({ providers: [Service] });
    const words = app.get(CacheRegistry).get(Words);
    expect(await app.get(Service).find('1')).toBe('call 1');
    expect(await app.get(Service).find('1')).toBe('call 2');
    expect(await words.get('1')).toBe('call 2');
    expect(words.stats()).toMatchObject({ puts: 2, loads: 0 });
    await app.get(Service).both();
    expect(await words.get('Service.both()')).toBe('both 3');
  });
});

describe('promise Decorators: condition and unless', () => {
  it('neither looks up nor stores when condition is false', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable(Words, { key: (id: string) => id, condition: (_id: string, cached: boolean) => cached })
      async find(_id: string, _cached: boolean): Promise<string> {
        return `call ${++this.calls}`;
      }
    }
    const app = await appOf({ providers: [Service] });
    const words = app.get(CacheRegistry).get(Words);
    await app.get(Service).find('1', false);
    expect(words.stats()).toMatchObject({ gets: 0, size: 0 });
    await app.get(Service).find('1', true);
    expect(await app.get(Service).find('1', false)).toBe('call 3');
    expect(await app.get(Service).find('1', true)).toBe('call 2');
  });

  it('looks up but does not store when unless is true, and does not ask it on a hit', async () => {
    const asked: (string | null)[] = [];
    @Injectable()
    class Service {
      @Cacheable(Words, {
        unless: (result, id: string) => {
          asked.push(result ?? null, id);
          return result === null;
        },
      })
      async find(id: string): Promise<string | null> {
        return id === 'none' ? null : id;
      }
    }
    const app = await appOf({ providers: [Service] });
    const service = app.get(Service);
    for (const id of ['none', 'none', 'some', 'some']) await service.find(id);
    expect(asked).toEqual([null, 'none', null, 'none', 'some', 'some']);
    expect(app.get(CacheRegistry).get(Words).stats()).toMatchObject({ hits: 1, misses: 3, size: 1 });
  });

  it('takes a lifetime and groups from the result', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable(Words, {
        key: (id: string) => id,
        ttl: (_result, id: string) => (id === 'never' ? 0 : id === 'short' ? '1s' : undefined),
        groups: (result: string) => [`group of ${result}`],
      })
      async find(id: string): Promise<string> {
        this.calls++;
        return id;
      }
    }
    const clock = new FakeClock();
    const app = await appOf({ providers: [Service] }, { clock });
    const words = app.get(CacheRegistry).get(Words);
    const service = app.get(Service);
    for (const id of ['never', 'short', 'usual']) await service.find(id);
    expect(await words.has('never')).toBe(false);
    clock.advance(1_000);
    expect(await words.has('short')).toBe(false);
    expect((await words.entry('usual'))?.groups).toEqual(['group of usual']);
    expect(await words.invalidateGroup('group of usual')).toBe(1);
  });
});

describe('promise Decorators: a failing method', () => {
  it('evicts nothing after it and stores nothing; what is evicted before it is gone', async () => {
    @Injectable()
    class Service {
      @CacheEvict(Words, { key: () => 'after' })
      @CacheEvict(Words, { key: () => 'before', before: true })
      @CachePut(Words, { key: () => 'put' })
      async fail(): Promise<string> {
        throw new Error('broken');
      }
    }
    const app = await appOf({ providers: [Service], imports: [] }, { caches: [Words] });
    const words = app.get(CacheRegistry).get(Words);
    await words.put('after', 'x');
    await words.put('before', 'x');
    await expect(app.get(Service).fail()).rejects.toThrow('broken');
    expect([...(await words.getAll(['after', 'before', 'put'])).keys()]).toEqual(['after']);
  });

  it('rejects every caller of the call with its own error, once run, and the next call runs anew', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable()
      async find(_id: string): Promise<string> {
        throw new Error(`failure ${++this.calls}`);
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    const settled = await Promise.allSettled([service.find('1'), service.find('1')]);
    expect(settled.map((result) => (result.status === 'rejected' ? String(result.reason) : ''))).toEqual([
      'Error: failure 1',
      'Error: failure 1',
    ]);
    await expect(service.find('1')).rejects.toThrow('failure 2');
  });

  it('turns a synchronous throw of a method that returns a promise into a rejection', async () => {
    @Injectable()
    class Service {
      @Cacheable()
      find(_id: string): Promise<string> {
        throw new Error('at once');
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    await expect(service.find('1')).rejects.toThrow('at once');
  });
});

describe('promise Decorators: the method runs exactly once whatever the cache does', () => {
  it('returns the result and stores nothing when unless, ttl or groups throws', async () => {
    const fail = (): never => {
      throw new Error('user function');
    };
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable({ unless: fail })
      async unless(): Promise<number> {
        return ++this.calls;
      }
      @Cacheable({ ttl: fail })
      async ttl(): Promise<number> {
        return ++this.calls;
      }
      @Cacheable({ groups: fail })
      async groups(): Promise<number> {
        return ++this.calls;
      }
      @CachePut(Words, { key: () => 'k', unless: fail })
      async put(): Promise<string> {
        return String(++this.calls);
      }
    }
    const app = await appOf({ providers: [Service] });
    app.useLogger(false);
    const service = app.get(Service);
    expect(await service.unless()).toBe(1);
    expect(await service.unless()).toBe(2);
    expect(await service.ttl()).toBe(3);
    expect(await service.groups()).toBe(4);
    expect(await service.put()).toBe('5');
    expect(app.get(CacheRegistry).stats()).toMatchObject({ 'Service.unless': { size: 0 }, words: { size: 0 } });
  });

  it('rejects before the method runs when key or condition throws', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable({
        key: (): string => {
          throw new Error('key');
        },
      })
      async key(): Promise<number> {
        return ++this.calls;
      }
      @Cacheable({
        condition: (): boolean => {
          throw new Error('condition');
        },
      })
      async condition(): Promise<number> {
        return ++this.calls;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    await expect(service.key()).rejects.toThrow('key');
    await expect(service.condition()).rejects.toThrow('condition');
    expect(service.calls).toBe(0);
  });

  it('refuses a key of null or undefined before the method runs, naming Class.method', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable(Words, { key: (user: { id: string }) => user.id })
      async find(_user: { id: string }): Promise<string> {
        return String(++this.calls);
      }
      @CacheEvict(Words, { key: (user: { id: string }) => user.id })
      async evict(_user: { id: string }): Promise<void> {
        this.calls++;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    for (const id of [null, undefined] as unknown as string[]) {
      await expect(service.find({ id })).rejects.toThrow(CacheMisuseError);
      await expect(service.find({ id })).rejects.toThrow(`@Cacheable of Service.find: the key is ${id}`);
      await expect(service.evict({ id })).rejects.toThrow(`@CacheEvict of Service.evict: the key is ${id}`);
    }
    expect(service.calls).toBe(0);
  });

  it('runs the method alone once the app has shut down', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable(Words)
      async find(_id: string): Promise<string> {
        return String(++this.calls);
      }
    }
    const app = await appOf({ providers: [Service] });
    const service = app.get(Service);
    await service.find('1');
    await app.close();
    expect(await service.find('1')).toBe('2');
    expect(await service.find('1')).toBe('3');
  });
});

describe('a cache that is switched off', () => {
  it('installs no step: the method runs every time', async () => {
    const Off = defineCache<string, string>('off', { enabled: false });
    @Injectable()
    class Service {
      calls = 0;
      @CacheEvict(Off, { all: true })
      @CachePut(Off, { key: () => 'k' })
      @Cacheable(Off, { key: (id: string) => id })
      async find(_id: string): Promise<string> {
        return String(++this.calls);
      }
      @Cacheable({ enabled: false })
      async own(): Promise<number> {
        return ++this.calls;
      }
    }
    const app = await appOf({ providers: [Service] });
    const service = app.get(Service);
    expect([await service.find('1'), await service.find('1')]).toEqual(['1', '2']);
    expect([await service.own(), await service.own()]).toEqual([3, 4]);
    expect(app.get(CacheRegistry).get(Off).stats()).toMatchObject({ gets: 0, loads: 0 });
  });
});

describe('promise Decorators: keys', () => {
  it('tells methods and classes apart by default, and arguments by their structure', async () => {
    const calls: unknown[] = [];
    @Injectable()
    class First {
      @Cacheable('shared')
      async find(...args: unknown[]): Promise<string> {
        calls.push(args);
        return `First.find ${calls.length}`;
      }
      @Cacheable('shared')
      async other(..._args: unknown[]): Promise<string> {
        return 'First.other';
      }
    }
    @Injectable()
    class Second {
      @Cacheable('shared')
      async find(..._args: unknown[]): Promise<string> {
        return 'Second.find';
      }
    }
    const app = await appOf({ providers: [First, Second] }, { caches: [defineCache('shared')] });
    const first = app.get(First);
    expect(await first.find('1')).toBe('First.find 1');
    expect(await first.other('1')).toBe('First.other');
    expect(await app.get(Second).find('1')).toBe('Second.find');
    expect(await first.find({ a: 1, b: 2 })).toBe(await first.find({ b: 2, a: 1 }));
    const distinct = [[1], ['1'], [1n], [true], [], [null], ['1', null], [new Date(0)], [[1]], [{ 1: 1 }]];
    const results = await Promise.all(distinct.map((args) => first.find(...args)));
    expect(new Set(results).size).toBe(distinct.length);
    // An optional parameter means the same absent or undefined.
    expect(await first.find('1', undefined)).toBe(await first.find('1'));
  });

  it('gives a method a cache of its own whose keys read Class.method(args)', async () => {
    @Injectable()
    class Cities {
      @Cacheable()
      async near(_lat: number, _lon: number): Promise<string> {
        return 'here';
      }
    }
    const app = await appOf({ providers: [Cities] });
    await app.get(Cities).near(1, 2);
    const own: Cache<string, string> = app.get(CacheRegistry).get('Cities.near');
    const keys: string[] = [];
    for await (const key of own.keys()) keys.push(key);
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatch(/^Cities\.near\(.*\)$/);
    expect(await own.invalidate(keys[0] as string)).toBe(true);
  });

  it('looks at nothing but the arguments, so instances share what they cache', async () => {
    @Injectable()
    class Service {
      state = Math.max(1, 2);
      calls = 0;
      @Cacheable({ key: (id: number) => id })
      async find(id: number, _ignored: string): Promise<number> {
        this.calls++;
        return id + this.state;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    await service.find(1, 'a');
    service.state = 40;
    expect(await service.find(1, 'b')).toBe(3);
    expect(service.calls).toBe(1);
  });
});

describe('promise Load: decorated calls', () => {
  it('runs once for any number of concurrent callers: one miss, one load, n−1 joins', async () => {
    @Injectable()
    class Service {
      calls = 0;
      @Cacheable(Words)
      async find(id: string): Promise<string> {
        this.calls++;
        return id;
      }
    }
    const app = await appOf({ providers: [Service] });
    await Promise.all(Array.from({ length: 500 }, () => app.get(Service).find('1')));
    expect(app.get(Service).calls).toBe(1);
    expect(app.get(CacheRegistry).get(Words).stats()).toMatchObject({ misses: 1, loads: 1, joins: 499, hits: 0 });
  });

  it('hands out null as a value, and calls again for undefined', async () => {
    @Injectable()
    class Service {
      calls: (null | undefined)[] = [];
      @Cacheable()
      async find<T extends null | undefined>(value: T): Promise<T> {
        this.calls.push(value);
        return value;
      }
    }
    const service = (await appOf({ providers: [Service] })).get(Service);
    for (const value of [null, null, undefined, undefined]) expect(await service.find(value)).toBe(value);
    expect(service.calls).toEqual([null, undefined, undefined]);
  });

  it('outdates a running call by an eviction', async () => {
    let answer: (value: string) => void = () => {};
    @Injectable()
    class Service {
      @Cacheable(Words, { key: (id: string) => id })
      find(_id: string): Promise<string> {
        return new Promise((resolve) => (answer = resolve));
      }
      @CacheEvict(Words, { key: (id: string) => id })
      async change(_id: string): Promise<void> {}
    }
    const app = await appOf({ providers: [Service] });
    const service = app.get(Service);
    const early = service.find('1');
    await service.change('1');
    answer('old');
    expect(await early).toBe('old');
    expect(await app.get(CacheRegistry).get(Words).has('1')).toBe(false);
  });

  it('does what the same cache does outside of Nest', async () => {
    @Injectable()
    class Service {
      @Cacheable(Words, { key: (id: string) => id })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const app = await appOf({ providers: [Service] });
    const inside = new EventRecorder(app.get(CacheRegistry).get(Words).events$);
    const alone = createCache(Words);
    const outside = new EventRecorder(alone.events$);
    for (const id of ['1', '1', '2']) {
      await app.get(Service).find(id);
      await alone.getOrLoad(id, async (key) => key);
    }
    expect(inside.types()).toEqual(outside.types());
    await alone.close();
  });
});
