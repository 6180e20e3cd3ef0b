/* Closes tiers of every client after their server died, and tells the timers that are left then. */
import { once } from 'node:events';
import { scheduler } from 'node:timers/promises';
import { redisTier, RedisError } from '../../../lib/backends/redis/index.js';
import { SINGLE } from '../../contract/redis-clients.js';
import { until } from './until.js';

const port = Number(process.argv[2]);
const accesses = Object.values(SINGLE).map((accessTo) => accessTo(port));
const tiers = accesses.map(({ options }) => redisTier(options));
for (const tier of tiers) {
  tier.start(() => {});
  await tier.read('strata:dead', ['k'], []);
}
// The clients that were handed in are not ours to close, and wait for the server in their own way.
for (const { end } of accesses) end();
process.send?.('connected');
await once(process, 'message');
for (const tier of tiers) {
  await until(() =>
    tier.read('strata:dead', ['k'], []).then(
      () => false,
      (error: unknown) => error instanceof RedisError,
    ),
  );
  await tier.close();
}
for (let turn = 0; turn < 100; turn++) await scheduler.yield();
process.send?.(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout'));
process.disconnect?.();
