import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, UseGuards, type CanActivate, type INestMicroservice } from '@nestjs/common';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom, lastValueFrom, of, toArray, type Observable } from 'rxjs';
import { createServer, type AddressInfo } from 'node:net';
import { Cacheable, CacheEvict, CacheModule, CacheRegistry, defineCache } from '../../lib/index.js';

const Sums = defineCache<string, number>('sums');

let calls = 0;

@Injectable()
class Allowing implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Controller()
class Calculator {
  @MessagePattern('sum')
  @Cacheable(Sums, { key: (numbers: number[]) => numbers.join('+') })
  async sum(@Payload() numbers: number[]): Promise<number> {
    calls++;
    return numbers.reduce((sum, number) => sum + number, 0);
  }

  @Cacheable()
  @UseGuards(Allowing)
  @MessagePattern('countdown')
  countdown(@Payload() from: number): Observable<number> {
    calls++;
    return of(from, from - 1, from - 2);
  }

  @EventPattern('forget')
  @CacheEvict(Sums, { all: true })
  async forget(_payload: object): Promise<void> {}
}

let service: INestMicroservice | undefined;
let client: ClientProxy | undefined;

afterEach(async () => {
  await client?.close();
  await service?.close();
});

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('message handlers over TCP', () => {
  it('are cached by their payload, replayed as streams, and evict by events', async () => {
    const options = { host: '127.0.0.1', port: await freePort() };
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ caches: [Sums] })],
      controllers: [Calculator],
    }).compile();
    service = module.createNestMicroservice({ transport: Transport.TCP, options, logger: false });
    await service.listen();
    client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    const ask = <T>(pattern: string, payload: unknown) =>
      lastValueFrom((client as ClientProxy).send<T>(pattern, payload).pipe(toArray()));

    expect([await ask('sum', [1, 2]), await ask('sum', [1, 2]), await ask('sum', [3])]).toEqual([[3], [3], [3]]);
    expect(calls).toBe(2);
    expect([await ask('countdown', 3), await ask('countdown', 3)]).toEqual([
      [3, 2, 1],
      [3, 2, 1],
    ]);
    expect(calls).toBe(3);
    const cleared = firstValueFrom(module.get(CacheRegistry).events$);
    await lastValueFrom(client.emit('forget', {}), { defaultValue: undefined });
    expect((await cleared).type).toBe('clear');
    await ask('sum', [1, 2]);
    expect(calls).toBe(4);
  });
});
