import 'reflect-metadata';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { lmdbTier } from '../../lib/backends/lmdb/index.js';
import { broadcastBus } from '../../lib/backends/local/index.js';
import { Cacheable, CacheModule, CacheRegistry, CacheWarm, defineCache, defineMemoryCache } from '../../lib/index.js';

/*
 * An app with everything that lives on between requests: tiers, a bus, timers of snapshots, warming, statistics and memory.
 * It never calls process.exit(), so that it ends only when nothing holds it.
 */
/** Numbers of eight bytes. */
const BALLAST = 100_000;

const [course = '', folder = '', cycles = '1'] = process.argv.slice(2);

const Users = defineCache<string, string>('users', {
  snapshot: { path: join(folder, 'users'), every: '1m' },
  staleWhileRevalidate: '1h',
  loadTimeout: { soft: '10s', hard: '20s' },
});
const Totals = defineMemoryCache<string, number[]>('totals', { ttl: '1h' });

@Injectable()
class UsersService {
  @CacheWarm(() => [['anna'], ['bert']], { every: '1m' })
  @Cacheable(Users, { key: (id: string) => id })
  async find(id: string): Promise<string> {
    return id.toUpperCase();
  }
}

@Controller()
class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  carl(): Promise<string> {
    return this.users.find('carl');
  }
}
Reflect.defineMetadata('design:paramtypes', [UsersService], UsersController);

/** Is slow to start, so that an app can be closed meanwhile. */
@Injectable()
class SlowService {
  onModuleInit(): Promise<void> {
    return course === 'early' ? after(100) : Promise.resolve();
  }
}

@Module({
  imports: [
    CacheModule.forRootAsync({
      caches: [Users, Totals],
      // Tiers and buses belong to one app: each start has its own.
      useFactory: () => ({
        memory: '64mb',
        tiers: [lmdbTier({ path: join(folder, 'disk'), maxBytes: '1mb' })],
        bus: broadcastBus(),
      }),
    }),
  ],
  providers: [UsersService, SlowService],
  controllers: [UsersController],
})
class AppModule {}

async function start(): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

/** By a connection of its own: fetch() would keep something for every address that it ever asked. */
async function answerOf(app: INestApplication): Promise<string> {
  const request = get(await app.getUrl(), { agent: false });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return text(answer);
}

async function use(app: INestApplication): Promise<void> {
  const registry = app.get(CacheRegistry);
  registry.stats$('1s').subscribe();
  registry.events$.subscribe(() => {});
  if ((await answerOf(app)) !== 'CARL') throw new Error('the app answers something else');
  // Whatever keeps an app from being collected keeps this too.
  registry.get(Totals).put(
    'all',
    Array.from({ length: BALLAST }, (_, at) => at / 3),
  );
}

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

async function settled(): Promise<{ heapBytes: number; resources: string[] }> {
  for (let round = 0; round < 5; round++) {
    await after(20);
    collectGarbage();
  }
  const resources = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'Immediate');
  return { heapBytes: process.memoryUsage().heapUsed, resources: resources.toSorted() };
}

const COURSES: Record<string, () => Promise<unknown>> = {
  async closed() {
    const app = await start();
    await use(app);
    await Promise.all([app.close(), app.close()]);
    await app.close();
  },

  /** Without a server, and nobody closes it. */
  async forgotten() {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
    await app.get(UsersService).find('anna');
  },

  async signal() {
    const app = await start();
    app.enableShutdownHooks();
    await use(app);
    process.kill(process.pid, 'SIGTERM');
  },

  /** Closed while it starts. */
  async early() {
    const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
    const starting = app.init().catch(() => {});
    await after(20);
    await app.close();
    await starting;
    await app.close();
  },

  /** Started and closed again and again, as by hot reload. */
  async reloaded() {
    const cycle = async (): Promise<void> => {
      const app = await start();
      await use(app);
      await app.close();
    };
    for (let warm = 0; warm < 5; warm++) await cycle();
    const before = await settled();
    for (let done = 0; done < Number(cycles); done++) await cycle();
    const now = await settled();
    return { grownBytes: now.heapBytes - before.heapBytes, before: before.resources, now: now.resources };
  },
};

const result = await COURSES[course]?.();
console.log(JSON.stringify(result ?? {}));
