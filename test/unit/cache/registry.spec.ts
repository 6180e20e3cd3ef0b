import { describe, expect, it } from '@jest/globals';
import { CacheRegistry, createCache, defineCache, defineMemoryCache } from '../../../lib/cache/index.js';
import { MemoryCache } from '../../../lib/engine/index.js';
import { EventRecorder, FakeClock } from '../../../lib/testing/index.js';

const Users = defineCache<string, string>('users', { ttl: '5m' });
const Cities = defineCache<number, string>('cities');

function setUp(...definitions: Parameters<CacheRegistry['define']>[0][]) {
  const registry = new CacheRegistry({ clock: new FakeClock() });
  for (const definition of definitions) registry.define(definition, 'AppModule');
  return registry;
}

describe('CacheRegistry', () => {
  it('gives the same cache by definition and by name', () => {
    const registry = setUp(Users, Cities);
    expect(registry.get(Users)).toBe(registry.get('users'));
    expect(registry.names()).toEqual(['users', 'cities']);
  });

  it('takes equal definitions as one, and names both places when they differ', () => {
    const registry = setUp(Users);
    registry.define(defineCache<string, string>('users', { ttl: '5m' }), 'UsersModule');
    expect(() => registry.define(defineCache('users', { ttl: '6m' }), 'AdminModule')).toThrow(
      /cache "users" is defined twice with different options, by AppModule and by AdminModule/,
    );
    expect(() => registry.get(defineCache('users'))).toThrow(/defined twice/);
  });

  it('names an unknown cache, who asks for it, and what is known', () => {
    const registry = setUp(Users);
    expect(() => registry.get('user')).toThrow(/asks for cache "user", which is defined nowhere.*"users"/s);
    expect(() => registry.core('nothing', '@Cacheable of CitiesService.find')).toThrow(
      /^@Cacheable of CitiesService\.find/,
    );
  });

  it('reports bad options with the name of the cache when it is made', () => {
    expect(() => setUp(defineCache('users', { ttl: -1, maxSize: Number.NaN, policy: 'fastest' as 'lru' }))).toThrow(
      /cache "users": (?=.*ttl)(?=.*maxSize)(?=.*policy)/s,
    );
    expect(() => setUp(defineCache('users', { maxsize: 5 } as never))).toThrow(
      /maxsize is not an option; did you mean maxSize/,
    );
  });

  it.each<[string, object, RegExp]>([
    ['an unknown default', { defaults: { ttll: 1 } }, /defaults: ttll is not an option; did you mean ttl/],
    ['a default that is none', { defaults: { ttl: -1 } }, /ttl must be milliseconds/],
    ['a default that belongs to one cache', { defaults: { loader: () => 1 } }, /defaults: loader is not an option/],
    ['defaults that are no object', { defaults: 5 }, /defaults must be an object/],
    ['a clock that is none', { clock: 5 }, /clock must be a Clock/],
    ['a random that is none', { random: 'r' }, /random must be a function/],
  ])('refuses %s, before there is any cache', (_, settings, message) => {
    expect(() => new CacheRegistry(settings)).toThrow(message);
    expect(() => createCache(Users, settings)).toThrow(message);
  });

  it('lays a cache’s own options over the defaults, and its own bound in the place of theirs', () => {
    const registry = new CacheRegistry({ defaults: { maxSize: 7, ttl: '1s' } });
    registry.define(Cities);
    registry.define(defineCache('big', { maxMemory: '1mb' }));
    expect(registry.get('cities').stats().maxSize).toBe(7);
    expect(registry.get('big').stats()).toMatchObject({ maxSize: Infinity, memory: { maxBytes: 1_048_576 } });
  });

  it('holds memory caches too, under the same names', async () => {
    const Local = defineMemoryCache<string, number>('local', { maxSize: 2 });
    const registry = setUp(Users, Local);
    const local = registry.get(Local);
    expect(local).toBeInstanceOf(MemoryCache);
    local.put('a', 1, { groups: ['g'] });
    await registry.get(Users).put('a', 'x', { groups: ['g'] });
    expect(await registry.invalidateGroup('g')).toBe(2);
    expect(registry.stats()).toMatchObject({ local: { puts: 1, invalidations: 1 }, users: { puts: 1 } });
    expect(() => registry.core('local', '@Cacheable of A.b')).toThrow(
      /names "local", a MemoryCache, which loads nothing/,
    );
  });

  it('streams the events of all caches, also of those defined later, and none without a subscriber', async () => {
    const registry = setUp(Users);
    const recorder = new EventRecorder(registry.events$);
    registry.define(Cities);
    await registry.get(Users).put('a', 'x');
    await registry.get(Cities).put(1, 'y');
    recorder.stop();
    await registry.get(Cities).put(2, 'z');
    expect(recorder.events.map(({ cache, key }) => [cache, key])).toEqual([
      ['users', 'a'],
      ['cities', 1],
    ]);
  });

  it('clears and closes all', async () => {
    const registry = setUp(Users, Cities);
    await registry.get(Users).put('a', 'x');
    await registry.clearAll();
    expect(await registry.get(Users).has('a')).toBe(false);
    await registry.close();
    await expect(registry.get(Users).get('a')).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
  });

  describe('a method’s own cache', () => {
    it('is reachable by name, and speaks of calls as Class.method(args)', async () => {
      const registry = setUp();
      const { cache, keys } = registry.defineMethodCache('Cities.find', {}, '@Cacheable of Cities.find');
      const options = cache.prepare('test', undefined);
      for (const args of [[], ['42'], [42], ['a', { b: 1 }], [true], ['\0odd']]) {
        await cache.loadAt(keys.indexOf(args), undefined, async () => args.length, options);
      }
      const texts: string[] = [];
      for await (const key of registry.get<string>('Cities.find').keys()) texts.push(key);
      expect(texts).toEqual([
        'Cities.find()',
        'Cities.find("42")',
        'Cities.find(42)',
        'Cities.find("a",{"b":1})',
        'Cities.find(true)',
        'Cities.find("\\u0000odd")',
      ]);
      for (const text of texts) expect(await registry.get<string>('Cities.find').invalidate(text)).toBe(true);
      expect(cache.stats().size).toBe(0);
    });

    it('is matched by patterns over that text', async () => {
      const registry = setUp();
      const { cache, keys } = registry.defineMethodCache('Cities.find', {}, 'test');
      cache.putAt(keys.indexOf(['berlin']), undefined, 1, cache.prepare('test', undefined));
      cache.putAt(keys.indexOf(['paris']), undefined, 1, cache.prepare('test', undefined));
      expect(await cache.invalidateMatching('Cities.find("b*")')).toBe(1);
    });

    it('of a name that is taken is an error', () => {
      const registry = setUp(Users);
      expect(() => registry.defineMethodCache('users', {}, '@Cacheable of A.b')).toThrow(
        /by AppModule and by @Cacheable of A\.b/,
      );
    });
  });
});
