/*
 * An app as a user writes it, which uses every name that the package exports. It compiles as an ES module and as
 * CommonJS, and runs on Nest 11 and Nest 12. Its CommonJS output requires the package, the other one imports it.
 */
import 'reflect-metadata';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import {
  Cacheable,
  CacheableAll,
  CacheClosedError,
  CacheDefaults,
  CacheError,
  CacheEvict,
  CacheGroup,
  CacheLoadFailedError,
  CacheLoadTimeoutError,
  CacheMisuseError,
  CacheModule,
  CacheNoLoaderError,
  CacheOperationInterceptor,
  CacheOptionsError,
  CachePut,
  CacheReentrancyError,
  CacheRegistry,
  CacheUnknownError,
  createCache,
  currentLoad,
  defineCache,
  defineMemoryCache,
  getCacheToken,
  HttpCache,
  HttpCacheInterceptor,
  InjectCache,
  isCacheError,
  MemoryCache,
  OnCacheEvent,
  type AgeOptions,
  type AnyDefinition,
  type BulkLoader,
  type Cache,
  type CacheDefinition,
  type CacheErrorCode,
  type CacheEvent,
  type CacheEventCause,
  type CacheEventType,
  type CacheModuleAsyncOptions,
  type CacheModuleDefaults,
  type CacheModuleOptions,
  type CacheOptions,
  type CacheOptionsFactory,
  type CachePorts,
  type CacheStats,
  type Cancel,
  type ClassDefaultOptions,
  type Clock,
  type ClosableCache,
  type CreateCacheOptions,
  type Duration,
  type EntryInfo,
  type EntryOptions,
  type EvictionPolicy,
  type EvictOptions,
  type HttpCacheOptions,
  type KeyPattern,
  type LatencyStats,
  type LoadContext,
  type Loader,
  type LoadOptions,
  type LoadTimeout,
  type MemoryCacheDefinition,
  type MemoryCacheOptions,
  type MemoryCacheStats,
  type MemoryEntryOptions,
  type MethodLoadOptions,
  type Observer,
  type OptionProblem,
  type OwnCacheOptions,
  type PolicyFactory,
  type PolicyHost,
  type PolicyName,
  type Random,
  type RefreshAhead,
  type StoredResponse,
  type StoreOptions,
  type Subscribable,
  type Unsubscribable,
  type Weigher,
} from 'nestjs-strata';
import { MemoryCache as MemoryCacheOfEngine } from 'nestjs-strata/engine';
import { EventRecorder, FakeClock } from 'nestjs-strata/testing';
import { firstValueFrom, of, toArray, type Observable } from 'rxjs';
import { EXPECTED_OF_CACHE_MANAGER, useCacheManager } from './cache-manager.js';
import { EXPECTED_OF_DASHBOARD, useDashboard } from './dashboard.js';
import { EXPECTED_OF_ENGINE, useEngine } from './engine.js';
import { EXPECTED_OF_ENGINE_SNAPSHOTS, useEngineSnapshots } from './engine-snapshots.js';
import { EXPECTED_OF_HTTP, useHttp } from './http.js';
import { EXPECTED_OF_MEMCACHED, useMemcached } from './memcached.js';
import { EXPECTED_OF_KEYV, useKeyv } from './keyv.js';
import { EXPECTED_OF_LMDB, useLmdb } from './lmdb.js';
import { EXPECTED_OF_LOCAL, useLocal } from './local.js';
import { EXPECTED_OF_MEMORY, useMemory } from './memory.js';
import { EXPECTED_OF_NUMBERS, useNumbers } from './numbers.js';
import { EXPECTED_OF_OBSERVABILITY, useObservability } from './observability.js';
import { EXPECTED_OF_REDIS, useRedis } from './redis.js';
import { EXPECTED_OF_SNAPSHOTS, useSnapshots, useWarming, Warmed } from './snapshots.js';
import { EXPECTED_OF_TESTING, useTesting } from './testing.js';
import { EXPECTED_OF_THREADS, useThreads } from './threads.js';
import { EXPECTED_OF_TIERS, useTiers } from './tiers.js';

interface User {
  readonly id: string;
  readonly name: string;
}

const ttl: Duration = '5m';
const loader: Loader<string, number> = (text: string, load: LoadContext) => {
  load.groups('lengths');
  return text.length;
};
const bulkLoader: BulkLoader<string, number> = (texts) => new Map(texts.map((text) => [text, text.length]));
const lengthOptions: CacheOptions<string, number> = { ttl, maxSize: 100, loader, bulkLoader };

const Users: CacheDefinition<string, User> = defineCache<string, User>('users', { ttl, maxSize: 100, groups: ['all'] });
const Lengths: CacheDefinition<string, number> = defineCache('lengths', lengthOptions);
const Sessions: MemoryCacheDefinition<string, number> = defineMemoryCache<string, number>('sessions', { maxSize: 10 });
const definitions: readonly AnyDefinition[] = [Users, Lengths, Sessions];

type NoArguments = unknown[];
const userKey: StoreOptions<string, User | null, [id: string], NoArguments, NoArguments, NoArguments, NoArguments> = {
  key: (id) => id,
  unless: (user) => user?.name === '',
};
const ownCache: OwnCacheOptions = { maxSize: 5, maxItems: 10 };
const refreshAhead: RefreshAhead = { beta: 1 };
const loadTimeout: LoadTimeout = { soft: '1s', hard: '5s' };
const ages: AgeOptions = { staleIfError: '1h', refreshAhead };
const loads: MethodLoadOptions = { ...ages, loadTimeout, negativeTtl: '10s' };
const classDefaults: ClassDefaultOptions = { ttl: '1m', ...loads };
const byKey: EvictOptions<string, [id: string], NoArguments, NoArguments, NoArguments> = { key: (id) => id };

@Injectable()
@CacheDefaults(classDefaults)
@CacheGroup('people')
class UsersService {
  calls = 0;
  readonly evictions: string[] = [];
  readonly asked: string[] = [];
  readonly lengths: Cache<string, number>;
  readonly sessions: MemoryCache<string, number>;

  constructor(
    @InjectCache(Users) readonly users: Cache<string, User>,
    @InjectCache(Lengths) lengths: Cache<string, number>,
    @InjectCache(Sessions) sessions: MemoryCache<string, number>,
  ) {
    this.lengths = lengths;
    this.sessions = sessions;
  }

  @Cacheable(Users, userKey)
  async find(id: string): Promise<User | null> {
    this.calls++;
    if (currentLoad() === undefined) throw new Error('a decorated method runs as a load');
    return { id, name: `user ${id}` };
  }

  @CacheableAll(Users, { key: (id: string) => id, ...loads })
  async findAll(ids: string[]): Promise<User[]> {
    this.asked.push(...ids);
    return ids.map((id) => ({ id, name: `user ${id}` }));
  }

  @Cacheable({ ttl: '30s', ...ownCache })
  sequence(until: number): Observable<number> {
    this.calls++;
    return of(...Array.from({ length: until }, (_, at) => at));
  }

  @CachePut(Users, { key: (user: User) => user.id })
  async save(user: User): Promise<User> {
    return user;
  }

  @CacheEvict(Users, byKey)
  async remove(_id: string): Promise<void> {}

  @CacheEvict({ group: 'people' })
  async forgetPeople(): Promise<void> {}

  @OnCacheEvent(Users, 'invalidate')
  onInvalidate(event: CacheEvent<string, User>): void {
    this.evictions.push(event.key ?? `group ${event.group}`);
  }
}

const Pages: CacheDefinition<string, StoredResponse> = defineCache<string, StoredResponse>('pages', { maxSize: 10 });
const pageOptions: HttpCacheOptions = { cache: Pages, ttl: '1m', query: ['page'], scope: 'everyone' };

@Controller('users')
class UsersController {
  @Get()
  @HttpCache(pageOptions)
  list(): string {
    return 'a list';
  }
}

@Injectable()
class OptionsFactory implements CacheOptionsFactory {
  createCacheOptions(): CacheModuleOptions {
    const defaults: CacheModuleDefaults = { ttl: '10m' };
    return { defaults };
  }
}

const asyncOptions: CacheModuleAsyncOptions = { useClass: OptionsFactory, caches: [Users] };

@Module({ imports: [CacheModule.forFeature([Lengths, Sessions])], providers: [UsersService], exports: [UsersService] })
class UsersModule {}

@Module({
  imports: [CacheModule.forRootAsync(asyncOptions), UsersModule],
  controllers: [UsersController],
  providers: [{ provide: APP_INTERCEPTOR, useClass: CacheOperationInterceptor }, Warmed],
})
class AppModule {}

@Module({ imports: [CacheModule.forRoot({ caches: definitions })] })
class OtherModule {}

/** Uses everything once; what it saw, by topic. */
export async function exercise(): Promise<Record<string, unknown>> {
  return {
    ...(await useNest()),
    ...(await useCache()),
    ...useMemoryCache(),
    ...useErrors(),
    ...useEngine(),
    ...(await useDashboard()),
    ...(await useMemcached()),
    ...(await useCacheManager()),
    ...(await useKeyv()),
    ...(await useThreads()),
    ...(await useLmdb()),
    ...(await useLocal()),
    ...(await useNumbers()),
    ...(await useSnapshots()),
    ...(await useEngineSnapshots()),
    ...(await useHttp()),
    ...(await useObservability()),
    ...(await useWarming()),
    ...(await useRedis()),
    ...(await useTesting()),
    ...(await useTiers()),
    ...(await useMemory()),
  };
}

export const EXPECTED: Record<string, unknown> = {
  ...EXPECTED_OF_DASHBOARD,
  ...EXPECTED_OF_ENGINE,
  ...EXPECTED_OF_MEMCACHED,
  ...EXPECTED_OF_CACHE_MANAGER,
  ...EXPECTED_OF_KEYV,
  ...EXPECTED_OF_THREADS,
  ...EXPECTED_OF_LMDB,
  ...EXPECTED_OF_LOCAL,
  ...EXPECTED_OF_NUMBERS,
  ...EXPECTED_OF_SNAPSHOTS,
  ...EXPECTED_OF_ENGINE_SNAPSHOTS,
  ...EXPECTED_OF_HTTP,
  ...EXPECTED_OF_OBSERVABILITY,
  ...EXPECTED_OF_REDIS,
  ...EXPECTED_OF_TESTING,
  ...EXPECTED_OF_TIERS,
  ...EXPECTED_OF_MEMORY,
  calls: 1,
  saved: 'saved',
  many: ['user 3', 'saved', 'user 1', 'user 3'],
  asked: ['3'],
  replayed: [0, 1, 2],
  invalidated: ['1', 'group people'],
  names: true,
  namesOfTheOther: ['users', 'lengths', 'sessions'],
  tokens: true,
  handler: ['a list', true],
  loaded: [3, 3],
  stats: [1, 1, 1],
  entry: ['lengths'],
  events: ['miss', 'load', 'put', 'hit', 'expire', 'miss'],
  keys: ['abcd'],
  memory: { causes: ['put'], weight: 5, invalidations: 1, same: true, asked: ['a policy for 3', 'none to be had'] },
  codes: [
    'CACHE_OPTIONS',
    'CACHE_MISUSE',
    'CACHE_REENTRANCY',
    'CACHE_LOAD_FAILED',
    'CACHE_LOAD_TIMEOUT',
    'CACHE_NO_LOADER',
    'CACHE_CLOSED',
    'CACHE_UNKNOWN',
  ] satisfies CacheErrorCode[],
};

async function useNest() {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const other = await NestFactory.createApplicationContext(OtherModule, { logger: false });
  const service = app.get(UsersService);
  const registry = app.get(CacheRegistry);

  await Promise.all([service.find('1'), service.find('1')]);
  const { calls } = service;
  await service.save({ id: '2', name: 'saved' });
  const saved = (await service.find('2'))?.name;
  const many = (await service.findAll(['3', '2', '1', '3'])).map(({ name }) => name);
  await firstValueFrom(service.sequence(3).pipe(toArray()));
  const replayed = await firstValueFrom(service.sequence(3).pipe(toArray()));
  await service.remove('1');
  await service.forgetPeople();
  service.sessions.put('s', 1);

  const seen = {
    calls,
    saved,
    many,
    asked: service.asked,
    replayed,
    invalidated: [...service.evictions],
    names: ['users', 'lengths', 'sessions', 'UsersService.sequence'].every((name) => registry.names().includes(name)),
    namesOfTheOther: other.get(CacheRegistry).names(),
    handler: [app.get(UsersController).list(), app.get(HttpCacheInterceptor) instanceof HttpCacheInterceptor],
    tokens: app.get(getCacheToken(Users), { strict: false }) === registry.get(Users),
  };
  await registry.get(Users).invalidateMatching('*' satisfies KeyPattern<string>);
  await app.close();
  await other.close();
  return seen;
}

async function useCache() {
  const clock = new FakeClock();
  const random: Random = () => 0.5;
  const ports: CachePorts = { clock, random };
  const options: CreateCacheOptions = { ...ports, defaults: { tti: Infinity } };
  const cache: ClosableCache<string, number> = createCache(Lengths, options);
  const recorder = new EventRecorder<string, number>(cache.events$);
  const load: LoadOptions = { groups: ['more'] };
  const write: EntryOptions = { ttl: '1h' };

  const loaded = [await cache.getOrLoad('abc'), await cache.getOrLoad('abc', loader, load)];
  const stats: CacheStats = cache.stats();
  const latency: LatencyStats = stats.latency.load;
  const entry: EntryInfo<number> | undefined = await cache.entry('abc');
  const cancel: Cancel = (clock as Clock).after(1, () => {});
  cancel();
  clock.advance(5 * 60_000);
  await cache.get('abc');
  const events: CacheEventType[] = recorder.events.map(({ type }) => type);

  await cache.put('abcd', 4, write);
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  await cache.close();
  return {
    loaded,
    stats: [stats.hits, stats.misses, latency.count],
    entry: entry?.groups.filter((group) => group === 'lengths'),
    events,
    keys,
  };
}

function useMemoryCache() {
  const policy: PolicyName = 'lfu';
  const weigher: Weigher<string, string> = (value) => value.length;
  const write: MemoryEntryOptions = { groups: ['g'] };
  const options: MemoryCacheOptions<string, string> = { policy, maxWeight: 10, weigher };
  const cache = new MemoryCache<string, string>(options);
  const causes: (CacheEventCause | undefined)[] = [];
  const observer: Observer<CacheEvent<string, string>> = { next: ({ cause }) => causes.push(cause) };
  const source: Subscribable<CacheEvent<string, string>> = cache.events$;
  const subscription: Unsubscribable = source.subscribe(observer);

  cache.put('a', 'value', write);
  subscription.unsubscribe();
  const { weight } = cache;
  cache.invalidateGroup('g');
  const stats: MemoryCacheStats = cache.stats();
  cache.dispose();

  // A policy of one's own is asked for as the cache is made.
  const asked: string[] = [];
  const refusing: PolicyFactory = (host: PolicyHost): EvictionPolicy => {
    asked.push(`a policy for ${host.maximum}`);
    throw new Error('none to be had');
  };
  try {
    new MemoryCache({ policy: refusing, maxSize: 3 }).dispose();
  } catch (error) {
    asked.push((error as Error).message);
  }
  return {
    memory: { causes, weight, invalidations: stats.invalidations, same: MemoryCache === MemoryCacheOfEngine, asked },
  };
}

function useErrors() {
  const problem: OptionProblem = { option: 'ttl', rule: 'must be a duration', received: -1 };
  const errors: CacheError[] = [
    new CacheOptionsError('cache "users"', [problem]),
    new CacheMisuseError('misuse'),
    new CacheReentrancyError('users', '1'),
    new CacheLoadFailedError('users', 'no answer'),
    new CacheLoadTimeoutError('users', '1', 100),
    new CacheNoLoaderError('users'),
    new CacheClosedError('users'),
    new CacheUnknownError('users', []),
  ];
  if (!errors.every((error) => error instanceof CacheError && isCacheError(error, error.code)))
    throw new Error('no brand');
  return { codes: errors.map(({ code }) => code) };
}
