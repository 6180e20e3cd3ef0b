/*
 * What takes how long between processes: a group that is invalidated, a message of the bus, and what a scan leaves of the
 * event loop. In milliseconds of wall time.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from './server.mjs';

const MESSAGES = 500;
const BATCH = 5_000;
const RESOLUTION_MS = 1;

export const SPANS = {
  async group({ entries }) {
    const { createCache, defineCache, memoryTier } = await import('nestjs-strata');
    const { redisTier } = await import('nestjs-strata/redis');
    const { url } = await startServer();
    const cache = createCache(defineCache('users', { ttl: '10m' }), {
      tiers: [memoryTier({ maxSize: 1 }), redisTier({ url })],
    });
    const spans = {};
    for (const [name, count] of [
      ['groupOf100', 100],
      ['groupOfAll', entries],
    ]) {
      await fill(cache, name, count, { groups: [name] });
      const startedMs = performance.now();
      await cache.invalidateGroup(name);
      spans[name] = performance.now() - startedMs;
      if ((await cache.get(`${name}:${count - 1}`)) !== undefined) throw new Error('the group is still there');
    }
    return spans;
  },

  async bus() {
    const { redisBus } = await import('nestjs-strata/redis');
    const { url } = await startServer();
    const [sender, receiver] = [redisBus({ url }), redisBus({ url })];
    const arrivals = [];
    const connected = new Promise((resolve) => {
      receiver.start('bench', {
        message: (text) => arrivals.push(performance.now() - Number(text)),
        connected: resolve,
        disconnected: () => {},
        error: () => {},
      });
    });
    sender.start('bench', { message: () => {}, connected: () => {}, disconnected: () => {}, error: () => {} });
    await connected;
    while (arrivals.length === 0) {
      await sender.publish([String(performance.now())]).catch(() => {});
      await sleep(10);
    }
    arrivals.length = 0;
    while (arrivals.length < MESSAGES) {
      await sender.publish([String(performance.now())]);
      await sleep(2);
    }
    const sorted = arrivals.toSorted((one, other) => one - other);
    const part = (share) => sorted[Math.floor(sorted.length * share)];
    return { busMedian: part(0.5), busP99: part(0.99) };
  },

  async scan({ entries }) {
    const { createCache, defineCache, memoryTier } = await import('nestjs-strata');
    const { redisTier } = await import('nestjs-strata/redis');
    const { url } = await startServer();
    const cache = createCache(defineCache('users', { ttl: '10m' }), {
      tiers: [memoryTier({ maxSize: 1 }), redisTier({ url })],
    });
    await fill(cache, 'user', entries, {});
    const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    const startedMs = performance.now();
    delays.enable();
    let found = 0;
    for await (const key of cache.keys({ tier: 'redis' })) found += Number(key.length > 0);
    delays.disable();
    if (found < entries) throw new Error(`the scan found ${found} of ${entries} keys`);
    return { scan: performance.now() - startedMs, scanDelayP99: delays.percentile(99) / 1e6 - RESOLUTION_MS };
  },
};

async function fill(cache, name, count, options) {
  for (let at = 0; at < count; at += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - at) }, (_, index) => [`${name}:${at + index}`, index]);
    await cache.putAll(batch, options);
  }
}
