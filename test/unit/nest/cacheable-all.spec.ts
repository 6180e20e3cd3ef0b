import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EMPTY } from 'rxjs';
import {
  Cacheable,
  CacheableAll,
  CacheDefaults,
  CacheEvict,
  CacheGroup,
  CacheOperationInterceptor,
  CacheReentrancyError,
  CacheRegistry,
  currentLoad,
  defineCache,
  isCacheError,
} from '../../../lib/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';
import { appOf } from './app-of.js';
import { deferred, settled } from '../cache/deferred.js';

const Words = defineCache<string, string>('words', { ttl: 1_000 });
const Fresh = defineCache<string, string>('fresh', { ttl: 1_000, staleWhileRevalidate: 10_000, staleIfError: 10_000 });
const Off = defineCache<string, string>('off', { enabled: false });
const Small = defineCache<string, string>('small', {
  bulkLoader: (keys) => new Map(keys.map((key) => [key, key])),
  batch: { maxSize: 2 },
});

@Injectable()
class Dictionary {
  readonly asked: unknown[][] = [];
  answer = async (ids: readonly string[]): Promise<(string | null | undefined)[]> => ids.map((id) => id.toUpperCase());

  @CacheableAll(Words, { key: (id: string) => id })
  async findAll(ids: readonly string[], ...further: unknown[]): Promise<(string | null | undefined)[]> {
    this.asked.push([[...ids], ...further]);
    return this.answer(ids);
  }

  @Cacheable(Words, { key: (id: string) => id })
  async find(id: string): Promise<string | null | undefined> {
    this.asked.push([id]);
    return (await this.answer([id]))[0];
  }

  @CacheableAll(Words, {
    key: (id: string, language: string) => `${language}/${id}`,
    condition: (ids: string[]) => !ids.includes('uncached'),
    unless: (word: string) => word === 'SKIPPED',
    ttl: (word: string) => (word === 'SHORT' ? 10 : undefined),
    groups: (word: string, id: string, language: string) => [`${word}-${id}-${language}`],
  })
  @CacheGroup((id: string, language: string) => `${language}:${id}`)
  @CacheGroup('all')
  async findIn(ids: string[], language: string): Promise<string[]> {
    this.asked.push([[...ids], language]);
    return (await this.answer(ids)) as string[];
  }

  @CacheableAll(Words, { key: (id: string) => id, negativeTtl: 100, errorTtl: 100 })
  async findRare(ids: string[]): Promise<(string | null | undefined)[]> {
    this.asked.push([[...ids]]);
    return this.answer(ids);
  }

  @CacheableAll(Fresh, { key: (id: string) => id })
  async findFresh(ids: string[]): Promise<string[]> {
    this.asked.push([[...ids]]);
    return (await this.answer(ids)) as string[];
  }

  @CacheableAll(Words, { key: (id: string) => id })
  @CacheEvict(Words, { group: 'before', before: true })
  @CacheEvict(Words, { group: 'after' })
  async around(ids: string[]): Promise<string[]> {
    return ids;
  }

  @CacheableAll(Off, { key: (id: string) => id })
  async off(ids: string[]): Promise<string[]> {
    this.asked.push([ids]);
    return ids;
  }

  @CacheableAll(Small, { key: (id: string) => id })
  async inBatches(ids: string[]): Promise<string[]> {
    this.asked.push([ids]);
    return ids;
  }

  @CacheableAll(Words, { key: (id: string) => id })
  async recursive(ids: string[]): Promise<string[]> {
    return [(await this.find(ids[0] ?? '')) ?? ''];
  }

  @CacheableAll(Words, { key: (id: string | undefined) => id as string })
  async withoutKey(ids: (string | undefined)[]): Promise<string[]> {
    this.asked.push([ids]);
    return [];
  }

  @CacheableAll(Words, { key: (id: string) => id })
  async withContext(ids: string[]): Promise<string[]> {
    currentLoad()?.groups('said of all');
    currentLoad()?.of('b').ttl(5);
    currentLoad()?.of('c').skip();
    return ids;
  }
}

async function start() {
  const clock = new FakeClock();
  const app = await appOf({ providers: [Dictionary] }, { clock });
  const registry = app.get(CacheRegistry);
  const words = registry.get(Words);
  return { app, clock, registry, words, service: app.get(Dictionary), events: new EventRecorder(words.events$) };
}

describe('@CacheableAll', () => {
  it('calls the method for the missing ids only, in one call, and answers in the order of the ids', async () => {
    const { service, words } = await start();
    await words.put('b', 'cached');
    expect(await service.findAll(['c', 'b', 'a'], 'further', 1)).toEqual(['C', 'cached', 'A']);
    expect(await service.findAll(['a', 'b', 'c', 'd'])).toEqual(['A', 'cached', 'C', 'D']);
    expect(service.asked).toEqual([[['c', 'a'], 'further', 1], [['d']]]);
    expect(words.stats()).toMatchObject({ hits: 4, misses: 3, loads: 2, puts: 1 });
  });

  it('asks for an id that is there twice once', async () => {
    const { service } = await start();
    expect(await service.findAll(['a', 'b', 'a'])).toEqual(['A', 'B', 'A']);
    expect(service.asked).toEqual([[['a', 'b']]]);
  });

  it('does not call the method for no ids, nor when all are cached', async () => {
    const { service } = await start();
    expect(await service.findAll([])).toEqual([]);
    await service.findAll(['a']);
    expect(await service.findAll(['a'])).toEqual(['A']);
    expect(service.asked).toHaveLength(1);
  });

  it('gives each caller an array of its own', async () => {
    const { service } = await start();
    const first = await service.findAll(['a']);
    first.push('mine');
    expect(await service.findAll(['a'])).toEqual(['A']);
  });

  it('shares values and running loads with @Cacheable of the same cache and key', async () => {
    const { service, words } = await start();
    const answers = deferred<void>();
    service.answer = async (ids) => {
      await answers.promise;
      return ids.map((id) => id.toUpperCase());
    };
    const calls = [service.find('a'), service.findAll(['a', 'b']), service.find('b'), service.findAll(['b', 'c', 'a'])];
    answers.resolve();
    expect(await Promise.all(calls)).toEqual(['A', ['A', 'B'], 'B', ['B', 'C', 'A']]);
    expect(service.asked).toEqual([['a'], [['b']], [['c']]]);
    expect(words.stats()).toMatchObject({ misses: 3, loads: 3, joins: 4 });
    expect(await service.find('c')).toBe('C');
  });

  it('stores null as a value and remembers undefined only with negativeTtl', async () => {
    const { service, clock } = await start();
    service.answer = async (ids) => ids.map((id) => (id === 'null' ? null : undefined));
    expect(await service.findAll(['null', 'none'])).toEqual([null, undefined]);
    await service.findAll(['null', 'none']);
    expect(service.asked).toEqual([[['null', 'none']], [['none']]]);

    await service.findRare(['other', 'none']);
    expect(await service.findRare(['other', 'none'])).toEqual([undefined, undefined]);
    expect(service.asked).toHaveLength(3);
    clock.advance(101);
    await service.findRare(['none']);
    expect(service.asked).toHaveLength(4);
  });

  it('gives its functions one id in the place of the list, and decides for each value', async () => {
    const { service, words, clock } = await start();
    await service.findIn(['a', 'skipped', 'short'], 'en');
    expect(await words.has('en/skipped')).toBe(false);
    expect((await words.entry('en/a'))?.groups.toSorted()).toEqual(['A-a-en', 'all', 'en:a']);
    expect((await words.entry('en/short'))?.ttlLeftMs).toBe(10);
    clock.advance(11);
    await service.findIn(['a', 'short'], 'en');
    await service.findIn(['a'], 'de');
    expect(service.asked).toEqual([
      [['a', 'skipped', 'short'], 'en'],
      [['short'], 'en'],
      [['a'], 'de'],
    ]);
  });

  it('asks condition once, for the whole call', async () => {
    const { service, words } = await start();
    await service.findIn(['a'], 'en');
    await service.findIn(['a', 'uncached'], 'en');
    expect(service.asked[1]).toEqual([['a', 'uncached'], 'en']);
    expect(words.stats()).toMatchObject({ size: 1, gets: 1 });
  });

  it('promise Fence: outdates only the value whose group is invalidated during the load', async () => {
    const { service, words } = await start();
    const answers = deferred<void>();
    service.answer = async (ids) => {
      await answers.promise;
      return [...ids];
    };
    const running = service.findIn(['a', 'b'], 'en');
    await words.invalidateGroup('en:a');
    answers.resolve();
    expect(await running).toEqual(['a', 'b']);
    expect([await words.has('en/a'), await words.has('en/b')]).toEqual([false, true]);
  });

  it.each([
    ['too few values', async () => ['one']],
    ['too many values', async () => ['one', 'two', 'three']],
    ['no array', async () => 'ab' as never],
  ])('rejects and stores nothing when the method returns %s', async (_, answer) => {
    const { service, words, events } = await start();
    service.answer = answer;
    const call = service.findAll(['a', 'b']);
    await expect(call).rejects.toThrow('@CacheableAll of Dictionary.findAll: the method was called with 2 ids');
    expect(isCacheError(await call.catch((error: unknown) => error), 'CACHE_MISUSE')).toBe(true);
    expect(words.stats().size).toBe(0);
    expect(events.of('loadError')).toHaveLength(2);
    service.answer = async (ids) => [...ids];
    expect(await service.findAll(['a', 'b'])).toEqual(['a', 'b']);
  });

  it('rejects when the first argument is no array, and when an id has no key, before the method runs', async () => {
    const { service } = await start();
    await expect(service.findAll('a' as never)).rejects.toThrow(
      '@CacheableAll of Dictionary.findAll: the first argument must be an array of ids; it was "a"',
    );
    await expect(service.withoutKey(['a', undefined])).rejects.toThrow(
      'the key is undefined, so the method did not run',
    );
    expect(service.asked).toEqual([]);
  });

  it('gives its error to all who wait, and keeps it only with errorTtl', async () => {
    const { service, clock } = await start();
    service.answer = () => Promise.reject(new Error('down'));
    await Promise.all([service.findAll(['a']), service.find('a')].map((call) => expect(call).rejects.toThrow('down')));
    await expect(service.findRare(['a'])).rejects.toThrow('down');
    await expect(service.find('a')).rejects.toThrow('down');
    expect(service.asked).toHaveLength(2);
    clock.advance(101);
    service.answer = async () => ['up'];
    expect(await service.findRare(['a'])).toEqual(['up']);
  });

  it('promise Stale: serves stale values at once, and loads all of them behind in one call', async () => {
    const { service, clock } = await start();
    await service.findFresh(['a', 'b']);
    clock.advance(2_000);
    service.answer = async (ids) => ids.map((id) => `new ${id}`);
    expect(await service.findFresh(['a', 'b', 'c'])).toEqual(['A', 'B', 'new c']);
    await settled();
    expect(service.asked).toEqual([[['a', 'b']], [['c']], [['a', 'b']]]);
    expect(await service.findFresh(['a', 'b'])).toEqual(['new a', 'new b']);
  });

  it('makes failures of the load behind events, and rests afterwards', async () => {
    const { service, clock, registry } = await start();
    const events = new EventRecorder(registry.get(Fresh).events$);
    await service.findFresh(['a']);
    clock.advance(2_000);
    service.answer = () => Promise.reject(new Error('down'));
    expect(await service.findFresh(['a'])).toEqual(['A']);
    await settled();
    expect(await service.findFresh(['a'])).toEqual(['A']);
    expect(service.asked).toHaveLength(2);
    expect(events.of('loadError')).toMatchObject([{ key: 'a', cause: 'refresh', error: new Error('down') }]);
  });

  it('takes what currentLoad() says of all values, and of single ones', async () => {
    const { service, words } = await start();
    await service.withContext(['a', 'b', 'c']);
    expect(await words.entry('a')).toMatchObject({ ttlLeftMs: 1_000, groups: ['said of all'] });
    expect(await words.entry('b')).toMatchObject({ ttlLeftMs: 5, groups: ['said of all'] });
    expect(await words.has('c')).toBe(false);
  });

  it('promise Load: reports a method that waits for a value it loads itself', async () => {
    const { service } = await start();
    await expect(service.recursive(['a'])).rejects.toThrow(CacheReentrancyError);
    expect(await service.find('a')).toBe('A');
  });

  it('goes along with @CacheEvict', async () => {
    const { service, words } = await start();
    await words.put('1', 'x', { groups: ['before'] });
    await words.put('2', 'x', { groups: ['after'] });
    expect(await service.around(['1', '2'])).toEqual(['1', 'x']);
    expect([await words.has('1'), await words.has('2')]).toEqual([true, false]);
  });

  it('calls the method for all ids where the cache is switched off, and after the app has shut down', async () => {
    const { service, app } = await start();
    expect(await service.off(['a', 'a'])).toEqual(['a', 'a']);
    await service.findAll(['a']);
    await app.close();
    expect(await service.findAll(['a', 'a'])).toEqual(['A', 'A']);
    expect(service.asked).toEqual([[['a', 'a']], [['a']], [['a', 'a']]]);
  });

  it('calls in batches where the cache limits those', async () => {
    const { service } = await start();
    expect(await service.inBatches(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(service.asked).toEqual([[['a', 'b']], [['c']]]);
  });

  it('takes its cache and further options from @CacheDefaults', async () => {
    @CacheDefaults({ cache: Words, ttl: 50 })
    @Injectable()
    class Thesaurus {
      @CacheableAll({ key: (id: string) => id })
      async findAll(ids: string[]): Promise<string[]> {
        return ids;
      }
    }
    const app = await appOf({ providers: [Thesaurus] }, { clock: new FakeClock() });
    await app.get(Thesaurus).findAll(['a']);
    expect((await app.get(CacheRegistry).get(Words).entry('a'))?.ttlLeftMs).toBe(50);
  });

  it('is refused on a handler that only the interceptor serves', async () => {
    class Controller {
      async find(ids: string[]): Promise<string[]> {
        return ids;
      }
    }
    const { find } = Controller.prototype;
    // From outside, and with nothing put in the place of the method.
    CacheableAll(Words, { key: (id: string) => id })(Controller.prototype, 'find', { value: find });
    const app = await appOf({ providers: [CacheOperationInterceptor] });
    const context = { getClass: () => Controller, getHandler: () => find, getArgs: () => [] };
    const handle = () => app.get(CacheOperationInterceptor).intercept(context as never, { handle: () => EMPTY });
    expect(handle).toThrow('@CacheableAll of Controller.find stands on a handler that the interceptor serves');
  });
});
