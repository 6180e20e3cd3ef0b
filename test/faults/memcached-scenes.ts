import { memcachedTier } from '../../lib/backends/memcached/index.js';
import { redisBus } from '../../lib/backends/redis/index.js';
import { FaultProxy, type MemcachedServer, type RedisServer } from '../servers/index.js';
import { flushMemcached, tellMemcached } from '../servers/memcached-text.js';
import { GUARD, TIMEOUT_MS } from './redis-scenes.js';
import { again, type Levels, type Scene } from './scene.js';

const MISS = 'misses and loads; changes are kept and made up for';
const GARBAGE = Buffer.from('VA 3 ???\r\n\0\xff', 'latin1');
const FILLER_BYTES = 500_000;

interface Fault {
  begin(): unknown;
  end(): unknown;
}

/** Faults of one Memcached server, with a bus that stays whole. */
export function memcachedScenes(server: MemcachedServer, bus: RedisServer): Scene[] {
  const levels = (port: number): Levels => ({
    tiers: [memcachedTier({ ...GUARD, servers: `127.0.0.1:${port}`, silence: 500 })],
    bus: redisBus({ url: bus.url }),
  });
  const scene = (fault: string, expected: string, faultOf: (proxy: FaultProxy) => Fault): Scene => ({
    below: 'memcached',
    fault,
    expected,
    async set() {
      const proxy = await FaultProxy.start({ port: server.port });
      const { begin, end } = faultOf(proxy);
      return {
        timeoutsMs: [TIMEOUT_MS],
        node: () => levels(proxy.port),
        witness: () => levels(server.port),
        begin: async () => void (await begin()),
        end: async () => void (await end()),
        strike: () => proxy.stop(),
      };
    },
  });
  const repeated = (everyMs: number, action: () => unknown, mend: () => void = () => {}): Fault => {
    let stop: () => Promise<void>;
    return {
      begin: () => {
        stop = again(everyMs, action);
      },
      end: async () => {
        await stop();
        mend();
      },
    };
  };
  let filled = 0;
  const fill = (): Promise<string> =>
    tellMemcached(server.port, `ms filler${filled++} ${FILLER_BYTES} T60\r\n${'x'.repeat(FILLER_BYTES)}`);
  return [
    scene('killed (-9), comes back empty', MISS, () => ({ begin: () => server.kill(), end: () => server.restart() })),
    scene('stopped (SIGSTOP)', MISS, () => ({ begin: () => server.pause(), end: () => server.resume() })),
    scene('half-open: bytes vanish', MISS, (proxy) => ({ begin: () => proxy.halfOpen(), end: () => proxy.mend() })),
    scene('garbage before replies', 'connections replaced; calls under way are misses', (proxy) =>
      repeated(
        80,
        () => proxy.inject(GARBAGE),
        () => proxy.mend(),
      ),
    ),
    scene('full: evicts', 'misses', () => repeated(10, fill)),
    scene('flushed, again and again', 'misses', () => repeated(80, () => flushMemcached(server.port))),
  ];
}
