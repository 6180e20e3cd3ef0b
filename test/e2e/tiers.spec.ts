import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { redisBus, redisTier } from '../../lib/backends/redis/index.js';
import {
  Cacheable,
  CacheEvict,
  CacheGroup,
  CacheModule,
  CachePut,
  CacheRegistry,
  defineCache,
  memoryTier,
  type Bus,
  type CacheModuleOptions,
  type Tier,
} from '../../lib/index.js';
import { ChaosTier, inProcessHub, InProcessTier } from '../../lib/testing/index.js';
import { until } from '../integration/redis/until.js';
import { freePort, startRedis, type RedisServer } from '../servers/index.js';

const Users = defineCache<string, string>('users', { ttl: '1m' });

interface Source {
  readonly calls: string[];
  version: number;
}

/** What all apps of one test load from. */
const source: Source = { calls: [], version: 1 };

@Injectable()
class Service {
  @Cacheable(Users, { key: (id: string) => id })
  @CacheGroup((id: string) => `initial:${id[0]}`)
  async find(id: string): Promise<string> {
    source.calls.push(id);
    return `${id} ${source.version}`;
  }

  @Cacheable()
  async own(a: number, b: { readonly c: string }): Promise<string> {
    source.calls.push('own');
    return `${a} ${b.c} ${source.version}`;
  }

  @CachePut(Users, { key: (id: string) => id })
  async save(id: string, value: string): Promise<string> {
    return `${id} ${value}`;
  }

  @CacheEvict(Users, { key: (id: string) => id })
  async forget(_id: string): Promise<void> {}

  @CacheEvict({ group: (initial: string) => `initial:${initial}` })
  async forgetInitial(_initial: string): Promise<void> {}

  @CacheEvict(Users, { matching: 'a*' })
  async forgetMatching(): Promise<void> {}

  @CacheEvict(Users, { all: true })
  async forgetAll(): Promise<void> {}

  @CacheEvict('Service.own', { all: true })
  async forgetOwn(): Promise<void> {}
}

const started: INestApplicationContext[] = [];

async function startWith(root: DynamicModule): Promise<INestApplicationContext> {
  const app = await (await Test.createTestingModule({ imports: [root], providers: [Service] }).compile()).init();
  started.push(app);
  return app;
}

const start = (options: CacheModuleOptions): Promise<INestApplicationContext> =>
  startWith(CacheModule.forRoot({ caches: [Users], ...options }));

afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.close()));
  source.calls.length = 0;
  source.version = 1;
});

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

interface Surroundings {
  readonly name: string;
  /** What each node of an application gets. */
  prepare(): () => { readonly tiers: readonly Tier[]; readonly bus: Bus };
}

let applications = 0;
const surroundings: readonly Surroundings[] = [
  {
    name: 'one Redis',
    // A deadline that a busy machine does not miss: a value that was not stored would be loaded twice.
    prepare: () => () => ({
      tiers: [redisTier({ url: redis.url, timeout: '10s' })],
      bus: redisBus({ url: redis.url }),
    }),
  },
  {
    name: 'one tier and bus in this process',
    prepare: () => {
      const tier = new InProcessTier();
      const hub = inProcessHub();
      return () => ({ tiers: [tier.anotherNode()], bus: hub.bus() });
    },
  },
];

describe.each(surroundings)('two apps over $name', ({ prepare }) => {
  async function twoApps(): Promise<[Service, Service, INestApplicationContext]> {
    const namespace = `app-${++applications}`;
    const node = prepare();
    const first = await start({ namespace, ...node() });
    const second = await start({ namespace, ...node() });
    return [first.get(Service), second.get(Service), first];
  }

  /** Lets both apps read, the second from what the first has stored. */
  async function warm([first, second]: readonly Service[], ...ids: string[]): Promise<void> {
    for (const id of ids) {
      await first?.find(id);
      await second?.find(id);
    }
    expect(source.calls).toEqual(ids);
    source.version = 2;
  }

  it('share what either has loaded', async () => {
    const apps = await twoApps();
    await warm(apps.slice(0, 2) as Service[], 'anna', 'bert');
    expect(await apps[1].own(1, { c: 'x' })).toBe('1 x 2');
    expect(await apps[0].own(1, { c: 'x' })).toBe('1 x 2');
    expect(source.calls).toEqual(['anna', 'bert', 'own']);
  });

  it.each([
    ['by key', (service: Service) => service.forget('anna'), ['anna 2', 'bert 1']],
    ['by a group of the arguments', (service: Service) => service.forgetInitial('a'), ['anna 2', 'bert 1']],
    ['by a pattern', (service: Service) => service.forgetMatching(), ['anna 2', 'bert 1']],
    ['all', (service: Service) => service.forgetAll(), ['anna 2', 'bert 2']],
  ])('see what the other evicts %s', async (_, evict, seen) => {
    const [first, second] = await twoApps();
    await warm([first, second], 'anna', 'bert');
    await evict(first);
    expect([await first.find('anna'), await first.find('bert')]).toEqual(seen);
    await until(async () => (await second.find('anna')) === seen[0]);
    await until(async () => (await second.find('bert')) === seen[1]);
    expect(await first.find('anna')).toBe('anna 2');
  });

  it('see what the other puts', async () => {
    const [first, second] = await twoApps();
    await warm([first, second], 'anna');
    await first.save('anna', 'saved');
    await until(async () => (await second.find('anna')) === 'anna saved');
    expect(source.calls).toEqual(['anna']);
  });

  it("see what the other evicts of a method's own cache", async () => {
    const [first, second] = await twoApps();
    expect(await first.own(1, { c: 'x' })).toBe('1 x 1');
    expect(await second.own(1, { c: 'x' })).toBe('1 x 1');
    source.version = 2;
    await first.forgetOwn();
    await until(async () => (await second.own(1, { c: 'x' })) === '1 x 2');
  });

  it('see a group that the registry of the other invalidates', async () => {
    const [first, second, app] = await twoApps();
    await warm([first, second], 'anna', 'bert');
    await app.get(CacheRegistry).invalidateGroup('initial:a');
    await until(async () => (await second.find('anna')) === 'anna 2');
    expect(await second.find('bert')).toBe('bert 1');
  });
});

describe('a group that a function makes of the arguments', () => {
  it('costs a load of a shared tier no round trip more than a fixed one', async () => {
    const callsOf = async (service: 'find' | 'own'): Promise<string[]> => {
      const tier = new ChaosTier(new InProcessTier());
      const calls: string[] = [];
      const spied = new Proxy(tier, {
        get: (target, name, receiver) => {
          const value: unknown = Reflect.get(target, name, receiver);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            calls.push(String(name));
            return Reflect.apply(value, target, args);
          };
        },
      });
      const app = await start({ tiers: [spied] });
      calls.length = 0;
      if (service === 'find') await app.get(Service).find('anna');
      else await app.get(Service).own(1, { c: 'x' });
      return calls;
    };
    expect(await callsOf('own')).toEqual(expect.arrayContaining(['read', 'fence', 'write']));
    expect(await callsOf('find')).toEqual(await callsOf('own'));
  });
});

describe('when Redis does not answer', () => {
  it('starts the app all the same, and shares again when Redis comes', async () => {
    const lines: string[] = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
    const later = await startRedis();
    await later.kill();
    const node = () => ({ tiers: [redisTier({ url: later.url })], bus: redisBus({ url: later.url }) });
    const [first, second] = [await start(node()), await start(node())];
    expect(await first.get(Service).find('anna')).toBe('anna 1');
    expect(await second.get(Service).find('bert')).toBe('bert 1');
    await later.restart();
    await until(async () => {
      const id = `carl ${source.calls.length}`;
      await first.get(Service).find(id);
      const before = source.calls.length;
      await second.get(Service).find(id);
      return source.calls.length === before;
    });
    jest.restoreAllMocks();
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^tier "redis" failed .*ECONNREFUSED/),
        expect.stringMatching(/^bus "redis" failed .*ECONNREFUSED/),
      ]),
    );
    await Promise.all(started.splice(0).map((app) => app.close()));
    await later.stop();
  });
});

describe('the shutdown of an app with tiers', () => {
  it('ends every connection, and can be asked for twice', async () => {
    const own = await startRedis();
    const connections = async (): Promise<number> =>
      (await own.command('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('name=strata-')).length;
    const app = await start({ tiers: [redisTier({ url: own.url })], bus: redisBus({ url: own.url }) });
    await app.get(Service).find('anna');
    await until(async () => (await connections()) === 3);
    await Promise.all([app.close(), app.close()]);
    await app.close();
    await until(async () => (await connections()) === 0);
    expect(await app.get(Service).find('anna')).toBe('anna 1');
    await own.stop();
  });

  it('waits for the write of a load that runs', async () => {
    const tier = new InProcessTier();
    let finish = (): void => {};
    const Slow = defineCache<string, string>('slow', {
      loader: () => new Promise<string>((resolve) => (finish = () => resolve('value'))),
    });
    const app = await start({ caches: [Users, Slow], tiers: [tier] });
    const loading = app.get(CacheRegistry).get(Slow).getOrLoad('k');
    await new Promise(setImmediate);
    const closing = app.close();
    finish();
    expect(await loading).toBe('value');
    await closing;
  });
});

describe('options of tiers and bus in CacheModule', () => {
  it.each([
    ['a tier that is none', { tiers: [{}] }, 'tiers must be made by memoryTier(), redisTier(), …'],
    [
      'memory below another tier',
      { tiers: [new InProcessTier(), memoryTier()] },
      'tiers can have memoryTier() only once, and first',
    ],
    ['a bus that is none', { bus: {} }, 'bus must be made by redisBus(), clusterBus(), …'],
    ['an empty namespace', { namespace: '' }, 'namespace must be a text of 1 to 100 characters'],
  ])('refuses %s at bootstrap, naming the option', async (_, options, message) => {
    await expect(start(options as CacheModuleOptions)).rejects.toThrow(message);
  });

  it.each([
    ['localhost:6379', 'redisTier: url must look like redis://user:password@host:6379/0'],
    ['http://localhost', 'redisTier: url must look like redis://user:password@host:6379/0'],
  ])('refuses the address %s of an asynchronous factory at bootstrap', async (url, message) => {
    const useFactory = (): CacheModuleOptions => ({ tiers: [redisTier({ url })] });
    await expect(startWith(CacheModule.forRootAsync({ caches: [Users], useFactory }))).rejects.toThrow(message);
  });

  it('takes tiers and bus from an asynchronous factory', async () => {
    const tier = new InProcessTier();
    const hub = inProcessHub();
    const useFactory = async (): Promise<CacheModuleOptions> => ({ tiers: [tier.anotherNode()], bus: hub.bus() });
    const [first, second] = [
      await startWith(CacheModule.forRootAsync({ caches: [Users], useFactory })),
      await startWith(CacheModule.forRootAsync({ caches: [Users], useFactory })),
    ];
    await first.get(Service).find('anna');
    await second.get(Service).find('anna');
    expect(source.calls).toEqual(['anna']);
  });

  it('contacts no server when the caches are switched off', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const calls: string[] = [];
    const watched = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (object, name, receiver) => {
          if (typeof Reflect.get(object, name, receiver) === 'function') calls.push(String(name));
          return Reflect.get(object, name, receiver) as unknown;
        },
      });
    const app = await start({
      tiers: [watched(redisTier({ url }))],
      bus: watched(redisBus({ url })),
      defaults: { enabled: false },
    });
    calls.length = 0;
    expect([await app.get(Service).find('anna'), await app.get(Service).find('anna')]).toEqual(['anna 1', 'anna 1']);
    expect(source.calls).toEqual(['anna', 'anna']);
    await app.close();
    expect(calls).toEqual([]);
  });
});
