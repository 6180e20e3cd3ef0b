import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseInterceptors, type INestMicroservice } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AbstractGraphQLDriver, GraphQLModule, GraphQLSchemaHost, Query, Resolver } from '@nestjs/graphql';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { graphql } from 'graphql';
import { firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import { CacheModule, CacheRegistry, HttpCache, HttpCacheInterceptor } from '../../../lib/index.js';
import { PLATFORMS, startApp } from './http-app.js';

let calls = 0;
/** The arguments of the last call, as the handler got them. */
let given: readonly unknown[] = [];
let heard: (event: unknown) => void = () => {};

const everywhere = { provide: APP_INTERCEPTOR, useClass: HttpCacheInterceptor };

@Resolver()
class Greetings {
  @Query(() => String)
  @UseInterceptors(HttpCacheInterceptor)
  async greeting(): Promise<string> {
    return `greeting ${++calls}`;
  }
}

/** One class for both transports, as in an app that listens to both. */
@Controller('sums')
class Sums {
  @Get()
  @MessagePattern('sum')
  @HttpCache({ ttl: '1m' })
  async sum(@Payload() payload: unknown, ...others: unknown[]): Promise<number> {
    given = [payload, ...others];
    return ++calls;
  }

  @EventPattern('heard')
  async hear(event: unknown): Promise<void> {
    heard(event);
  }
}

@Injectable()
class SilentDriver extends AbstractGraphQLDriver {
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}

beforeEach(() => {
  calls = 0;
});

describe('HttpCacheInterceptor', () => {
  let module: TestingModule | undefined;
  afterEach(() => module?.close());

  it('passes GraphQL resolvers through, each call to its method', async () => {
    module = await Test.createTestingModule({
      imports: [CacheModule.forRoot(), GraphQLModule.forRoot({ driver: SilentDriver, autoSchemaFile: true })],
      providers: [Greetings, everywhere],
    }).compile();
    await module.createNestApplication({ logger: false }).init();
    const { schema } = module.get(GraphQLSchemaHost);
    for (const expected of ['greeting 1', 'greeting 2']) {
      const { data, errors } = await graphql({ schema, source: '{ greeting }' });
      expect([{ ...data }, errors]).toEqual([{ greeting: expected }, undefined]);
    }
    expect(module.get(CacheRegistry).names()).toEqual([]);
  });
});

describe.each(['ws', 'rpc', 'graphql'])('HttpCacheInterceptor in a context of type %s', (type) => {
  it.each(PLATFORMS)(
    'neither looks at the client nor at the cache, in an app on %s that has the same handler as a route',
    async (platform) => {
      const http = await startApp(platform, { controllers: [Sums], providers: [HttpCacheInterceptor] });
      const touched = new Proxy({}, { get: (_, name) => expect(`${String(name)} of the client`).toBe('not read') });
      const context = new ExecutionContextHost([touched, { id: 7 }], Sums, Sums.prototype.sum);
      context.setType(type);
      const interceptor = http.app.get(HttpCacheInterceptor);
      for (const expected of [1, 2]) {
        const results = interceptor.intercept(context, { handle: () => of(++calls, 'and more') });
        expect(await firstValueFrom(results.pipe(toArray()))).toEqual([expected, 'and more']);
      }
      expect(http.app.get(CacheRegistry).get('http').stats()).toMatchObject({ gets: 0, puts: 0 });
      await http.app.close();
    },
  );
});

describe('over messages', () => {
  let service: INestMicroservice | undefined;
  let client: ClientProxy | undefined;
  afterEach(async () => {
    await client?.close();
    await service?.close();
  });

  it('@HttpCache and HttpCacheInterceptor leave handlers of messages and of events alone', async () => {
    const options = { host: '127.0.0.1', port: await freePort() };
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot()],
      controllers: [Sums],
      providers: [everywhere],
    }).compile();
    service = module.createNestMicroservice({ transport: Transport.TCP, options, logger: false });
    await service.listen();
    client = ClientProxyFactory.create({ transport: Transport.TCP, options });

    expect(await firstValueFrom(client.send('sum', [1, 2]))).toBe(1);
    expect(given).toEqual([[1, 2]]);
    expect(await firstValueFrom(client.send('sum', [1, 2]))).toBe(2);
    const event = new Promise((resolve) => (heard = resolve));
    await lastValueFrom(client.emit('heard', { id: 7 }), { defaultValue: undefined });
    expect(await event).toEqual({ id: 7 });
  });
});

describe('an application context', () => {
  it('calls the methods of cached routes as they stand, and keeps nothing', async () => {
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot()],
      controllers: [Sums],
      providers: [everywhere],
    }).compile();
    await module.init();
    const sums = module.get(Sums);
    const letters = ['a', 'b', 'c'] as const;
    expect([await sums.sum(...letters), await sums.sum(...letters), given]).toEqual([1, 2, letters]);
    expect(module.get(CacheRegistry).names()).toEqual([]);
    await module.close();
  });
});

describe.each(PLATFORMS)('an app on %s that has cached routes and message handlers in one class', (platform) => {
  it('caches the routes alone', async () => {
    const http = await startApp(platform, { controllers: [Sums], providers: [everywhere] });
    const answers = [await http.ask('/sums'), await http.ask('/sums')];
    expect(answers.map(({ cache, text }) => [cache, text])).toEqual([
      ['MISS', '1'],
      ['HIT', '1'],
    ]);
    await http.app.close();
  });
});

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
