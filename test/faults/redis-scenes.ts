import { redisBus, redisTier, type RedisOptions } from '../../lib/backends/redis/index.js';
import { FaultProxy, freePort, startRedis, startRedisCluster, type RedisServer } from '../servers/index.js';
import { again, type Levels, type Scene, type Stage } from './scene.js';

export const TIMEOUT_MS = 250;
/** How long a server pauses its clients. */
const PAUSE_MS = 1_500;
/** Quicker than the defaults, so that a scene is over in seconds. */
export const GUARD = { timeout: TIMEOUT_MS, breaker: { open: 300, window: 2_000 } } as const;

export function redisLevels(options: RedisOptions): Levels {
  return { tiers: [redisTier({ ...GUARD, ...options })], bus: redisBus(options) };
}

interface Strike {
  readonly server: RedisServer;
  /** Between the server and the nodes. */
  readonly proxy: FaultProxy;
}

type Fault = (strike: Strike) => {
  begin(): unknown;
  end(): unknown;
};

interface Variant {
  readonly expected: string;
  readonly fault: Fault;
  /** Whether the fault strikes the second node too. @defaultValue true */
  readonly isForAll?: boolean;
  /** Whether it has begun before the nodes start. @defaultValue false */
  readonly isFromStart?: boolean;
}

const MISS = 'misses and loads; changes are kept and made up for';

const byProxy =
  (begin: (proxy: FaultProxy) => unknown): Fault =>
  ({ proxy }) => ({ begin: () => begin(proxy), end: () => proxy.mend() });

const repeated =
  (everyMs: number, action: (strike: Strike) => unknown): Fault =>
  (strike) => {
    let stop: () => Promise<void>;
    return {
      begin: () => {
        stop = again(everyMs, () => action(strike));
      },
      end: async () => {
        await stop();
        strike.proxy.mend();
      },
    };
  };

const byCommands =
  (begin: (server: RedisServer) => Promise<unknown>, end: (server: RedisServer) => Promise<unknown>): Fault =>
  ({ server }) => ({ begin: () => begin(server), end: () => end(server) });

const GARBAGE = Buffer.from('$-7\r\n@@@@ HTTP/1.1 400\r\n\0\xff*1000000\r\n', 'latin1');

const VARIANTS: Readonly<Record<string, Variant>> = {
  'killed (-9), comes back empty': {
    expected: MISS,
    fault: ({ server }) => ({ begin: () => server.kill(), end: () => server.restart() }),
  },
  'stopped (SIGSTOP)': {
    expected: MISS,
    fault: ({ server }) => ({ begin: () => server.pause(), end: () => server.resume() }),
  },
  'half-open: bytes vanish': { expected: MISS, fault: byProxy((proxy) => proxy.halfOpen()) },
  'cut, and refuses': { expected: MISS, fault: byProxy((proxy) => proxy.cut()) },
  'reset (RST), again and again': {
    expected: 'calls under way are misses',
    fault: repeated(60, ({ proxy }) => proxy.reset()),
  },
  'latency above the deadline': { expected: MISS, fault: byProxy((proxy) => proxy.delay(2 * TIMEOUT_MS)) },
  'latency below the deadline': { expected: 'slow hits', fault: byProxy((proxy) => proxy.delay(TIMEOUT_MS / 8)) },
  'throttled to 2 KB/s': { expected: MISS, fault: byProxy((proxy) => proxy.throttle(2_000)) },
  'garbage before replies': {
    expected: 'connections replaced; calls under way are misses',
    fault: repeated(80, ({ proxy }) => proxy.inject(GARBAGE)),
  },
  'replies cut short': {
    expected: 'connections replaced; calls under way are misses',
    fault: repeated(80, ({ proxy }) => proxy.truncate(20)),
  },
  'one node of two cut off': {
    expected: 'the other goes on; what this one changes is made up for',
    fault: byProxy((proxy) => proxy.cut()),
    isForAll: false,
  },
  'down at the start': {
    expected: MISS,
    fault: ({ server }) => ({ begin: () => server.kill(), end: () => server.restart() }),
    isFromStart: true,
  },
  'asks for a password (NOAUTH)': {
    expected: MISS,
    fault: ({ server, proxy }) => ({
      begin: async () => {
        await server.command('CONFIG', 'SET', 'requirepass', 'secret');
        proxy.reset();
      },
      end: () => server.command('--no-auth-warning', '-a', 'secret', 'CONFIG', 'SET', 'requirepass', ''),
    }),
  },
  'out of memory (noeviction)': {
    expected: 'hits go on; writes are kept and made up for',
    fault: byCommands(
      (server) => server.command('CONFIG', 'SET', 'maxmemory', '1'),
      (server) => server.command('CONFIG', 'SET', 'maxmemory', '0'),
    ),
  },
  'evicts everything (allkeys-random)': {
    expected: 'misses',
    fault: ({ server }) => ({
      begin: async () => {
        await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
        await server.command('CONFIG', 'SET', 'maxmemory', '1');
      },
      end: async () => {
        await server.command('CONFIG', 'SET', 'maxmemory', '0');
        await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      },
    }),
  },
  'a replica now (READONLY)': {
    expected: 'hits go on; writes are kept and made up for',
    fault: ({ server }) => ({
      begin: async () => server.command('REPLICAOF', '127.0.0.1', String(await freePort())),
      end: () => server.command('REPLICAOF', 'NO', 'ONE'),
    }),
  },
  'a replica without its master (MASTERDOWN)': {
    expected: MISS,
    fault: ({ server }) => ({
      begin: async () => {
        await server.command('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
        await server.command('REPLICAOF', '127.0.0.1', String(await freePort()));
      },
      end: async () => {
        await server.command('REPLICAOF', 'NO', 'ONE');
        await server.command('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
      },
    }),
  },
  'runs a script that does not end (BUSY)': {
    expected: MISS,
    fault: ({ server }) => {
      let script: Promise<unknown>;
      return {
        begin: async () => {
          await server.command('CONFIG', 'SET', 'lua-time-limit', '20');
          script = server.command('EVAL', 'while true do end', '0').catch(() => {});
        },
        end: async () => {
          await server.command('SCRIPT', 'KILL');
          await script;
        },
      };
    },
  },
  'pauses all clients (CLIENT PAUSE)': {
    expected: MISS,
    // Nothing ends it early: who asks for the end is paused as well.
    fault: byCommands(
      (server) => server.command('CLIENT', 'PAUSE', String(PAUSE_MS), 'ALL'),
      (server) => server.command('PING'),
    ),
  },
  'FLUSHALL, again and again': { expected: 'misses', fault: repeated(80, ({ server }) => server.command('FLUSHALL')) },
  'scripts flushed, again and again': {
    expected: 'nothing: they are sent again',
    fault: repeated(60, ({ server }) => server.command('SCRIPT', 'FLUSH')),
  },
  'connections killed (CLIENT KILL)': {
    expected: 'calls under way are misses',
    fault: repeated(100, ({ server }) => server.command('CLIENT', 'KILL', 'TYPE', 'normal')),
  },
};

/** Faults of one Redis server, which is the tier and the bus of both nodes. */
export function redisScenes(server: RedisServer): Scene[] {
  return Object.entries(VARIANTS).map(([fault, variant]): Scene => {
    const { expected, isForAll = true, isFromStart = false } = variant;
    return {
      below: 'redis',
      fault,
      expected,
      async set() {
        const proxy = await FaultProxy.start({ port: server.port });
        const struck = variant.fault({ server, proxy });
        const direct = { url: server.url };
        let nodes = 0;
        if (isFromStart) await struck.begin();
        return {
          timeoutsMs: [TIMEOUT_MS],
          node: () => redisLevels(isForAll || nodes++ === 0 ? { url: `redis://127.0.0.1:${proxy.port}` } : direct),
          witness: () => redisLevels(direct),
          begin: async () => void (isFromStart || (await struck.begin())),
          end: async () => void (await struck.end()),
          strike: () => proxy.stop(),
        };
      },
    };
  });
}

/** How long a server takes for each key that it loads. */
const LOAD_EACH_US = 20_000;

/** A server that was shut down in good order, and answers while it loads what it saved that it is loading. */
export function loadingScene(): Scene {
  return {
    below: 'redis',
    fault: 'restarts and loads for a while (LOADING)',
    expected: MISS,
    async set() {
      const server = await startRedis({
        config: { 'key-load-delay': LOAD_EACH_US, 'loading-process-events-interval-bytes': 1_024 },
      });
      const options = { url: server.url };
      let restarted: Promise<void> | undefined;
      return {
        timeoutsMs: [TIMEOUT_MS],
        node: () => redisLevels(options),
        witness: () => redisLevels(options),
        begin: async () => {
          await server.command('SHUTDOWN', 'SAVE');
          restarted = server.restart();
        },
        end: () => restarted,
        strike: () => server.stop(),
      };
    },
  };
}

/** Faults of a cluster of three masters. */
export function clusterScenes(): Scene[] {
  const scene = (fault: string, strike: (server: RedisServer) => Pick<Stage, 'begin' | 'end'>): Scene => ({
    below: 'cluster',
    fault,
    expected: MISS,
    async set() {
      const cluster = await startRedisCluster();
      const options: RedisOptions = {
        url: cluster.startupNodes.map(({ port }) => `redis://127.0.0.1:${port}`),
        cluster: true,
      };
      const { begin, end } = strike(cluster.nodes[1] as RedisServer);
      return {
        timeoutsMs: [TIMEOUT_MS],
        node: () => redisLevels(options),
        witness: () => redisLevels(options),
        begin,
        end: async () => {
          await end();
          await cluster.whenReady();
        },
        strike: () => cluster.stop(),
      };
    },
  });
  return [
    scene('one master of three killed (-9)', (server) => ({
      begin: () => server.kill(),
      end: () => server.restart(),
    })),
    scene('one master of three stopped (SIGSTOP)', (server) => ({
      begin: () => server.pause(),
      end: () => server.resume(),
    })),
  ];
}
