import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseInterceptors, type INestApplication } from '@nestjs/common';
import * as theirs from '@nestjs/cache-manager';
import { AbstractGraphQLDriver, Args, GraphQLModule, GraphQLSchemaHost, Query, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Transport, type ClientProxy } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { graphql } from 'graphql';
import { lastValueFrom, of, toArray } from 'rxjs';
import * as ours from '../../lib/compat/cache-manager/index.js';
import type { CachePackage } from './app.js';
import { silence } from './silence.js';

const closing: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of closing.splice(0).toReversed()) await each.close();
});

const PACKAGES = [
  { pkg: theirs as CachePackage, name: '@nestjs/cache-manager 12', isOurs: false },
  { pkg: ours as unknown as CachePackage, name: 'nestjs-strata/cache-manager', isOurs: true },
] as const;

class NoServer extends AbstractGraphQLDriver {
  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.each(PACKAGES)('$name in an app of HTTP and TCP', ({ pkg, isOurs }) => {
  async function start(): Promise<{ ask: (pattern: string) => Promise<unknown>; get: () => Promise<string | null> }> {
    let calls = 0;

    @Controller()
    @UseInterceptors(pkg.CacheInterceptor)
    class Handlers {
      @Get()
      @pkg.CacheKey('shared')
      shared() {
        return { call: ++calls };
      }

      @MessagePattern('one')
      @pkg.CacheKey('one')
      one() {
        return { call: ++calls };
      }

      @MessagePattern('many')
      @pkg.CacheKey('many')
      many() {
        return of(1, 2, ++calls);
      }

      @MessagePattern('unnamed')
      unnamed() {
        return { call: ++calls };
      }
    }

    const module = await Test.createTestingModule({
      imports: [pkg.CacheModule.register()],
      controllers: [Handlers],
    })
      .setLogger(silence)
      .compile();
    const app: INestApplication = module.createNestApplication();
    const options = { host: '127.0.0.1', port: await freePort() };
    app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const client: ClientProxy = ClientProxyFactory.create({ transport: Transport.TCP, options });
    closing.push(app, client);
    const url = await app.getUrl();
    return {
      ask: (pattern) =>
        lastValueFrom(client.send(pattern, {}).pipe(toArray())).catch((error: { message: string }) => error.message),
      get: async () => (await fetch(url)).headers.get('x-cache'),
    };
  }

  it(`${isOurs ? 'keeps' : 'does not keep'} the answer of a message handler with a key`, async () => {
    const { ask, get } = await start();
    const second = isOurs ? 1 : 2;
    expect([await ask('one'), await ask('one')]).toEqual([[{ call: 1 }], [{ call: second }]]);
    expect([await get(), await get()]).toEqual(['MISS', 'HIT']);
  });

  it('passes an answer of several messages through, whole, each time', async () => {
    const { ask } = await start();
    expect([await ask('many'), await ask('many')]).toEqual([
      [1, 2, 1],
      [1, 2, 2],
    ]);
  });

  it('leaves alone a message handler without a key', async () => {
    const { ask } = await start();
    expect([await ask('unnamed'), await ask('unnamed')]).toEqual([[{ call: 1 }], [{ call: 2 }]]);
  });
});

describe.each(PACKAGES)('$name on resolvers of GraphQL', ({ pkg, isOurs }) => {
  it(`${isOurs ? 'keeps' : 'does not keep'} a field with a key, and ${isOurs ? 'leaves alone' : 'breaks'} one without`, async () => {
    let calls = 0;

    @Resolver()
    @UseInterceptors(pkg.CacheInterceptor)
    class Cities {
      @Query(() => Number)
      @pkg.CacheKey((context) => `city ${String(context.getArgByIndex<{ id: string }>(1).id)}`)
      city(@Args('id', { type: () => String }) _id: string): number {
        return ++calls;
      }

      @Query(() => Number)
      unnamed(): number {
        return ++calls;
      }
    }

    const module = await Test.createTestingModule({
      imports: [pkg.CacheModule.register(), GraphQLModule.forRoot({ driver: NoServer, autoSchemaFile: true })],
      providers: [Cities],
    })
      .setLogger(silence)
      .compile();
    const app = module.createNestApplication();
    closing.push(app);
    await app.init();
    const { schema } = app.get(GraphQLSchemaHost);
    const ask = async (source: string): Promise<unknown> => {
      const { data, errors } = await graphql({ schema, source, contextValue: {} });
      return errors?.[0]?.message ?? data;
    };

    const cities = [await ask('{ city(id: "1") }'), await ask('{ city(id: "1") }'), await ask('{ city(id: "2") }')];
    expect(cities).toEqual((isOurs ? [1, 1, 2] : [1, 2, 3]).map((city) => ({ city })));
    expect(await ask('{ unnamed }')).toEqual(
      isOurs ? { unnamed: 3 } : "Cannot read properties of undefined (reading 'method')",
    );
  });
});
