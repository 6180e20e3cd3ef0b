import 'reflect-metadata';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Logger, Module, Scope, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { from, type Observable } from 'rxjs';
import {
  Cacheable,
  CacheableAll,
  CacheModule,
  CacheRegistry,
  CacheWarm,
  defineCache,
  InjectCache,
} from '../../lib/index.js';
import type { AnyDefinition, Cache, CacheEvent } from '../../lib/index.js';

let folder: string;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-e2e-'));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true }));

const log = {
  log: (line: unknown) => void lines.push(String(line)),
  warn: (line: unknown) => void lines.push(`warning: ${line}`),
  error: (line: unknown) => void lines.push(`error: ${line}`),
};

/** Starts an app of these providers, with what is to be torn down by the test. */
async function start(
  providers: Type[],
  caches: readonly AnyDefinition[] = [],
  imports: Parameters<typeof Module>[0]['imports'] = [],
): Promise<INestApplicationContext> {
  @Module({ imports: [CacheModule.forRoot({ caches }), ...imports], providers })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: log, abortOnError: false });
}

function ofCache(line: string): boolean {
  return line.startsWith('cache "') || line.startsWith('warning: cache "');
}

describe('promise Life: an app whose cache has a snapshot', () => {
  const definition = () =>
    defineCache<string, string>('users', { snapshot: { path: join(folder, 'users') }, ttl: '1h', staleIfError: '1h' });

  it('begins with what the last one ended with, before any provider is asked to start', async () => {
    const Users = definition();
    @Injectable()
    class Service {
      found: Promise<string | undefined> | undefined;

      constructor(@InjectCache(Users) readonly users: Cache<string, string>) {}

      onModuleInit(): void {
        this.found = this.users.get('k');
      }
    }
    const first = await start([Service], [Users]);
    await first.get(Service).users.put('k', 'v');
    await first.close();
    const second = await start([Service], [Users]);

    expect(await second.get(Service).found).toBe('v');
    await second.close();
    expect(lines.filter(ofCache).map((line) => line.replace(/[\d.]+ s/, '… s'))).toEqual([
      'cache "users": there is no snapshot yet',
      'cache "users": wrote 1 of 1 in … s',
      'cache "users": restored 1 of 1 in … s',
      'cache "users": wrote 1 of 1 in … s',
    ]);
  });

  it('keeps what loads that were running at the shutdown brought, and survives a double close', async () => {
    const Users = definition();
    const app = await start([], [Users]);
    const users = app.get(CacheRegistry).get(Users);
    const late = users.getOrLoad('late', () => new Promise((resolve) => setTimeout(() => resolve('loaded'), 30)));
    await Promise.all([app.close(), app.close(), late]);
    const again = await start([], [Users]);

    expect(await again.get(CacheRegistry).get(Users).get('late')).toBe('loaded');
    await again.close();
  });

  it('keeps the old one when the app is closed while it starts', async () => {
    const Users = definition();
    const first = await start([], [Users]);
    for (let key = 0; key < 50; key++) await first.get(CacheRegistry).get(Users).put(`k${key}`, 'v'.repeat(9_000));
    await first.close();
    const before = await readFile(join(folder, 'users'));

    @Injectable()
    class Failing {
      onModuleInit(): void {
        throw new Error('no database');
      }
    }
    await expect(start([Failing], [Users])).rejects.toThrow('no database');
    expect((await readFile(join(folder, 'users'))).equals(before)).toBe(true);
  });
});

describe('promise Life: @CacheWarm', () => {
  it('has a method called with each list of arguments, whatever it returns, and tells it in a line of the log', async () => {
    const calls: unknown[] = [];
    const Ids = defineCache<string, string>('ids');
    @Injectable()
    class Cities {
      readonly ids = ['1', '2'];

      @CacheWarm(() => [['a'], ['b']], { wait: true })
      @Cacheable()
      async promised(id: string): Promise<string> {
        calls.push(['promised', id]);
        return id;
      }

      @CacheWarm((cities: Cities) => cities.ids.map((id) => [id, 7] as const), { wait: true })
      @Cacheable()
      observed(id: string, n: number): Observable<string> {
        calls.push(['observed', id, n]);
        return from([id, String(n)]);
      }

      @CacheWarm(
        async function* () {
          yield [1];
        },
        { wait: true },
      )
      @Cacheable()
      async *iterated(n: number): AsyncIterable<number> {
        calls.push(['iterated', n]);
        yield n;
      }

      @CacheWarm([[['x', 'y']]], { wait: true })
      @CacheableAll(Ids, { key: (id: string) => id })
      async listed(ids: readonly string[]): Promise<string[]> {
        calls.push(['listed', ids]);
        return ids.map((id) => id.toUpperCase());
      }
    }
    const app = await start([Cities]);

    expect(calls).toEqual(
      expect.arrayContaining([
        ['promised', 'a'],
        ['promised', 'b'],
        ['observed', '1', 7],
        ['observed', '2', 7],
        ['iterated', 1],
        ['listed', ['x', 'y']],
      ]),
    );
    const before = calls.length;
    const cities = app.get(Cities);
    expect(await cities.promised('a')).toBe('a');
    expect(await cities.listed(['x', 'y'])).toEqual(['X', 'Y']);
    expect(calls).toHaveLength(before);
    const warmed = lines.filter(ofCache).map((line) => line.replace(/ in [\d.]+ s/, ''));
    expect(warmed.toSorted()).toEqual([
      'cache "Cities.iterated": warmed 1 of 1',
      'cache "Cities.observed": warmed 2 of 2',
      'cache "Cities.promised": warmed 2 of 2',
      'cache "ids": warmed 1 of 1',
    ]);
    await app.close();
  });

  it('reports what fails and starts the app all the same', async () => {
    @Injectable()
    class Cities {
      @CacheWarm([['good'], ['bad']], { wait: true, retries: 0 })
      @Cacheable()
      async find(id: string): Promise<string> {
        if (id === 'bad') throw new Error('no such city');
        return id;
      }
    }
    const app = await start([Cities]);

    expect(lines.filter(ofCache).map((line) => line.replace(/[\d.]+ s/, '… s'))).toEqual([
      'warning: cache "Cities.find": warmed 1 of 2 in … s, 1 failed; the first: no such city',
    ]);
    await app.close();
  });

  it('is called for again by a cron expression of the ScheduleModule', async () => {
    const calls: string[] = [];
    @Injectable()
    class Cities {
      @CacheWarm([['a']], { on: 'schedule', cron: '0 0 1 1 *' })
      @Cacheable({ ttl: 0 })
      async find(id: string): Promise<string> {
        calls.push(id);
        return id;
      }
    }
    const app = await start([Cities], [], [ScheduleModule.forRoot()]);
    const [job] = [...app.get(SchedulerRegistry).getCronJobs()];
    expect(job?.[0]).toBe('nestjs-strata:warm:Cities.find:0');
    expect(calls).toEqual([]);
    const warmed = new Promise<CacheEvent>((resolve) => {
      app.get(CacheRegistry).events$.subscribe((event) => void (event.cause === 'end' && resolve(event)));
    });
    await job?.[1].fireOnTick();
    await warmed;

    expect(calls).toEqual(['a']);
    await app.close();
    expect(app.get(SchedulerRegistry).getCronJobs().size).toBe(0);
  });

  it('ends with the app: no method is called after that', async () => {
    const calls: number[] = [];
    @Injectable()
    class Cities {
      @CacheWarm(
        function* () {
          for (let n = 0; ; n++) yield [n];
        },
        { concurrency: 1, rate: 100 },
      )
      @Cacheable()
      async find(n: number): Promise<number> {
        calls.push(n);
        return n;
      }
    }
    const app = await start([Cities]);
    await app.close();
    const called = calls.length;
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(calls).toHaveLength(called);
  });

  describe('fails the start', () => {
    it('on a method that stores nothing', async () => {
      @Injectable()
      class Cities {
        @CacheWarm([['a']])
        async find(id: string): Promise<string> {
          return id;
        }
      }
      await expect(start([Cities])).rejects.toThrow('@CacheWarm of Cities.find stands on a method that stores nothing');
    });

    it('in a provider of each request', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Cities {
        @CacheWarm([['a']])
        @Cacheable()
        async find(id: string): Promise<string> {
          return id;
        }
      }
      await expect(start([Cities])).rejects.toThrow('@CacheWarm of Cities.find needs an instance for the whole app');
    });

    it('with a cron expression and no ScheduleModule, in a decorator or a definition', async () => {
      const message = 'cron needs ScheduleModule.forRoot() of @nestjs/schedule';
      @Injectable()
      class Cities {
        @CacheWarm([['a']], { cron: '* * * * *' })
        @Cacheable()
        async find(id: string): Promise<string> {
          return id;
        }
      }
      await expect(start([Cities])).rejects.toThrow(message);
      const warm = { keys: ['a'], cron: '* * * * *' };
      const Users = defineCache<string, string>('users', { warm, loader: (key) => key });
      await expect(start([], [Users])).rejects.toThrow(message);
    });

    it('with options that cannot be used', () => {
      expect(() => CacheWarm([['a']], { concurrency: 0 })).not.toThrow();
      const decorate = (): void =>
        CacheWarm([['a']], { concurrency: 0 })(Logger.prototype, 'log', { value: () => {} } as never);
      expect(decorate).toThrow('@CacheWarm of Logger.log: concurrency must be a whole number from 1 to 1000');
    });
  });
});
