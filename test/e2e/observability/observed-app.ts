import { Controller, Get, Injectable, Param, type ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { AddressInfo } from 'node:net';
import { Cacheable, CacheModule, CacheRegistry, defineCache, defineMemoryCache } from '../../../lib/index.js';
import { ChaosBus, ChaosTier, inProcessHub, InProcessTier } from '../../../lib/testing/index.js';

export const Users = defineCache<string, string>('users', { maxMemory: '1mb', ttl: '1m' });
export const Cities = defineCache<string, string>('cities', { maxSize: 10, ttl: '1m' });
export const Local = defineMemoryCache<string, string>('local', { maxSize: 5 });

@Injectable()
export class UsersService {
  load: (id: string) => Promise<string> = async (id) => `user ${id}`;

  @Cacheable(Users, { key: (id: string) => id })
  find(id: string): Promise<string> {
    return this.load(id);
  }
}

@Controller('users')
class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get(':id')
  find(@Param('id') id: string): Promise<string> {
    return this.users.find(id);
  }
}

/** An app over HTTP whose caches have a tier and a bus that can be made to fail. */
export interface ObservedApp {
  readonly app: NestExpressApplication;
  readonly address: string;
  readonly caches: CacheRegistry;
  readonly users: UsersService;
  readonly tier: ChaosTier;
  readonly bus: ChaosBus;
  get(path: string): Promise<Response>;
  close(): Promise<void>;
}

export async function startObservedApp(metadata: ModuleMetadata = {}): Promise<ObservedApp> {
  const tier = new ChaosTier(
    new InProcessTier({ name: 'shared', breaker: { minCalls: 3, open: '50ms' }, timeout: '200ms' }),
  );
  const bus = new ChaosBus(inProcessHub().bus());
  const module = await Test.createTestingModule({
    imports: [CacheModule.forRoot({ caches: [Users, Cities, Local], tiers: [tier], bus }), ...(metadata.imports ?? [])],
    controllers: [UsersController, ...(metadata.controllers ?? [])],
    providers: [UsersService, ...(metadata.providers ?? [])],
  }).compile();
  const app = module.createNestApplication<NestExpressApplication>({ logger: false });
  await app.listen(0);
  const address = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  let isOpen = true;
  return {
    app,
    address,
    caches: app.get(CacheRegistry),
    users: app.get(UsersService),
    tier,
    bus,
    get: (path) => fetch(address + path),
    close: async () => {
      if (isOpen) await app.close();
      isOpen = false;
    },
  };
}
