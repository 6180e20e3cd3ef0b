import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redisBus, type RedisBusOptions } from '../../lib/backends/redis/index.js';
import { busContract, ChaosBus } from '../../lib/testing/index.js';
import { FaultProxy, startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../servers/index.js';
import { CLUSTER, SINGLE, type Access } from './redis-clients.js';

const runner = { describe, it, expect };
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe('redisBus at one server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  for (const transport of ['stream', 'pubsub'] as const) {
    for (const [name, accessTo] of Object.entries(SINGLE)) {
      busContract(runner, {
        name: `redisBus (${transport}) by ${name}`,
        scope: 'shared',
        make: async () => {
          await server.command('FLUSHALL');
          const proxy = await FaultProxy.start({ port: server.port });
          const accesses = [accessTo(proxy.port), accessTo(server.port), accessTo(server.port)] as const;
          const bus = ({ options }: Access) => redisBus({ ...options, transport } satisfies RedisBusOptions);
          return {
            buses: [bus(accesses[0]), bus(accesses[1]), bus(accesses[2])],
            proxy,
            dispose: async () => {
              for (const access of accesses) access.end();
              await proxy.stop();
            },
          };
        },
        wait,
        cut: ({ proxy }) => proxy.cut(),
        mend: ({ proxy }) => proxy.mend(),
      });
    }

    busContract(runner, {
      name: `redisBus (${transport}) under ChaosBus`,
      scope: 'shared',
      make: async () => {
        await server.command('FLUSHALL');
        const bus = () => new ChaosBus(redisBus({ url: server.url, transport }));
        const chaos = bus();
        return { buses: [chaos, bus(), bus()], chaos, dispose: () => {} };
      },
      wait,
      cut: ({ chaos }) => chaos.cut(),
      mend: ({ chaos }) => chaos.mend('complete'),
    });
  }
});

describe('redisBus at a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  for (const [name, accessTo] of Object.entries(CLUSTER)) {
    busContract(runner, {
      name: `redisBus (stream) by ${name}`,
      scope: 'shared',
      make: async () => {
        await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
        const accesses = [1, 2, 3].map(() => accessTo(cluster.startupNodes)) as [Access, Access, Access];
        const bus = ({ options }: Access) => redisBus(options);
        return {
          buses: [bus(accesses[0]), bus(accesses[1]), bus(accesses[2])],
          dispose: () => accesses.forEach((access) => access.end()),
        };
      },
      wait,
    });
  }

  busContract(runner, {
    name: 'redisBus (stream) by URLs under ChaosBus',
    scope: 'shared',
    make: async () => {
      await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
      const url = cluster.nodes.map((node) => node.url);
      const bus = () => new ChaosBus(redisBus({ url, cluster: true }));
      const chaos = bus();
      return { buses: [chaos, bus(), bus()], chaos, dispose: () => {} };
    },
    wait,
    cut: ({ chaos }) => chaos.cut(),
    mend: ({ chaos }) => chaos.mend('complete'),
  });
});
